"""The job centre: whose jobs one sees, files that ask for rights again, large exports and imports in the background."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.upkeep import kept_backups, superfluous
from config import Settings
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.clock import utc_now
from models.kernel.grant import Grant
from models.kernel.job import JOBS, ask, cancel, work
from models.kernel.job_centre import clear_files, clear_jobs
from models.kernel.job_running import Run, folder_of, reap, work_once
from models.kernel.job_schedule import due, entries, lay_out
from models.kernel.session import act
from models.kernel.store import FolderStore
from models.kernel.words import _
from models.property.building import Building
from models.property.room import Room
from tests.console import Console, bearer, engine_of, statements
from tests.views.test_import import HEAD, book
from tests.world import World
from views.kernel.exchange import export, export_job, import_pages, plan

KNOWN = ("湖畔花园", "1号楼", "1单元")


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session in the application's own database, by the real clock as its pages are."""
    with Session(engine_of(app)) as made:
        yield act(made, SYSTEM)
        made.rollback()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is large, is large with a few rows."""
    monkeypatch.setattr(export_job, "DIRECT", {"csv": 15, "xlsx": 15})
    monkeypatch.setattr(export_job, "_TICK", 0.0)
    monkeypatch.setattr(export, "BATCH", 4)
    monkeypatch.setattr(import_pages, "AT_ONCE", 3)
    monkeypatch.setattr(plan, "CHUNK", 2)


def worked(app: Flask, settings: Settings, **more: Any) -> int | None:
    return work_once(engine_of(app), settings.home, **more)


def fetched(person: Any, url: str, **more: Any) -> tuple[int, bytes, str]:
    """Fetches a file; returns status, content and what it is called."""
    with person.get(url, **more) as answer:
        return answer.status_code, answer.get_data(), answer.headers.get("Content-Disposition", "")


def key_of(answer: Any) -> int:
    assert answer.status_code in (302, 303) and "/job/show/" in answer.location, answer.get_data(as_text=True)[:400]
    return int(answer.location.rpartition("/")[2])


def test_a_large_export_is_a_job_with_a_file(app: Flask, settings: Settings, world: World) -> None:
    person = Console(app, "regional_admin", "zh")
    small = person.get("/room/export.csv?q=101&_cols=no")
    assert small.status_code == 200 and small.mimetype == "text/csv"
    url = "/room/export.csv?_cols=unit.building.name,no&_oc_RoomView=no&_od_RoomView=desc"
    key = key_of(person.get(url))
    assert key_of(person.get(url)) == key, "asked for twice it is one job"
    assert fetched(person, f"/job/{key}/file")[0] == 404
    page = person.get(f"/job/show/{key}").get_data(as_text=True)
    assert "导出房间（CSV）" in page and "等待中" in page
    assert worked(app, settings) == key
    told = person.get(f"/job/{key}/state.json").get_json()
    assert (told["state"], told["percent"], told["done"], told["total"]) == ("finished", 100, 23, 23)
    _status, data, called = fetched(person, f"/job/{key}/file")
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert lines[0] == ["楼栋", "房号"] and len(lines) == 24
    assert [line[1] for line in lines[1:]] == sorted((line[1] for line in lines[1:]), reverse=True)
    assert "attachment" in called
    assert key_of(person.get(url)) != key, "an ended job is no reason not to make another"


def test_a_large_workbook(app: Flask, settings: Settings, world: World) -> None:
    person = Console(app, "regional_admin", "zh")
    key = key_of(person.get("/room/export.xlsx?_cols=no"))
    assert worked(app, settings) == key
    made = openpyxl.load_workbook(io.BytesIO(fetched(person, f"/job/{key}/file")[1]))
    assert made.worksheets[0].max_row == 24
    assert [each.name for each in folder_of(settings.home, key).iterdir()] == ["file.xlsx"]


def test_a_file_is_for_its_owner_with_the_rights_of_the_day(
    app: Flask, settings: Settings, world: World, session: Session
) -> None:
    person = Console(app, "regional_admin")
    key = key_of(person.get("/room/export.csv?_cols=no"))
    assert worked(app, settings) == key
    for login, seen in (("group_admin", True), ("project_clerk", False), ("stranger", False)):
        other = Console(app, login)
        assert other.get(f"/job/show/{key}").status_code == (200 if seen else 404)
        assert other.get(f"/job/{key}/state.json").status_code == (200 if seen else 404)
        assert other.get(f"/job/{key}/file").status_code == (403 if seen else 404)
        assert other.send(f"/job/{key}/retry").status_code == (302 if seen else 404)
        assert (f"/job/show/{key}" in other.get("/job/list/").get_data(as_text=True)) == seen
    assert app.test_client().get(f"/job/{key}/file").status_code == 302
    assert fetched(person, f"/job/{key}/file")[0] == 200
    grants: Any = Grant.__table__
    mine = grants.c.id == world.id("grant", "regional_admin")
    session.execute(update(grants).where(mine).values(node_id=world.nodes["hangzhou"][0]))
    session.commit()
    status, refused, _called = fetched(person, f"/job/{key}/file")
    assert status == 403 and b"smaller" in refused
    session.execute(update(grants).where(mine).values(node_id=world.nodes["east"][0]))
    session.commit()
    assert fetched(person, f"/job/{key}/file")[0] == 200
    result = json.loads(session.scalars(select(JOBS.c.result).where(JOBS.c.id == key)).one())
    result["until"] = utc_now().isoformat()
    session.execute(update(JOBS).where(JOBS.c.id == key).values(result=json.dumps(result)))
    session.commit()
    assert fetched(person, f"/job/{key}/file")[0] == 410
    assert clear_files(session, settings.home) == 1 and not folder_of(settings.home, key).exists()


def test_an_export_is_cancelled_at_its_next_batch(
    app: Flask, settings: Settings, world: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Console(app, "regional_admin")
    key = key_of(person.get("/room/export.csv?_cols=no"))
    before = Run.advance

    def advance(run: Run, done: int | None = None, total: int | None = None, cursor: Any = None) -> None:
        if done == 8:
            assert person.send(f"/job/{key}/cancel").status_code == 302
        before(run, done, total, cursor)

    monkeypatch.setattr(Run, "advance", advance)
    assert worked(app, settings) == key
    told = person.get(f"/job/{key}/state.json").get_json()
    assert (told["state"], told["done"]) == ("cancelled", 8)
    assert not (folder_of(settings.home, key) / "file.csv").exists()
    monkeypatch.undo()
    assert person.send(f"/job/{key}/retry").status_code == 302
    assert worked(app, settings) == key
    assert person.get(f"/job/{key}/state.json").get_json()["state"] == "finished"


def staged(person: Console, *rows: tuple[Any, ...]) -> str:
    """Hands a file over, maps it, looks at the preview; returns the address of the import."""
    data = {"csrf_token": person.token(), "file": (io.BytesIO(book(HEAD, *rows)), "rooms.xlsx")}
    at = str(person.client.post("/room/import", data=data).location)
    page = person.get(at).get_data(as_text=True)
    row = re.search(r'name="header_row"[^>]*value="(\d+)"', page)
    fields = {"header_row": row[1] if row else "1"}
    for name, block in re.findall(r'<select[^>]*name="(column_\d+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)"[^>]*\bselected', block)
        fields[name] = chosen[1] if chosen else ""
    assert person.send(at, **fields).location == f"{at}/preview"
    assert person.get(f"{at}/preview").status_code == 200
    return at


def rows(*numbers: str) -> list[tuple[Any, ...]]:
    return [(*KNOWN, number, 9, "A户型", 98.5, "待售") for number in numbers]


def test_a_large_import_is_a_job_in_batches(app: Flask, settings: Settings, world: World, session: Session) -> None:
    person = Console(app, "project_clerk", "zh")
    at = staged(person, *rows("901", "902", "903", "904", "905", "901"), ("海湾城", *rows("901")[0][1:]))
    key = key_of(person.send(f"{at}/apply", leave_out="2"))
    assert key_of(person.send(f"{at}/apply", leave_out="2")) == key
    assert worked(app, settings) == key
    told = person.get(f"/job/{key}/state.json").get_json()
    assert (told["state"], told["done"]) == ("finished", 7)
    assert "新增 5 行，变更 0 行，无变化 0 行，跳过 2 行" in person.get(f"/job/show/{key}").get_data(as_text=True)
    lines = session.scalars(select(AuditLog).where(AuditLog.channel == "import", AuditLog.table_name == "room")).all()
    assert {line.action for line in lines} == {"add"} and len(lines) == 5
    assert {line.user_id for line in lines} == {world.actor("project_clerk").user_id}


def test_more_wrong_rows_than_were_seen_stop_an_import(
    app: Flask, settings: Settings, world: World, session: Session
) -> None:
    person = Console(app, "project_clerk")
    at = staged(person, *rows("901", "902", "903", "904", "901"))
    key = key_of(person.send(f"{at}/apply", leave_out="0"))
    assert worked(app, settings) == key
    told = person.get(f"/job/{key}/state.json").get_json()
    assert told["state"] == "failed" and "Nothing was written" in told["error"]
    assert not session.scalar(select(func.count()).select_from(Room).where(Room.no.in_(["901", "902"])))


def test_an_import_that_dies_at_every_batch_loses_and_doubles_nothing(
    app: Flask, settings: Settings, world: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the commit of each batch and after it; what a file says twice is noticed across the deaths."""
    person = Console(app, "project_clerk")
    numbers = [f"9{n:02}" for n in range(1, 10)]
    at = staged(person, *rows(*numbers, "901", "905"))
    key = key_of(person.send(f"{at}/apply", leave_out="2"))

    class Died(BaseException):
        pass

    commits: list[int] = []
    before, deaths = Run.advance, {(n, when) for n in (2, 4, 6, 8, 10) for when in ("before", "after")}

    def advance(run: Run, done: int | None = None, total: int | None = None, cursor: Any = None) -> None:
        if (done, "before") in deaths:
            deaths.discard((done, "before"))
            raise Died
        before(run, done, total, cursor)
        commits.append(done or 0)
        if (done, "after") in deaths:
            deaths.discard((done, "after"))
            raise Died

    monkeypatch.setattr(Run, "advance", advance)
    moment = utc_now()
    for _attempt in range(40):
        moment += timedelta(minutes=1)
        now = moment
        reap(engine_of(app), lambda now=now: now)
        try:
            if worked(app, settings, clock=lambda now=now: now) is None:
                break
        except Died:
            continue
    assert not deaths
    told = person.get(f"/job/{key}/state.json").get_json()
    assert told["state"] == "finished", told
    session.rollback()
    found = session.scalars(select(Room.no).where(Room.no.in_(numbers)).order_by(Room.no)).all()
    assert found == numbers
    result = json.loads(session.scalars(select(JOBS.c.result).where(JOBS.c.id == key)).one())
    assert (result["added"], result["changed"], result["left"], result["refused"]) == (9, 0, 0, 2)


def test_jobs_over_rest(app: Flask, settings: Settings, world: World) -> None:
    person = Console(app, "regional_admin")
    key = key_of(person.get("/room/export.csv?_cols=no"))
    client, token = app.test_client(), bearer(app, "regional_admin")
    listed = client.get("/api/v1/job/?state=waiting&mine=1", headers=token).get_json()["result"]
    assert [each["id"] for each in listed] == [key]
    assert client.get("/api/v1/job/?state=nonsense", headers=token).status_code == 400
    assert client.get("/api/v1/job/").status_code == 401
    assert client.post(f"/api/v1/job/{key}/explode", headers=token).status_code == 404
    assert client.post(f"/api/v1/job/{key}/retry", headers=token).status_code == 409
    assert client.post(f"/api/v1/job/{key}/cancel", headers=token).get_json()["result"]["state"] == "cancelled"
    assert client.post(f"/api/v1/job/{key}/retry", headers=token).status_code == 200
    assert worked(app, settings) == key
    one = client.get(f"/api/v1/job/{key}", headers=token).get_json()["result"]
    assert one["state"] == "finished" and one["log"] and "path" not in json.dumps(one)
    assert fetched(client, f"/api/v1/job/{key}/file", headers=token)[1].startswith(b"\xef\xbb\xbf")
    foreign = bearer(app, "project_clerk")
    for address in (f"/api/v1/job/{key}", f"/api/v1/job/{key}/file"):
        assert client.get(address, headers=foreign).status_code == 404
    assert client.post(f"/api/v1/job/{key}/cancel", headers=foreign).status_code == 404
    assert client.get("/api/v1/job/", headers=foreign).get_json() == {"result": []}
    answer = client.post(f"/api/v1/job/{key}/cancel", headers={"Cookie": ""})
    assert answer.status_code in (400, 401)


def test_jobs_are_in_the_openapi_document(app: Flask, settings: Settings, world: World) -> None:
    """Its addresses, what they answer with, and nothing that is not so: the shape is compared with a real job."""
    person = Console(app, "regional_admin")
    key = key_of(person.get("/room/export.csv?_cols=no"))
    told = person.get("/api/v1/_openapi").get_json()
    paths = {path: set(methods) for path, methods in told["paths"].items() if path.startswith("/api/v1/job/")}
    assert paths == {
        "/api/v1/job/": {"get"},
        "/api/v1/job/{key}": {"get"},
        "/api/v1/job/{key}/file": {"get"},
        "/api/v1/job/{key}/{name}": {"post"},
    }
    steer = told["paths"]["/api/v1/job/{key}/{name}"]["post"]
    assert steer["parameters"][1]["schema"]["enum"] == ["cancel", "retry"] and "409" in steer["responses"]
    shape = told["components"]["schemas"]["Job"]["properties"]
    assert worked(app, settings) == key
    one = person.get(f"/api/v1/job/{key}").get_json()["result"]
    assert set(one) - {"log"} == set(shape)
    for name, value in one.items():
        if name != "log" and value is None:
            assert shape[name].get("nullable"), name
    assert one["state"] in shape["state"]["enum"]


def test_ones_own_jobs_are_counted_in_the_frame(app: Flask, settings: Settings, world: World) -> None:
    """One statement of the frame's one request; the sign's own request names them, and nobody sees another's."""
    person, other = Console(app, "regional_admin", "zh"), Console(app, "group_admin", "zh")
    key = key_of(person.get("/room/export.csv?_cols=no"))
    with statements(app) as found:
        counted = person.get("/counts.json").get_json()
    assert counted["jobs"] == {"n": 1, "text": "1", "late": False} and len(found) <= 4
    assert other.get("/counts.json").get_json()["jobs"]["n"] == 0
    told = person.get("/job/running.json").get_json()
    assert told["running"] == 1 and told["jobs"][0]["url"] == f"/job/show/{key}" and told["jobs"][0]["title"]
    assert other.get("/job/running.json").get_json() == {"running": 0, "jobs": []}
    assert 'data-url="/job/running.json"' in person.get("/").get_data(as_text=True)
    assert worked(app, settings) == key
    assert person.get("/counts.json").get_json()["jobs"]["text"] == ""
    assert person.get("/job/running.json").get_json()["running"] == 0


def test_the_schedule_is_kept_by_administrators_of_the_group(
    app: Flask, settings: Settings, world: World, session: Session
) -> None:
    lay_out(session)
    for login in ("regional_admin", "project_clerk", "stranger"):
        other = Console(app, login)
        assert other.get("/schedule/").status_code == 403
        assert other.send("/schedule/seal/run").status_code == 403
        assert other.send("/schedule/seal/switch?to=0").status_code == 403
    person = Console(app, "group_admin", "zh")
    page = person.get("/schedule/?month=2025-06").get_data(as_text=True)
    assert "审计日志封存" in page and "数据备份" in page and "2025 年 06 月" in page and "每天 02:30" in page
    assert person.get("/schedule/?month=nonsense").status_code == 200
    assert person.send("/schedule/nonsense/run").status_code == 404
    key = key_of(person.send("/schedule/clear_jobs/run"))
    assert "手动发起执行" in person.get(f"/job/show/{key}").get_data(as_text=True)
    assert worked(app, settings) == key
    assert person.get(f"/job/{key}/state.json").get_json()["state"] == "finished"
    assert person.send("/schedule/backup/switch?to=0").status_code == 302
    session.rollback()
    assert {row.kind: row.active for row in entries(session)}["backup"] is False and not due(session)
    session.rollback()
    clerk = Console(app, "project_clerk")
    assert clerk.get(f"/job/show/{key}").status_code == 404


def test_a_backup_by_the_clock(
    app: Flask, settings: Settings, world: World, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORBOOK_HOME", str(settings.home))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("DATA_KEY", settings.data_key)
    monkeypatch.setenv("SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("DOORBOOK_DEMO", "0")
    monkeypatch.setenv("BACKUP_DAYS", "2")
    monkeypatch.setenv("BACKUP_WEEKS", "0")
    settings.backups.mkdir()
    for day in (1, 2, 3):
        (settings.backups / f"doorbook-2025-01-0{day}-020000.zip").write_bytes(b"")
    (settings.backups / "mine.zip").write_bytes(b"")
    first = ask(session, SYSTEM, "backup")
    session.commit()
    assert worked(app, settings) == first
    assert session.scalars(select(JOBS.c.state).where(JOBS.c.id == first)).one() == "finished"
    kept = kept_backups(settings.backups)
    assert len(kept) == 2 and kept[1].name == "doorbook-2025-01-03-020000.zip" and kept[0].stat().st_size > 10_000
    assert (settings.backups / "mine.zip").exists()
    monkeypatch.setenv("BACKUP_FOLDER", str(settings.backups / "mine.zip" / "below"))
    second = ask(session, SYSTEM, "backup")
    session.commit()
    assert worked(app, settings) == second
    session.rollback()
    failed = session.execute(select(JOBS).where(JOBS.c.id == second)).one()
    assert failed.state == "failed" and "BACKUP_FOLDER" in failed.error
    assert len(kept_backups(settings.backups)) == 2


def test_which_backups_are_kept() -> None:
    names = [
        f"doorbook-2025-{month:02}-{day:02}-0230{n:02}.zip" for month in (1, 2) for day in range(1, 29) for n in (0, 1)
    ]
    found = [Path(name) for name in sorted(names, reverse=True)]
    kept = [file.name[9:19] for file in found if file not in superfluous(found, 3, 2)]
    assert kept == ["2025-02-28", "2025-02-27", "2025-02-26", "2025-02-25", "2025-02-23"]
    assert [file for file in found if file not in superfluous(found, 1, 0)] == found[:1]
    assert superfluous([], 7, 4) == []


def test_contents_that_no_row_names_go_after_a_day(
    app: Flask, settings: Settings, world: World, session: Session
) -> None:
    person = Console(app, "project_clerk")
    building = session.scalars(select(Building.id).where(Building.project_id == world.id("project", "lake"))).first()
    session.rollback()
    data = {"csrf_token": person.token(), "file": (io.BytesIO(b"%PDF-1.4 kept %%EOF"), "kept.pdf")}
    answer = person.client.post(f"/building/{building}/files", data=data)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    store = FolderStore(settings.home / "files")
    orphan = store.put(b"nobody names this")
    named = session.scalars(select(JOBS.metadata.tables["attachment"].c.sha256)).one()
    session.rollback()
    for later, left in ((timedelta(hours=1), 2), (timedelta(days=2), 1)):
        key = ask(session, SYSTEM, "sweep")
        session.commit()
        moment = utc_now() + later
        assert worked(app, settings, clock=lambda moment=moment: moment) == key
        assert len(list(store.older(float("inf")))) == left
    assert store.get(named).startswith(b"%PDF") and orphan != named


def test_old_jobs_go(app: Flask, settings: Settings, world: World, session: Session) -> None:
    work("t.old", _("Echo", "回声"))(lambda run: None)
    keys = [ask(session, SYSTEM, kind) for kind in ("seal", "t.old", "t.old", "t.old", "t.old")]
    cancel(session, keys[2])
    session.execute(
        update(JOBS)
        .where(JOBS.c.id.in_(keys[:3]))
        .values(state="finished", ended_at=utc_now() - timedelta(days=2), attempts=1)
    )
    session.execute(
        update(JOBS).where(JOBS.c.id == keys[1]).values(ended_at=utc_now() - timedelta(days=91), result="{}")
    )
    session.commit()
    assert clear_jobs(session) == 2
    session.commit()
    assert session.scalars(select(JOBS.c.id).order_by(JOBS.c.id)).all() == keys[2:]
