"""The command line: exit codes, one sentence where it refuses, and what the smaller commands do."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

import run
from app.accounts import DEMO, demo_password, enabled_demo_accounts, open_demo_accounts, set_password
from app.commands import new_table, roles, why
from app.database import load_models
from config import ROOT, Settings
from models.kernel.actor import SYSTEM
from models.kernel.audit import AuditLog
from models.kernel.grant import Grant
from models.kernel.refusal import Missing, Refusal
from models.kernel.roles import ROLES
from models.kernel.session import act
from models.kernel.words import _
from models.org.group import Group
from models.system import passwords
from models.system.user_profile import UserProfile
from tests.databases import BOTH
from tests.world import World


def called(home: Path, *words: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line as an operator does."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    started = subprocess.Popen(
        [sys.executable, str(ROOT / "run.py"), *words],
        cwd=home.parent,
        env={**kept, "DOORBOOK_HOME": str(home), **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = started.communicate(stdin, timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)  # a server that should have refused has processes of its own
        started.communicate()
        raise
    return subprocess.CompletedProcess(words, started.returncode, out, err)


def assert_refused(done: subprocess.CompletedProcess[str], *said: str) -> None:
    """One sentence on stderr, and a code that is not 0."""
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    for part in said:
        assert part in done.stderr


@pytest.fixture
def here(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Commands of this process work on the test's settings."""
    monkeypatch.setattr(run.Settings, "read", lambda: settings)
    monkeypatch.setattr("app.logs.set_up", lambda settings: None)
    return settings


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["serve"], {"PORT": "eighty"}, "PORT"),
        (["up"], {"PORT": "99999"}, "PORT"),
        (["migrate"], {"DATABASE_URL": "oracle://scott:tiger@h"}, "postgresql://"),
        (["migrate"], {"DATABASE_URL": "sqlite:////nowhere/at/all/d.db"}, "database cannot be used"),
        (["migrate"], {"DATABASE_URL": "postgresql://u:tiger@127.0.0.1:1/d"}, "database cannot be used"),
        (["serve"], {"PORT": "0"}, "run.py migrate"),
        (["seed", "reference"], {}, "run.py migrate"),
        (["seed", "nothing"], {}, "reference"),
        (["seed", "demo", "--rooms", "0"], {}, "--rooms"),
        (["why", "finance", "room", "1"], {}, "run.py migrate"),
        (["migrate", "--down", "0009x"], {}, "0009x"),
        (["migrate", "--new", " "], {}, "message"),
        (["nonsense"], {}, "invalid choice"),
        ([], {}, "required"),
    ],
)
def test_refusals(tmp_path: Path, words: list[str], variables: dict[str, str], said: str) -> None:
    done = called(tmp_path / "home", *words, **variables)
    assert_refused(done, said)
    assert "tiger" not in done.stderr


def test_an_unusable_home(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    assert_refused(called(tmp_path / "home", "migrate"), "DOORBOOK_HOME")


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_port_in_use_is_refused_before_anything_slow(tmp_path: Path, command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = called(tmp_path / "home", command, PORT=str(other.getsockname()[1]))
    assert_refused(done, "in use", "PORT")
    assert not (tmp_path / "home" / "doorbook.db").exists()


def test_an_old_schema_is_refused(engine: Engine, settings: Settings) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert_refused(called(settings.home, "serve", PORT="0"), "0001", "run.py migrate")


def test_production_refuses_demo_accounts(session: Session, world: World, settings: Settings) -> None:
    done = called(settings.home, "serve", PORT="0", DOORBOOK_ENV="production")
    assert_refused(done, "demo accounts", "run.py disable")
    assert_refused(called(settings.home, "disable", *ROLES), "last group administrator")
    act(session, SYSTEM)
    group = world.nodes["group"][0]
    session.add(UserProfile(login="admin", name="系统管理员", node_id=group))
    session.flush()
    admin = session.scalars(select(UserProfile.id).where(UserProfile.login == "admin")).one()
    session.add(Grant(profile_id=admin, role="group_admin", node_id=group))
    session.commit()
    assert called(settings.home, "disable", *ROLES).returncode == 0
    assert enabled_demo_accounts(session) == []
    session.rollback()
    assert_refused(called(settings.home, "disable", "finance", "nobody"), "nobody")


def test_each_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    for name, file in run.commands().items():
        assert len(run.summary(file)) > 15
        with pytest.raises(SystemExit) as left:
            run.main([name, "--help"])
        assert left.value.code == 0
    assert capsys.readouterr().out.count("usage: run.py") == len(run.commands())


def test_migrate_and_check_on_a_new_database(here: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["check"]) == 0
    assert not (here.home / "doorbook.db").exists()
    assert run.main(["migrate"]) == 0
    assert run.main(["check"]) == 0
    assert run.main(["migrate", "--down", "base"]) == 0
    assert "base (empty)" in capsys.readouterr().out


def test_check_finds_what_was_changed_behind_our_back(
    here: Settings, session: Session, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    session.execute(text("UPDATE node SET name = 'x' WHERE kind = 'region' AND ref_id = 1"))
    session.commit()
    assert run.main(["check"]) == 1
    assert "its node is named “x”" in capsys.readouterr().err


@pytest.mark.parametrize("backend", BOTH)
def test_passwords(session: Session, world: World, here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("correct horse battery\n"))
    monkeypatch.setattr(passwords, "METHOD", "scrypt:32768:8:3")
    assert run.main(["set-password", "Finance"]) == 0
    accounts = load_models().tables["ab_user"]
    hashed = session.scalar(select(accounts.c.password).where(accounts.c.username == "finance"))
    assert hashed.startswith("scrypt:32768:8:3$")
    assert check_password_hash(hashed, "correct horse battery")
    record = session.scalars(select(AuditLog).order_by(AuditLog.id.desc()).limit(1)).one()
    assert (record.table_name, record.row_id, record.action) == ("ab_user", world.accounts["finance"], "password")
    assert "correct" not in record.changes
    with pytest.raises(Missing):
        set_password(session, "nobody", "correct horse battery")
    for bad in ("short", "service_manager", "x" * 201):
        with pytest.raises(Refusal):
            set_password(session, "service_manager", bad)


def test_demo_accounts_get_the_password_of_the_installation_once(
    session: Session, world: World, settings: Settings
) -> None:
    accounts = load_models().tables["ab_user"]
    session.execute(accounts.update().where(accounts.c.username == "finance").values(password=None))
    password = demo_password(settings)
    assert password == demo_password(settings)
    before = session.scalar(select(accounts.c.password).where(accounts.c.username == "contractor"))
    open_demo_accounts(session, password)
    after = dict(session.execute(select(accounts.c.username, accounts.c.password)).all())
    assert check_password_hash(after["finance"], password)
    assert after["contractor"] == before
    assert enabled_demo_accounts(session) == list(ROLES)


def test_the_first_administrator_gets_a_password_once(here: Settings, session: Session) -> None:
    accounts = load_models().tables["ab_user"]
    passwords = select(accounts.c.username, accounts.c.password)
    assert run.main(["seed", "reference"]) == 0
    (first,) = session.execute(passwords).all()
    session.rollback()
    assert first.username == "admin"
    assert check_password_hash(first.password, (here.secrets / "admin_password").read_text().strip())
    assert session.scalars(select(Grant.role)).all() == ["group_admin"]
    session.rollback()
    assert run.main(["seed", "reference"]) == 0
    assert session.execute(passwords).all() == [first]


def test_a_command_that_fails_changes_nothing(
    here: Settings, session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: object) -> None:
        raise Refusal(_("Stopped.", "已停止。"))

    monkeypatch.setattr("app.accounts.open_first_administrator", fail)
    assert run.main(["seed", "reference"]) == 1
    assert capsys.readouterr().err == "run.py seed: Stopped.\n"
    assert session.scalar(select(func.count()).select_from(Group)) == 0


def test_the_demo_accounts_are_those_of_the_demo_company() -> None:
    from seeds.demo.staff import ACCOUNTS

    assert set(ACCOUNTS) == set(DEMO)


def test_roles_are_the_columns_of_the_matrix() -> None:
    rows = {row[0]: row for row in roles.matrix()}
    assert rows["table"][1:] == list(ROLES)
    assert rows["group"][1] == "rwdeip"
    assert rows["customer"][1 + list(ROLES).index("contractor")] == "-"
    assert len({len(line) - len(line.replace("|", "")) for line in roles.markdown(roles.matrix()).splitlines()}) == 1


def test_why_names_the_grant_or_what_is_missing(session: Session, world: World) -> None:
    def said(login: str, table: str, key: int) -> dict[str, str]:
        return {line.split()[0]: line for line in why.lines(session, login, table, key)[1:]}

    lake, bay = world.id("room", "lake-1-1-101"), world.id("room", "bay-1-1-101")
    grant = world.id("grant", "project_clerk")
    mine = said("project_clerk", "room", lake)
    assert f"yes  by grant {grant}: project_clerk at 星河集团 / 华东区域 / 杭州公司 / 湖畔花园." in mine["write"]
    assert "no   the row lies outside of project_clerk at" in said("project_clerk", "room", bay)["read"]
    assert "no   has finance; the right is with" in said("finance", "room", lake)["write"]
    assert "no grant that holds today" in said("stranger", "room", lake)["read"]
    # Chen is of Hangzhou, and owns a home in Nanjing besides: the customer lies in both.
    first = why.lines(session, "project_clerk", "customer", world.id("customer", "chen"))[0]
    assert "湖畔花园" in first
    assert "江岸府" in first
    assert said("bay_clerk", "customer", world.id("customer", "chen"))["read"].split()[1] == "no"
    for wrong in (("nobody", "room", lake), ("finance", "nothing", 1), ("finance", "room", 10**9)):
        with pytest.raises(Missing):
            why.lines(session, *wrong)


def test_why_answers_for_one_action_by_name(session: Session, world: World) -> None:
    lake = world.id("room", "lake-1-1-101")
    said = why.lines(session, "project_clerk", "room", lake, ("write",))
    assert len(said) == 2 and said[1].startswith("write    yes  by grant")
    with pytest.raises(Missing, match="no right “fly”"):
        why.lines(session, "project_clerk", "room", lake, ("fly",))


@pytest.mark.parametrize("name", ["Parking", "parking space", "_x", "2x", "room", "p" * 36, "x__y", "class"])
def test_names_no_table_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(new_table.BadSetting):
        new_table.place(name, "property")


def test_a_new_table_is_complete(tmp_path: Path) -> None:
    """In a copy of the tree, as another process: the file, its migration, and a check without a complaint."""
    for part in ("app", "models", "migrations", "seeds"):
        shutil.copytree(ROOT / part, tmp_path / "tree" / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("run.py", "config.py", "pyproject.toml"):
        shutil.copy(ROOT / part, tmp_path / "tree" / part)
    words = ["new-table", "parking_space", "--area", "property", "--zh", "车位"]
    done = subprocess.run(
        [sys.executable, str(tmp_path / "tree" / "run.py"), *words],
        env={"PATH": os.environ["PATH"], "DOORBOOK_HOME": str(tmp_path / "home")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file = tmp_path / "tree" / "models" / "property" / "parking_space.py"
    assert len(file.read_text().splitlines()) < 40
    assert [made.name[5:] for made in (tmp_path / "tree" / "migrations" / "versions").glob("*parking*")] == [
        "add_parking_space.py"
    ]
