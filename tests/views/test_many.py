"""Many rows at once: tried first, each row by its own rights and rules, all or those that can, and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel import bulk_change, bulk_job, taking_back
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.bulk_change import CHANGE, REMOVE, BulkChange, Outcome
from models.kernel.clock import frozen
from models.kernel.entry import change
from models.kernel.job_running import work_once
from models.kernel.refusal import Missing, Refusal
from models.kernel.session import act
from models.property.phase import Phase
from models.property.room import Room
from tests.console import Console, engine_of
from tests.world import NOW, World


def rows(session: Session, project: int | None = None) -> list[tuple[int, int]]:
    statement = select(Room.id, Room.version).order_by(Room.id)
    if project is not None:
        statement = statement.where(Room.project_id == project)
    return [(key, version) for key, version in session.execute(statement)]


def asked(session: Session, values: dict[str, str], of: list[tuple[int, int]] | None = None) -> Any:
    made = bulk_change.prepare(session, Room, of if of is not None else rows(session), CHANGE)
    return bulk_change.say_what(session, Room, made.token, values)


def of(session: Session, key: int) -> Room:
    session.expire_all()
    return session.get_one(Room, key)


def test_a_trial_says_what_would_happen_and_changes_nothing(session: Session, world: World) -> None:
    act(session, SYSTEM, frozen(NOW))
    some = rows(session, world.id("project", "lake"))
    change(session, of(session, some[0][0]), {"facing": "已核对"}, None)
    session.commit()
    act(session, world.actor("project_clerk"), frozen(NOW))
    made = asked(session, {"facing": "已核对"}, rows(session))
    before = rows(session)
    outcome = bulk_change.attempt(session, Room, made)
    assert (outcome.done, outcome.same, outcome.refused) == (len(some) - 1, 1, 0)
    assert rows(session) == before


def test_it_changes_each_row_by_its_own_version_and_records_each(session: Session, world: World) -> None:
    act(session, world.actor("project_clerk"), frozen(NOW))
    made = asked(session, {"facing": "统一"})
    first, second = (key for key, _version in rows(session)[:2])
    change(session, of(session, first), {"facing": "抢先"}, None)
    session.commit()
    outcome = bulk_change.apply(session, Room, made, whole=False)
    assert (
        outcome.refused == 1 and outcome.reasons[0][0] == first and "since it was chosen" in str(outcome.reasons[0][2])
    )
    assert of(session, first).facing == "抢先" and of(session, second).facing == "统一"
    lines = AuditLog.__table__.c
    told = session.execute(
        select(lines.changes).where(lines.table_name == "room", lines.row_id == second, lines.action == "change")
    )
    assert told.scalars().one() == '{"facing": [null, "统一"]}'
    with pytest.raises(Refusal, match="already"):
        bulk_change.apply(session, Room, bulk_change.asked_for(session, Room, made.token), whole=False)


def test_rows_out_of_scope_are_not_there_and_rows_that_may_not_be_written_are_named(
    session: Session, world: World
) -> None:
    act(session, SYSTEM, frozen(NOW))
    everything = rows(session)
    act(session, world.actor("project_clerk"), frozen(NOW))
    mine = len(rows(session))
    made = asked(session, {"facing": "x"}, [*everything, (10**9, 1)])
    outcome = bulk_change.attempt(session, Room, made)
    assert (outcome.done, outcome.refused) == (mine, 0) and mine < len(everything)
    act(session, world.actor("company_leader"), frozen(NOW))  # reads, does not write
    made = asked(session, {"facing": "x"}, rows(session))
    outcome = bulk_change.attempt(session, Room, made)
    assert outcome.done == 0 and outcome.refused == len(rows(session)) and "no right" in str(outcome.reasons[0][2])
    act(session, world.actor("project_clerk"), frozen(NOW))
    with pytest.raises(Missing):
        bulk_change.asked_for(session, Room, made.token)


def test_all_or_nothing_leaves_everything_where_one_row_cannot_change(session: Session, world: World) -> None:
    act(session, world.actor("project_clerk"), frozen(NOW))
    made = asked(session, {"facing": "统一"})
    some = rows(session)
    change(session, of(session, some[-1][0]), {"facing": "抢先"}, None)
    session.commit()
    with pytest.raises(Refusal, match="Nothing was changed"):
        bulk_change.apply(session, Room, made, whole=True)
    assert of(session, some[0][0]).facing is None
    again = bulk_change.asked_for(session, Room, made.token)
    assert again.state == "asked"  # it may still be done for those that can
    assert bulk_change.apply(session, Room, again, whole=False).done == len(some) - 1


def test_a_key_that_two_rows_would_share_is_refused_row_by_row(session: Session, world: World) -> None:
    act(session, world.actor("group_admin"), frozen(NOW))
    phases = [(key, version) for key, version in session.execute(select(Phase.id, Phase.version).order_by(Phase.id))]
    hill = world.id("project", "hill")
    made = bulk_change.prepare(session, Phase, phases, CHANGE)
    made = bulk_change.say_what(session, Phase, made.token, {"project_id": str(hill)})
    outcome = bulk_change.attempt(session, Phase, made)
    assert outcome.same == 1 and outcome.refused == len(phases) - 1


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, "refused"),
        ({"version": "9"}, "refused"),
        ({"no": ""}, "required"),
        ({"floor": "x"}, "refused"),
        ({"deleted_at": "1"}, "refused"),
    ],
)
def test_what_no_row_could_take_is_refused_before_any_is_tried(
    session: Session, world: World, values: dict[str, str], code: str
) -> None:
    act(session, world.actor("project_clerk"), frozen(NOW))
    made = bulk_change.prepare(session, Room, rows(session), CHANGE)
    with pytest.raises(Refusal):
        bulk_change.say_what(session, Room, made.token, values)
    assert bulk_change.asked_for(session, Room, made.token).values == {}


def test_it_is_taken_back_where_nobody_changed_the_row_since(session: Session, world: World) -> None:
    act(session, world.actor("project_clerk"), frozen(NOW))
    some = rows(session)
    change(session, of(session, some[1][0]), {"facing": "原来"}, None)
    session.commit()
    made = asked(session, {"facing": "统一"})
    bulk_change.apply(session, Room, made, whole=True)
    change(session, of(session, some[0][0]), {"facing": "后来"}, None)
    session.commit()
    act(session, world.actor("project_leader"), frozen(NOW))
    with pytest.raises(Missing):
        taking_back.undo(session, Room, made.token)
    act(session, world.actor("project_clerk"), frozen(NOW))
    outcome = taking_back.undo(session, Room, made.token)
    assert (outcome.done, outcome.refused) == (len(some) - 1, 1)
    assert [of(session, key).facing for key, _v in some[:3]] == ["后来", "原来", None]
    with pytest.raises(Refusal, match="taken back"):
        taking_back.undo(session, Room, made.token)


def test_deleted_rows_come_back(session: Session, world: World) -> None:
    act(session, world.actor("group_admin"), frozen(NOW))
    some = rows(session)[:6]
    made = bulk_change.prepare(session, Room, some, REMOVE)
    outcome = bulk_change.apply(session, Room, made, whole=False)
    assert outcome.done and outcome.refused and outcome.done + outcome.refused == 6  # owned homes stay
    left = len(rows(session))
    assert taking_back.undo(session, Room, made.token).done == outcome.done
    assert len(rows(session)) == left + outcome.done


def test_what_is_noted_is_dropped_after_two_days(session: Session, world: World) -> None:
    act(session, world.actor("project_clerk"), frozen(NOW))
    old = asked(session, {"facing": "x"})
    later = NOW + timedelta(days=3)
    act(session, world.actor("project_clerk"), frozen(later))
    with pytest.raises(Missing):
        bulk_change.asked_for(session, Room, old.token)
    asked(session, {"facing": "y"})
    assert len(session.execute(select(BulkChange.__table__.c.id)).all()) == 1


def test_a_job_changes_very_many_rows_and_goes_on_where_it_was(app: Flask, world: World, tmp_path: Any) -> None:
    engine = engine_of(app)
    with Session(engine) as own:
        act(own, world.actor("project_clerk"))
        made = asked(own, {"facing": "后台"})
        bulk_job.begin(own, Room, made)
        with pytest.raises(Refusal):
            bulk_job.begin(own, Room, made)
        some = rows(own)
        done = bulk_change.asked_for(own, Room, made.token)
        bulk_change.go_on(
            own, Room, done, Outcome(), _stop_after_first(own)
        )  # a worker that died after its first batch
        own.rollback()
    while work_once(engine, tmp_path) is not None:
        pass
    with Session(engine) as own:
        act(own, world.actor("project_clerk"))
        assert {of(own, key).facing for key, _version in some} == {"后台"}
        assert [of(own, key).version for key, _version in some] == [version + 1 for _key, version in some]


def _stop_after_first(own: Session) -> Any:
    return lambda _done, _total: own.commit()


# -- the pages ----------------------------------------------------------------------------------------------------------


@contextmanager
def _acting(app: Flask, actor: Any) -> Iterator[Session]:
    with Session(engine_of(app)) as own:
        act(own, actor)
        yield own


def test_from_a_selection_to_the_toast_that_takes_it_back(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    hidden = world.id("room", "bay-1-1-101")
    mine = [world.id("room", f"lake-1-1-{no}") for no in ("101", "102")]
    step = clerk.send("/room/many", pk=[*map(str, mine), str(hidden), "x", "9" * 30], query="_flt_0_floor=1")
    assert step.status_code == 302 and "/room/many/" in step.location
    page = clerk.get(step.location).get_data(as_text=True)
    assert "所选 2 条" in page and 'name="_set" value="facing"' in page
    wrong = clerk.send(step.location, _set="floor", floor="abc")
    assert wrong.status_code == 422 and 'value="abc"' in wrong.get_data(as_text=True)
    trial = clerk.send(step.location, _set="facing", facing="同一批", floor="9").get_data(as_text=True)
    assert re.search(r'id="would-change">2<', trial) and "同一批" in trial
    done = clerk.send(f"{step.location}/apply", how="whole")
    assert done.status_code == 302 and done.location.endswith("/room/list/?_flt_0_floor=1")
    toast = clerk.get(done.location).get_data(as_text=True)
    undo = re.search(r'data-post="(/room/undo/[^"]+)"', toast)
    assert undo is not None and "已修改 2 条记录" in toast
    with _acting(app, SYSTEM) as own:
        assert {of(own, key).facing for key in mine} == {"同一批"} and of(own, hidden).facing is None
        assert of(own, mine[0]).floor == 1  # not ticked, not changed
    assert Console(app, "project_leader").send(undo.group(1)).status_code in (302, 403, 404)
    back = clerk.client.post(undo.group(1), headers={"X-CSRFToken": clerk.token(), "Accept": "application/json"})
    assert back.get_json()["url"].startswith("/room/list/")
    with _acting(app, SYSTEM) as own:
        assert {of(own, key).facing for key in mine} == {None}


def test_everything_filtered_is_tried_again_when_it_is_not_the_same_rows_any_more(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    query = "_flt_0_floor=1"
    step = clerk.send("/room/many", everything="1", query=query)
    trial = clerk.send(step.location, _set="facing", facing="一层").get_data(as_text=True)
    n = int(re.search(r'id="would-change">(\d+)<', trial).group(1))  # type: ignore[union-attr]
    with _acting(app, world.actor("project_clerk")) as own:
        row = own.scalars(select(Room).where(Room.floor == 2)).first()
        assert row is not None
        change(own, row, {"floor": "1"}, None)
        own.commit()
    again = clerk.send(f"{step.location}/apply", how="able", query=query)
    text = again.get_data(as_text=True)
    assert again.status_code == 409 and f"当时 {n} 条，现在 {n + 1} 条" in text
    apply_url = re.search(r'action="(/room/many/[^"]+/apply)"', text)
    assert apply_url is not None and step.location not in apply_url.group(1)
    forged = clerk.send(apply_url.group(1), how="able", query="_flt_0_floor=2")
    assert forged.status_code == 409
    url = re.search(r'action="(/room/many/[^"]+/apply)"', forged.get_data(as_text=True))
    assert url is not None and clerk.send(url.group(1), how="able", query=query).status_code == 302
    with _acting(app, SYSTEM) as own:
        assert {r.floor for r in own.scalars(select(Room).where(Room.facing == "一层"))} == {1}
        assert len(own.scalars(select(Room).where(Room.facing == "一层")).all()) == n + 1


def test_a_filter_that_cannot_be_read_or_kept_stops_a_change_of_everything(app: Flask, world: World) -> None:
    clerk = Console(app, "request_clerk", "zh")
    for query in ("_flt_0_mobile=14200000000", "_flt_0_nosuch=1", "_flt_99_name=x"):
        step = clerk.send("/customer/many", everything="1", query=query)
        assert step.location.endswith("/customer/list/"), query
    with _acting(app, SYSTEM) as own:
        assert own.execute(select(BulkChange.__table__.c.id)).first() is None
    assert clerk.send("/customer/many", query="").location.endswith("/customer/list/")


def test_a_change_of_somebody_else_is_not_there(app: Flask, world: World) -> None:
    clerk = Console(app, "project_clerk", "zh")
    step = clerk.send("/room/many", pk=str(world.id("room", "lake-1-1-101")))
    clerk.send(step.location, _set="facing", facing="x")
    other = Console(app, "request_clerk", "zh")
    for tail in ("", "/apply"):
        mine, none = other.send(step.location + tail), other.send(f"/room/many/nosuchtoken0000{tail}")
        assert mine.status_code == none.status_code and mine.status_code in (403, 404)
    assert other.get(step.location).status_code in (403, 404)
    assert Console(app, "contractor").send("/customer/many", pk="1").status_code in (302, 403)


def test_a_deletion_of_many_is_taken_back_from_its_toast(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    free = [world.id("room", f"lake-1-1-{no}") for no in ("102", "201")]
    owned = world.id("room", "lake-1-1-101")
    gone = admin.send("/room/delete", pk=[str(k) for k in (*free, owned)], next="/room/list/?_flt_0_floor=1")
    assert gone.location.endswith("/room/list/?_flt_0_floor=1")
    toast = admin.get(gone.location).get_data(as_text=True)
    undo = re.search(r'data-post="(/room/undo/[^"]+)"', toast)
    assert undo is not None and "已将 2 条记录移入回收站" in toast and "无法删除" in toast
    admin.send(undo.group(1))
    with _acting(app, SYSTEM) as own:
        assert len(own.scalars(select(Room).where(Room.id.in_(free))).all()) == 2
