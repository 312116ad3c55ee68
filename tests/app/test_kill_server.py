"""The real server, killed while people write: its processes one by one, and the whole of it.

Several people enter, move and upload over HTTP without a pause and note what they were answered. Server processes die by
SIGKILL; one that dies is replaced, a server that died whole is started again. Afterwards nothing may be lost, doubled or
half-written.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import ROOT, Settings
from models.kernel.attachment import Attachment
from models.kernel.audit import AuditLog
from models.kernel.store import FolderStore
from models.parameter.parameter_sheet import ParameterSheet
from seeds.reference import numbers
from tests.app.test_job_faults import environment
from tests.world import PASSWORD, World

PEOPLE = 3
"""Who write at the same time."""


class Served:
    """A console's server in processes of its own.

    Attributes:
        port: where it listens, after every start.
    """

    def __init__(self, settings: Settings) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        self._environment = {**environment(settings), "PORT": str(self.port), "WORKERS": "2"}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "run.py", "serve"],
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.awake()

    def awake(self) -> None:
        """Waits until it answers. One that ended because its processes died too fast is started again, as a service is."""
        end = time.monotonic() + 120
        while self.call("GET", "/readyz")[0] != 200:
            assert time.monotonic() < end, "the server does not come back"
            time.sleep(0.1)
            if self._process is not None and self._process.poll() is not None:
                assert self._process.returncode, "it ended without being told, as if all were well"
                self.kill()
                self.start()

    def workers(self) -> list[int]:
        """Returns the processes that answer."""
        assert self._process is not None
        parent = self._process.pid
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]

    def kill(self) -> None:
        """Kills all of it at once."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def call(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int | None, dict[str, Any]]:
        """Returns status and answer of one request; no status where there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            return None, {}
        finally:
            connection.close()
        return answer.status, json.loads(said) if said[:1] == b"{" else {}


class Person:
    """Somebody who writes without a pause, and notes what was answered.

    Attributes:
        numbers: key and number of each sheet that was answered as entered.
        void: keys of the sheets that were answered as void.
        files: names of the files that were answered as kept.
        faults: answers that no kill explains.
    """

    def __init__(self, served: Served, name: str, token: str, node: int, room: int) -> None:
        self.numbers: dict[int, str] = {}
        self.void: set[int] = set()
        self.files: set[str] = set()
        self.faults: list[Any] = []
        self._served, self._name, self._node, self._room = served, name, node, room
        self._token = f"Bearer {token}"
        self._turn = 0

    def work(self, ended: threading.Event) -> None:
        """Works until told to stop."""
        while not ended.is_set():
            self.turn()

    def turn(self) -> None:
        """Enters a sheet, makes it void, and hands over two files."""
        self._turn += 1
        name = f"{self._name}-{self._turn}"
        sheet = {"node_id": self._node, "title": name, "from_day": "2025-06-02"}
        answer = self._ask(201, "/api/v1/parameter_sheet/", json.dumps(sheet).encode(), "application/json")
        if answer is not None:
            key = answer["id"]
            self.numbers[key] = answer["result"]["number"]
            if self._ask(200, f"/api/v1/parameter_sheet/{key}/void", b"{}", "application/json") is not None:
                self.void.add(key)
        names = [f"{name}-{n}.pdf" for n in range(2)]
        parts = b"".join(
            f'--cut\r\nContent-Disposition: form-data; name="file"; filename="{each}"\r\n'
            "Content-Type: application/pdf\r\n\r\n".encode()
            + f"%PDF-1.4 {each} ".encode()
            + bytes(20_000)
            + b"\r\n"
            for each in names
        )
        path = f"/api/v1/room/{self._room}/files"
        if self._ask(201, path, parts + b"--cut--\r\n", "multipart/form-data; boundary=cut") is not None:
            self.files.update(names)

    def _ask(self, wanted: int, path: str, body: bytes, kind: str) -> dict[str, Any] | None:
        status, said = self._served.call("POST", path, body, Authorization=self._token, Content_Type=kind)
        if status == wanted:
            return said
        if status not in (None, 503):  # 503 says that the database is busy: nothing was written
            self.faults.append((path, status, said))
        time.sleep(0.05)
        return None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "kills"),
    [
        ("sqlite", 10),
        pytest.param("sqlite", 100, marks=pytest.mark.deep),
        pytest.param("postgres", 100, marks=[pytest.mark.postgres, pytest.mark.deep]),
    ],
)
def test_a_server_killed_anywhere_leaves_each_answer_true(
    session: Session, settings: Settings, world: World, backend: str, kills: int
) -> None:
    """Ten kills in CI; two hundred in the deep run, a hundred on each database."""
    numbers.seed(session)
    session.commit()
    served, chance, ended = Served(settings), random.Random(kills), threading.Event()
    served.start()
    try:
        account = json.dumps({"username": "regional_admin", "password": PASSWORD, "provider": "db"}).encode()
        status, said = served.call("POST", "/api/v1/security/login", account, Content_Type="application/json")
        assert status == 200, said
        place = world.nodes["hangzhou"][0], world.id("room", "lake-1-1-101")
        people = [Person(served, f"P{n}", said["access_token"], *place) for n in range(PEOPLE)]
        threads = [threading.Thread(target=each.work, args=(ended,)) for each in people]
        for thread in threads:
            thread.start()
        for life in range(kills):
            time.sleep(chance.uniform(0.1, 0.6))
            if life % 5 == 4:
                served.kill()
                served.start()
            else:
                with suppress(ProcessLookupError, IndexError):
                    os.kill(chance.choice(served.workers()), signal.SIGKILL)
                served.awake()
        ended.set()
        for thread in threads:
            thread.join()
        served.awake()
        people[0].turn()  # and then it goes on as if nothing had been
        assert f"P0-{people[0]._turn}-1.pdf" in people[0].files
    finally:
        ended.set()
        served.kill()
    _judge(session, settings, people)


def _judge(session: Session, settings: Settings, people: list[Person]) -> None:
    assert not [fault for each in people for fault in each.faults]
    sheets, lines, files = ParameterSheet.__table__.c, AuditLog.__table__.c, Attachment.__table__.c
    rows = session.execute(select(sheets.id, sheets.number, sheets.title, sheets.state)).all()
    counted = sorted(int(row.number.rpartition("-")[2]) for row in rows)
    assert counted == list(range(1, len(rows) + 1)), "a number is lost or doubled"
    assert len({row.title for row in rows}) == len(rows), "a sheet is there twice"
    known = {row.id: row.number for row in rows}
    assert all(each.numbers.items() <= known.items() for each in people), "a sheet is lost"
    void = {row.id for row in rows if row.state == "void"}
    assert all(each.void <= void for each in people), "a move is lost"
    for action, keys in (("add", set(known)), ("void", void)):
        told = session.execute(
            select(lines.row_id).where(lines.table_name == "parameter_sheet", lines.action == action)
        ).scalars()
        assert sorted(told) == sorted(keys), f"the audit tells another story: {action}"
    held = session.execute(select(files.name, files.sha256)).all()
    names = {row.name for row in held}
    assert len(names) == len(held), "a file is there twice"
    assert all(name.replace("-0.pdf", "-1.pdf") in names for name in names), "files that came together are in part"
    assert all(each.files <= names for each in people), "a file is lost"
    store = FolderStore(settings.home / "files")
    assert all(store.get(row.sha256).startswith(f"%PDF-1.4 {row.name} ".encode()) for row in held)
