"""The settings of flows by place (流程设置): what holds at any place, where it comes from, and publishing a version."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import jsonify, render_template, request
from flask_appbuilder import BaseView, expose

from models.kernel.clock import today
from models.kernel.flow_rules import Effective, Version, effective
from models.kernel.flow_setting import LEVEL, NONE, STATE, FlowSetting, LimitUnit, said, subjects
from models.kernel.registry import infos, table, tables
from models.kernel.roles import READ, WRITE
from models.kernel.scope import reach
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _, joined
from views.kernel.access import needs
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import Extra, menu_page, shell
from views.pages.fields import PlainField
from views.pages.org.chosen import chosen_node

TITLE = _("Flow settings", "流程设置")
menu_page(Extra("system", TITLE, "git-branch", "/flows/", "flow_setting"))


def subject_words(cls: type[Table], subject: str) -> Words | str:
    """Returns what a step is called: a move, a state or a level."""
    flow: Any = cls.flow
    if subject.startswith(STATE):
        return _("State: {state}", "状态：{state}").fill(state=flow.words(subject.removeprefix(STATE)))
    if subject.startswith(LEVEL) and flow.approval is not None:
        level = flow.approval.level(subject.removeprefix(LEVEL))
        return _("Level: {level}", "审批级别：{level}").fill(level=level.label if level else subject)
    transition = flow.transition(subject)
    return transition.label if transition is not None else subject


def limit_words(limit: tuple[int, str] | None) -> Words | None:
    """Returns a time limit in words."""
    unit = LimitUnit.member(limit[1]) if limit is not None else None
    return Words("{n} {unit}", "{n} {unit}").fill(n=limit[0], unit=unit.words) if limit and unit else None


class FlowSettingsView(BaseView):
    """Administrators see and publish what flows ask for in their own part of the tree."""

    route_base = "/flows"
    default_view = "show"
    table = table("flow_setting")

    @expose("/", methods=["GET"])
    @needs(READ)
    def show(self) -> Any:
        """What holds at a place for each step of a flow, with where it comes from and what the flow itself says."""
        own = database()
        flows = {name: cls for name, cls in tables().items() if cls.flow is not None}
        name = request.args.get("flow", "")
        cls = flows.get(name) or next(iter(flows.values()), None)
        node = chosen_node(own)
        fields = [
            PlainField(
                "flow",
                _("Flow of", "所属流程"),
                cls.__tablename__ if cls is not None else "",
                "choice",
                choices=tuple((key, each.screen.label) for key, each in flows.items()),
            ),
            PlainField(
                "node",
                _("Place", "单位"),
                str(node.id) if node is not None else "",
                "ref",
                lookup_url="/node/lookup",
                chosen_text=node.name if node is not None else None,
            ),
        ]
        page = {
            "title": TITLE,
            "fields": fields,
            "sections": [{"fields": fields}],
            "rows": self._rows(cls, node) if cls is not None and node is not None else [],
            "none": cls is None,
            "versions_url": f"/flow_setting/list/?_flt_0_table_name={cls.__tablename__}" if cls is not None else None,
        }
        return render_template("doorbook/flow_settings.html", shell=shell(TITLE), page=page)

    @expose("/effective.json", methods=["GET"])
    @needs(READ)
    def as_json(self) -> Any:
        """The same for machines: per step, each field with its value and the version it comes from."""
        own, node = database(), chosen_node(database())
        cls = tables().get(request.args.get("flow", ""))
        found: dict[str, Any] = {}
        if cls is not None and cls.flow is not None and node is not None:
            for subject in subjects(cls):
                held = effective(own, cls, subject, node.path, clock_of(own)())
                found[subject] = {
                    "roles": list(held.roles),
                    "required": list(held.required),
                    "limit": list(held.limit) if held.limit else None,
                    "below": str(held.below) if held.below is not None else None,
                    "source": {key: {"version": v.id, "place": v.place} for key, v in held.source.items()},
                }
        return jsonify({"flow": request.args.get("flow"), "node": node.id if node else None, "result": found})

    def _rows(self, cls: type[Table], node: Any) -> list[dict[str, Any]]:
        own = database()
        may_write = reach(own, actor(), FlowSetting, WRITE)
        writes = may_write.everything or node.id in may_write.nodes
        rows = []
        for subject, allowed in subjects(cls).items():
            held = effective(own, cls, subject, node.path, clock_of(own)())
            rows.append(
                {
                    "label": subject_words(cls, subject),
                    "values": _values(cls, subject, held, allowed),
                    "url": self._publish_url(cls, subject, held, node) if writes else None,
                }
            )
        return rows

    def _publish_url(self, cls: type[Table], subject: str, held: Effective, node: Any) -> str:
        own = {key: v for key, v in held.source.items() if v.node_id == node.id}
        values = {
            "table_name": cls.__tablename__,
            "subject": subject,
            "node_id": node.id,
            "from_day": today(clock_of(database())).isoformat(),
            "roles": ",".join(held.roles) if "roles" in own else "",
            "required_columns": (",".join(held.required) or NONE) if "required" in own else "",
            "limit_amount": (held.limit[0] if held.limit else 0) if "limit" in own else "",
            "limit_unit": held.limit[1] if held.limit and "limit" in own else "",
            "automatic_below": (held.below or 0) if "below" in own else "",
            "_back": f"/flows/?flow={cls.__tablename__}&node={node.id}",
        }
        return "/flow_setting/add?" + urlencode({key: value for key, value in values.items() if value != ""})


def _values(cls: type[Table], subject: str, held: Effective, allowed: tuple[str, ...]) -> list[dict[str, Any]]:
    """The fields that fit a step: what holds, where it comes from, and what the flow itself says where that differs."""
    flow: Any = cls.flow
    transition = flow.transition(subject)
    found: list[dict[str, Any]] = []

    def add(key: str, label: Words, value: Any, default: Any) -> None:
        source: Version | None = held.source.get(key)
        found.append(
            {
                "label": label,
                "value": value or _("—", "—"),
                "source": source.place if source is not None else _("Default", "默认"),
                "own": source is not None,
                "default": default if source is not None and str(say(default)) != str(say(value)) else None,
            }
        )

    if allowed:
        add("roles", _("Roles", "可操作角色"), said(held.roles), said(allowed))
    if transition is not None and not transition.part:
        own = [infos(cls)[name].label for name in transition.required]
        more = [infos(cls)[name].label for name in held.required if name in infos(cls)]
        add("required", _("Must be filled", "必填字段"), joined([*own, *more]), joined(own))
    if subject.startswith(STATE):
        add("limit", _("Time limit", "办理时限"), limit_words(held.limit), _("none", "不限"))
    if flow.amount is not None and (
        subject.startswith(LEVEL) or (transition is not None and transition.part in ("", "approve"))
    ):
        below = _("under {amount} yuan", "低于 {amount} 元").fill(amount=f"{held.below:,.2f}") if held.below else None
        add("below", _("By itself", "自动通过"), below, _("never", "不自动通过"))
    return found
