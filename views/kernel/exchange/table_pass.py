"""One walk over a sheet for a declared table: typed rows, references by name, rows matched by natural key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel import entry
from models.kernel.reading import read_code, read_integer
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, table
from models.kernel.roles import IMPORT, WRITE
from models.kernel.scope import Reach, criterion, reach
from models.kernel.secret import MaskedValue, cipher
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.trial import changed_row, default_of, drop_kept, new_row, same
from models.kernel.words import _
from views.kernel.cells import plain_text
from views.kernel.exchange.apply import write
from views.kernel.exchange.headings import DataRow, Layout
from views.kernel.exchange.keys import told_key
from views.kernel.exchange.line import Line, Reader
from views.kernel.exchange.matching import (
    ABOVE,
    NAME,
    NUMBER,
    VALUE,
    Ask,
    Found,
    Resolver,
    columns_of,
    natural_key,
    unknown_key,
)
from views.kernel.exchange.plan import SHOWN, Cells, Change, Findings, Pass, denied_here
from views.kernel.exchange.sheet import Cell, Sheet

_Written = tuple[int | None, tuple[str, ...]]  # a reference: the project it is looked for in, its mapped names


def _elsewhere() -> Refusal:
    return Refusal(
        _(
            "This row names another project than the one the workbook is for.",
            "该行所属项目与当前导入的项目不一致。",
        ),
        code="other_project",
    )


class TablePass(Pass):
    """One walk over a sheet for one table.

    Args:
        given: what holds for every row, by column, where the sheet does not say it.
        beyond: columns that rows may have although no column of the sheet gives them.
        project: the project that all rows belong to, where that is known.

    Attributes:
        entered: token of a row -> key of the record it became or already was.
    """

    def __init__(
        self,
        session: Session,
        cls: type[Table],
        sheet: Sheet,
        layout: Layout,
        findings: Findings,
        *,
        writes: bool,
        given: Mapping[str, Cell] | None = None,
        beyond: Sequence[str] = (),
        project: int | None = None,
    ) -> None:
        self._session, self._cls, self._findings, self._writes = session, cls, findings, writes
        self._columns, self._project = columns_of(cls), project
        self._given = given or {}
        self.entered: dict[Any, int] = {}
        self._cells = Cells(sheet, layout, self._columns, given)
        said: list[str] = [*layout.columns, *(given or {}), *beyond]
        self._mapped = [key for key in dict.fromkeys(said) if key in self._columns]
        self._values = [
            (key, c.field, c.known) for key in self._mapped if (c := self._columns[key]).role == VALUE and c.known
        ]
        self._known = infos(cls)
        self._key = natural_key(cls)
        self._resolver = Resolver(session)
        self._reader = Reader()
        self._seen: dict[tuple[Any, ...], int] = {}
        actor = actor_of(session)
        self._reaches: list[tuple[Reach, str]] = [
            (reach(session, actor, cls, right), right) for right in (IMPORT, WRITE)
        ]

    def chunk(self, rows: Sequence[DataRow]) -> None:
        """Reads, resolves, matches and judges some rows, and writes them where this is the real run."""
        before = set(self._session.new)
        with self._session.no_autoflush:
            lines = [self._read(row) for row in rows]
            self._resolve(lines)
            self._check_owners([line for line in lines if not line.faults])
            self._match([line for line in lines if not line.faults])
            for line in lines:
                if not line.faults:
                    self._judge(line)
            for line in lines:
                self._count(line)
            if not self._writes:
                drop_kept(self._session, set(self._session.new) - before)
        if self._writes:
            sound = [line for line in lines if not line.faults]
            fresh = [line for line in sound if line.ready is not None]
            keys = write(
                self._session,
                self._cls,
                [line.ready for line in fresh if line.ready is not None],
                [(line.existing["id"], line.changes) for line in sound if line.existing and line.changes],
            )
            self.entered.update(zip([line.row.token for line in fresh], keys, strict=True))
            self.entered.update((line.row.token, line.existing["id"]) for line in sound if line.existing)

    def rehearse(self, rows: Sequence[DataRow]) -> None:
        """Walks over rows that were written before: they are as they are now, and their keys are taken."""
        self._writes = False
        try:
            self.chunk(rows)
        finally:
            self._writes = True

    # -- reading ------------------------------------------------------------------------------------------------------

    def _read(self, row: DataRow) -> Line:
        line = Line(row, project=self._project)
        for key, field, known in self._values:
            if not (key in row.values or key in self._given):
                continue
            try:
                raw = self._cells.raw(row, key)
                value = None if raw is None else self._reader.value(key, known, raw)
            except Refusal as refusal:
                line.faults.append(self._cells.fault(row, key, refusal))
                continue
            if known.kind == "masked":
                if value is entry.UNCHANGED:
                    line.masks[field] = read_code(raw) or ""
                    continue
                if value is None:
                    continue  # personal data is never wiped by a blank
            line.values[field] = value
        return line

    def _resolve(self, lines: list[Line]) -> None:
        """Turns references into keys, the owner first: it says in which project the others are looked for."""
        fields = list(
            dict.fromkeys(self._columns[key].field for key in self._mapped if self._columns[key].role != VALUE)
        )
        owner = self._cls.owned.through or self._cls.owned.column or self._cls.owned.above
        for name in sorted(fields, key=lambda each: each != owner):
            self._resolve_one(name, lines)
            if name == owner and self._cls.owned.kind == "project":
                for line in lines:
                    ref = line.refs.get(name)
                    if ref is not None:
                        line.project = ref.key if self._known[name].target == "project" else ref.project
                        if self._project not in (None, line.project):
                            line.faults.append(self._cells.fault(line.row, self._heading(name), _elsewhere()))

    def _resolve_one(self, name: str, lines: list[Line]) -> None:
        target, label, relation = (
            table(self._known[name].target or ""),
            self._known[name].label,
            name.removesuffix("_id"),
        )
        mapped = [key for key in self._mapped if self._columns[key].field == name]
        naming = [key for key in mapped if self._columns[key].role in (NAME, ABOVE, NUMBER)]
        within = target.owned.kind == "project"
        asks: dict[_Written, Ask | None] = {}  # most rows write what others wrote: asked once
        said: dict[int, _Written] = {}
        keys: dict[int, int] = {}
        for place, line in enumerate(lines):
            try:
                key = read_integer(self._cells.raw(line.row, name), 1) if name in mapped else None
                if key is not None:
                    keys[place] = key
                    continue
                texts = tuple(self._reader.name(self._cells.raw(line.row, each)) for each in naming)
            except Refusal as refusal:
                line.faults.append(self._cells.fault(line.row, relation if relation in mapped else name, refusal))
                continue
            written = (line.project if within else None, texts)
            if written not in asks:
                asks[written] = self._ask(written[0], dict(zip(naming, texts, strict=True)), relation)
            if asks[written] is not None:
                said[place] = written
            else:
                line.values[name] = None
        found = self._resolver.resolve(target, label, filter(None, asks.values()))
        meant = {written: found[ask] for written, ask in asks.items() if ask is not None}
        by_key = self._resolver.by_key(target, keys.values())
        for place, written in said.items():
            self._take(lines[place], name, relation, meant[written])
        for place, key in keys.items():
            self._take(lines[place], name, name, by_key.get(key) or unknown_key(label))

    def _ask(self, project: int | None, texts: dict[str, str], relation: str) -> Ask | None:
        """Returns the reference a row writes. A name above without a name is no reference, but for a lone path."""
        text = texts.pop(relation, "")
        if not text:
            return None

        def further(role: str) -> tuple[tuple[str, str], ...]:
            named = [key for key in texts if self._columns[key].role == role and texts[key]]
            return tuple((key.removeprefix(f"{relation}."), texts[key]) for key in named)

        return Ask(text, further(ABOVE), further(NUMBER), project)

    def _take(self, line: Line, name: str, key: str, found: Found | Refusal) -> None:
        if isinstance(found, Refusal):
            above = f"{key}.{found.field}"
            line.faults.append(self._cells.fault(line.row, above if above in self._mapped else key, found))
            return
        if line.project is not None and found.project is not None and found.project != line.project:
            refusal = Refusal(
                _(
                    "This {label} belongs to another project. Choose one of the same project.",
                    "所选{label}属于其他项目，请选择同一项目下的{label}。",
                ).fill(label=self._known[name].label)
            )
            line.faults.append(self._cells.fault(line.row, key, refusal))
            return
        line.values[name], line.refs[name] = found.key, found

    # -- rights -------------------------------------------------------------------------------------------------------

    def _check_owners(self, lines: list[Line]) -> None:
        """Rows go only where the actor may both import and write."""
        owned = self._cls.owned
        column = owned.through or owned.column or owned.above
        allowed: set[int] | None = None
        if owned.kind == "link" and column:
            allowed = self._held(table(self._known[column].target or ""), {line.values.get(column) for line in lines})
        cut = [where for where, _right in self._reaches if not where.everything]
        for line in lines if cut else ():
            key = line.values.get(column or "")
            if key is None:
                continue  # the missing owner is named with the other required columns
            for where in cut:
                if owned.kind == "project":
                    held = where.holds("project", line.project)
                elif owned.kind == "node" or column == "parent_node_id":
                    held = key in where.nodes
                elif owned.kind == "link":
                    held = allowed is not None and key in allowed
                else:
                    held = where.holds((column or "").removesuffix("_id"), key)
                if not held:
                    line.faults.append(self._cells.fault(line.row, self._heading(column or ""), denied_here()))
                    break

    def _held(self, parent: type[Table], keys: set[int | None]) -> set[int]:
        bare: Any = parent.__table__
        conditions = [criterion(parent, where, right, bare=True) for where, right in self._reaches]
        return set(self._session.execute(select(bare.c.id).where(bare.c.id.in_(keys), *conditions)).scalars())

    def _heading(self, name: str) -> str:
        """Returns the mapped key that fills a column, so that a fault stands at its cell."""
        own = [key for key in self._mapped if self._columns[key].field == name]
        named = [key for key in own if self._columns[key].role in (VALUE, NAME)]
        return (named or own or [name.removesuffix("_id")])[0]

    # -- matching -----------------------------------------------------------------------------------------------------

    def _match(self, lines: list[Line]) -> None:
        """Finds the rows that exist already, past the gate, since keys are unique past it; and what the file says twice."""
        sharp: list[tuple[Line, tuple[Any, ...]]] = []
        soft = []
        for line in lines:
            line.told = told_key(self._session, self._cls, self._key, line.values)
            if (key := self._key_of(line)) is None:
                soft.append(line)
            else:
                sharp.append((line, key))
        known = self._existing([key for _line, key in sharp])
        for line, key in sharp:
            if self._first(line, key):
                self._meet(line, known.get(key, []))
        for line in soft:
            met = self._softly(line)
            if len(met) != 1 or self._first(line, ("id", met[0]["id"])):
                self._meet(line, met)

    def _key_value(self, line: Line, name: str) -> Any:
        if name == "project_id" and line.project is not None:
            return line.project
        value = line.told.get(name, line.values.get(name))
        return default_of(self._cls, name) if value is None else value

    def _key_of(self, line: Line) -> tuple[Any, ...] | None:
        """Returns the key of a row as the database tells rows apart; None where a part of it is not there."""
        values = []
        for name in self._key:
            value = self._key_value(line, name)
            if value is None:
                return None
            known = self._known[name]
            if known.kind == "masked":
                value = cipher().blind(value.plain() if isinstance(value, MaskedValue) else str(value))
            elif known.kind == "moment":
                value = value.replace(second=0, microsecond=0)
            values.append(value)
        return tuple(values)

    def _existing(self, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
        """Reads the living rows with these keys."""
        if not keys:
            return {}
        bare: Any = self._cls.__table__
        conditions = []
        for place, name in enumerate(self._key):
            kind = self._known[name].kind
            if kind != "moment":
                column = bare.c[f"{name}_blind"] if kind == "masked" else bare.c[name]
                conditions.append(column.in_(sorted({key[place] for key in keys})))
        wanted = set(keys)
        found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in self._rows(conditions):
            key = tuple(
                row[f"{name}_blind"]
                if self._known[name].kind == "masked"
                else row[name].replace(second=0, microsecond=0)
                if self._known[name].kind == "moment"
                else row[name]
                for name in self._key
            )
            if key in wanted:
                found.setdefault(key, []).append(row)
        return found

    def _rows(self, conditions: list[Any]) -> list[dict[str, Any]]:
        """Reads rows with whether the actor may change them."""
        bare: Any = self._cls.__table__
        held = [criterion(self._cls, where, right, bare=True) for where, right in self._reaches]
        statement = select(bare).where(bare.c.deleted_at.is_(None), *conditions).order_by(bare.c.id)
        if self._writes:
            statement = statement.with_for_update()
        rows = [dict(row._mapping) for row in self._session.execute(statement)]
        may_change: set[int] = set()
        keys = [row["id"] for row in rows]
        for start in range(0, len(keys), 1_000):
            part = keys[start : start + 1_000]
            may_change.update(self._session.execute(select(bare.c.id).where(bare.c.id.in_(part), *held)).scalars())
        return [{**row, "": row["id"] in may_change} for row in rows]

    def _softly(self, line: Line) -> list[dict[str, Any]]:
        """Finds a row whose key is half shown ('440399********0971') or empty: by the rest of its key and its title."""
        bare: Any = self._cls.__table__
        known = self._known
        conditions, blank = [], []
        for name in dict.fromkeys((*self._key, *(p for p in self._cls.screen.title if p in known))):
            value = self._key_value(line, name)
            if known[name].kind != "masked" and value is not None and known[name].kind != "moment":
                conditions.append(bare.c[name] == value)
            elif known[name].kind == "masked" and name not in line.masks and name in self._key and value is None:
                blank.append(name)
            elif value is None and name in self._key and known[name].kind != "masked":
                if not bare.c[name].nullable:
                    return []
                conditions.append(bare.c[name].is_(None))
        conditions += [bare.c[name].is_(None) for name in blank]
        rows = [row for row in self._rows(conditions) if row[""]] if conditions else []
        for name, mask in line.masks.items():
            rows = [row for row in rows if row[name] is not None and str(row[name]) == mask]
        for name, value in line.values.items():
            if known[name].kind == "masked" and value and blank:
                rows = [row for row in rows if row[name] is None or same(row[name], value)]
        return rows

    def _first(self, line: Line, key: tuple[Any, ...]) -> bool:
        """Refuses a row that the file has already."""
        earlier = self._seen.setdefault(key, line.row.number)
        if earlier == line.row.number:
            return True
        refusal = Refusal(
            _(
                "Row {row} of the file is the same record. Keep one of them.", "与文件第 {row} 行重复，请只保留一行。"
            ).fill(row=earlier),
            code="duplicate",
        )
        line.faults.append(self._cells.fault(line.row, self._heading(self._telling()), refusal))
        return False

    def _telling(self) -> str:
        """Returns the column of the key at which duplicates are shown: its last that is no reference."""
        return next((name for name in reversed(self._key) if self._known[name].kind != "ref"), self._key[-1])

    def _meet(self, line: Line, met: list[dict[str, Any]]) -> None:
        if len(met) > 1:
            sentence = _(
                "{count} records fit this row. Add what tells them apart, such as the full number.",
                "有 {count} 条记录与该行相符，请补充能够区分的内容，例如完整号码。",
            ).fill(count=len(met))
            refusal = Refusal(sentence, code="ambiguous")
        elif met and not met[0][""]:
            refusal = Refusal(
                _(
                    "This record exists already, and is not yours to change.",
                    "该记录已存在，但您无权修改。",
                ),
                code="duplicate",
            )
        elif met:
            line.existing = met[0]
            return
        elif line.masks and any(name in line.masks for name in self._key):
            refusal = Refusal(
                _(
                    "No record has this half-shown number. Write it in full.",
                    "没有与该脱敏号码相符的记录，请填写完整号码。",
                ),
                code="unknown_masked",
            )
        else:
            return
        line.faults.append(self._cells.fault(line.row, self._heading(self._telling()), refusal))

    # -- rules --------------------------------------------------------------------------------------------------------

    def _judge(self, line: Line) -> None:
        try:
            if line.existing is None:
                values = dict(line.values)
                if self._cls.owned.kind == "project" and line.project is not None:
                    values["project_id"] = line.project
                line.ready = new_row(self._session, self._cls, values)
                return
            changes = self._differences(line, line.existing)
            if changes:
                line.changes = changed_row(self._session, self._cls, line.existing["id"], line.existing, changes)
        except Refusal as refusal:
            for each in refusal.all():
                name = each.field or self._telling()
                line.faults.append(self._cells.fault(line.row, self._heading(name), each))

    def _differences(self, line: Line, existing: Mapping[str, Any]) -> dict[str, Any]:
        owner = self._cls.owned.through or self._cls.owned.column or self._cls.owned.above
        found = {}
        for name, value in line.values.items():
            if value is None and not self._cls.__mapper__.columns[name].nullable:
                value = default_of(self._cls, name)
                if value is None:
                    continue
            if same(existing[name], value):
                continue
            if name == owner:
                raise Refusal(
                    _(
                        "This record belongs elsewhere; an import does not move records.",
                        "该记录归属不同，导入不能变更记录的归属。",
                    ),
                    name,
                )
            found[name] = value
        return found

    def _count(self, line: Line) -> None:
        findings = self._findings
        if line.faults:
            findings.refuse(line.faults)
        elif line.existing is None:
            findings.added += 1
            if len(findings.samples) < SHOWN // 4:
                findings.samples.append([self._cells.text(line.row, key) for key in self._mapped])
        elif not line.changes:
            findings.left += 1
        else:
            record = " ".join(filter(None, (self._cells.text(line.row, self._heading(name)) for name in self._key)))
            findings.change([self._told(line, record, name, *pair) for name, pair in line.changes.items()])

    def _told(self, line: Line, record: str, name: str, before: Any, after: Any) -> Change:
        known = self._known[name]
        if known.kind == "masked":
            return Change(record, known.label, "****" if before else "", "****" if after else "")
        if known.kind == "ref":
            return Change(record, known.label, self._ref_text(name, before), self._ref_text(name, after))
        return Change(record, known.label, plain_text(known, before), plain_text(known, after))

    def _ref_text(self, name: str, key: Any) -> str:
        if key is None or self._findings.changes_more:
            return ""
        found = self._resolver.by_key(table(self._known[name].target or ""), [key]).get(key)
        return found.text if found else "?"
