"""House rules as lint, each with a test of its own: what the gate cannot see is not written, and files stay small."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ("app/", "models/", "views/", "reports/", "seeds/", "tools/", "run.py", "config.py")
FREE = ("models/kernel/", "views/kernel/", "migrations/", "seeds/", "tools/")
"""Where bare tables are handled on purpose."""

RAW: dict[str, str] = {
    "app/backup/postgres.py": "a schema of its own to verify in; the operator's whole database, no rows for anybody",
    "app/backup/restoring.py": "whether a database is empty; run by the operator",
    "app/migration.py": "an advisory lock, no rows",
    "models/customer/customer.py": "compares the blind index inside a statement of the mapped class, which the gate cuts",
    "models/customer/ownership.py": "shares of one home add up to 100 % whoever sees them; gives a sum, no row",
    "models/inspection/issue_states.py": "the condition by which the gate itself shows a contractor its issues; names no row to anybody",
    "models/customer/ledger.py": "the ledger import asks for write at each owner itself, in bulk",
    "models/org/rules.py": "locks the tree for a move",
    "models/parameter/announcement.py": "one's own read receipts and one's own profile, whatever one's rights on them",
    "models/parameter/rules.py": "a time limit counts by the work calendar, whoever may see that calendar",
    "models/property/rules.py": "generation locks a project it has write on and reads its units' keys",
    "models/system/api_token.py": "one's own tokens by account, found by their hash before anybody acts",
    "models/system/credential.py": "kept for an account, read before anybody acts",
    "models/system/login_session.py": "who is signed in where, read before anybody acts; one's own by account",
    "models/system/two_step.py": "takes a code in one statement, before anybody acts",
    "models/system/signing_in.py": "counts tries and finds accounts before anybody acts",
    "views/pages/org/home.py": "the person's own audit lines; every row named is looked up through the gate",
    "views/pages/system/account.py": "one's own profile, grants and audit lines, whatever one's rights; the lines of a set password",
}
"""Files beyond those folders that name a bare table or write SQL as text, each with its reason."""

UNSCOPED: dict[str, str] = {
    "models/kernel/session.py": "its definition",
}
"""Files that open a session past the gate, each with its reason."""

WRITTEN = (".py", ".md", ".toml", ".lock", ".json", ".cfg", ".ini", ".yml", ".txt", ".npmrc", "Makefile", ".ci/run")
BANNED_NAMES = ("utils", "util", "helpers", "helper", "common", "misc", "manager2", "tools2", "base2")
WHOLE = ("sqlalchemy.text", "sa.text", "sqlalchemy.literal_column", "sa.literal_column")
PAST_THE_GUARD = ("bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings", "from_select")
LEAVINGS = re.compile(
    r"https?://[^\s\"')]*(?:simple/|/pypi|npmmirror|registry\.|artifactory|nexus)|--index-url|--extra-index-url|"
    r"(?<![\w.])/(?:root|work|home/\w+|Users/\w+)/[\w.]"
)


def committed(*ends: str) -> list[str]:
    """The files git knows, by how they end."""
    found = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in found.splitlines() if name.endswith(ends) and (ROOT / name).is_file()]


def python() -> list[str]:
    return [name for name in committed(".py") if name.startswith(SOURCE)]


def raw(source: str) -> list[str]:
    """Uses of a bare table, and SQL written as text."""
    tree, found = ast.parse(source), []
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for alias in node.names
        if alias.name in ("text", "literal_column", "TextClause")
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("__table__", "local_table", "exec_driver_sql"):
            found.append(f"{node.lineno}: {node.attr}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            found.append(f"{node.lineno}: {node.func.id}()")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in WHOLE:
            found.append(f"{node.lineno}: {ast.unparse(node.func)}()")
    return found


def inner_joined(source: str) -> list[str]:
    """`joinedload(..., innerjoin=True)`: rows whose parent is out of scope would be dropped."""
    return [
        f"{node.lineno}: innerjoin"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and any(
            k.arg == "innerjoin" and not (isinstance(k.value, ast.Constant) and not k.value.value)
            for k in node.keywords
        )
    ]


def calls(source: str, *names: str) -> list[str]:
    """Calls of functions or methods by name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in names:
                found.append(f"{node.lineno}: {name}")
    return found


def test_bare_tables_and_sql_as_text_stay_in_their_folders() -> None:
    used = {name for name in python() if not name.startswith(FREE) and raw((ROOT / name).read_text(encoding="utf-8"))}
    assert not used - RAW.keys(), "Read through the gate, or name the file in RAW with its reason."
    assert not RAW.keys() - used, "These need no reason any more."


def test_no_joined_load_drops_rows() -> None:
    assert not {n: f for n in python() if (f := inner_joined((ROOT / n).read_text(encoding="utf-8")))}


def test_sessions_past_the_gate_are_named_with_a_reason() -> None:
    used = {name for name in python() if calls((ROOT / name).read_text(encoding="utf-8"), "unscoped")}
    assert not used - UNSCOPED.keys(), "Every use of unscoped() says why in UNSCOPED."


def test_nothing_is_written_past_the_guard() -> None:
    assert not {n: f for n in python() if (f := calls((ROOT / n).read_text(encoding="utf-8"), *PAST_THE_GUARD))}


def test_no_file_is_over_500_lines() -> None:
    """But for reference pages, which are generated."""
    written = [
        n for n in committed(".py", ".js", ".css", ".html", ".md", ".toml") if not n.startswith("docs/reference/")
    ]
    long = {n: c for n in written if (c := (ROOT / n).read_text(encoding="utf-8").count("\n")) > 500}
    assert not long


def test_no_module_is_named_for_nothing() -> None:
    assert not [name for name in committed(".py", ".js", ".css") if Path(name).stem in BANNED_NAMES]


def test_no_committed_file_names_this_machine_or_a_registry() -> None:
    found = {}
    for name in committed(*WRITTEN):
        if name == "tests/contract/test_house.py":
            continue
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        hits = [f"{i}: {line.strip()[:90]}" for i, line in enumerate(lines, 1) if LEAVINGS.search(line)]
        if hits:
            found[name] = hits
    assert not {name: hits for name, hits in found.items() if name not in SAID}, found


SAID: dict[str, str] = {
    "docs/development.md": "says how a registry is named by whoever needs one",
    "tests/tools/test_locks.py": "samples of what a lock must not hold",
    "tests/tools/test_install.py": "samples of the same",
    "tools/lock.py": "the option that keeps the host out of a lock",
}
"""Files that speak of registries or paths without naming this machine's."""


# -- the lints themselves -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "hits"),
    [
        ("x = Room.__table__.c.id", 1),
        ("from sqlalchemy import text\ntext('SELECT 1')", 1),
        ("from sqlalchemy import text as sql\nsql('SELECT 1')", 1),
        ("import sqlalchemy as sa\nsa.text('SELECT 1')", 1),
        ("from models.kernel import text\nname = text(_('Name', '名称'), 40)", 0),
        ("from sqlalchemy.sql import literal_column\nliteral_column('1')", 1),
        ("connection.exec_driver_sql('SELECT 1')", 1),
        ("cls.__tablename__", 0),
    ],
)
def test_the_raw_lint_sees_what_it_should(source: str, hits: int) -> None:
    assert len(raw(source)) == hits


@pytest.mark.parametrize(
    ("source", "hits"),
    [
        ("joinedload(Room.unit, innerjoin=True)", 1),
        ("joinedload(Room.unit, innerjoin='unnested')", 1),
        ("relationship('Unit', innerjoin=True)", 1),
        ("joinedload(Room.unit)", 0),
        ("joinedload(Room.unit, innerjoin=False)", 0),
    ],
)
def test_the_join_lint_sees_what_it_should(source: str, hits: int) -> None:
    assert len(inner_joined(source)) == hits


def test_the_call_lint_sees_functions_and_methods() -> None:
    assert calls("with unscoped(bind) as s: pass", "unscoped")
    assert calls("session.unscoped()", "unscoped")
    assert not calls("from x import unscoped", "unscoped")


@pytest.mark.parametrize(
    ("line", "hit"),
    [
        ("index-url = https://mirror.example.com/simple/", True),
        ('"resolved": "https://registry.npmjs.org/x"', True),
        ("open('/root/.cache/x')", True),
        ("cd /work/main", True),
        ("/home/anna/doorbook", True),
        ("see https://docs.sqlalchemy.org/en/21/", False),
        ("/homepage/x and framework/main", False),
        ("GET /workbench/", False),
    ],
)
def test_the_leavings_lint_sees_what_it_should(line: str, hit: bool) -> None:
    assert bool(LEAVINGS.search(line)) == hit
