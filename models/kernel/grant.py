"""A grant: this person, this role, in this subtree, in this time. All rights in the console come from grants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor, Held
from models.kernel.clock import Clock, today, utc_now
from models.kernel.columns import choice as choice_column
from models.kernel.columns import day, ref, text
from models.kernel.keeper import keeps_a_group_admin
from models.kernel.node import Node
from models.kernel.notice import Event, tell
from models.kernel.options import Options
from models.kernel.owned import by_node
from models.kernel.refusal import Denied, Refusal
from models.kernel.roles import ADMINS, ROLES, Rights
from models.kernel.screen import Screen, section
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import _

_ROLE_OPTIONS: Any = [(name, (name, role.words)) for name, role in ROLES.items()]
RoleName: type[Options] = Options("RoleName", _ROLE_OPTIONS)  # type: ignore[assignment]  # enum's functional way


GIVEN = Event(
    "grant.given",
    _("A role was given to you", "获得授权"),
    _("You are now {role} in {place}", "您已获得“{place}”的“{role}”角色"),
    _(
        "{actor} gave you the role {role} in {place}, until {until}. It holds the next time you open a page.",
        "{actor}授予您“{place}”的“{role}”角色，有效期至{until}，打开下一个页面即生效。",
    ),
    fields={"role": _("Role", "角色"), "place": _("Place", "授权范围"), "until": _("Until", "失效日期")},
    samples={
        "role": ROLES["project_clerk"].words,
        "place": _("Lakeside Garden", "湖畔花园"),
        "until": _("further notice", "长期"),
    },
    always=True,
)


class Grant(Table):
    """A role given to a person at a node, holding in the subtree below it from one day until another (授权)."""

    area_name = "system"
    owned = by_node(label=_("Holds in", "授权范围"))
    screen = Screen(
        label=_("Grant", "授权"),
        plural=_("Grants", "授权管理"),
        icon="key",
        key=("profile_id", "role", "node_id"),
        title=("profile_id", "role"),
        listed=("profile", "role", "node", "from_day", "until_day"),
        searched=("role",),
        sections=(section(_("Grant", "授权"), "profile_id", "role", "node_id", "from_day", "until_day", "reason"),),
        rights=Rights(write=ADMINS, delete=ADMINS, import_=()),
    )

    profile_id: Mapped[int] = ref("user_profile", _("Person", "人员"))
    role: Mapped[str] = choice_column(_("Role", "角色"), RoleName)
    from_day: Mapped[date | None] = day(_("From", "生效日期"))
    until_day: Mapped[date | None] = day(
        _("Until", "失效日期"), hint=_("The last day it holds.", "授权有效的最后一天。")
    )
    reason: Mapped[str | None] = text(_("Reason", "授权原因"), 200)

    def derive(self, session: Session, actor: Actor) -> None:
        """Tells the person what they were given. Seeds, which act as the system, tell nobody."""
        if actor.system or inspect(self).persistent or self.role not in ROLES:
            return
        nodes: Any = Node.__table__.c
        people: Any = Grant.__mapper__.relationships["profile"].mapper.local_table
        place = session.scalar(select(nodes.name).where(nodes.id == self.node_id))
        person = session.scalar(select(people.c.user_id).where(people.c.id == self.profile_id))
        until = _("further notice", "长期") if self.until_day is None else self.until_day
        tell(session, actor, GIVEN, [person], None, {"role": ROLES[self.role].words, "place": place, "until": until})

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A person grants only what their own role there names as grantable, and never to themselves (design 4)."""
        if self.from_day and self.until_day and self.until_day < self.from_day:
            yield Refusal(_("The grant ends before it begins.", "失效日期早于生效日期。"), "until_day")
        yield from self._theirs_to_give(session, actor)
        last = keeps_a_group_admin(session, self)
        if last is not None:
            yield last

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A grant is taken away by those who could give it, and by nobody from themselves; the last of its kind by nobody."""
        yield from self._theirs_to_give(session, actor)
        last = keeps_a_group_admin(session, self)
        if last is not None:
            yield last

    def _theirs_to_give(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Judges the grant as it is to be, and as it is stored: changing one is taking it away and giving another."""
        if actor.system:
            return
        stands = [(self.profile_id, self.role, self.node_id)]
        if self.id is not None:
            bare: Any = Grant.__table__.c
            stored = session.execute(select(bare.profile_id, bare.role, bare.node_id).where(bare.id == self.id)).first()
            stands = [*stands, *([tuple(stored)] if stored is not None and tuple(stored) != stands[0] else [])]
        people: Any = Grant.__mapper__.relationships["profile"].mapper.local_table
        for profile_id, role, node_id in stands:
            path = session.scalar(select(Node.__table__.c.path).where(Node.__table__.c.id == node_id)) or "/"
            if role not in grantable(actor, path):
                yield Denied(
                    _(
                        "You may not grant the role “{role}” here.",
                        "您无权在此授予“{role}”角色。",
                    ).fill(role=ROLES[role].words if role in ROLES else str(role)),
                    "role",
                )
            whose = session.scalar(select(people.c.user_id).where(people.c.id == profile_id))
            if whose is not None and whose == actor.user_id:
                yield Denied(
                    _(
                        "Nobody changes their own grants. Ask another administrator.",
                        "不能修改自己的授权，请联系其他管理员。",
                    ),
                    "profile_id",
                )


def grantable(actor: Actor, path: str) -> set[str]:
    """Returns the roles that an actor may grant at a place: those that a role of theirs, held there or above, names."""
    return {name for held in actor.grants if path.startswith(held.path) for name in ROLES[held.role].may_grant}


def held_by(session: Session, user_id: int, clock: Clock = utc_now) -> tuple[Held, ...]:
    """Returns the grants an account holds on this day, read past the gate: they are what the gate is made from."""
    now = today(clock)
    grants, nodes = Grant.__table__, Node.__table__
    profiles = Grant.__mapper__.relationships["profile"].mapper.local_table
    acts_for = sorted({role.party for role in ROLES.values() if role.party})
    rows: Any = session.execute(
        select(grants.c.id, grants.c.role, nodes.c.id, nodes.c.path, *(profiles.c[column] for column in acts_for))
        .join(profiles, profiles.c.id == grants.c.profile_id)
        .join(nodes, nodes.c.id == grants.c.node_id)
        .where(
            profiles.c.user_id == user_id,
            profiles.c.deleted_at.is_(None),
            grants.c.deleted_at.is_(None),
            nodes.c.deleted_at.is_(None),
            or_(grants.c.from_day.is_(None), grants.c.from_day <= now),
            or_(grants.c.until_day.is_(None), grants.c.until_day >= now),
        )
    )
    return tuple(
        Held(row[0], row.role, row[2], row.path, row._mapping[ROLES[row.role].party] if ROLES[row.role].party else None)
        for row in rows
        if row.role in ROLES
    )


def roles_held(session: Session, nodes: Iterable[int], on: date) -> dict[int, set[str]]:
    """Returns node -> the roles somebody holds at that very place on a day: whether, not who; so past the gate."""
    grants = Grant.__table__.c
    found: dict[int, set[str]] = {}
    for node, role in session.execute(
        select(grants.node_id, grants.role)
        .where(
            grants.node_id.in_(list(nodes)),
            grants.deleted_at.is_(None),
            or_(grants.from_day.is_(None), grants.from_day <= on),
            or_(grants.until_day.is_(None), grants.until_day >= on),
        )
        .distinct()
    ):
        found.setdefault(node, set()).add(role)
    return found


def accounts_with(session: Session, roles: Iterable[str], nodes: Iterable[int], on: date) -> list[int]:
    """Returns the accounts that hold one of some roles at any of some places on a day, each once: whom the clock tells."""
    grants = Grant.__table__.c
    people = Grant.__mapper__.relationships["profile"].mapper.local_table
    found = session.execute(
        select(people.c.user_id)
        .join(Grant.__table__, grants.profile_id == people.c.id)
        .where(
            people.c.user_id.is_not(None),
            people.c.deleted_at.is_(None),
            grants.role.in_(list(roles)),
            grants.node_id.in_(list(nodes)),
            grants.deleted_at.is_(None),
            or_(grants.from_day.is_(None), grants.from_day <= on),
            or_(grants.until_day.is_(None), grants.until_day >= on),
        )
        .order_by(people.c.id)
    )
    return list(dict.fromkeys(found.scalars()))


def require_command_over(session: Session, actor: Actor, profile: Any) -> None:
    """Refuses to let somebody act as, or change, a person who holds more than they may grant.

    Who sets a password can sign in with it. An administrator of a region therefore sets none of the group's
    administrators, whose profiles may well lie in that region. Grants that hold from a later day count as well.

    Raises:
        Denied: one of the person's grants is not for the actor to grant there.
    """
    if actor.system:
        return
    grants, nodes = Grant.__table__.c, Node.__table__.c
    statement = (
        select(grants.role, nodes.path)
        .join(Node.__table__, nodes.id == grants.node_id)
        .where(
            grants.profile_id == profile.id,
            grants.deleted_at.is_(None),
            or_(grants.until_day.is_(None), grants.until_day >= today(clock_of(session))),
        )
    )
    for role, path in session.execute(statement):
        if role not in grantable(actor, path):
            raise Denied(
                _(
                    "“{name}” holds a role that you may not grant. Ask an administrator who may.",
                    "“{name}”持有您无权授予的角色，请联系上级管理员设置密码。",
                ).fill(name=profile.name)
            )
