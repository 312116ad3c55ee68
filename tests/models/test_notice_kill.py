"""Nothing is lost or doubled when the deliverer is killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.notice import tell
from models.kernel.notice.deliver import LINES
from models.kernel.notice.mailbox import Mailbox
from models.kernel.notice.webhook import Webhook
from models.kernel.session import act
from models.property.room import Room
from tests.notices import VALUES, receiver, snag
from tests.world import World

ROOT = Path(__file__).parents[2]
TOLD = ("finance", "project_leader", "title_clerk")

DELIVERER = """
import sys, time
from datetime import timedelta
from sqlalchemy import create_engine
from app.database import load_models
from models.kernel.masking import Cipher
from models.kernel.notice.deliver import deliver_due
from models.kernel.notice.fan_out import fan_out
from models.kernel.secret import use_cipher
from models.kernel.session import prepare_engine
from tests.databases import DATA_KEY
from tests.notices import snag, ways

load_models()
snag()
use_cipher(Cipher(DATA_KEY))
engine = prepare_engine(create_engine(sys.argv[1]))
print("ready", flush=True)
while True:
    fan_out(engine, ways=ways(), most=3)
    deliver_due(engine, ways=ways(), lease=timedelta(seconds=0.5), most=3)
    time.sleep(0.01)
"""


def _start(url: str) -> subprocess.Popen[str]:
    started = subprocess.Popen(
        [sys.executable, "-c", DELIVERER, url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None and started.stdout.readline() == "ready\n"
    return started


def _kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _open(engine: Engine) -> int:
    with engine.connect() as connection:
        waits = select(func.count()).select_from(LINES).where(LINES.c.state.in_(("waiting", "sending")))
        found = connection.execute(waits).scalar_one()
        connection.rollback()
    return int(found)


@pytest.mark.slow
@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.deep)])
def test_each_message_once_and_each_webhook_under_one_number(
    session: Session, engine: Engine, world: World, kills: int
) -> None:
    chance, notices = random.Random(kills), kills * 3
    with receiver() as heard:
        session.add(Webhook(node_id=world.nodes["east"][0], address=heard.address))
        room = session.get_one(Room, world.id("room", "lake-1-1-101"))
        for number in range(notices):
            to = [world.accounts[login] for login in TOLD]
            tell(session, SYSTEM, snag(), to, room, {**VALUES, "what": f"number {number}"})
        session.commit()
        url = engine.url.render_as_string(hide_password=False)
        for _kill_number in range(kills):
            process = _start(url)
            time.sleep(chance.random() * 0.25)
            _kill(process)
        process, until = _start(url), time.monotonic() + 60 + notices
        while len(set(heard.tokens())) < notices or _open(engine):
            assert time.monotonic() < until, "the rest was not delivered"
            time.sleep(0.1)
        _kill(process)
        requests = list(heard.requests)
    act(session, SYSTEM)
    box: Any = Mailbox.__table__.c
    messages = Counter((row.user_id, row.title) for row in session.execute(select(box.user_id, box.title)))
    assert len(messages) == notices * len(TOLD) and set(messages.values()) == {1}
    bodies: dict[str, set[bytes]] = {}
    for headers, body in requests:
        bodies.setdefault(headers["Idempotency-Key"], set()).add(body)
    assert len(bodies) == notices and all(len(same) == 1 for same in bodies.values())
    states = session.execute(
        select(LINES.c.channel, LINES.c.state, func.count()).group_by(LINES.c.channel, LINES.c.state)
    )
    assert {tuple(row) for row in states} == {("mailbox", "sent", notices * len(TOLD)), ("webhook", "sent", notices)}
