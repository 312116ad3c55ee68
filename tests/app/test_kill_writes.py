"""Uploads, numbers, moves, bulk changes and bulk additions while their process is killed, or their database connections are cut.

A nursery process makes the console once and forks a child for each life; the child works through the console's own REST
and bulk statements and notes what it was answered, until it is killed with SIGKILL, or PostgreSQL ends its connections
under it (then it lives on). Afterwards nothing may be lost, doubled or half-written.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from config import ROOT, Settings
from models.kernel.attachment import Attachment
from models.kernel.audit import AuditLog
from models.kernel.store import FolderStore
from models.parameter.parameter_sheet import ParameterSheet
from models.property.house_type import HouseType
from models.property.room import Room
from seeds.reference import numbers
from tests.databases import BOTH
from tests.world import World

TOGETHER = 5
"""Rows that are entered or changed in one transaction."""

NURSERY = """
import io, json, os, random, signal, sys, threading, time, traceback
from datetime import date
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from app.database import open_engine
from app.factory import create_app
from config import Settings
from models.kernel.actor import SYSTEM
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.moving import move
from models.kernel.session import act
from models.parameter.parameter_sheet import ParameterSheet
from models.property.house_type import HouseType
from models.property.room import Room
from tests.console import bearer

told = json.loads(sys.argv[1])
settings = Settings.read()
app = create_app(settings)
headers = bearer(app, "project_clerk")
with app.app_context():
    app.extensions["sqlalchemy"].engine.dispose()
chance = random.Random(told["seed"])
acks = os.open(told["acks"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def ack(**words):
    os.write(acks, (json.dumps(words) + "\\n").encode())

def cut_off(fault):
    # 57P01: the server says that it ends the connection; the driver may not have noticed yet that it is gone
    return fault.connection_invalidated or getattr(fault.orig, "sqlstate", None) == "57P01"

def upload(client, life, turn):
    contents = [f"%PDF-1.4 plan {life} {turn} {n} ".encode() + bytes(50_000) for n in range(2)]
    files = [(io.BytesIO(each), f"{life}-{turn}-{n}.pdf") for n, each in enumerate(contents)]
    try:
        answer = client.post(f"/api/v1/room/{told['room']}/files", data={"file": files}, headers=headers)
    except DBAPIError as fault:
        ack(fault=repr(fault)[:300])
        return
    if answer.status_code == 201:
        ack(upload=[f"{life}-{turn}-{n}.pdf" for n in range(2)])
    elif told["how"] == "kill" or answer.status_code != 503:
        ack(fault=[answer.status_code, answer.get_data(as_text=True)[:300]])

def bulk(engine, life, turn):
    try:
        with Session(engine) as session:
            act(session, SYSTEM)
            made = [{"project_id": told["project"], "name": f"K{life}-{turn}-{n}"} for n in range(told["together"])]
            insert_rows(session, HouseType, made)
            before = dict(session.execute(select(Room.__table__.c.id, Room.__table__.c.unit_price)
                .where(Room.__table__.c.id.in_(told["rooms"]))).all())
            price = life * 1000 + turn + 1
            update_rows(session, Room, [(key, {"unit_price": (old, price)}) for key, old in before.items()])
            session.commit()
            ack(bulk=f"K{life}-{turn}-", price=price)
    except DBAPIError as fault:
        if told["how"] == "kill" or not cut_off(fault):
            ack(fault=repr(fault)[:300])

def numbered(engine, life, turn):
    # a number in one transaction, a move in another
    try:
        with Session(engine) as session:
            act(session, SYSTEM)
            sheet = ParameterSheet(node_id=told["node"], title=f"S{life}-{turn}", from_day=date(2025, 6, 2))
            session.add(sheet)
            session.commit()
            ack(sheet=sheet.id, number=sheet.number)
            move(session, sheet, "void")
            session.commit()
            ack(void=sheet.id)
    except DBAPIError as fault:
        if told["how"] == "kill" or not cut_off(fault):
            ack(fault=repr(fault)[:300])

def live(life, stop=lambda: False):
    engine, client, turn = open_engine(settings), app.test_client(), 0
    while not stop():
        upload(client, life, turn)
        numbered(engine, life, turn)
        bulk(engine, life, turn)
        turn += 1
    engine.dispose()

if told["how"] == "kill":
    for life in range(told["kills"]):
        child = os.fork()
        if not child:
            live(life)
        time.sleep(chance.uniform(0.02, 0.5))  # where in its work it dies is the point
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
else:
    ended = threading.Event()
    def told_of():
        try:
            live(0, ended.is_set)
        except BaseException:
            ack(fault=traceback.format_exc()[-3000:])
    worker = threading.Thread(target=told_of)
    worker.start()
    engine, cut = open_engine(settings), 0
    while cut < told["kills"] and worker.is_alive():
        time.sleep(chance.uniform(0.02, 0.5))
        with engine.connect() as connection:
            cut += len(connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()")).all()) > 0
    ack(cut=cut)
    ended.set()
    worker.join()
child = os.fork()  # and then it goes on as if nothing had been
if not child:
    turns = iter((False, True))
    live(told["kills"], lambda: next(turns))
    os._exit(0)
_pid, status = os.waitpid(child, 0)
print("status", status)
"""


def lived(settings: Settings, world: World, home: Path, how: str, kills: int, rooms: list[int]) -> list[dict[str, Any]]:
    """Lets children live and die. Returns what they were answered."""
    told = {
        "how": how,
        "kills": kills,
        "seed": kills,
        "acks": str(home / "acks"),
        "room": world.id("room", "lake-1-1-101"),
        "project": world.id("project", "lake"),
        "node": world.nodes["hangzhou"][0],
        "rooms": rooms,
        "together": TOGETHER,
    }
    environment = {
        **os.environ,
        "DOORBOOK_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url.replace("postgresql+psycopg://", "postgresql://"),
        "DATA_KEY": settings.data_key,
        "SECRET_KEY": settings.secret_key,
        "DOORBOOK_DEMO": "0",
        "RATE_LIMITS": "0",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", NURSERY, json.dumps(told)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0 and "status 0" in done.stdout, done.stderr[-4000:]
    return [json.loads(line) for line in (home / "acks").read_text().splitlines()]


def judged(session: Session, settings: Settings, world: World, answers: list[dict[str, Any]], rooms: list[int]) -> None:
    """Nothing that was answered is missing; what was not is there whole or not at all; the audit tells the same."""
    assert not [each["fault"] for each in answers if "fault" in each]
    files, lines = Attachment.__table__.c, AuditLog.__table__.c
    held = session.execute(select(files.id, files.name, files.size, files.sha256)).all()
    names = [row.name for row in held]
    assert len(names) == len(set(names)), "a file is there twice"
    sets: dict[str, int] = {}
    for name in names:
        sets[name.rpartition("-")[0]] = sets.get(name.rpartition("-")[0], 0) + 1
    assert set(sets.values()) <= {2}, "files that came together are there in part"
    assert {name for each in answers for name in each.get("upload", ())} <= set(names), "a file is lost"
    store = FolderStore(settings.home / "files")
    for row in held:
        content = store.get(row.sha256)
        assert len(content) == row.size and hashlib.sha256(content).hexdigest() == row.sha256
    attached = session.scalar(select(func.count()).select_from(AuditLog.__table__).where(lines.action == "attach"))
    assert attached == len(held)
    types, bare = HouseType.__table__.c, Room.__table__.c
    made: dict[str, list[int]] = {}
    for key, name in session.execute(select(types.id, types.name).where(types.name.like("K%-%-%"))):
        made.setdefault(name.rpartition("-")[0] + "-", []).append(key)
    assert {len(keys) for keys in made.values()} == {TOGETHER}, "rows that were entered together are there in part"
    assert {each["bulk"] for each in answers if "bulk" in each} <= set(made), "rows are lost"
    keys = [key for some in made.values() for key in some]
    added = session.execute(select(lines.row_id).where(lines.table_name == "house_type", lines.action == "add"))
    told = [key for (key,) in added if key in set(keys)]
    assert sorted(told) == sorted(keys), "the audit tells another story of what was entered"
    prices = set(session.execute(select(bare.unit_price).where(bare.id.in_(rooms))).scalars())
    assert len(prices) == 1, "rows that were changed together differ"
    _judge_sheets(session, answers)
    changed = session.scalar(
        select(func.count())
        .select_from(AuditLog.__table__)
        .where(lines.table_name == "room", lines.action == "change", lines.row_id.in_(rooms))
    )
    assert changed == len(made) * len(rooms), "the audit tells another story of what was changed"


def _judge_sheets(session: Session, answers: list[dict[str, Any]]) -> None:
    """Numbers without a gap or a double; each sheet void where its move was written down, and nowhere else."""
    sheets, lines = ParameterSheet.__table__.c, AuditLog.__table__.c
    rows = session.execute(select(sheets.id, sheets.number, sheets.state).order_by(sheets.id)).all()
    counted = sorted(int(row.number.rpartition("-")[2]) for row in rows)
    assert counted == list(range(1, len(rows) + 1)), "a number is lost or doubled"
    known = {row.id: row.number for row in rows}
    assert {each["sheet"]: each["number"] for each in answers if "sheet" in each}.items() <= known.items()
    moved = session.execute(select(lines.row_id).where(lines.table_name == "parameter_sheet", lines.action == "void"))
    void = [key for (key,) in moved]
    assert sorted(void) == [row.id for row in rows if row.state == "void"], "the audit tells another story of moves"
    assert {each["void"] for each in answers if "void" in each} <= set(void), "a move is lost"


def run(
    session: Session, engine: Engine, settings: Settings, world: World, tmp_path: Path, how: str, kills: int
) -> None:
    bare = Room.__table__.c
    rooms = sorted(session.execute(select(bare.id).where(bare.project_id == world.id("project", "lake"))).scalars())
    rooms = rooms[:TOGETHER]
    numbers.seed(session)
    session.commit()
    answers = lived(settings, world, tmp_path, how, kills, rooms)
    judged(session, settings, world, answers, rooms)
    assert any("upload" in each for each in answers) and any("bulk" in each for each in answers)
    last = answers[-1]
    assert last.get("bulk") == f"K{kills}-0-", "it did not go on afterwards"
    if how == "cut":
        place = next(n for n, each in enumerate(answers) if "cut" in each)
        assert answers[place]["cut"] == kills and len(answers) > place + 1


MANY = [10, pytest.param(200, marks=pytest.mark.deep)]


@pytest.mark.slow
@pytest.mark.parametrize("kills", MANY)
@pytest.mark.parametrize("backend", BOTH)
def test_a_process_killed_anywhere_leaves_uploads_and_bulk_whole(
    session: Session, engine: Engine, settings: Settings, world: World, tmp_path: Path, backend: str, kills: int
) -> None:
    run(session, engine, settings, world, tmp_path, "kill", kills)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("kills", MANY)
def test_connections_cut_anywhere_are_said_and_work_goes_on(
    session: Session, engine: Engine, settings: Settings, world: World, tmp_path: Path, kills: int
) -> None:
    """`pg_terminate_backend` under a living console: 503 with a sentence, or done; never half, and the next try works."""
    run(session, engine, settings, world, tmp_path, "cut", kills)
