"""From the outbox to people: once each, in their scope, in the words and hours that hold for them."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models.kernel import search
from models.kernel.actor import SYSTEM
from models.kernel.clock import Clock, frozen
from models.kernel.notice import tell
from models.kernel.notice.deliver import LEASE, TRIES, deliver_due, resend, wait_after
from models.kernel.notice.fan_out import fan_out, waiting
from models.kernel.notice.log import NotifyLog
from models.kernel.notice.mailbox import Mailbox, mark_read, unread
from models.kernel.notice.preference import NotifyPreference, NotifySetting, quiet_until
from models.kernel.notice.template import NotifyTemplate
from models.kernel.notice.ways import Ways
from models.kernel.notice.webhook import Webhook
from models.kernel.refusal import Refusal
from models.kernel.session import act
from models.property.room import Room
from models.system.user_profile import UserProfile
from tests.databases import BOTH
from tests.notices import VALUES, Heard, Taken, mail_server, receiver, snag, ways
from tests.world import NOW, World

CLOCK = frozen(NOW)


def at(hours: float) -> Clock:
    return frozen(NOW + timedelta(hours=hours))


@pytest.fixture
def raised(session: Session, world: World) -> Any:
    """Tells people about a room by the lake, and commits."""

    def now(*logins: str, about: bool = True, **values: Any) -> int:
        act(session, SYSTEM, CLOCK)
        room = session.get_one(Room, world.id("room", "lake-1-1-101")) if about else None
        to = [world.accounts[login] for login in logins]
        key = tell(session, world.actor("project_clerk"), snag(), to, room, {**VALUES, **values})
        session.commit()
        return key

    return now


def give_mail(session: Session, world: World, *logins: str) -> None:
    for login in logins:
        session.get_one(UserProfile, world.id("user_profile", login)).email = f"{login}@firm.example"
    session.commit()


def rows(session: Session, cls: Any) -> list[Any]:
    session.rollback()
    found = list(session.execute(select(cls.__table__).order_by(cls.__table__.c.id)))
    session.rollback()  # a session that has begun holds the write lock of SQLite
    return found


def states(session: Session) -> dict[tuple[str, str], str]:
    return {(row.channel, row.recipient): row.state for row in rows(session, NotifyLog)}


@pytest.fixture
def smtp() -> Iterator[tuple[Taken, Ways]]:
    with mail_server() as (taken, server):
        yield taken, ways(server)


@pytest.fixture
def hooked(session: Session, world: World) -> Iterator[Heard]:
    """A webhook of Hangzhou that hears of everything."""
    with receiver() as heard:
        session.add(Webhook(node_id=world.nodes["hangzhou"][0], address=heard.address, secret="a-long-secret"))
        session.commit()
        yield heard


@pytest.mark.parametrize("backend", BOTH)
def test_each_person_has_one_message_however_often_the_outbox_is_looked_at(
    session: Session, engine: Engine, world: World, raised: Any
) -> None:
    raised("finance", "project_leader")
    assert waiting(engine, CLOCK)
    assert [fan_out(engine, CLOCK), fan_out(engine, CLOCK)] == [1, 0] and not waiting(engine, CLOCK)
    found = rows(session, Mailbox)
    assert {row.user_id for row in found} == {world.accounts[name] for name in ("finance", "project_leader")}
    assert (
        len(found) == 2
        and found[0].title.endswith("101：墙面裂缝")
        and found[0].body == "墙面裂缝，2026-12-01 前完成。"
    )
    assert (found[0].table_name, found[0].row_id) == ("room", world.id("room", "lake-1-1-101"))


def test_who_may_not_see_the_record_hears_nothing_of_it(
    session: Session, engine: Engine, world: World, raised: Any
) -> None:
    """Neither somebody of another company, nor who was granted nothing, nor who was disabled."""
    finance = session.get_one(UserProfile, world.id("user_profile", "finance"))
    finance.state = "disabled"
    session.commit()
    raised("bay_clerk", "stranger", "finance", "project_leader")
    fan_out(engine, CLOCK)
    assert {row.user_id for row in rows(session, Mailbox)} == {world.accounts["project_leader"]}
    reasons = {row.user_id: row.reason for row in rows(session, NotifyLog) if row.state == "withheld"}
    assert reasons == {
        world.accounts["bay_clerk"]: "out_of_scope",
        world.accounts["stranger"]: "out_of_scope",
        world.accounts["finance"]: "disabled",
    }


@pytest.mark.parametrize("backend", BOTH)
def test_messages_and_the_log_are_found_by_their_words(
    session: Session, engine: Engine, world: World, raised: Any
) -> None:
    raised("finance", "stranger")
    fan_out(engine, CLOCK, ways())
    with engine.connect() as connection:
        assert not [each for each in search.differences(connection) if each.startswith(("mailbox", "notify_log"))]


def test_a_record_in_the_bin_is_not_told_of(session: Session, engine: Engine, world: World, raised: Any) -> None:
    from models.kernel.guard import remove

    raised("project_leader")
    act(session, SYSTEM, CLOCK)
    room = session.get_one(Room, world.id("room", "lake-1-1-102"))
    tell(session, world.actor("project_clerk"), snag(), [world.accounts["project_leader"]], room, VALUES)
    remove(session, room)
    session.commit()
    fan_out(engine, CLOCK)
    assert len(rows(session, Mailbox)) == 1


def test_messages_are_their_readers_alone(session: Session, engine: Engine, world: World, raised: Any) -> None:
    raised("finance", "project_leader")
    fan_out(engine, CLOCK)
    for login, count in (("finance", 1), ("project_leader", 1), ("group_admin", 0), ("stranger", 0)):
        act(session, world.actor(login), CLOCK)
        assert (len(session.scalars(select(Mailbox)).all()), unread(session)) == (count, count), login
        session.expunge_all()
    act(session, world.actor("finance"), CLOCK)
    foreign = [row.id for row in rows(session, Mailbox) if row.user_id != world.accounts["finance"]]
    assert mark_read(session, foreign) == 0 and mark_read(session) == 1 and unread(session) == 0
    session.commit()
    act(session, world.actor("project_leader"), CLOCK)
    assert unread(session) == 1


def test_an_event_of_a_newer_version_waits_and_holds_up_nobody(
    session: Session, engine: Engine, world: World, raised: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.kernel.notice.outbox import NoticeOutbox

    first = raised("finance")
    outbox: Any = NoticeOutbox.__table__
    session.execute(outbox.update().where(outbox.c.id == first).values(event="test.unheard_of"))
    session.commit()
    raised("finance")
    assert fan_out(engine, CLOCK) == 2 and fan_out(engine, CLOCK) == 0
    assert len(rows(session, Mailbox)) == 1
    session.execute(outbox.update().where(outbox.c.id == first).values(event=snag().name))
    session.commit()
    assert fan_out(engine, at(1)) == 1 and len(rows(session, Mailbox)) == 2


# -- mail ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BOTH)
def test_mail_goes_to_a_real_server(
    session: Session, engine: Engine, world: World, raised: Any, smtp: tuple[Taken, Ways]
) -> None:
    taken, by = smtp
    give_mail(session, world, "finance")
    raised("finance", "project_leader", what="<b>裂缝</b> & {due}\r\nBcc: x@y.example")
    fan_out(engine, CLOCK, by)
    assert deliver_due(engine, CLOCK, by) == 1 and deliver_due(engine, CLOCK, by) == 0
    (mail,) = taken.mails
    assert mail["To"].addresses[0].addr_spec == "finance@firm.example" and "Bcc" not in mail
    assert mail["Subject"].endswith("<b>裂缝</b> & {due} Bcc: x@y.example")
    text = mail.get_body(("plain",)).get_content()
    assert "<b>裂缝</b> & {due}" in text and f"{by.url}room/show/{world.id('room', 'lake-1-1-101')}" in text
    page = mail.get_body(("html",)).get_content()
    assert "&lt;b&gt;裂缝&lt;/b&gt; &amp; {due}" in page and "<b>" not in page
    (line,) = [row for row in rows(session, NotifyLog) if row.channel == "mail"]
    assert (line.state, line.tries, mail["Message-ID"]) == ("sent", 1, f"<{line.token}@console.example>")


def test_a_server_that_asks_for_a_password_gets_it(session: Session, engine: Engine, world: World, raised: Any) -> None:
    give_mail(session, world, "finance")
    raised("finance")
    with mail_server(("doorbook", "secret")) as (taken, server):
        fan_out(engine, CLOCK, ways(server))
        assert deliver_due(engine, CLOCK, ways(server)) == 1
        assert states(session)["mail", "财务"] == "sent", rows(session, NotifyLog)[-1].answer
        assert (len(taken.mails), taken.known) == (1, 1)


def test_a_mail_that_is_not_taken_is_tried_again_and_one_refused_for_good_is_not(
    session: Session, engine: Engine, world: World, raised: Any, smtp: tuple[Taken, Ways]
) -> None:
    taken, by = smtp
    give_mail(session, world, "finance")
    raised("finance")
    fan_out(engine, CLOCK, by)
    taken.answers = ["451 Come back later"]
    deliver_due(engine, CLOCK, by)
    (line,) = [row for row in rows(session, NotifyLog) if row.channel == "mail"]
    assert (line.state, line.reason, line.answer) == ("waiting", "failed", "(451, b'Come back later')")
    assert line.next_at == NOW + wait_after(1) and deliver_due(engine, CLOCK, by) == 0
    taken.answers = ["550 No such user"]
    deliver_due(engine, at(1), by)
    (line,) = [row for row in rows(session, NotifyLog) if row.channel == "mail"]
    assert (line.state, line.reason, line.tries, taken.mails) == ("dead", "bounced", 2, [])


def test_no_mail_without_server_or_address(session: Session, engine: Engine, world: World, raised: Any) -> None:
    give_mail(session, world, "finance")
    raised("finance", "project_leader")
    fan_out(engine, CLOCK)
    assert {channel for channel, _who in states(session)} == {"mailbox"}


def test_a_mail_is_withheld_from_who_lost_sight_of_the_record(
    session: Session, engine: Engine, world: World, raised: Any, smtp: tuple[Taken, Ways]
) -> None:
    """Grants end between the fan-out and the sending (quiet hours, a mail server that is down)."""
    from models.kernel.grant import Grant
    from models.kernel.guard import remove

    taken, by = smtp
    give_mail(session, world, "finance")
    raised("finance")
    fan_out(engine, CLOCK, by)
    remove(session, session.get_one(Grant, world.id("grant", "finance")))
    session.commit()
    deliver_due(engine, CLOCK, by)
    assert not taken.mails
    assert [row.reason for row in rows(session, NotifyLog) if row.channel == "mail"] == ["out_of_scope"]


# -- preferences and quiet hours ------------------------------------------------------------------------------------------


def prefer(session: Session, world: World, login: str, **channels: bool) -> None:
    for channel, wanted in channels.items():
        row = NotifyPreference(event=snag().name, channel=channel, wanted=wanted)
        act(session, world.actor(login), CLOCK)
        session.add(row)
        session.commit()
    act(session, SYSTEM, CLOCK)


def test_people_choose_their_channels(
    session: Session, engine: Engine, world: World, raised: Any, smtp: tuple[Taken, Ways]
) -> None:
    _taken, by = smtp
    give_mail(session, world, "finance", "project_leader", "title_clerk")
    prefer(session, world, "finance", mail=False)
    prefer(session, world, "project_leader", mailbox=False)
    prefer(session, world, "title_clerk", mailbox=False, mail=False)
    raised("finance", "project_leader", "title_clerk")
    fan_out(engine, CLOCK, by)
    assert [row.user_id for row in rows(session, Mailbox)] == [world.accounts["finance"]]
    assert [row.user_id for row in rows(session, NotifyLog) if row.channel == "mail"] == [
        world.accounts["project_leader"]
    ]


def test_what_must_be_told_cannot_be_switched_off(session: Session, world: World) -> None:
    act(session, world.actor("finance"), CLOCK)
    session.add(NotifyPreference(event="grant.given", channel="mailbox", wanted=False))
    with pytest.raises(Refusal, match="always goes to the mailbox"):
        session.flush()


def test_mail_waits_for_the_end_of_quiet_hours_and_the_mailbox_does_not(
    session: Session, engine: Engine, world: World, raised: Any, smtp: tuple[Taken, Ways]
) -> None:
    taken, by = smtp
    give_mail(session, world, "finance")
    act(session, world.actor("finance"), CLOCK)
    session.add(NotifySetting(language="en", quiet_from="8:30", quiet_until="10:00"))  # it is nine in China
    session.commit()
    raised("finance")
    fan_out(engine, CLOCK, by)
    assert rows(session, Mailbox)[0].title.endswith("101: A crack")  # in the language they chose
    assert deliver_due(engine, CLOCK, by) == 0
    (line,) = [row for row in rows(session, NotifyLog) if row.channel == "mail"]
    assert (line.state, line.reason, line.tries, line.next_at) == ("waiting", "quiet", 0, NOW + timedelta(hours=1))
    assert deliver_due(engine, at(0.99), by) == 0 and deliver_due(engine, at(1), by) == 1
    assert len(taken.mails) == 1


@pytest.mark.parametrize(
    ("now", "start", "end", "until"),
    [
        ("2026-01-01T15:00", "22:00", "07:00", "2026-01-01T23:00"),
        ("2026-01-01T13:59", "22:00", "07:00", None),
        ("2026-01-01T22:59", "22:00", "07:00", "2026-01-01T23:00"),
        ("2026-01-01T23:00", "22:00", "07:00", None),
        ("2026-01-01T05:00", "12:00", "14:00", "2026-01-01T06:00"),
        ("2026-01-01T06:00", "12:00", "14:00", None),
        ("2026-01-01T06:00", None, None, None),
    ],
)
def test_quiet_hours_are_those_of_the_company(now: str, start: str | None, end: str | None, until: str | None) -> None:
    found = quiet_until(datetime.fromisoformat(now).replace(tzinfo=UTC), start, end)
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else None) == until


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [("25:00", "7:00", "quiet_from"), ("22:00", None, "quiet_until"), ("7:00", "07:00", "quiet_until")],
)
def test_quiet_hours_are_two_times(session: Session, world: World, start: str, end: str | None, field: str) -> None:
    act(session, world.actor("finance"), CLOCK)
    session.add(NotifySetting(quiet_from=start, quiet_until=end))
    with pytest.raises(Refusal) as refused:
        session.flush()
    assert refused.value.field == field


# -- words ----------------------------------------------------------------------------------------------------------------


def template(world: World, place: str, **values: Any) -> NotifyTemplate:
    given = {"event": snag().name, "channel": "mailbox", "language": "zh", "subject": f"{place} {{what}}", **values}
    return NotifyTemplate(node_id=world.nodes[place][0], **given)


def test_the_nearest_template_holds(session: Session, engine: Engine, world: World, raised: Any) -> None:
    session.add_all([template(world, "group"), template(world, "hangzhou"), template(world, "nanjing")])
    session.commit()
    raised("finance")
    session.add(template(world, "lake", enabled=False))
    session.commit()
    fan_out(engine, CLOCK)
    assert not rows(session, Mailbox)
    act(session, SYSTEM, CLOCK)
    off = session.scalars(select(NotifyTemplate).where(NotifyTemplate.node_id == world.nodes["lake"][0])).one()
    off.enabled, off.body = True, "{actor} {when} {record}"
    session.commit()
    raised("finance")
    fan_out(engine, CLOCK)
    (found,) = rows(session, Mailbox)
    assert found.title == "lake 墙面裂缝"
    assert found.body.startswith("project_clerk 2025-06-02 09:00") and found.body.endswith("101")


def test_an_unknown_field_is_refused_with_those_there_are(session: Session, world: World) -> None:
    row = template(world, "hangzhou", subject="{colour} {what}", body="{what} {due")
    session.add(row)
    with pytest.raises(Refusal) as refused:
        session.flush()
    first, second = refused.value.all()
    assert (first.field, second.field) == ("subject", "body")
    said = str(first.sentence)
    assert "{colour}" in said and "{due} (Due)" in said and "{record}" in said
    assert "{due}（期限）" in first.sentence.said("zh") and "brace" in str(second.sentence)


def test_a_template_asks_for_no_attribute(session: Session, world: World) -> None:
    session.add(template(world, "hangzhou", subject="{what.__class__} {what!r}"))
    with pytest.raises(Refusal, match="no field"):
        session.flush()


# -- webhooks -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BOTH)
def test_a_webhook_is_signed_and_carries_its_number(
    session: Session, engine: Engine, world: World, raised: Any, hooked: Heard
) -> None:
    raised("finance")
    fan_out(engine, CLOCK, ways())
    assert deliver_due(engine, CLOCK, ways()) == 1
    (headers, body), (line,) = hooked.requests[0], [r for r in rows(session, NotifyLog) if r.channel == "webhook"]
    moment, _, digest = headers["Doorbook-Signature"].partition(",v1=")
    assert moment == f"t={int(NOW.timestamp())}"
    assert digest == hmac.new(b"a-long-secret", f"{moment[2:]}.".encode() + body, "sha256").hexdigest()
    assert headers["Idempotency-Key"] == line.token == json.loads(body)["delivery"]
    told = hooked.bodies()[0]
    assert told["event"] == headers["Doorbook-Event"] == snag().name
    assert told["record"]["table"] == "room" and told["values"]["what"] == {"en": "A crack", "zh": "墙面裂缝"}
    assert (line.state, line.answer) == ("sent", "200 thanks")


def test_only_events_of_its_subtree_go_out(session: Session, engine: Engine, world: World, raised: Any) -> None:
    with receiver() as heard:
        for place in ("nanjing", "south", "bay", "hill"):
            session.add(Webhook(node_id=world.nodes[place][0], address=f"{heard.address}&of={place}"))
        session.add(
            Webhook(node_id=world.nodes["lake"][0], address=f"{heard.address}&events=others", events="grant.given")
        )
        session.add(Webhook(node_id=world.nodes["lake"][0], address=f"{heard.address}&off", active=False))
        session.commit()
        raised("finance")
        raised("finance", about=False)
        fan_out(engine, CLOCK, ways())
        assert deliver_due(engine, CLOCK, ways()) == 0
        session.add(Webhook(node_id=world.nodes["group"][0], address=f"{heard.address}&of=group"))
        session.commit()
        raised("finance")
        raised("finance", about=False)
        fan_out(engine, CLOCK, ways())
        assert deliver_due(engine, CLOCK, ways()) == 2
        assert [told["record"] is None for told in heard.bodies()] == [False, True]


def test_a_webhook_is_tried_again_later_and_later_and_then_given_up(
    session: Session, engine: Engine, world: World, raised: Any, hooked: Heard
) -> None:
    raised("finance")
    fan_out(engine, CLOCK, ways())
    hooked.statuses = [500] * TRIES
    now = NOW
    for tries in range(1, TRIES + 1):
        assert deliver_due(engine, frozen(now), ways()) == 1
        assert deliver_due(engine, frozen(now), ways()) == 0
        (line,) = [row for row in rows(session, NotifyLog) if row.channel == "webhook"]
        assert line.tries == tries and line.answer == "500 not now"
        now += wait_after(tries)
    assert line.state == "dead" and len(set(hooked.tokens())) == 1 and len(hooked.requests) == TRIES
    assert len({body for _headers, body in hooked.requests}) == 1
    act(session, world.actor("regional_admin"), CLOCK)
    resend(session, session.get_one(NotifyLog, line.id))
    session.commit()
    deliver_due(engine, at(99), ways())
    (line,) = [row for row in rows(session, NotifyLog) if row.channel == "webhook"]
    assert (line.state, line.tries) == ("sent", 1) and len(set(hooked.tokens())) == 1
    act(session, world.actor("regional_admin"), CLOCK)
    with pytest.raises(Refusal, match="given up or withheld"):
        resend(session, session.get_one(NotifyLog, line.id))


def test_redirects_are_not_followed(session: Session, engine: Engine, world: World, raised: Any, hooked: Heard) -> None:
    raised("finance")
    fan_out(engine, CLOCK, ways())
    hooked.statuses = [302]
    deliver_due(engine, CLOCK, ways())
    assert len(hooked.requests) == 1
    assert [row.state for row in rows(session, NotifyLog) if row.channel == "webhook"] == ["waiting"]


def test_a_private_network_is_not_called_and_the_log_says_so(
    session: Session, engine: Engine, world: World, raised: Any, hooked: Heard
) -> None:
    raised("finance")
    fan_out(engine, CLOCK)
    deliver_due(engine, CLOCK, Ways())
    (line,) = [row for row in rows(session, NotifyLog) if row.channel == "webhook"]
    assert (line.state, line.reason, line.answer) == ("dead", "private", "127.0.0.1 127.0.0.1")
    assert not hooked.requests


def test_what_a_killed_worker_left_is_sent_when_its_lease_ends(
    session: Session, engine: Engine, world: World, raised: Any, hooked: Heard
) -> None:
    from models.kernel.notice.deliver import claim

    raised("finance")
    fan_out(engine, CLOCK, ways())
    assert claim(engine, CLOCK, ways(), LEASE) is not None  # and then it was killed
    assert deliver_due(engine, CLOCK, ways()) == 0
    assert deliver_due(engine, frozen(NOW + LEASE), ways()) == 1
    (line,) = [row for row in rows(session, NotifyLog) if row.channel == "webhook"]
    assert (line.state, line.tries, len(hooked.requests)) == ("sent", 2, 1)
