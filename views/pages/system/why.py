"""“Why can, or can't, this person see or do this?”: for the administrators of that person's place (design 4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel import why
from models.kernel.actor import Held
from models.kernel.clock import today
from models.kernel.grant import Grant, held_by
from models.kernel.refusal import Denied, Missing
from models.kernel.registry import table, tables
from models.kernel.roles import DELETE, READ, RIGHT_WORDS, ROLES, WRITE
from models.kernel.scope import may
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _, joined
from models.system.user_profile import AccountState, UserProfile
from views.kernel.access import needs
from views.kernel.cells import called
from views.kernel.pages import EVERY_TABLE, RECORD_ACTIONS
from views.kernel.request import actor
from views.kernel.request import session as database
from views.pages.facts import cell, grid, page_of, place_name, whole
from views.pages.fields import PlainField

TITLE = _("Who may do this, and why", "权限诊断")

RECORD_ACTIONS.setdefault(EVERY_TABLE, []).append(
    {
        "label": TITLE,
        "url": "/why/?table={table}&key={pk}",
        "icon": "help-circle",
        "of": "user_profile",
        "right": WRITE,
    }
)


class WhyView(BaseView):  # type: ignore[misc]
    """`/why/`: a person, a record, and for each right the grant that gives it or what is missing."""

    route_base = "/why"
    default_view = "ask"
    table = UserProfile

    @expose("/", methods=["GET"])
    @needs(WRITE)
    def ask(self) -> Any:
        """Asks for what the address does not say, and answers what it does."""
        sent = request.args
        person = self._person(sent["user"]) if sent.get("user") else None
        name, key = sent.get("table", ""), sent.get("key", "").strip()
        row = self._row(name, key) if name and key else None
        page: dict[str, Any] = {
            "crumbs": [{"label": UserProfile.screen.name, "url": "/user_profile/list/"}, {"label": TITLE, "url": None}],
            "ask": {"url": "/why/", "button": _("Explain", "诊断"), "fields": self._fields(person, row, name, key)},
        }
        if person is None or row is None:
            return page_of(TITLE, **page)
        return page_of(TITLE, **page, **answer(person, row))

    def _fields(self, person: UserProfile | None, row: Table | None, name: str, key: str) -> list[PlainField]:
        who = actor()
        known = [
            (each, cls.screen.label) for each, cls in tables().items() if may(who, cls, READ) and cls.screen.sections
        ]
        return [
            PlainField(
                "user",
                _("Person", "人员"),
                str(person.id) if person else "",
                "ref",
                required_mark=True,
                lookup_url="/user_profile/lookup",
                chosen_text=called(person) if person else None,
            ),
            PlainField("table", _("Table", "业务对象"), name, "choice", required_mark=True, choices=tuple(known)),
            PlainField(
                "key",
                _("Number in the address", "记录编号"),
                key,
                required_mark=True,
                max_length=18,
                hint=_("As in /room/show/12: 12", "如 /room/show/12 中的 12") if row is None else None,
            ),
        ]

    def _person(self, pk: str) -> UserProfile:
        """Returns a person whose place the actor administers.

        Raises:
            Missing: there is none to be seen; Denied: the actor does not keep the people there.
        """
        own, statement = database(), select(UserProfile).where(UserProfile.id == whole(pk))
        found = own.execute(statement).scalar_one_or_none()
        if found is None:
            raise Missing()
        if own.execute(statement.execution_options(right=WRITE)).scalar_one_or_none() is None:
            raise Denied()
        return found

    def _row(self, name: str, key: str) -> Table:
        """Returns a record the actor sees; one in the bin where the actor sees what lies there."""
        cls = table(name)
        own, statement = database(), select(cls).where(cls.id == whole(key))
        if not may(actor(), cls, READ):
            raise Missing()
        found = own.execute(statement).scalar_one_or_none()
        if found is None and may(actor(), cls, DELETE):
            found = own.execute(statement.execution_options(deleted="only", right=DELETE)).scalar_one_or_none()
        if found is None:
            raise Missing()
        return found


def answer(person: UserProfile, row: Table) -> dict[str, Any]:
    """Returns what the page says of a person and a record."""
    own, cls = database(), type(row)
    held = held_by(own, person.user_id, clock_of(own)) if person.user_id is not None else ()
    shown = _shown(held)
    lies = why.places(own, cls, row.id)
    facts = [
        (_("Person", "人员"), cell(called(person), url=f"/user_profile/{person.id}/rights")),
        (_("Record", "记录"), cell(called(row) or str(row.id), url=f"/{row.__tablename__}/show/{row.id}")),
        (
            _("Lies in", "所属位置"),
            cell("；".join(lies) or _("outside of the tree: a person's own", "个人数据，不属于组织树")),
        ),
        (_("Roles held today", "今日有效的角色"), cell(_places(held, shown) or _("none", "无"))),
    ]
    lead = []
    if person.state != AccountState.ACTIVE:
        lead.append(
            {
                "text": _("This person cannot sign in: the account is disabled.", "该人员账号已停用，无法登录。"),
                "warn": True,
            }
        )
    if row.deleted_at is not None:
        said = _(
            "The record is in the recycle bin: only those who look there see it.",
            "该记录在回收站中，仅有权查看回收站者可见。",
        )
        lead.append({"text": said, "warn": True})
    said = _(
        "Judged by the grants of {day}. Somebody who narrowed their console to a part of the tree sees less until they widen it.",
        "按 {day} 有效的授权判断。若该人员已用组织切换缩小范围，则在恢复前看到的更少。",
    ).fill(day=today(clock_of(own)).isoformat())
    lead.append({"text": said, "warn": False})
    rows = []
    for one in why.reasons(own, cls, row.id, held, person.user_id):
        verdict = cell(_("yes", "可以"), tone="green") if one.holds else cell(_("no", "不可以"), tone="grey")
        decides = one.by[0].grant_id if one.why == why.GRANT else 0
        url = f"/grant/show/{decides}" if decides in shown else None
        rows.append([cell(_right(cls, one.right)), verdict, cell(sentence(one, shown), url=url)])
    heads = [_("Right", "权限"), _("Held", "是否具有"), _("Because", "依据")]
    nothing = _("There is no right here.", "没有可判断的权限。")
    return {
        "facts": [{"label": label, "cell": one} for label, one in facts],
        "lead": lead,
        "grids": [grid(_("What this person may do with it", "该人员对此记录的权限"), heads, rows, nothing)],
    }


def sentence(one: why.Reason, shown: set[int]) -> Words:
    """Returns what decides, in words; a grant that the reader may not see is not named."""
    by = _places(one.by, shown)
    roles = joined([ROLES[role].words for role in one.roles])
    outside = _("a grant outside of your part of the tree", "您权限范围以外的授权")
    return {
        why.GRANT: _("The grant {by} gives it.", "由授权“{by}”给予。").fill(by=by or outside),
        why.NOBODY_HAS: _("No role has this right on the table.", "没有任何角色对此业务对象具有该权限。"),
        why.NO_ROLE: _(
            "None of the roles held has it; those that do: {roles}.", "所持角色均无此权限；具有此权限的角色：{roles}。"
        ).fill(roles=roles),
        why.ELSEWHERE: _(
            "The record lies outside of {by}. A grant that reaches its place is missing.",
            "记录不在“{by}”范围内，缺少覆盖其所属位置的授权。",
        ).fill(by=by or outside),
        why.ANOTHERS: _("It is another person's own.", "这是他人的个人数据。"),
        why.PREPARED: _("It is not published; only those who write it see it before.", "尚未发布，仅编辑人员可见。"),
        why.STATE: _(
            "{by} has the right, but the step does not begin in the present state.",
            "“{by}”有此权限，但当前状态下不能执行该操作。",
        ).fill(by=by or outside),
        why.SETTING: _(
            "{by} has the right, but the flow settings of the place leave the step to other roles.",
            "“{by}”有此权限，但该处的流程设置将此操作留给其他角色。",
        ).fill(by=by or outside),
    }[one.why]


def _right(cls: type[Table], right: str) -> Words:
    move = cls.flow.transition(right) if cls.flow is not None else None
    return move.label if move is not None else RIGHT_WORDS[right]


def _shown(held: Iterable[Held]) -> set[int]:
    """The keys of those grants that the reader may see."""
    keys = [each.grant_id for each in held]
    return set(database().scalars(select(Grant.id).where(Grant.id.in_(keys))))


def _places(held: Iterable[Held], shown: set[int]) -> Words | None:
    named = [
        _("{role} at {place}", "{place}的{role}").fill(role=ROLES[each.role].words, place=place_name(each.path))
        for each in held
        if each.grant_id in shown
    ]
    return joined(named)


def explain_url(person: UserProfile) -> str:
    """Returns the address of the page for a person, with the record still to be said."""
    return f"/why/?user={person.id}"
