"""Out and in again: for every table, what was exported writes nothing when it is imported unchanged."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.columns import ColumnInfo
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, rights_of, tables
from models.kernel.roles import EXPORT, IMPORT
from models.kernel.session import act
from models.kernel.table import Table
from tests.contract.conftest import Filled
from tests.world import NOW
from views.kernel.exchange.annotated import template_columns
from views.kernel.exchange.export import csv_chunks, opened
from views.kernel.exchange.export_book import write_workbook
from views.kernel.exchange.into_table import TableTarget
from views.kernel.exchange.matching import VALUE
from views.kernel.exchange.plan import Findings, layout_of, run, sheet_of
from views.kernel.exchange.workbook import open_workbook
from views.kernel.listing import Asked

OUT_AND_IN = [n for n, cls in tables().items() if rights_of(cls).roles(IMPORT) and rights_of(cls).roles(EXPORT)]
SAMPLE = ("room", "customer", "ownership", "contractor", "issue_category", "visit_record")
"""Tables of an ordinary run of the test of made-up rows: between them they have every kind of column."""


def exported(filled: Filled, cls: type[Table], form: str, language: str, technical: bool, folder: Path) -> bytes:
    """The whole table in every column that an import takes."""
    columns = tuple(column.key for column in template_columns(cls))
    export = opened(
        filled.engine, SYSTEM, frozen(NOW), cls, Asked(columns=columns), form, language, technical=technical
    )
    if form == "csv":
        return b"".join(csv_chunks(export))
    out = io.BytesIO()
    write_workbook(export, out, folder)
    return out.getvalue()


def taken_in(filled: Filled, cls: type[Table], data: bytes, form: str) -> Findings:
    with Session(filled.engine) as session:
        act(session, SYSTEM, frozen(NOW))
        target = TableTarget(cls)
        sheet = sheet_of(open_workbook(data, f"a.{form}"), "")
        found = run(session, target, sheet, layout_of(sheet, target.columns()))
        session.rollback()
    return found


def unchanged(found: Findings, rows: int) -> None:
    told = [(f.cell, str(f.label), f.value, str(f.sentence)) for f in found.faults[:5]]
    changes = [(str(c.field), c.old, c.new) for c in found.changes[:5]]
    assert (found.added, found.changed, found.refused) == (0, 0, 0), (told, changes, found.samples[:3])
    assert found.left == rows


@pytest.mark.parametrize("table", OUT_AND_IN)
def test_every_table_comes_back_as_it_went(own_world: Filled, tmp_path: Path, table: str, thorough: bool) -> None:
    cls = tables()[table]
    ways = [("xlsx", "zh", False)]
    if thorough:
        ways = [(f, lang, tech) for f in ("xlsx", "csv") for lang in ("zh", "en") for tech in (False, True)]
    for form, language, technical in ways:
        data = exported(own_world, cls, form, language, technical, tmp_path)
        with Session(own_world.engine) as session:
            act(session, SYSTEM, frozen(NOW))
            rows = session.query(cls).count()
            session.rollback()
        if rows:
            unchanged(taken_in(own_world, cls, data, form), rows)


@pytest.fixture(scope="module")
def own_world(template: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A copy of the filled world that this module writes into."""
    from tests.contract.conftest import _copy

    yield from _copy(template, tmp_path_factory.mktemp("round"))


# -- rows of every kind -------------------------------------------------------------------------------------------------

NASTY = st.sampled_from(
    (
        "=1+1", "+86", "-5", "@SUM(A1)", "'quoted", "''", "\t=x", "＝全角", "😀👨‍👩‍👧 家", "第一行\n第二行", 'a "b", c;d',
        "123456789012345", "00123", "1e5", "TRUE", "是", "2024-01-02", "<r><t>x</t></r>", " _x0041_ ", "http://a.test",
        "𠮷野家", "NULL", "#N/A", "a/b > c", "—", "%", "1,5",
    )
)  # fmt: skip
TEXTS = st.one_of(NASTY, st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=30))


def values_of(known: ColumnInfo) -> st.SearchStrategy[Any] | None:
    """What a column may hold; None for those that other rows or rules decide."""
    if known.kind in ("text", "prose"):
        return TEXTS
    if known.kind == "integer":
        return st.integers(-(2**31), 2**31 - 1)
    if known.kind in ("decimal", "money"):
        most = Decimal(10) ** min((known.length or 16) - known.places, 13)
        return st.decimals(-most + 1, most - 1, places=known.places)
    if known.kind == "date":
        return st.dates(date(1900, 1, 1), date(2199, 12, 31))
    if known.kind == "moment":
        plain = st.datetimes(datetime(1900, 3, 2), datetime(2199, 12, 31))
        return plain.map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))
    if known.kind == "flag":
        return st.booleans()
    if known.kind == "choice" and known.options is not None:
        return st.sampled_from([option.value for option in known.options.options()])
    return None


def made_up(cls: type[Table]) -> dict[str, st.SearchStrategy[Any]]:
    """The columns that are filled anew: no part of the key or title, by which rows are found, and kept by no rule."""
    fixed = {*cls.screen.key, *cls.screen.title, cls.owned.column, cls.owned.through}
    written = [c.field for c in TableTarget(cls).columns().values() if c.role == VALUE and c.field not in fixed]
    known = infos(cls)
    return {name: found for name in written if (found := values_of(known[name])) is not None}


def entered(known: ColumnInfo, value: Any) -> Any:
    """A value as it gets into the database: through the same reading as any form; None where it is refused."""
    if known.kind not in ("text", "prose"):
        return value
    try:
        return entry.read(known, value)
    except Refusal:
        return None


def _check(filled: Filled, table: str, drawn: dict[str, list[Any]], folder: Path) -> None:
    cls, known = tables()[table], infos(tables()[table])
    bare: Any = cls.__table__
    with filled.engine.begin() as connection:
        keys = list(connection.execute(bare.select().with_only_columns(bare.c.id)).scalars())
        for at, key in enumerate(keys):
            values = {n: entered(known[n], found[at % len(found)]) for n, found in drawn.items()}
            values = {n: v for n, v in values.items() if v is not None or bare.c[n].nullable}
            if values:
                connection.execute(bare.update().where(bare.c.id == key).values(**values))
    with Session(filled.engine) as session:
        act(session, SYSTEM, frozen(NOW))
        rows = session.query(cls).count()
        session.rollback()
    for form in ("xlsx", "csv"):
        unchanged(taken_in(filled, cls, exported(filled, cls, form, "zh", False, folder), form), rows)


def _tried(table: str, filled: Filled, folder: Path, times: int) -> None:
    columns = made_up(tables()[table])

    @settings(
        max_examples=times,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),  # shrinking would export a hundred times more
        suppress_health_check=list(HealthCheck),
    )
    @given(st.fixed_dictionaries({name: st.lists(one, min_size=1, max_size=4) for name, one in columns.items()}))
    def tried(drawn: dict[str, list[Any]]) -> None:
        _check(filled, table, drawn, folder)

    if columns:
        tried()


@pytest.mark.parametrize("table", SAMPLE)
def test_made_up_rows_come_back_as_they_went(own: Filled, tmp_path: Path, table: str) -> None:
    _tried(table, own, tmp_path, 4)


@pytest.mark.deep
@pytest.mark.parametrize("table", OUT_AND_IN)
def test_made_up_rows_of_every_table_come_back(own: Filled, tmp_path: Path, table: str) -> None:
    _tried(table, own, tmp_path, 40)


def test_a_day_before_1900_is_refused_in_words(own: Filled) -> None:
    """A spreadsheet cannot hold it: it is told as text, and refused at its cell with the reason."""
    data = "所属单位,客户,出生日期\n星河集团,某某,1850-01-01\n".encode()
    found = taken_in(own, tables()["customer"], data, "csv")
    assert found.refused == 1 and any("1850" in f.value or "1900" in str(f.sentence) for f in found.faults)
