"""One change of many rows: tried first, then made row by row through the same door as a form, and taken back afterwards.

`prepare` notes which rows are meant and at which version. `attempt` says what would happen without doing it, `apply` does
it, `undo` takes it back where nobody has changed a row since. All three work in batches of their own transactions, so that no
lock is held for long; they commit. Each row is checked, stamped and recorded as if somebody had opened its form.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Integer, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel import entry
from models.kernel.audit import plain
from models.kernel.columns import BigId, ColumnInfo, Moment
from models.kernel.guard import expect_version, name_of, remove
from models.kernel.moving import move
from models.kernel.refusal import Denied, Missing, Refusal, Stale
from models.kernel.registry import infos
from models.kernel.roles import DELETE, WRITE
from models.kernel.secret import MaskedValue
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base, Table
from models.kernel.words import Words, _

BATCH = 100
"""Rows in one transaction."""

WHOLE = 500
"""All or nothing is offered up to this many rows: it is one transaction, and others wait for it."""

SHOWN = 50
"""Refused rows that are named, with their reasons."""

KEPT = timedelta(days=2)
"""So long a change can be taken back; what is noted of it is dropped afterwards."""

CHANGE, MOVE, REMOVE, SAVE = "change", "move", "delete", "save"


class BulkChange(Base):
    """What somebody asked for: which columns, move or deletion, of which rows, and what came of it."""

    __tablename__ = "bulk_change"
    __table_args__ = (UniqueConstraint("token"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    table_name: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(10))
    move: Mapped[str] = mapped_column(String(40), default="")
    asked: Mapped[str] = mapped_column(Text, default="{}")
    query: Mapped[str] = mapped_column(Text, default="")
    everything: Mapped[bool] = mapped_column(Boolean, default=False)
    state: Mapped[str] = mapped_column(String(10), default="asked")
    at: Mapped[datetime] = mapped_column(Moment)


class BulkLine(Base):
    """One row of it: its version when it was asked for, and once it is done its version then and its values before."""

    __tablename__ = "bulk_line"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    change_id: Mapped[int] = mapped_column(BigId, ForeignKey("bulk_change.id", ondelete="CASCADE"), index=True)
    row_id: Mapped[int] = mapped_column(BigId)
    version: Mapped[int] = mapped_column(Integer)
    before: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="asked")


@dataclass(frozen=True, slots=True)
class Asked:
    """A change as it was asked for.

    Attributes:
        kind: `change`, `move`, `delete`, or `save` for one row that was saved on its form.
        values: column -> what the person wrote.
        query: the list's address, where everything filtered is meant.
    """

    token: str
    kind: str
    move: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    everything: bool = False
    state: str = "asked"
    key: int = 0


@dataclass(slots=True)
class Outcome:
    """What a change does, or did.

    Attributes:
        done: rows that change (or did).
        same: rows that have these values already.
        refused: rows that do not change; the first `SHOWN` are named in `reasons`, all are counted by sentence in `why`.
    """

    done: int = 0
    same: int = 0
    refused: int = 0
    reasons: list[tuple[int, str, Words]] = field(default_factory=list)
    why: dict[str, tuple[Words, int]] = field(default_factory=dict)

    def refuse(self, key: int, name: str, refusal: Refusal) -> None:
        """Counts a refused row, and names it while there are few."""
        self.refused += 1
        for one in refusal.all():
            known = self.why.get(one.sentence.en, (one.sentence, 0))
            self.why[one.sentence.en] = (known[0], known[1] + 1)
        if len(self.reasons) < SHOWN:
            self.reasons.append((key, name, refusal.sentence))

    @property
    def total(self) -> int:
        """All rows that were meant and are there."""
        return self.done + self.same + self.refused


def changeable(cls: type[Table]) -> list[str]:
    """Returns the columns that many rows may be given one value of: what a form writes, less what makes each row itself.

    A state belongs to the flow; personal data and a natural key of one column are different in every row; a place in the tree
    moves on a page of its own.
    """
    alone = cls.screen.key if len(cls.screen.key) == 1 else ()
    flow = cls.flow.column if cls.flow is not None else None
    left_out = {*alone, flow, cls.owned.above}
    return [name for name in entry.fields(cls) if infos(cls)[name].kind != "masked" and name not in left_out]


def prepare(
    session: Session,
    cls: type[Table],
    rows: Sequence[tuple[int, int]],
    kind: str,
    *,
    values: Mapping[str, str] | None = None,
    move: str = "",
    query: str = "",
    everything: bool = False,
) -> Asked:
    """Notes what is asked for and of which rows: (key, version) of rows the actor sees. Commits."""
    values = dict(values or {})
    token = secrets.token_urlsafe(18)
    _note(session, cls, token, rows, kind, values=values, move=move, query=query, everything=everything)
    session.commit()
    return asked_for(session, cls, token)


def check_values(cls: type[Table], values: Mapping[str, str]) -> None:
    """Looks at the new values alone, before any row.

    Raises:
        Refusal: nothing is to change; or one per value that cannot be read, is required, or is not for many rows.
    """
    if not values:
        raise Refusal(_("Choose at least one field to change.", "请至少选择一个要修改的字段。"))
    allowed = set(changeable(cls))
    wrong = [
        Refusal(
            _("“{name}” cannot be changed for many rows at once.", "“{name}”不能批量修改。").fill(name=name[:60]), name
        )
        for name in values
        if name not in allowed
    ]
    if wrong:
        raise Refusal.of(wrong)
    typed = entry.read_all(cls, values)
    empty = [name for name, value in typed.items() if value in (None, "") and entry.is_required(cls, name)]
    if empty:
        label = infos(cls)[empty[0]].label
        raise Refusal(_("{label} is required.", "请填写{label}。").fill(label=label), empty[0], code="required")


def _note(
    session: Session, cls: type[Table], token: str, rows: Sequence[tuple[int, int]], kind: str, **more: Any
) -> int:
    changes: Any = BulkChange.__table__
    lines: Any = BulkLine.__table__
    actor, now = actor_of(session), clock_of(session)()
    connection = session.connection()
    old = select(changes.c.id).where(changes.c.at < now - KEPT)
    connection.execute(lines.delete().where(lines.c.change_id.in_(old)))
    connection.execute(changes.delete().where(changes.c.at < now - KEPT))
    values = more.pop("values", {})
    state = more.pop("state", "asked")
    new = {"token": token, "user_id": actor.user_id, "table_name": cls.__tablename__, "kind": kind, "state": state}
    rest = {"move": "", "query": "", "everything": False, **more, "asked": json.dumps(values, ensure_ascii=False)}
    made: Any = connection.execute(changes.insert().values(**new, **rest, at=now)).inserted_primary_key
    key = int(made[0])
    noted = [
        {"change_id": key, "row_id": row, "version": version, "before": "", "state": "asked"} for row, version in rows
    ]
    for start in range(0, len(noted), 1000):
        connection.execute(lines.insert(), noted[start : start + 1000])
    return key


def say_what(session: Session, cls: type[Table], token: str, values: Mapping[str, str]) -> Asked:
    """Says, of rows that were chosen, what they are to become. Commits.

    Raises:
        Missing: as `asked_for`; Refusal: as `prepare`, or it was done already.
    """
    asked = asked_for(session, cls, token)
    if asked.kind == CHANGE:
        check_values(cls, values)
    changes: Any = BulkChange.__table__
    mine = (changes.c.id == asked.key) & (changes.c.state == "asked")
    told = changes.update().where(mine).values(asked=json.dumps(dict(values), ensure_ascii=False))
    if not session.connection().execute(told).rowcount:
        raise Refusal(_("This was done already.", "该批量操作已执行。"), code="done", status=409)
    session.commit()
    return asked_for(session, cls, token)


def asked_for(session: Session, cls: type[Table], token: str) -> Asked:
    """Returns what the actor asked for.

    Raises:
        Missing: nothing, or it was somebody else, or too long ago.
    """
    changes = BulkChange.__table__.c
    row = session.execute(
        select(BulkChange.__table__).where(
            changes.token == token,
            changes.user_id == actor_of(session).user_id,
            changes.table_name == cls.__tablename__,
            changes.at > clock_of(session)() - KEPT,
        )
    ).one_or_none()
    if row is None:
        raise Missing(
            _("This change is not known any more. Choose the rows again.", "该批量操作已失效，请重新选择记录。")
        )
    return Asked(row.token, row.kind, row.move, json.loads(row.asked), row.query, row.everything, row.state, row.id)


def rows_of(session: Session, asked: Asked) -> list[tuple[int, int]]:
    """Returns the rows that were meant: (key, version then)."""
    lines = BulkLine.__table__.c
    found = session.execute(select(lines.row_id, lines.version).where(lines.change_id == asked.key).order_by(lines.id))
    return [(row.row_id, row.version) for row in found]


def attempt(session: Session, cls: type[Table], asked: Asked, most: int | None = None) -> Outcome:
    """Returns what would happen, to the first `most` rows: each batch is made, looked at and rolled back."""
    outcome = Outcome()
    for batch in _batches(rows_of(session, asked)[:most], BATCH):
        for _line in _make(session, cls, asked, batch, outcome):
            pass
        session.rollback()
    return outcome


def apply(session: Session, cls: type[Table], asked: Asked, *, whole: bool) -> Outcome:
    """Makes the change. Commits, batch by batch, or once at the end.

    Args:
        whole: all rows or none; only up to `WHOLE` rows.

    Raises:
        Refusal: it was made already; or with `whole`, too many rows, or one that cannot change: then none has.
    """
    if asked.state != "asked":
        raise Refusal(
            _("This was done already. Choose the rows again to do more.", "该批量操作已执行，请勿重复提交。"),
            code="done",
            status=409,
        )
    rows = rows_of(session, asked)
    if whole and len(rows) > WHOLE:
        raise Refusal(
            _(
                "All or nothing is possible for up to {n} rows. Filter further, or change those that can be changed.",
                "“全部成功才执行”最多支持 {n} 条，请进一步筛选，或选择只修改可以修改的记录。",
            ).fill(n=WHOLE)
        )
    if not claim(session, asked):
        raise Refusal(_("This is being done already.", "该批量操作正在执行。"), code="done", status=409)
    if not whole:
        session.commit()
    outcome = Outcome()
    for batch in _batches(rows, len(rows) if whole else BATCH):
        _do(session, cls, asked, batch, outcome)
        if whole and outcome.refused:
            session.rollback()
            raise Refusal(
                _("Nothing was changed: {n} rows cannot be changed.", "未做任何修改：有 {n} 条记录无法修改。").fill(
                    n=outcome.refused
                ),
                code="not_all",
                status=409,
            )
        session.commit()
    return outcome


def go_on(
    session: Session, cls: type[Table], asked: Asked, outcome: Outcome, advance: Callable[[int, int], None]
) -> None:
    """Makes the change for a job: what is not dealt with yet, batch by batch; `advance(done, total)` commits each."""
    lines: Any = BulkLine.__table__
    rows = rows_of(session, asked)
    dealt = select(lines.c.row_id).where(lines.c.change_id == asked.key, lines.c.state != "asked")
    before = set(session.execute(dealt).scalars())
    left = [row for row in rows if row[0] not in before]
    for place, batch in enumerate(_batches(left, BATCH), 1):
        _do(session, cls, asked, batch, outcome)
        advance(len(before) + min(place * BATCH, len(left)), len(rows))


def _do(session: Session, cls: type[Table], asked: Asked, batch: Sequence[tuple[int, int]], outcome: Outcome) -> None:
    """Changes a batch, and notes of each row what it was before and which version it has now."""
    lines: Any = BulkLine.__table__
    mine = lines.update().where(lines.c.change_id == asked.key)
    done = set()
    for key, version, before in _make(session, cls, asked, batch, outcome):
        values = {"version": version, "before": json.dumps(before, ensure_ascii=False), "state": "done"}
        session.connection().execute(mine.where(lines.c.row_id == key).values(**values))
        done.add(key)
    left = [key for key, _version in batch if key not in done]
    if left:
        session.connection().execute(mine.where(lines.c.row_id.in_(left)).values(state="left"))


def claim(session: Session, asked: Asked) -> bool:
    """Of two presses of the same button one finds the change done."""
    changes: Any = BulkChange.__table__
    mine = (changes.c.id == asked.key) & (changes.c.state == "asked")
    return bool(session.connection().execute(changes.update().where(mine).values(state="done")).rowcount)


def _batches(rows: Sequence[tuple[int, int]], size: int) -> Iterator[Sequence[tuple[int, int]]]:
    for start in range(0, len(rows), max(size, 1)):
        yield rows[start : start + size]


def _make(
    session: Session, cls: type[Table], asked: Asked, batch: Sequence[tuple[int, int]], outcome: Outcome
) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """Changes the rows of a batch one by one; yields key, new version and values before. Rows out of sight are not there."""
    found = session.scalars(
        select(cls).where(cls.id.in_([key for key, _version in batch])).execution_options(populate_existing=True)
    )
    seen = {row.id: row for row in found}
    for key, version in batch:
        row = seen.get(key)
        if row is None:
            continue
        name = name_of(row)
        try:
            with session.begin_nested():
                expect_version(row, version)
                before = _one(session, row, asked)
        except Stale:
            outcome.refuse(key, name, changed_since())
            continue
        except Refusal as refusal:
            outcome.refuse(key, name, refusal)
            continue
        if before is None:
            outcome.same += 1
            continue
        outcome.done += 1
        yield key, row.version, before


def changed_since() -> Refusal:
    return Refusal(
        _("Somebody changed this row since it was chosen.", "该记录在选择之后已被他人修改。"), code="stale", status=409
    )


def _one(session: Session, row: Table, asked: Asked) -> dict[str, Any] | None:
    """Makes the change of one row; returns its values before, None where it had the new ones already."""
    if asked.kind == REMOVE:
        _held(session, row, DELETE)
        remove(session, row)
        return {}
    if asked.kind == MOVE:
        move(session, row, asked.move, asked.values, None)
        return {}
    was = snapshot(row, asked.values)
    version = row.version
    entry.change(session, row, asked.values, None)
    if row.version == version:
        _held(session, row, WRITE)  # who may not write a row is told so, even where it would stay as it is
        return None
    return changed(row, was)


def _held(session: Session, row: Table, right: str) -> None:
    cls = type(row)
    held = select(cls.id).where(cls.id == row.id).execution_options(right=right)
    if session.execute(held).first() is None:
        raise Denied()


def snapshot(row: Table, names: Mapping[str, Any] | Sequence[str]) -> dict[str, Any]:
    """Returns values of a row as JSON can hold them; masked ones encrypted."""
    return {name: plain(getattr(row, name)) for name in names if name in infos(type(row))}


def changed(row: Table, before: Mapping[str, Any]) -> dict[str, Any]:
    """Returns those of `before` that are different now."""
    known = infos(type(row))
    return {
        name: value
        for name, value in before.items()
        if not type(row).__mapper__.columns[name].type.compare_values(typed(known[name], value), getattr(row, name))
    }


def note_save(session: Session, row: Table, before: Mapping[str, Any]) -> str | None:
    """Notes a row that was saved on its form, so that it can be taken back. Flushed already; does not commit.

    Returns: the token of `undo`; None where nothing changed.
    """
    was = changed(row, before)
    if not was:
        return None
    token = secrets.token_urlsafe(18)
    key = _note(session, type(row), token, [(row.id, row.version)], SAVE, state="done")
    lines: Any = BulkLine.__table__
    session.connection().execute(
        lines.update().where(lines.c.change_id == key).values(before=json.dumps(was, ensure_ascii=False), state="done")
    )
    return token


def typed(known: ColumnInfo, value: Any) -> Any:
    """Reads back what `audit.plain` wrote."""
    if value is None:
        return None
    if isinstance(value, dict):
        return MaskedValue("certificate", value["masked"]).plain()
    if known.kind == "date":
        return date.fromisoformat(value)
    if known.kind == "moment":
        return datetime.fromisoformat(value)
    if known.kind in ("decimal", "money"):
        return Decimal(str(value))
    return value
