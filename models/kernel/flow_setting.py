"""Settings of flows by place (S08): who of those that may press it, what must be filled further, how long a state may last,
below which amount nobody is asked. Versioned: what has begun to hold is never changed, a new version is published."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.columns import choice, day, integer, money, prose, text
from models.kernel.options import Declared, Options
from models.kernel.owned import by_node
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, tables
from models.kernel.roles import ADMINS, ROLES, Rights
from models.kernel.screen import Screen, section
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _

NONE = "-"
"""Written where a lower place asks for nothing that a higher one asks for."""

STATE, LEVEL = "state:", "level:"
HOURS, WORKING_DAYS, WORKING_HOURS = "hours", "working_days", "working_hours"


class FlowName(Declared):
    """The tables that have a flow; none is named here."""

    @classmethod
    def named(cls) -> dict[str, Words]:
        """Returns the tables with their labels."""
        return {name: each.screen.label for name, each in tables().items() if each.flow is not None}


class LimitUnit(Options):
    """What a time limit is counted in."""

    HOURS = HOURS, _("Hours", "小时")
    WORKING_DAYS = WORKING_DAYS, _("Working days", "工作日")
    WORKING_HOURS = WORKING_HOURS, _("Working hours", "工作小时")


class FlowSetting(Table):
    """One version of the settings of one step of a flow at a place and below it; the nearest place wins, field by field."""

    area_name = "system"
    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Flow setting", "流程设置"),
        plural=_("Versions of flow settings", "流程设置版本"),
        icon="git-branch",
        key=(),
        title=("table_name", "subject"),
        listed=("table_name", "subject", "node", "from_day", "roles", "limit_amount", "limit_unit", "automatic_below"),
        searched=("subject",),
        sections=(
            section(_("Where and when", "适用范围"), "table_name", "subject", "node_id", "from_day"),
            section(
                _("Setting", "设置"),
                "roles",
                "required_columns",
                "limit_amount",
                "limit_unit",
                "automatic_below",
                "remark",
            ),
        ),
        rights=Rights(read=ADMINS, import_=()),
        noted=_(
            "What flows ask for at a place. Running records keep the version they began under.",
            "按单位设置流程要求；已在办理中的单据沿用其开始时的版本。",
        ),
        menu=False,
    )

    table_name: Mapped[str] = choice(_("Flow of", "所属流程"), FlowName)
    subject: Mapped[str] = text(
        _("Step", "环节"),
        60,
        hint=_("A transition, state:<state> or level:<level>.", "操作名称，或 state:状态、level:审批级别。"),
    )
    from_day: Mapped[date] = day(_("Takes effect on", "生效日期"))
    roles: Mapped[str | None] = text(
        _("Roles that may", "可操作角色"),
        400,
        hint=_("Of those the flow allows, separated by commas.", "仅限流程允许的角色，用逗号分隔。"),
    )
    required_columns: Mapped[str | None] = text(
        _("Further required fields", "额外必填字段"),
        400,
        hint=_("Separated by commas; - asks for none.", "用逗号分隔；填 - 表示不要求。"),
    )
    limit_amount: Mapped[int | None] = integer(_("Time limit", "办理时限"), hint=_("0 lifts it.", "填 0 表示不限。"))
    limit_unit: Mapped[str | None] = choice(_("Counted in", "时限单位"), LimitUnit)
    automatic_below: Mapped[Decimal | None] = money(
        _("By itself below", "低于此金额自动通过"), unit=_("yuan", "元"), hint=_("0 lifts it.", "填 0 表示不自动通过。")
    )
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def derive(self, session: Session, actor: Actor) -> None:
        """Lists are kept in one form; what is remembered of the settings in this session is read again."""
        session.info.pop("flow_settings", None)
        self.roles = ",".join(split(self.roles)) or None
        self.required_columns = ",".join(split(self.required_columns)) or None
        if self.limit_amount is not None and self.limit_unit is None:
            self.limit_unit = WORKING_DAYS

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A version takes effect today at the earliest and is not changed from then on; it asks for what there is."""
        now = today(clock_of(session))
        if self.id is not None:
            before = inspect(self).attrs.from_day.history.deleted or [self.from_day]
            if before[0] <= now:
                yield _published()
                return
        if self.from_day < now and not actor.system:
            yield Refusal(
                _("A version takes effect today at the earliest.", "新版本最早今天生效，不能早于今天。"), "from_day"
            )
        cls = tables().get(self.table_name)
        if cls is not None and cls.flow is not None:
            yield from self._fits(cls)

    def _fits(self, cls: type[Table]) -> Iterable[Refusal]:
        flow: Any = cls.flow
        known = subjects(cls)
        if self.subject not in known:
            yield Refusal(
                _("There is no step “{name}”; there are {known}.", "没有环节“{name}”，可用：{known}。").fill(
                    name=self.subject, known=", ".join(known)
                ),
                "subject",
            )
            return
        allowed = known[self.subject]
        foreign = [role for role in split(self.roles) if role not in allowed]
        if foreign:
            yield Refusal(
                _(
                    "The flow does not allow {roles} here; a setting may only narrow down. Allowed: {allowed}.",
                    "流程不允许{roles}执行此环节，设置只能缩小范围。可选：{allowed}。",
                ).fill(roles=said(foreign), allowed=said(allowed)),
                "roles",
            )
        transition = flow.transition(self.subject)
        for column in split(self.required_columns):
            if column != NONE and (
                transition is None or column not in infos(cls) or infos(cls)[column].system or transition.part
            ):
                yield Refusal(
                    _("Field “{name}” cannot be asked for here.", "此环节不能要求填写“{name}”。").fill(name=column),
                    "required_columns",
                )
        if self.limit_amount is not None:
            if not self.subject.startswith(STATE):
                yield Refusal(_("Only a state has a time limit.", "只有状态可以设置时限。"), "limit_amount")
            elif not 0 <= self.limit_amount <= 10_000:
                yield Refusal(_("A time limit is 0 to 10,000.", "时限应为 0 至 10000。"), "limit_amount")
        if self.automatic_below is not None:
            fits = self.subject.startswith(LEVEL) or (transition is not None and transition.part in ("", "approve"))
            if flow.amount is None or not fits or self.automatic_below < 0:
                yield Refusal(
                    _(
                        "Only a move or a level of a flow with an amount can go by itself below one.",
                        "只有带金额的流程中的操作或审批级别才能按金额自动通过。",
                    ),
                    "automatic_below",
                )

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """What has begun to hold stays: running records keep it."""
        session.info.pop("flow_settings", None)
        if self.from_day <= today(clock_of(session)):
            yield _published()


def _published() -> Refusal:
    return Refusal(
        _(
            "This version holds already, and running records keep it. Publish a new version instead.",
            "该版本已生效，办理中的单据仍在沿用，不能修改或删除，请发布新版本。",
        ),
        code="published",
        status=409,
    )


def split(written: str | None) -> list[str]:
    """Returns the names in a list separated by commas, each once, in their order."""
    parts = (written or "").replace("，", ",").replace("、", ",").split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def said(roles: Iterable[str]) -> Words:
    """Returns the names of roles in both languages."""
    words = [ROLES[role].words if role in ROLES else Words(role, role) for role in roles]
    return Words(", ".join(each.en for each in words), "、".join(each.zh for each in words))


def subjects(cls: type[Table]) -> dict[str, tuple[str, ...]]:
    """Returns what can be set in a flow -> the roles its declaration allows: moves, levels of its approval, states."""
    flow: Any = cls.flow
    found = {each.name: each.roles for each in flow.transitions}
    if flow.approval is not None:
        for part in ("approve", "reject", "send_back"):
            found[part] = ()  # who decides is said by the levels
        found.update({f"{LEVEL}{each.name}": each.roles for each in flow.approval.levels})
    found.update({f"{STATE}{each.value}": () for each in flow.states.options() if each.value not in flow.final})
    return found
