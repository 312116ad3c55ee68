"""One history, up and down, on both databases; it says what the models say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, inspect, make_url, select, text

from app import migration, permissions
from app.database import load_models
from models.kernel.refusal import Refusal
from models.kernel.registry import rights_of, tables
from models.kernel.roles import ROLES
from models.kernel.session import prepare_engine
from models.kernel.words import _
from tests.databases import BOTH, create_postgres, drop_postgres

VERSIONS = sorted((migration.FOLDER / "versions").glob("*.py"))


@pytest.fixture
def bare(backend: str, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a database with nothing in it."""
    url = f"sqlite:///{tmp_path / 'bare.db'}" if backend == "sqlite" else create_postgres()
    engine = prepare_engine(create_engine(url))
    yield engine
    engine.dispose()
    if backend == "postgres":
        drop_postgres(make_url(url).database or "")


@pytest.mark.parametrize("backend", BOTH)
def test_up_says_what_the_models_say_and_down_leaves_nothing(bare: Engine) -> None:
    assert not migration.head_matches(bare)
    migration.upgrade(bare)
    assert migration.head_matches(bare)
    assert migration.drift(bare) == []
    migration.downgrade(bare, "base")
    assert inspect(bare).get_table_names() == ["alembic_version"]
    migration.upgrade(bare)
    assert migration.drift(bare) == []


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP INDEX ix_room_created_at_id", "ix_room_created_at_id"),
        ("ALTER TABLE building ADD COLUMN colour VARCHAR(10)", "building.colour"),
        ("ALTER TABLE building DROP COLUMN floors", "building.floors"),
        ("CREATE TABLE forgotten (id INTEGER PRIMARY KEY)", "forgotten"),
        (
            "DROP INDEX uq_building_project_id_name; "
            "CREATE UNIQUE INDEX uq_building_project_id_name ON building (project_id, name)",
            "uq_building_project_id_name",
        ),
    ],
)
def test_drift_is_seen(bare: Engine, change: str, said: str) -> None:
    migration.upgrade(bare)
    with bare.begin() as connection:
        for statement in change.split("; "):
            connection.execute(text(statement))
    found = migration.drift(bare)
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize("backend", BOTH)
def test_rows_of_rights_follow_the_declarations(bare: Engine) -> None:
    migration.upgrade(bare)
    known = load_models().tables
    role, pair, held = known["ab_role"], known["ab_permission_view"], known["ab_permission_view_role"]
    permission, menu = known["ab_permission"], known["ab_view_menu"]
    rows = (
        select(permission.c.name, menu.c.name, role.c.name)
        .select_from(held)
        .join(role, role.c.id == held.c.role_id)
        .join(pair, pair.c.id == held.c.permission_view_id)
        .join(permission, permission.c.id == pair.c.permission_id)
        .join(menu, menu.c.id == pair.c.view_menu_id)
    )
    wanted = {
        (f"can_{right}", name, holder)
        for name, cls in tables().items()
        for right in rights_of(cls)
        for holder in rights_of(cls).roles(right)
    }
    with bare.begin() as connection:
        assert {tuple(row) for row in connection.execute(rows)} == wanted
        assert set(connection.scalars(select(role.c.name))) == set(ROLES)
        # What no declaration says any more goes, and what is missing comes back.
        connection.execute(menu.insert().values(name="table_of_old"))
        stale = connection.scalar(select(menu.c.id).where(menu.c.name == "table_of_old"))
        read = connection.scalar(select(permission.c.id).where(permission.c.name == "can_read"))
        connection.execute(pair.insert().values(permission_id=read, view_menu_id=stale))
        connection.execute(held.delete().where(held.c.id == connection.scalar(select(held.c.id).limit(1))))
    migration.upgrade(bare)
    written: list[str] = []
    with bare.begin() as connection:
        assert {tuple(row) for row in connection.execute(rows)} == wanted
        assert connection.scalar(select(menu.c.id).where(menu.c.name == "table_of_old")) is None
        event.listen(connection, "before_cursor_execute", lambda *args: written.append(args[2]))
        permissions.write(connection)
    assert all(statement.startswith("SELECT") for statement in written)


@pytest.mark.parametrize("backend", BOTH)
def test_a_step_that_fails_leaves_the_database_as_it_was(bare: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: object) -> None:
        raise Refusal(_("Stopped.", "已停止。"))

    monkeypatch.setattr(permissions, "write", fail)
    with pytest.raises(Refusal, match="Stopped"):
        migration.upgrade(bare)
    assert inspect(bare).get_table_names() == []


@pytest.mark.parametrize("backend", BOTH)
def test_a_foreign_revision_is_named(bare: Engine) -> None:
    migration.upgrade(bare)
    with bare.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refusal, match="9999"):
        migration.upgrade(bare)
    with pytest.raises(Refusal, match=r"run\.py migrate"):
        migration.require_head(bare)


@pytest.mark.parametrize("backend", BOTH)
def test_every_table_takes_a_row_without_a_key(bare: Engine) -> None:
    """On PostgreSQL the framework's tables name their sequences; the history must have made those."""
    migration.upgrade(bare)
    with bare.begin() as connection:
        for name in ("ab_role", "ab_permission", "ab_view_menu", "ab_group"):
            table = load_models().tables[name]
            key = connection.execute(table.insert().values(name="probe")).inserted_primary_key
            assert key and key[0] > 0


def test_the_history_has_one_end() -> None:
    assert migration.head() == VERSIONS[-1].name[:4]


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_a_step_outlives_the_models_and_goes_back(file: Path) -> None:
    tree = ast.parse(file.read_text())
    roots = {
        name.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    roots |= {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert roots <= {"sqlalchemy", "alembic", "datetime"}
    down = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "downgrade")
    assert not isinstance(down.body[0], ast.Pass)
