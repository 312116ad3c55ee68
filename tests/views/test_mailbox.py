"""The mailbox, the bell, preferences, previews and sending again, as people meet them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.guard import remove
from models.kernel.notice import tell
from models.kernel.notice.deliver import LINES
from models.kernel.notice.fan_out import fan_out
from models.kernel.notice.log import NotifyLog
from models.kernel.notice.mailbox import Mailbox
from models.kernel.notice.preference import NotifyPreference, NotifySetting
from models.kernel.registry import rights_of
from models.kernel.session import act
from models.property.room import Room
from tests.console import Console, engine_of, statements
from tests.notices import VALUES, snag
from tests.world import World

BOX: Any = Mailbox.__table__


@pytest.fixture
def told(app: Flask, world: World) -> Any:
    """Tells people about a room by the lake, and delivers it."""

    def now(*logins: str, **values: Any) -> None:
        with Session(engine_of(app)) as session:
            act(session, SYSTEM)
            room = session.get_one(Room, world.id("room", "lake-1-1-101"))
            to = [world.accounts[login] for login in logins]
            tell(session, world.actor("project_clerk"), snag(), to, room, {**VALUES, **values})
            session.commit()
        fan_out(engine_of(app))

    return now


def keys(app: Flask, world: World, login: str) -> list[int]:
    with engine_of(app).connect() as connection:
        mine = select(BOX.c.id).where(BOX.c.user_id == world.accounts[login]).order_by(BOX.c.id)
        return list(connection.execute(mine).scalars())


def test_the_bell_counts_and_costs_little(app: Flask, world: World, told: Any) -> None:
    told("finance", "project_leader")
    told("finance")
    person = Console(app, "finance")
    page = person.get("/").get_data(as_text=True)
    assert 'data-counts="/counts.json"' in page and 'href="/mailbox/"' in page and 'data-count="mailbox"' in page
    with statements(app) as run:
        assert person.get("/counts.json").get_json()["mailbox"] == {"n": 2, "text": "2", "late": False}
    assert len(run) <= 4, run
    assert Console(app, "project_leader").get("/counts.json").get_json()["mailbox"]["n"] == 1
    assert set(Console(app, "stranger").get("/counts.json").get_json()) == {"jobs"}
    assert app.test_client().get("/counts.json").status_code in (302, 401)


def test_a_message_is_opened_and_read(app: Flask, world: World, told: Any) -> None:
    told("finance", what="<script>alert(1)</script>")
    person = Console(app, "finance")
    page = person.get("/mailbox/").get_data(as_text=True)
    assert "&lt;script&gt;alert(1)" in page and "<script>alert" not in page and "Mark all as read" in page
    (key,) = keys(app, world, "finance")
    answer = person.send(f"/mailbox/{key}/open")
    assert answer.status_code == 303 and answer.headers["Location"] == f"/room/show/{world.id('room', 'lake-1-1-101')}"
    assert person.get("/counts.json").get_json()["mailbox"]["n"] == 0
    page = person.get("/mailbox/").get_data(as_text=True)
    assert "Mark all as read" not in page and "Mark as unread" in page
    person.send("/mailbox/read", pk=key, unread="1")
    assert person.get("/counts.json").get_json()["mailbox"]["n"] == 1
    told("finance")
    person.send("/mailbox/read")
    assert person.get("/counts.json").get_json()["mailbox"]["n"] == 0


def test_nobody_opens_reads_or_deletes_a_message_of_another(app: Flask, world: World, told: Any) -> None:
    told("finance")
    (key,) = keys(app, world, "finance")
    for login in ("group_admin", "project_leader"):
        other = Console(app, login)
        assert "A crack" not in other.get("/mailbox/").get_data(as_text=True)
        for address in (f"/mailbox/{key}/open", f"/mailbox/{key}/remove"):
            assert other.send(address).status_code == 404
        assert other.get(f"/mailbox/show/{key}").status_code == other.get(f"/api/v1/mailbox/{key}").status_code == 404
        other.send("/mailbox/read", pk=key)
        other.send("/mailbox/read")
    assert Console(app, "finance").get("/counts.json").get_json()["mailbox"]["n"] == 1


def test_a_record_that_is_gone_is_said_so(app: Flask, world: World, told: Any) -> None:
    told("finance")
    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        row: Any = session.connection().execute(BOX.update().values(row_id=world.id("room", "bay-1-1-101")))
        assert row.rowcount == 1
        session.commit()
    person = Console(app, "finance")
    answer = person.send(f"/mailbox/{keys(app, world, 'finance')[0]}/open")
    assert answer.headers["Location"] == "/mailbox/"
    assert "does not exist, or is not in your part" in person.get("/mailbox/").get_data(as_text=True)


def test_a_deleted_message_can_be_taken_back(app: Flask, world: World, told: Any) -> None:
    told("finance")
    person, (key,) = Console(app, "finance"), keys(app, world, "finance")
    assert person.send(f"/mailbox/{key}/remove").status_code == 303
    page = person.get("/mailbox/").get_data(as_text=True)
    assert "recycle bin" in page and f'action="/mailbox/{key}/open"' not in page
    undo = re.search(r'data-post="([^"]+)"', page)
    assert undo is not None
    assert person.call("POST", undo[1].replace("&amp;", "&"), headers={"Accept": "application/json"}).status_code == 200
    assert f'action="/mailbox/{key}/open"' in person.get("/mailbox/").get_data(as_text=True)


def test_pages_of_what_was_read(app: Flask, world: World, told: Any) -> None:
    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        now = snag() and session.info["clock"]()
        rows = [
            {"user_id": world.accounts["finance"], "title": f"Message {i}", "event": snag().name, "read_at": now,
             "created_at": now, "changed_at": now, "version": 1}
            for i in range(120)
        ]  # fmt: skip
        session.connection().execute(BOX.insert(), rows)
        session.commit()
    person, seen, address = Console(app, "finance"), [], "/mailbox/"
    while address:
        page = person.get(address).get_data(as_text=True)
        seen += re.findall(r"Message (\d+)", page)
        older = re.search(r'href="(/mailbox/\?before=\d+)"', page)
        address = older[1] if older else ""
    assert [int(number) for number in seen] == list(range(119, -1, -1))


def test_people_say_what_they_want_to_be_told(app: Flask, world: World) -> None:
    person = Console(app, "finance")
    page = person.get("/me/notices").get_data(as_text=True)
    assert f'value="{snag().name}:mail" checked' in page and 'value="grant.given:mailbox" checked disabled' in page
    wanted = [f"{snag().name}:mailbox", "grant.given:mail"]
    answer = person.send("/me/notices", language="en", quiet_from="22:00", quiet_until="7:30", wanted=wanted)
    assert answer.status_code == 303
    page = person.get("/me/notices").get_data(as_text=True)
    assert f'value="{snag().name}:mail" checked' not in page and f'value="{snag().name}:mailbox" checked' in page
    assert 'value="07:30"' in page and '<option value="en" selected>' in page
    with Session(engine_of(app)) as session:
        act(session, world.actor("finance"))
        off = {(row.event, row.channel) for row in session.scalars(select(NotifyPreference)) if not row.wanted}
        assert (snag().name, "mail") in off and ("grant.given", "mailbox") not in off
        act(session, world.actor("group_admin"))
        assert not session.scalars(select(NotifySetting)).all()
    answer = person.send("/me/notices", language="en", quiet_from="25 o'clock", quiet_until="", wanted=wanted)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "25 o&#39;clock" in page and "Write a time such as 22:00" in page


def test_a_template_is_seen_with_sample_values_while_it_is_typed(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin")
    assert "template-preview.js" in admin.get("/notify_template/add").get_data(as_text=True)
    typed = {"event": snag().name, "language": "en", "subject": "Mind {what}!", "body": "{colour} until {due} <b>"}
    said = admin.call("POST", "/notify_template/preview", data=typed).get_json()
    assert (said["subject"], said["body"]) == ("Mind A crack!", "until 2026-12-01 <b>")
    assert "{colour}" in said["errors"][0] and {"name": "due", "label": "Due"} in said["fields"]
    assert said["usual"]["subject"] == "{record}: {what}"
    assert admin.call("POST", "/notify_template/preview", data={"event": "none"}).get_json()["event"] is None
    assert Console(app, "finance").call("POST", "/notify_template/preview", data=typed).status_code == 403


def test_a_template_with_an_unknown_field_is_not_saved(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin")
    fields = {"node_id": world.nodes["hangzhou"][0], "event": snag().name, "channel": "mail", "language": "zh"}
    answer = admin.send("/notify_template/add", **fields, enabled="y", subject="{colour}", body="")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "There is no field {colour} here" in page and "{due} (Due)" in page
    assert admin.send("/notify_template/add", **fields, enabled="y", subject="{what}", body="").status_code == 302


def test_dead_letters_are_sent_again_by_administrators_of_the_place(app: Flask, world: World, told: Any) -> None:
    told("finance")
    with Session(engine_of(app)) as session:
        act(session, SYSTEM)
        session.connection().execute(LINES.update().values(state="dead", channel="mail", tries=12))
        session.commit()
        (key,) = session.scalars(select(NotifyLog.id))
    admin = Console(app, "regional_admin")
    assert f'action="/notify_log/{key}/resend"' in admin.get(f"/notify_log/show/{key}").get_data(as_text=True)
    assert Console(app, "finance").send(f"/notify_log/{key}/resend").status_code == 403
    assert admin.send(f"/notify_log/{key}/resend").status_code == 303
    assert admin.send(f"/notify_log/{key}/resend").status_code == 409
    with engine_of(app).begin() as connection:
        row = connection.execute(select(LINES)).one()
        assert (row.state, row.tries) == ("waiting", 0)
        connection.execute(LINES.update().values(state="dead", node_id=world.nodes["shenzhen"][0]))
    assert admin.send(f"/notify_log/{key}/resend").status_code == 404
    assert admin.send("/notify_log/resend").status_code == 303
    with engine_of(app).begin() as connection:
        assert connection.execute(select(LINES.c.state)).scalar_one() == "dead"
    Console(app, "group_admin").send("/notify_log/resend")
    with engine_of(app).begin() as connection:
        assert connection.execute(select(LINES.c.state)).scalar_one() == "waiting"


def test_to_read_the_delivery_log_is_not_to_send(
    app: Flask, world: World, told: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who only looks into the log: no button, and the address says who may."""
    told("finance")
    with engine_of(app).begin() as connection:
        connection.execute(LINES.update().values(state="dead", channel="mail", tries=12))
        key = connection.execute(select(LINES.c.id)).scalar_one()
    monkeypatch.setitem(rights_of(NotifyLog), "read", ("company_leader", "regional_admin"))
    reader = Console(app, "company_leader")
    page = reader.get(f"/notify_log/show/{key}")
    assert page.status_code == 200 and "resend" not in page.get_data(as_text=True)
    assert "resend" not in reader.get("/notify_log/list/").get_data(as_text=True)
    answer = reader.send(f"/notify_log/{key}/resend")
    assert answer.status_code == 403 and "those who keep the webhooks" in answer.get_data(as_text=True)
    assert reader.send("/notify_log/resend").status_code == 403
    with engine_of(app).begin() as connection:
        assert connection.execute(select(LINES.c.state)).scalar_one() == "dead"
    assert Console(app, "regional_admin").send(f"/notify_log/{key}/resend").status_code == 303


def test_a_secret_is_never_shown_unasked(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin")
    place = world.nodes["hangzhou"][0]
    address = "https://hooks.example.com/a"
    answer = admin.send("/webhook/add", node_id=place, address=address, secret="swordfish-1", active="y", events="")
    assert answer.status_code == 302
    for page in (answer.headers["Location"], "/webhook/list/", answer.headers["Location"].replace("show", "edit")):
        assert "swordfish" not in admin.get(page).get_data(as_text=True), page
    answer = admin.send("/webhook/add", node_id=place, address="http://u:p@x.example", active="y", events="no.such")
    page = answer.get_data(as_text=True)
    assert (
        answer.status_code == 422 and "Leave the name and password out" in page and "There is no event no.such" in page
    )


def test_a_grant_and_a_set_password_are_told(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin")
    finance = world.id("user_profile", "finance")
    given = {"profile_id": finance, "role": "title_clerk", "node_id": world.nodes["lake"][0]}
    assert admin.send("/grant/add", **given).status_code == 302
    new = {"password": "another-password-1", "again": "another-password-1"}
    assert admin.send(f"/user_profile/{finance}/password", **new).status_code == 302
    fan_out(engine_of(app))
    with engine_of(app).connect() as connection:
        titles = list(connection.execute(select(BOX.c.title).order_by(BOX.c.id)).scalars())
    assert titles == ["您已获得“湖畔花园”的“产权CRM专员”角色", "地区CRM管理员重新设置了您的密码"]


def test_a_message_in_the_bin_is_told_to_nobody_else(app: Flask, world: World, told: Any) -> None:
    told("finance", "project_leader")
    with Session(engine_of(app)) as session:
        act(session, world.actor("finance"))
        remove(session, session.scalars(select(Mailbox)).one())
        session.commit()
    assert "101: A crack" not in Console(app, "group_admin").get("/mailbox/bin/").get_data(as_text=True)
    assert "101：墙面裂缝" in Console(app, "finance").get("/mailbox/bin/").get_data(as_text=True)
