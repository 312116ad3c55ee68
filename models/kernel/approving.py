"""Approvals as they go: each level a row that says who was asked, who decided, when and why. The next is asked after the last.

The rows are no table of the console: whoever may read the record may read them, nobody else (like files).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    and_,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.actor import Actor
from models.kernel.approval import APPROVE, REJECT, SEND_BACK, WITHDRAW, Approval, Level
from models.kernel.clock import local
from models.kernel.columns import BigId, ColumnInfo, Moment
from models.kernel.flow import Transition
from models.kernel.flow_rules import below, level_subject, rule
from models.kernel.flow_setting import said, split
from models.kernel.grant import Grant
from models.kernel.node import Node
from models.kernel.notice import Event, tell
from models.kernel.options import Options
from models.kernel.owning import owner_path
from models.kernel.reading import read_choice, read_text
from models.kernel.refusal import Denied, Refusal
from models.kernel.registry import table, tables
from models.kernel.scope import known_nodes
from models.kernel.session import actor_of, clock_of
from models.kernel.stepping import by_itself, step
from models.kernel.table import Base, Table
from models.kernel.words import Words, _

OPEN, AUTOMATIC = "open", "automatic"
STATES: dict[str, Words] = {
    OPEN: _("waiting", "待审批"),
    APPROVE: _("approved", "已同意"),
    REJECT: _("rejected", "已驳回"),
    SEND_BACK: _("sent back", "已退回"),
    WITHDRAW: _("withdrawn", "已撤回"),
    AUTOMATIC: _("went by itself", "自动通过"),
}

ASKED = Event(
    "approval.asked",
    _("Your approval is asked for", "待您审批"),
    _("Approval asked: {record}", "待审批：{record}"),
    _("{actor} asks for “{level}” of {record}.", "{actor}提交的{record}等待“{level}”审批。"),
    fields={"level": _("Level", "审批级别")},
    always=True,
)
DECIDED = Event(
    "approval.decided",
    _("Your application was decided", "您的申请有审批结果"),
    _("{record}: {outcome}", "{record}：{outcome}"),
    _("{actor}: {outcome}. {opinion}", "{actor}：{outcome}。{opinion}"),
    fields={"outcome": _("Outcome", "审批结果"), "opinion": _("Opinion", "审批意见")},
)


class ApprovalRow(Base):
    """One level of one round: asked when the one before was decided. Decided once, never changed afterwards."""

    __tablename__ = "approval"
    __table_args__ = (
        Index("ix_approval_row", "table_name", "row_id", "id"),
        Index("ix_approval_state", "state", "id"),
        {"info": {"hangs_on_rows": True}},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    table_name: Mapped[str] = mapped_column(String(64))
    row_id: Mapped[int] = mapped_column(BigId)
    round: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(String(40))
    roles: Mapped[str] = mapped_column(String(400))
    node_id: Mapped[int] = mapped_column(ForeignKey("node.id"), index=True)
    applicant_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(20))
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    opinion: Mapped[str | None] = mapped_column(Text)


A: Any = ApprovalRow.__table__


def approval_of(row: Table) -> Approval:
    """Returns the approval of a row's flow, which the caller knows it has."""
    found: Any = type(row).flow
    return found.approval  # type: ignore[no-any-return]


def current(session: Session, row: Table) -> Any:
    """Returns the level that is asked now, or None."""
    query = select(A).where(A.c.table_name == row.__tablename__, A.c.row_id == row.id, A.c.state == OPEN)
    return session.execute(query.order_by(A.c.id.desc()).limit(1)).first()


def rounds(session: Session, row: Table) -> list[Any]:
    """Returns every level that was ever asked for a row the actor may read, in order, with who decided."""
    accounts = Base.metadata.tables["ab_user"]
    query = (
        select(A, accounts.c.first_name.label("who"), Node.__table__.c.name.label("place"))
        .outerjoin(accounts, accounts.c.id == A.c.decided_by_id)
        .join(Node.__table__, Node.__table__.c.id == A.c.node_id)
        .where(A.c.table_name == row.__tablename__, A.c.row_id == row.id)
    )
    return list(session.execute(query.order_by(A.c.id)))


def asked(session: Session, actor: Actor, found: Any) -> bool:
    """Returns whether the actor is one of those a level asks: a role of the level, held at its place or above."""
    path = next((node.path for node in known_nodes(session) if node.id == found.node_id), None)
    roles = split(found.roles)
    return path is not None and any(held.role in roles and path.startswith(held.path) for held in actor.grants)


def why_not(session: Session, row: Table, transition: Transition) -> Refusal | None:
    """Returns why the actor may not make this move of an approval on a row that waits for one; None where they may."""
    actor, now = actor_of(session), current(session, row)
    if actor.system:
        return None
    if now is None:
        return Denied(_("Nobody is asked here at present.", "当前没有待审批的级别。"))
    if transition.part == WITHDRAW:
        if now.applicant_id is None or now.applicant_id == actor.user_id:
            return None
        return Denied(_("Only who applied may withdraw it.", "只有申请人本人可以撤回。"))
    level = approval_of(row).level(now.level)
    if not asked(session, actor, now):
        return Denied(
            _("“{level}” is asked of: {roles}.", "当前为“{level}”，由{roles}审批。").fill(
                level=level.label if level else now.level, roles=said(split(now.roles))
            )
        )
    if now.applicant_id is not None and now.applicant_id == actor.user_id and not approval_of(row).own:
        return Denied(
            _(
                "Nobody decides what they applied for themselves. Another of the asked must.",
                "不能审批自己提交的申请，请由其他审批人处理。",
            )
        )
    if transition.part == SEND_BACK and not earlier(row, now.level):
        return Denied(_("There is no earlier level to send it back to.", "当前为第一级，没有可退回的上一级。"))
    return None


def earlier(row: Table, name: str) -> list[Level]:
    """Returns the levels before one, in order."""
    names = [each.name for each in approval_of(row).levels]
    return list(approval_of(row).levels[: names.index(name)]) if name in names else []


def fields(session: Session, row: Table, transition: Transition) -> dict[str, tuple[ColumnInfo, bool]]:
    """Returns what a move of an approval asks for: an opinion, and where to it is sent back."""
    found = {
        "opinion": (
            ColumnInfo(_("Opinion", "审批意见"), "prose", length=2000),
            transition.part in (REJECT, SEND_BACK),
        )
    }
    now = current(session, row)
    if transition.part == SEND_BACK and now is not None:
        levels: Any = [(each.name, (each.name, each.label)) for each in reversed(earlier(row, now.level))]
        options: Any = Options("Levels", levels) if levels else None
        found["to_level"] = (ColumnInfo(_("Back to", "退回至"), "choice", options=options, length=40), True)
    return found


def decide(session: Session, row: Table, transition: Transition, values: Mapping[str, object]) -> None:
    """Decides the level that is asked now. The row is locked, at the version the person saw, and theirs to decide.

    Raises:
        Refusal: 422 where an opinion or a level is missing or unreadable.
    """
    now, approval = current(session, row), approval_of(row)
    opinion, back = _read(session, row, transition, values)
    if now is None:
        raise Refusal(_("Nobody is asked here at present.", "当前没有待审批的级别。"), code="not_asked", status=409)
    _close(session, now.id, transition.part, opinion)
    level = approval.level(now.level)
    told: dict[str, Any] = {"level": now.level, "opinion": opinion}
    ahead = _after(approval, now.level)
    if transition.part == APPROVE and ahead:
        step(session, row, transition.name, None, told)
        _ask(session, row, now.round, now.applicant_id, ahead)
    elif transition.part == SEND_BACK:
        step(session, row, transition.name, None, {**told, "to_level": back.name if back else None})
        start = [each.name for each in approval.levels].index(back.name) if back else 0
        _ask(session, row, now.round, now.applicant_id, list(approval.levels[start:]), waive=False)
    else:
        to = {APPROVE: approval.approved, REJECT: approval.rejected, WITHDRAW: approval.withdrawn}[transition.part]
        step(session, row, transition.name, to, told)
    if transition.part != WITHDRAW and actor_of(session).user_id != now.applicant_id:
        outcome = _("{level}: {state}", "{level}：{state}").fill(
            level=level.label if level else now.level, state=STATES[transition.part]
        )
        tell(
            session, actor_of(session), DECIDED, [now.applicant_id], row, {"outcome": outcome, "opinion": opinion or ""}
        )


def _read(
    session: Session, row: Table, transition: Transition, values: Mapping[str, object]
) -> tuple[str | None, Level | None]:
    wanted, wrong = fields(session, row, transition), []
    for name in values:
        if name not in wanted:
            sentence = _("“{name}” is not asked for by this move.", "该操作不需要填写“{name}”。")
            wrong.append(Refusal(sentence.fill(name=name), name, code="unknown_field"))
    opinion, back = None, None
    try:
        opinion = read_text(values.get("opinion"), 2000)
    except Refusal as refusal:
        wrong.append(Refusal(refusal.sentence, "opinion", code=refusal.code))
    if opinion is None and wanted["opinion"][1]:
        wrong.append(Refusal(_("Say why.", "请填写意见说明原因。"), "opinion", code="required"))
    if "to_level" in wanted:
        now = current(session, row)
        choices = earlier(row, now.level)
        try:
            wanted_name = read_choice(values.get("to_level"), {e.name: [e.label.zh, e.label.en] for e in choices})
            back = next((each for each in choices if each.name == wanted_name), choices[-1])
        except Refusal as refusal:
            wrong.append(Refusal(refusal.sentence, "to_level", code=refusal.code))
    if wrong:
        raise Refusal.of(wrong)
    return opinion, back


def _close(session: Session, key: int, state: str, opinion: str | None) -> None:
    session.execute(
        update(A)
        .where(A.c.id == key, A.c.state == OPEN)
        .values(state=state, opinion=opinion, decided_by_id=actor_of(session).user_id, decided_at=clock_of(session)())
    )


def _after(approval: Approval, name: str) -> list[Level]:
    names = [each.name for each in approval.levels]
    return list(approval.levels[names.index(name) + 1 :]) if name in names else []


def begin(session: Session, row: Table) -> None:
    """Begins a round for a row that has come into the state in which it is decided."""
    last = select(func.max(A.c.round)).where(A.c.table_name == row.__tablename__, A.c.row_id == row.id)
    count = session.execute(last).scalar() or 0
    _ask(session, row, count + 1, actor_of(session).user_id, list(approval_of(row).levels))


def _ask(
    session: Session, row: Table, round_: int, applicant: int | None, levels: list[Level], *, waive: bool = True
) -> None:
    """Asks the first of `levels` that is not passed over by its amount; where none is left, the row is approved."""
    for level in levels:
        limit = (below(session, row, level_subject(level.name)) or below(session, row, APPROVE)) if waive else None
        roles = rule(session, row, level_subject(level.name)).roles
        key = _insert(session, row, round_, applicant, level, roles, OPEN if limit is None else AUTOMATIC)
        if limit is None:
            tell(
                session,
                actor_of(session),
                ASKED,
                _people(session, roles, key, applicant, row),
                row,
                {"level": level.label},
            )
            return
        with by_itself(session):
            told = {"level": level.name, "automatic": str(limit)}
            step(session, row, APPROVE, approval_of(row).approved if level is levels[-1] else None, told)


def _insert(
    session: Session,
    row: Table,
    round_: int,
    applicant: int | None,
    level: Level,
    roles: tuple[str, ...],
    state: str,
) -> int:
    """Writes down that a level is asked; returns the id of the place whose people are."""
    now, place = clock_of(session)(), place_of(session, row, level.at)
    session.execute(
        insert(A).values(
            table_name=row.__tablename__,
            row_id=row.id,
            round=round_,
            level=level.name,
            roles=",".join(roles),
            node_id=place.id,
            applicant_id=applicant,
            asked_at=now,
            state=state,
            decided_at=now if state == AUTOMATIC else None,
        )
    )
    return int(place.id)


def place_of(session: Session, row: Table, kind: str) -> Any:
    """Returns the place above a row that is asked: the nearest of this kind, or, without one, the nearest at all."""
    path = owner_path(session, row) or "/"
    above = [node for node in known_nodes(session) if path.startswith(node.path)]
    above.sort(key=lambda node: len(node.path), reverse=True)
    order = ("project", "department", "company", "region", "group")
    higher = order[order.index(kind) :] if kind in order else order
    fitting = [node for node in above if node.kind == kind] or [node for node in above if node.kind in higher]
    return (fitting or above)[0]


def _people(session: Session, roles: tuple[str, ...], node: int, applicant: int | None, row: Table) -> list[int]:
    """The accounts that are asked: those that can sign in and hold one of the roles at the place or above, today."""
    path = next(each.path for each in known_nodes(session) if each.id == node)
    grants, nodes = Grant.__table__.c, Node.__table__.c
    profiles, accounts = table("user_profile").__table__.c, Base.metadata.tables["ab_user"]
    on = local(clock_of(session)()).date()
    found = session.execute(
        select(profiles.user_id, nodes.path)
        .join(Grant.__table__, grants.profile_id == profiles.id)
        .join(accounts, accounts.c.id == profiles.user_id)
        .join(Node.__table__, nodes.id == grants.node_id)
        .where(
            grants.role.in_(roles),
            accounts.c.active.is_(True),
            grants.deleted_at.is_(None),
            profiles.deleted_at.is_(None),
            or_(grants.from_day.is_(None), grants.from_day <= on),
            or_(grants.until_day.is_(None), grants.until_day >= on),
        )
    )
    own = approval_of(row).own
    return sorted({user for user, there in found if path.startswith(there) and user and (own or user != applicant)})


def _asked_of(actor: Actor) -> ColumnElement[bool] | None:
    """Returns the condition on a level and its place (`node`) under which it asks the actor; None where nothing can."""
    ways: list[ColumnElement[bool]] = []
    for held in actor.grants:
        named = (literal(",") + A.c.roles + ",").contains(f",{held.role},", autoescape=True)
        ways.append(and_(named, Node.__table__.c.path.startswith(held.path, autoescape=True)))
    return and_(A.c.state == OPEN, or_(*ways)) if ways else None


def approved_tables() -> list[type[Table]]:
    """Returns the tables whose flow has an approval."""
    return [cls for cls in tables().values() if cls.flow is not None and cls.flow.approval is not None]


def may_be_asked(actor: Actor) -> bool:
    """Returns whether a level of any flow names a role that the actor holds."""
    named = {
        role
        for cls in approved_tables()
        for level in cls.flow.approval.levels  # type: ignore[union-attr]
        for role in level.roles
    }
    return bool(named & set(actor.roles()))


def waiting_keys(actor: Actor) -> CompoundSelect[Any] | None:
    """Returns the statement of what `waiting_for` gives, a key each, for the count; None where nothing can wait.

    Each part begins with the record's own table, so that the gate cuts it down to what the actor may read.
    """
    asked_of = _asked_of(actor)
    if asked_of is None:
        return None
    parts = []
    for cls in approved_tables():
        flow: Any = cls.flow
        mine = select(cls.id).join(A, A.c.row_id == cls.id).join(Node.__table__, Node.__table__.c.id == A.c.node_id)
        mine = mine.where(A.c.table_name == cls.__tablename__, asked_of)
        if not flow.approval.own:
            mine = mine.where(or_(A.c.applicant_id.is_(None), A.c.applicant_id != actor.user_id))
        parts.append(mine)
    return union_all(*parts) if parts else None


def waiting_for(session: Session, actor: Actor, most: int = 500) -> list[tuple[Any, Table]]:
    """Returns what waits for the actor, the oldest first: the level that is asked, and the record, which they may read."""
    asked_of = _asked_of(actor)
    if asked_of is None:
        return []
    query = select(A).join(Node.__table__, Node.__table__.c.id == A.c.node_id).where(asked_of)
    found = session.execute(query.order_by(A.c.id).limit(most)).all()
    out = []
    for name in dict.fromkeys(each.table_name for each in found):
        cls = tables().get(name)
        flow: Any = cls.flow if cls is not None else None
        if cls is None or flow is None or flow.approval is None:
            continue
        mine = [e for e in found if e.table_name == name and (flow.approval.own or e.applicant_id != actor.user_id)]
        rows = {row.id: row for row in session.scalars(select(cls).where(cls.id.in_([e.row_id for e in mine])))}
        out += [(each, rows[each.row_id]) for each in mine if each.row_id in rows]
    return sorted(out, key=lambda pair: int(pair[0].id))
