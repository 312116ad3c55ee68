"""What a handover and a title go through: steps and documents of a company (S02 入伙), title steps of the group."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Mapped, Session

from models.kernel import Options, Refusal, Rights, Screen, _, choice, flag, integer, section, text
from models.kernel.actor import Actor
from models.kernel.parameter import IN_FORCE, Parameter


class HandoverStepDef(Parameter):
    """A step of the handover day (入伙进程选项)."""

    screen = Screen(
        label=_("Handover step", "入伙进程选项"),
        plural=_("Handover steps", "入伙进程选项"),
        icon="list-check",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("sort", "code", "name", "required", "node", "enabled", "overridable"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(section(_("Step", "入伙进程"), "code", "name", "required", "remark", "sort"), IN_FORCE),
    )

    name: Mapped[str] = text(_("Step", "进程名称"), 60)
    required: Mapped[bool] = flag(_("Required", "必办"), default=True)
    remark: Mapped[str | None] = text(_("Remarks", "说明"), 200)


class DocumentDirection(Options):
    """Who hands the paper to whom."""

    FROM_CUSTOMER = "from_customer", _("Customer brings", "客户交")
    TO_CUSTOMER = "to_customer", _("Given to the customer", "交客户")


class HandoverDocDef(Parameter):
    """A document of the handover (入伙资料选项)."""

    screen = Screen(
        label=_("Handover document", "入伙资料选项"),
        plural=_("Handover documents", "入伙资料选项"),
        icon="files",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("sort", "code", "name", "direction", "required", "copies", "node", "enabled", "overridable"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(
            section(_("Document", "入伙资料"), "code", "name", "direction", "required", "copies", "remark", "sort"),
            IN_FORCE,
        ),
    )

    name: Mapped[str] = text(_("Document", "资料名称"), 80)
    direction: Mapped[str] = choice(_("Direction", "交接方向"), DocumentDirection)
    required: Mapped[bool] = flag(_("Required", "必交"), default=True)
    copies: Mapped[int] = integer(_("Copies", "份数"), default=1)
    remark: Mapped[str | None] = text(_("Remarks", "说明"), 200)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """At least one copy."""
        yield from super().faults(session, actor)
        if self.copies < 1:
            yield Refusal(_("At least one copy.", "至少一份。"), "copies")


class TitleStepDef(Parameter):
    """A step on the way to the title (产权服务进程选项); the group alone sets them (S02 ch. 6)."""

    screen = Screen(
        label=_("Title step", "产权进程选项"),
        plural=_("Title steps", "产权进程选项"),
        icon="certificate-2",
        key=("from_day", "node_id", "code"),
        title=("name",),
        listed=("sort", "code", "name", "limit_days", "node", "enabled", "overridable"),
        searched=("name", "code"),
        order=("sort", "code", "id"),
        sections=(section(_("Step", "产权进程"), "code", "name", "limit_days", "remark", "sort"), IN_FORCE),
        rights=Rights(write=("group_admin",), delete=("group_admin",), import_=("group_admin",)),
    )

    name: Mapped[str] = text(_("Step", "进程名称"), 60)
    limit_days: Mapped[int | None] = integer(
        _("Within", "时限"), unit=_("days of the step before", "天（自上一进程起）")
    )
    remark: Mapped[str | None] = text(_("Remarks", "说明"), 200)
