"""Parameter sheets (业务参数申请单): a set of changes that is filled in, reviewed, approved, and holds from a day on (S02 ch. 5).

The regional administrator fills it in, the service manager reviews it, the group approves it, an administrator enters it.
Entering writes exactly what the approved sheet says; `compared` shows the sheet beside what the console works with.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Mapped, Session

from models.kernel import (
    ADMINS,
    INSIDE,
    Approval,
    Flow,
    Level,
    Options,
    Refusal,
    Rights,
    Screen,
    Table,
    Transition,
    _,
    by_node,
    choice,
    day,
    entry,
    link,
    numbered,
    prose,
    ref,
    section,
    text,
)
from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.columns import ColumnInfo
from models.kernel.options import Declared
from models.kernel.parameter import above_of, resolve, sheet_tables
from models.kernel.parameter_control import by_sheet
from models.kernel.registry import infos
from models.kernel.session import clock_of
from models.kernel.trial import new_row
from models.kernel.words import Words

NAMING = ("name", "title", "text", "description", "label_zh")
"""Columns that name a parameter, the first that says anything."""

OF_SHEET = ("node_id", "from_day", "until_day")
"""Columns of a parameter that its sheet says for all its lines."""


class SheetState(Options):
    """Where a sheet stands on its way."""

    DRAFT = "draft", _("Being filled in", "填写中"), "grey"
    PENDING = "pending", _("Being approved", "审批中"), "amber"
    APPROVED = "approved", _("Approved, to be entered", "已批准待录入"), "blue"
    REJECTED = "rejected", _("Rejected", "已驳回"), "red"
    ENTERED = "entered", _("Entered", "已录入"), "green"
    VOID = "void", _("Void", "已作废"), "grey"


WRITABLE = (SheetState.DRAFT.value, SheetState.REJECTED.value)
"""States in which a sheet and its lines may be changed."""


class ParameterName(Declared):
    """The tables a sheet may write, as a choice; none is named here."""

    @classmethod
    def named(cls) -> dict[str, Words]:
        """Returns the tables with their labels."""
        return {name: each.screen.label for name, each in sheet_tables().items()}


def _may_submit(session: Session, actor: Actor, row: ParameterSheet, now: datetime) -> Refusal | None:
    lines = lines_of(session, row)
    if not lines:
        return Refusal(
            _("The sheet has no line yet. Add what is to change.", "申请单没有明细，请先添加要调整的参数。"),
            code="empty",
        )
    if row.from_day < today(lambda: now):
        return Refusal(
            _("It cannot take effect on a day that is past.", "生效日期不能早于今天。"), "from_day", code="past"
        )
    return _wrong_line(session, row, lines)


def _may_enter(session: Session, actor: Actor, row: ParameterSheet, now: datetime) -> Refusal | None:
    return _wrong_line(session, row, lines_of(session, row))


def _wrong_line(session: Session, sheet: ParameterSheet, lines: Iterable[ParameterSheetLine]) -> Refusal | None:
    for line in lines:
        stands = next(iter(line_faults(session, sheet, line)), None)
        if stands is not None:
            return Refusal(
                _("Line “{line}”: {why}", "明细“{line}”：{why}").fill(line=line.name or line.code, why=stands.sentence),
                code="line",
            )
    return None


def _enter(session: Session, actor: Actor, row: ParameterSheet, now: datetime) -> None:
    """Writes every line as a parameter of the sheet's place that holds from its day on; all of them or none."""
    with by_sheet(session):
        for line in lines_of(session, row):
            cls = line.parameter
            values = typed(line)
            own = _own_row(session, row, cls, values)
            if own is None:
                own = cls(node_id=row.node_id, from_day=row.from_day)
                session.add(own)
            entry.assign(own, values)
        session.flush()


class ParameterSheet(Table):
    """A set of changes to parameters of a place, on its way from the form to the console."""

    owned = by_node()
    screen = Screen(
        label=_("Parameter sheet", "参数申请单"),
        plural=_("Parameter sheets", "参数申请单"),
        icon="file-check",
        key=(),
        title=("number", "title"),
        listed=("number", "title", "node", "state", "from_day", "changed_at"),
        searched=("number", "title"),
        sections=(section(_("Sheet", "申请单"), "node_id", "title", "from_day", "reason"),),
        rights=Rights(read=INSIDE, import_=()),
        children=(("parameter_sheet_line", "sheet_id"),),
        noted=_(
            "What is to change in a company's parameters: filled in, reviewed, approved by the group, then entered.",
            "公司参数的调整：填写、内部评审、集团审批通过后录入系统，自生效日期起执行。",
        ),
    )
    flow = Flow(
        "state",
        SheetState,
        SheetState.DRAFT.value,
        final=(SheetState.ENTERED.value, SheetState.VOID.value),
        transitions=(
            Transition(
                "submit", _("Submit", "提交审批"), WRITABLE, SheetState.PENDING.value, ADMINS, guard=_may_submit
            ),
            Transition(
                "enter", _("Enter", "录入系统"), (SheetState.APPROVED.value,), SheetState.ENTERED.value, ADMINS,
                guard=_may_enter, effect=_enter,
            ),
            Transition(
                "void", _("Void", "作废"), (*WRITABLE, SheetState.APPROVED.value), SheetState.VOID.value, ADMINS, danger=True
            ),
        ),
        approval=Approval(
            SheetState.PENDING.value,
            approved=SheetState.APPROVED.value,
            rejected=SheetState.REJECTED.value,
            withdrawn=SheetState.DRAFT.value,
            levels=(
                Level("review", _("Review", "内部评审"), ("service_manager",), at="company"),
                Level("group", _("Group", "集团审批"), ("group_admin", "group_leader"), at="group"),
            ),
        ),
    )  # fmt: skip

    number: Mapped[str] = numbered(_("Number", "单号"), "parameter_sheet", "CS{yyyy}{mm}-{seq:03d}", cycle="month")
    title: Mapped[str] = text(_("Title", "主题"), 100)
    state: Mapped[str] = choice(_("State", "状态"), SheetState, default=SheetState.DRAFT, system=True)
    from_day: Mapped[date] = day(
        _("Takes effect on", "生效日期"), hint=_("All lines hold from this day on.", "明细自该日起生效。")
    )
    reason: Mapped[str | None] = prose(_("Reason", "申请说明"))

    def closed(self, session: Session, actor: Actor) -> Refusal | None:
        """What was submitted is not changed; withdrawn, it is."""
        return None if self.state in WRITABLE else frozen_sheet("state")

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """What is being approved or was approved is not changed."""
        if self.id is not None and self.state not in WRITABLE:
            for column in ("node_id", "title", "from_day", "reason"):
                if inspect(self).attrs[column].history.has_changes():
                    yield frozen_sheet(column)
                    return

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """What was submitted stays: it says who approved what. It is voided, not deleted."""
        if self.state not in (*WRITABLE, SheetState.VOID.value):
            yield frozen_sheet("state")


class ParameterSheetLine(Table):
    """What one parameter shall say from the sheet's day on: its table, and its values as its own form has them."""

    owned = link("sheet_id")
    screen = Screen(
        label=_("Line of a parameter sheet", "参数申请明细"),
        plural=_("Lines of parameter sheets", "参数申请明细"),
        icon="list-details",
        key=(),
        title=("table_name", "name"),
        listed=("table_name", "code", "name", "changed_at"),
        searched=("code", "name"),
        sections=(section(_("Line", "明细"), "sheet_id", "table_name", "content"),),
        rights=Rights(read=INSIDE, import_=()),
        menu=False,
    )

    sheet_id: Mapped[int] = ref("parameter_sheet", _("Parameter sheet", "参数申请单"))
    table_name: Mapped[str] = choice(_("Parameter", "参数类别"), ParameterName)
    code: Mapped[str | None] = text(_("Code", "编码"), 40)
    name: Mapped[str | None] = text(_("Name", "名称"), 120)
    content: Mapped[str] = prose(
        _("Values", "内容"),
        hint=_("JSON of columns and values, as REST takes them.", "字段与取值的 JSON，与接口一致。"),
    )

    @property
    def parameter(self) -> Any:
        """The table the line is about."""
        return sheet_tables()[self.table_name]

    def derive(self, session: Session, actor: Actor) -> None:
        """Code and name are those of the values."""
        try:
            said = read_content(self.content)
        except Refusal:
            return
        title = next((said[name] for name in NAMING if said.get(name)), None)
        self.code = str(said.get("code") or "")[:40] or None
        self.name = str(title or said.get("code") or "")[:120] or None

    def closed(self, session: Session, actor: Actor) -> Refusal | None:
        """As its sheet."""
        sheet = session.get(ParameterSheet, self.sheet_id) if self.sheet_id else None
        return sheet.closed(session, actor) if sheet is not None else None

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """The sheet is still being filled in, and the values are such as the parameter's own form takes."""
        sheet = session.get(ParameterSheet, self.sheet_id) if self.sheet_id else None
        if sheet is None:
            return
        if sheet.state not in WRITABLE:
            yield frozen_sheet("sheet_id")
            return
        yield from line_faults(session, sheet, self)
        query = select(ParameterSheetLine).where(
            ParameterSheetLine.sheet_id == self.sheet_id,
            ParameterSheetLine.table_name == self.table_name,
            ParameterSheetLine.code == self.code,
            ParameterSheetLine.id != (self.id or 0),
        )
        for other in session.scalars(query):
            if _variant(self) == _variant(other):
                yield Refusal(
                    _(
                        "“{code}” is on this sheet already. Change that line.", "“{code}”已在本单中，请修改原明细。"
                    ).fill(code=self.code),
                    "content",
                    code="duplicate",
                    status=409,
                )
                return

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Nobody takes a line off a sheet that others approve or approved."""
        sheet = session.get(ParameterSheet, self.sheet_id)
        if sheet is not None and sheet.state not in WRITABLE:
            yield frozen_sheet("sheet_id")


def frozen_sheet(column: str) -> Refusal:
    """Returns the sentence for whoever changes a sheet that is on its way."""
    return Refusal(
        _(
            "The sheet was submitted. Withdraw it first, or write another one.",
            "申请单已提交，不能修改。请先撤回，或另填一份。",
        ),
        column,
        code="submitted",
        status=409,
    )


def lines_of(session: Session, sheet: ParameterSheet) -> list[ParameterSheetLine]:
    """Returns the lines of a sheet in the order they were entered."""
    cls = ParameterSheetLine
    return list(session.scalars(select(cls).where(cls.sheet_id == sheet.id).order_by(cls.id)))


def line_columns(cls: Any) -> list[str]:
    """Returns the columns of a parameter that a line says: those of its form but what the sheet says for all."""
    return [name for name in entry.fields(cls) if name not in OF_SHEET and infos(cls)[name].kind != "masked"]


def read_content(content: str) -> dict[str, Any]:
    """Returns the values of a line as they were said.

    Raises:
        Refusal: it is no JSON object.
    """
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Refusal(
            _("Write a JSON object of columns and values.", "请填写由字段和取值组成的 JSON 对象。"),
            "content",
            code="no_json",
        )
    return said


def content_of(values: Mapping[str, Any]) -> str:
    """Returns values, typed or as a form says them, as a line keeps them."""
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return json.dumps(said, ensure_ascii=False, default=str)


def typed(line: ParameterSheetLine) -> dict[str, Any]:
    """Returns the values of a line as typed values by column, defaults where it says nothing.

    Raises:
        Refusal: carries all that cannot be read.
    """
    cls, said = line.parameter, read_content(line.content)
    strange = [name for name in said if name not in line_columns(cls)]
    if strange:
        raise Refusal(
            _("“{name}” is not a field of a line.", "“{name}”不是明细可填写的字段。").fill(name=strange[0]),
            "content",
            code="unknown_field",
        )
    return entry.read_all(cls, said)


def line_faults(session: Session, sheet: ParameterSheet, line: ParameterSheetLine) -> Iterable[Refusal]:
    """Yields what is wrong with a line: as its parameter's own form would say it, were it entered now."""
    if line.table_name not in sheet_tables():
        return
    try:
        values = typed(line)
        with session.no_autoflush, by_sheet(session):
            new_row(session, line.parameter, {**values, "node_id": sheet.node_id, "from_day": sheet.from_day})
    except Refusal as refusal:
        yield from refusal.all()


def _variant(line: ParameterSheetLine) -> str:
    """What tells rows of one code apart, as the line says it; '' where it cannot be read."""
    try:
        return str(line.parameter(**typed(line)).variant)
    except Refusal:
        return ""


def _own_row(session: Session, sheet: ParameterSheet, cls: Any, values: Mapping[str, Any]) -> Any:
    """The row of the place that begins on the sheet's very day, where there is one: it is changed, not doubled."""
    wanted = cls(**values).variant
    query = select(cls).where(
        cls.node_id == sheet.node_id, cls.code == values.get("code"), cls.from_day == sheet.from_day
    )
    return next((row for row in session.scalars(query) if row.variant == wanted), None)


class Match(Options):
    """How a line of a sheet compares with what the console works with."""

    SAME = "same", _("As on the form", "一致"), "green"
    DIFFERS = "differs", _("Differs", "不一致"), "red"
    ABSENT = "absent", _("Not in the console", "系统中无"), "amber"


@dataclass(frozen=True, slots=True)
class Compared:
    """A line of a sheet beside the console.

    Attributes:
        match: whether they say the same.
        fields: label, what is known of the column, and the value on the form and in the console, one for each column that
            the form fills or that differs.
        row: the parameter that holds; None where there is none.
    """

    line: ParameterSheetLine
    match: Match
    fields: list[tuple[Words, ColumnInfo, Any, Any]]
    row: Any


def compared(session: Session, sheet: ParameterSheet) -> list[Compared]:
    """Returns each line of a sheet beside what holds at its place on its day (today, where that is past)."""
    return compared_all(session, [sheet])[sheet.id]


def compared_all(session: Session, sheets: Sequence[ParameterSheet]) -> dict[int, list[Compared]]:
    """Returns the same of several sheets, by sheet: a statement for the lines and one for each kind of parameter."""
    cls, now = ParameterSheetLine, today(clock_of(session))
    keys = [sheet.id for sheet in sheets]
    lines = list(session.scalars(select(cls).where(cls.sheet_id.in_(keys)).order_by(cls.id)))
    chains = {sheet.id: above_of(session, sheet.node_id, itself=True) for sheet in sheets}
    places = sorted({node.id for chain in chains.values() for node in chain})
    rows = {
        name: session.scalars(select(sheet_tables()[name]).where(sheet_tables()[name].node_id.in_(places))).all()
        for name in sorted({line.table_name for line in lines})
    }
    found: dict[int, list[Compared]] = {}
    for sheet in sheets:
        mine = [line for line in lines if line.sheet_id == sheet.id]
        on, chain = max(sheet.from_day, now), chains[sheet.id]
        held = {
            name: {(one.row.code, one.row.variant): one.row for one in resolve(rows[name], chain, on)}
            for name in {line.table_name for line in mine}
        }
        found[sheet.id] = [_beside(line, held[line.table_name].get((line.code or "", _variant(line)))) for line in mine]
    return found


def _beside(line: ParameterSheetLine, row: Any) -> Compared:
    """A line beside the row that holds; None where none does."""
    cls = line.parameter
    try:
        said = typed(line)
    except Refusal:  # written for columns the table has no more: it equals nothing
        return Compared(line, Match.DIFFERS if row is not None else Match.ABSENT, [], row)
    fields: list[tuple[Words, ColumnInfo, Any, Any]] = []
    same = row is not None
    for name in line_columns(cls):
        known, column = infos(cls)[name], cls.__mapper__.columns[name]
        form, system = said.get(name), getattr(row, name) if row is not None else None
        alike = row is not None and (name not in said or column.type.compare_values(form, system))
        same = same and alike
        if not alike or (name in said and form not in (None, "")):
            fields.append((known.label, known, form, system))
    return Compared(line, Match.SAME if same else Match.ABSENT if row is None else Match.DIFFERS, fields, row)


def sheets_of(session: Session, node_ids: Iterable[int]) -> list[ParameterSheet]:
    """Returns the sheets of some places, in the order they were begun."""
    cls = ParameterSheet
    return list(session.scalars(select(cls).where(cls.node_id.in_(list(node_ids))).order_by(cls.id)))
