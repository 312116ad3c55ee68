"""Parts of homes and grounds (部位): where a problem is."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Screen, _, choice, ref, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter, check_tree

DEEPEST = 3
"""Levels of the tree: room, and finer where needed."""


class PartKind(Options):
    """Inside a home, or what all share."""

    INDOOR = "indoor", _("Inside the home", "户内")
    PUBLIC = "public", _("Shared", "公共")


class Part(Parameter):
    """A place inside a home or on the grounds."""

    screen = Screen(
        label=_("Part", "部位"),
        plural=_("Parts", "部位"),
        icon="layout-board",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("code", "name", "kind", "parent.name", "node", "enabled"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(section(_("Part", "部位"), "parent_id", "code", "name", "kind", "sort"), IN_FORCE),
        children=(("part", "parent_id"),),
    )

    parent_id: Mapped[int | None] = ref("part", _("Part above", "上级部位"))
    name: Mapped[str] = text(_("Name", "名称"), 60)
    kind: Mapped[str] = choice(_("Kind", "范围"), PartKind, default=PartKind.INDOOR)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """No cycle and not too deep."""
        yield from super().faults(session, actor)
        yield from check_tree(session, self, DEEPEST)
