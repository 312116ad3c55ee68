"""The steps and papers of a plan, as the company had them when it was released (R02: system equals form)."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.handover import PLANNERS
from models.kernel import Rights, Screen, Table, _, choice, flag, integer, ref, section, text, through
from models.parameter.step_defs import DocumentDirection


class HandoverPlanStep(Table):
    """A step that was in force when the plan was released; later changes of the options do not touch it."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Step of the plan", "计划办理进程"),
        plural=_("Steps of the plan", "计划办理进程"),
        icon="list-check",
        key=("plan_id", "code"),
        title=("name",),
        listed=("plan.title", "sort", "name", "required"),
        order=("sort", "id"),
        sections=(section(_("Step", "入伙进程"), "plan_id", "code", "name", "required", "sort"),),
        rights=Rights(write=PLANNERS, import_=()),
        menu=False,
    )

    plan_id: Mapped[int] = ref("handover_plan", _("Plan", "入伙计划"))
    code: Mapped[str] = text(_("Code", "编码"), 40)
    name: Mapped[str] = text(_("Step", "进程名称"), 60)
    required: Mapped[bool] = flag(_("Required", "必办"), default=True)
    sort: Mapped[int] = integer(_("Order", "排序"), default=0)


class HandoverPlanDoc(Table):
    """A document that was in force when the plan was released."""

    owned = through("plan_id")
    screen = Screen(
        label=_("Document of the plan", "计划入伙资料"),
        plural=_("Documents of the plan", "计划入伙资料"),
        icon="files",
        key=("plan_id", "code"),
        title=("name",),
        listed=("plan.title", "sort", "name", "direction", "required", "copies"),
        order=("sort", "id"),
        sections=(
            section(_("Document", "入伙资料"), "plan_id", "code", "name", "direction", "required", "copies", "sort"),
        ),
        rights=Rights(write=PLANNERS, import_=()),
        menu=False,
    )

    plan_id: Mapped[int] = ref("handover_plan", _("Plan", "入伙计划"))
    code: Mapped[str] = text(_("Code", "编码"), 40)
    name: Mapped[str] = text(_("Document", "资料名称"), 80)
    direction: Mapped[str] = choice(_("Direction", "交接方向"), DocumentDirection)
    required: Mapped[bool] = flag(_("Required", "必交"), default=True)
    copies: Mapped[int] = integer(_("Copies", "份数"), default=1)
    sort: Mapped[int] = integer(_("Order", "排序"), default=0)
