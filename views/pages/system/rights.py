"""Grants as S19 knows them: a person's projects (all of a place, or these only), super user, and a project's members."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask_appbuilder import BaseView, expose
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from models.kernel.clock import today
from models.kernel.grant import Grant
from models.kernel.node import steps
from models.kernel.refusal import Missing
from models.kernel.registry import table
from models.kernel.roles import READ, ROLES, TOP, WRITE
from models.kernel.scope import may
from models.kernel.session import clock_of
from models.kernel.words import Words, _, joined
from models.system.user_profile import AccountState, UserProfile
from views.kernel.access import needs
from views.kernel.cells import called
from views.kernel.formats import day
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor
from views.kernel.request import session as database
from views.kernel.shell import crumbs, tree_nodes
from views.pages.facts import cell, grid, page_of, place_name, whole
from views.pages.system.why import explain_url

PLACES = ("group", "region", "company", "department", "project")
MOST = 300
"""Projects that are named one by one; of more, the grants above say which."""

RIGHTS_OF = _("Rights and projects", "权限与项目")
MEMBERS = _("Members", "成员")

RECORD_ACTIONS.setdefault("user_profile", []).insert(
    0, {"label": RIGHTS_OF, "url": "/user_profile/{pk}/rights", "icon": "key", "of": "grant", "right": READ}
)
for _kind in PLACES:
    RECORD_ACTIONS.setdefault(_kind, []).append(
        {"label": MEMBERS, "url": f"/members/{_kind}/{{pk}}", "icon": "users", "of": "grant", "right": READ}
    )

_WHEN = [_("From", "生效日期"), _("Until", "失效日期"), _("State", "状态")]


class RightsView(BaseView):  # type: ignore[misc]
    """`/user_profile/<pk>/rights` and `/members/<kind>/<pk>`: for those who see the grants, and as far as they see them."""

    route_base = ""
    default_view = "of_person"
    table = Grant

    @expose("/user_profile/<pk>/rights", methods=["GET"])
    @needs(READ)
    def of_person(self, pk: str) -> Any:
        """What somebody was granted, and the projects that follow from it."""
        own = database()
        person = own.execute(select(UserProfile).where(UserProfile.id == whole(pk))).scalar_one_or_none()
        if person is None:
            raise Missing()
        nodes = {node.id: node for node in tree_nodes()}
        grants = list(own.scalars(select(Grant).where(Grant.profile_id == person.id).order_by(Grant.node_id, Grant.id)))
        given, reached = [], defaultdict(list)
        for one in grants:
            node = nodes.get(one.node_id)
            if node is None:
                continue
            below = [each for each in nodes.values() if each.kind == "project" and each.path.startswith(node.path)]
            state, holds = _state(own, one)
            if holds:
                for project in below:
                    reached[project.id].append((one, node))
            given.append(
                [
                    cell(_role(one.role), url=f"/grant/show/{one.id}"),
                    cell(place_name(node.path)),
                    cell(_reach(node, len(below))),
                    cell(day(one.from_day) or "—"),
                    cell(day(one.until_day) or _("open", "长期")),
                    state,
                ]
            )
        tops = {node.id for node in nodes.values() if node.path.count("/") == 2}
        holding = [one for one in grants if _state(own, one)[1]]
        sovereign = any(one.role == TOP and one.node_id in tops for one in holding)
        projects = [
            [
                cell(nodes[key].name, url=f"/members/project/{nodes[key].ref_id}"),
                cell(place_name(nodes[key].path)),
                cell(joined(dict.fromkeys(_role(one.role) for one, _node in ways))),
                cell(_through(node for _one, node in ways)),
            ]
            for key, ways in sorted(reached.items(), key=lambda each: nodes[each[0]].path)[:MOST]
        ]
        actions = [_give(f"profile_id={person.id}&_back=/user_profile/{person.id}/rights")]
        administers = select(UserProfile.id).where(UserProfile.id == person.id).execution_options(right=WRITE)
        if own.execute(administers).first() is not None:
            actions.append(
                {"label": _("Explain a right", "权限诊断"), "url": explain_url(person), "icon": "help-circle"}
            )
        title = _("Rights of {name}", "{name}的权限").fill(name=called(person))
        return page_of(
            title,
            crumbs=[
                {"label": UserProfile.screen.name, "url": "/user_profile/list/"},
                {"label": called(person), "url": f"/user_profile/show/{person.id}"},
                {"label": RIGHTS_OF, "url": None},
            ],
            actions=actions if may(actor(), Grant, WRITE) else [],
            facts=[
                {"label": _("Super user", "是否超级用户"), "cell": _yes(sovereign)},
                {"label": _("All projects", "是否允许访问所有项目"), "cell": cell(_everything(nodes, holding, tops))},
                {"label": _("May sign in", "是否可登录"), "cell": _yes(person.state == AccountState.ACTIVE)},
            ],
            lead=[
                {
                    "text": _("Only what lies in your part of the tree is shown.", "仅显示您权限范围内的授权。"),
                    "warn": False,
                }
            ],
            grids=[
                grid(
                    _("What was granted", "授权"),
                    [_("Role", "角色"), _("Where", "授权范围"), _("Projects", "项目"), *_WHEN],
                    given,
                    _("Nothing was granted to this person here.", "该人员在此没有任何授权。"),
                ),
                grid(
                    _("The projects that follow", "可访问的项目"),
                    [_("Project", "项目"), _("Where", "所在位置"), _("As", "角色"), _("Through", "来源")],
                    projects,
                    _("No project follows from what holds today.", "当前有效的授权未涵盖任何项目。"),
                    _("The first {n} are named.", "仅列出前 {n} 个。").fill(n=MOST) if len(reached) > MOST else None,
                ),
            ],
        )

    @expose("/members/<kind>/<pk>", methods=["GET"])
    @needs(READ)
    def of_place(self, kind: str, pk: str) -> Any:
        """Who holds which role at a place, by a grant there or above."""
        own = database()
        if kind not in PLACES or not may(actor(), table(kind), READ):
            raise Missing()
        row = own.execute(select(table(kind)).where(table(kind).id == whole(pk))).scalar_one_or_none()
        node = (
            next((each for each in tree_nodes() if (each.kind, each.ref_id) == (kind, row.id)), None) if row else None
        )
        if row is None or node is None:
            raise Missing()
        nodes = {each.id: each for each in tree_nodes()}
        people: Any = Grant.__mapper__.relationships["profile"].class_attribute
        here = select(Grant).where(Grant.node_id.in_(steps(node.path))).order_by(Grant.role, Grant.id)
        found = own.scalars(here.options(selectinload(people)))
        rows = []
        for one in found:
            person: Any = one.profile  # type: ignore[attr-defined]  # declared by the ref
            if person is None or person.deleted_at is not None:
                continue
            at = nodes[one.node_id]
            signs = person.state == AccountState.ACTIVE
            rows.append(
                [
                    cell(called(person), url=f"/user_profile/{person.id}/rights", small=person.login),
                    cell(_role(one.role), url=f"/grant/show/{one.id}"),
                    cell(
                        _("This place only", "仅此单位")
                        if at.id == node.id
                        else _("All of {place}", "{place}全部").fill(place=at.name)
                    ),
                    cell(day(one.from_day) or "—"),
                    cell(day(one.until_day) or _("open", "长期")),
                    _state(own, one)[0] if signs else cell(_("Disabled", "已停用"), tone="red"),
                ]
            )
        title = _("Members of {name}", "{name}的成员").fill(name=called(row))
        actions = [_give(f"node_id={node.id}&_back=/members/{kind}/{row.id}")]
        return page_of(
            title,
            crumbs=[*crumbs(kind, row.id), {"label": MEMBERS, "url": None}],
            actions=actions if may(actor(), Grant, WRITE) else [],
            lead=[
                {
                    "text": _(
                        "Roles held here and at the places above, as far as your own part of the tree reaches.",
                        "包含在此处及上级单位授予的角色，仅限您的权限范围内。",
                    ),
                    "warn": False,
                }
            ],
            grids=[
                grid(
                    MEMBERS,
                    [_("Person", "人员"), _("Role", "角色"), _("Holds in", "范围"), *_WHEN],
                    rows,
                    _("Nobody holds a role here.", "此处还没有成员。"),
                )
            ],
        )


def _state(own: Any, one: Grant) -> tuple[dict[str, Any], bool]:
    """Returns the state of a grant as a cell, and whether it holds today."""
    now = today(clock_of(own))
    if one.until_day and one.until_day < now:
        return cell(_("Ended", "已失效"), tone="grey"), False
    if one.from_day and one.from_day > now:
        return cell(_("Not yet", "未生效"), tone="amber"), False
    return cell(_("In force", "生效中"), tone="green"), True


def _give(prefilled: str) -> dict[str, Any]:
    """The button that leads to the form of a grant, with what is known of it."""
    return {"label": _("Grant", "新增授权"), "url": f"/grant/add?{prefilled}", "icon": "plus"}


def _role(name: str) -> Words:
    return ROLES[name].words if name in ROLES else Words(name, name)


def _reach(node: Any, count: int) -> Words:
    if node.kind == "project":
        return _("this project only", "仅此项目")
    return _("all projects of {place} ({n})", "{place}全部项目（{n} 个）").fill(place=node.name, n=count)


def _everything(nodes: dict[int, Any], holding: list[Grant], tops: set[int]) -> Words:
    """All projects, all projects of some places, or chosen ones (S19: 是否允许访问所有项目)."""
    at = [nodes[one.node_id] for one in holding if one.node_id in nodes]
    if any(node.id in tops for node in at):
        return _("yes, of the whole group", "是，集团全部项目")
    wide = dict.fromkeys(node.name for node in at if node.kind not in ("project", "department"))
    if wide:
        return _("all projects of {places}", "是，{places}的全部项目").fill(places="、".join(wide))
    return _("chosen projects only", "否，仅指定项目") if at else _("none", "无")


def _through(at: Any) -> Words | None:
    found = [
        _("this project", "指定项目") if node.kind == "project" else _("all of {p}", "{p}全部").fill(p=node.name)
        for node in at
    ]
    return joined({one.said("en"): one for one in found}.values())


def _yes(held: bool) -> dict[str, Any]:
    return cell(_("yes", "是"), tone="green") if held else cell(_("no", "否"), tone="grey")
