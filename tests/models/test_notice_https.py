"""Webhooks over https, before a server with a certificate of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.notice import tell
from models.kernel.notice.deliver import LINES, deliver_due
from models.kernel.notice.fan_out import fan_out
from models.kernel.notice.log import Reason
from models.kernel.notice.webhook import Webhook
from models.kernel.session import act
from models.property.room import Room
from tests.notices import VALUES, Authority, receiver, snag, ways
from tests.world import NOW, World

CLOCK = frozen(NOW)


def raise_one(session: Session, world: World) -> None:
    act(session, SYSTEM, CLOCK)
    room = session.get_one(Room, world.id("room", "lake-1-1-101"))
    tell(session, world.actor("project_clerk"), snag(), [world.accounts["finance"]], room, VALUES)
    session.commit()


def lines(session: Session) -> list[Any]:
    session.rollback()
    found = list(session.execute(select(LINES).order_by(LINES.c.id)))
    session.rollback()  # a session that has begun holds the write lock of SQLite
    return found


@pytest.mark.parametrize(
    ("place", "days", "trusted", "why"),
    [
        ("127.0.0.1", (-1, 1), True, None),
        ("127.0.0.1", (-1, 1), False, "unable to get local issuer certificate"),
        ("127.0.0.1", (-3, -2), True, "expired"),
        ("elsewhere.example", (-1, 1), True, "doesn't match"),
    ],
    ids=["good", "of a stranger", "expired", "of another place"],
)
def test_https_is_called_where_the_certificate_is_good_and_given_up_where_not(
    session: Session, engine: Engine, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    place: str, days: tuple[int, int], trusted: bool, why: str | None,
) -> None:  # fmt: skip
    """A receiver with a certificate of the test's own authority. One that is not trusted gets nothing of the notice."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file if trusted else tmp_path / "nobody.pem"))
    with receiver(authority.context(place, days)) as heard:
        session.add(Webhook(node_id=world.nodes["east"][0], address=heard.address, secret="a-long-secret"))
        session.commit()
        raise_one(session, world)
        fan_out(engine, CLOCK, ways())
        assert deliver_due(engine, CLOCK, ways()) == 1
    (line,) = [row for row in lines(session) if row.channel == "webhook"]
    if why is None:
        assert (line.state, line.answer, len(heard.requests)) == ("sent", "200 thanks", 1)
        return
    assert (line.state, line.reason, heard.requests) == ("dead", "certificate", [])
    assert line.answer.startswith("127.0.0.1") and why in line.answer
    assert Reason(line.reason).words.said("zh") == "对方的证书不受信任"


def test_a_receiver_that_speaks_no_tls_is_tried_again(session: Session, engine: Engine, world: World) -> None:
    with receiver() as heard:
        address = heard.address.replace("http://", "https://")
        session.add(Webhook(node_id=world.nodes["east"][0], address=address, secret="a-long-secret"))
        session.commit()
        raise_one(session, world)
        fan_out(engine, CLOCK, ways())
        assert deliver_due(engine, CLOCK, ways()) == 1
    (line,) = [row for row in lines(session) if row.channel == "webhook"]
    assert (line.state, line.reason, heard.requests) == ("waiting", "failed", [])
