"""The matrix of roles: what each may do with which table, and whom each may make what; read from the declarations."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Response, request
from flask_appbuilder import BaseView, expose

from models.kernel.grant import Grant
from models.kernel.refusal import Missing
from models.kernel.registry import area_of, areas, rights_of, tables
from models.kernel.roles import READ, RIGHT_WORDS, ROLES
from models.kernel.table import Table
from models.kernel.words import Words, _, joined
from views.kernel.access import needs
from views.kernel.request import language, say
from views.kernel.shell import Extra, menu_page
from views.pages.facts import cell, grid, page_of
from views.pages.fields import PlainField

TITLE = _("Role matrix", "角色权限表")

menu_page(Extra("system", TITLE, "table", "/roles/", "grant"))

SHORT = {
    "read": _("R", "查"),
    "write": _("W", "改"),
    "delete": _("D", "删"),
    "export": _("E", "导出"),
    "import": _("I", "导入"),
    "reveal": _("V", "全号"),
    "match": _("M", "匹配"),
    "purge": _("P", "清除"),
}


class RolesView(BaseView):  # type: ignore[misc]
    """`/roles/` and `/roles/export.csv`: for those who grant roles. No row of a table stands in it."""

    route_base = "/roles"
    default_view = "show"
    table = Grant

    @expose("/", methods=["GET"])
    @needs(READ)
    def show(self) -> Any:
        """Tables by roles, of one area or all."""
        chosen = request.args.get("area", "")
        if chosen and chosen not in areas():
            raise Missing()
        field = PlainField(
            "area",
            _("Area", "业务模块"),
            chosen,
            "choice",
            choices=(("", _("All areas", "全部模块")), *((each.name, each.label) for each in areas().values())),
        )
        legend = [_("{short} {right}", "{short}={right}").fill(short=SHORT[r], right=w) for r, w in RIGHT_WORDS.items()]
        rows = [
            [cell(cls.screen.label, small=name), *(cell(_brief(cls, role)) for role in ROLES)]
            for name, cls in _of(chosen)
        ]
        gives = [
            [cell(role.words, small=role.name), cell(joined([ROLES[each].words for each in role.may_grant]) or "—")]
            for role in ROLES.values()
        ]
        return page_of(
            TITLE,
            wide=True,
            crumbs=[{"label": Grant.screen.name, "url": "/grant/list/"}, {"label": TITLE, "url": None}],
            actions=[{"label": _("Export", "导出"), "url": "/roles/export.csv", "icon": "download"}],
            ask={"url": "/roles/", "button": _("Show", "查看"), "fields": [field]},
            lead=[{"text": joined(legend), "warn": False}],
            grids=[
                grid(
                    _("What each role may do", "各角色的权限"),
                    [_("Table", "业务对象"), *(role.words for role in ROLES.values())],
                    rows,
                    _("There is no table here.", "没有业务对象。"),
                    _("A right holds in the subtree a role was granted in.", "权限在授权范围及其下级内有效。"),
                ),
                grid(
                    _("Whom each role may make what", "各角色可授予的角色"),
                    [_("Role", "角色"), _("May grant, in its own subtree", "可在其授权范围内授予")],
                    gives,
                    _("There is no role.", "没有角色。"),
                ),
            ],
        )

    @expose("/export.csv", methods=["GET"])
    @needs(READ)
    def export(self) -> Any:
        """A line for each table, right and role, to be reviewed and compared with that of another day."""
        out = io.StringIO()
        lines = csv.writer(out)
        lines.writerow(
            [
                say(each)
                for each in (
                    _("Area", "业务模块"),
                    _("Table", "业务对象"),
                    _("Right", "权限"),
                    *(r.words for r in ROLES.values()),
                )
            ]
        )
        for name, cls in _of(""):
            for right, words in rights(cls):
                holders = rights_of(cls).roles(right)
                marks = ["Y" if role in holders else "" for role in ROLES]
                lines.writerow([say(area_of(cls).label), f"{say(cls.screen.label)} ({name})", say(words), *marks])
        answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f"attachment; filename=roles-{language()}.csv"
        return answer


def rights(cls: type[Table]) -> Iterator[tuple[str, Words]]:
    """Yields the rights of a table with their words: the usual ones, then each transition of its flow."""
    yield from RIGHT_WORDS.items()
    if cls.flow is not None:
        yield from ((each.name, each.label) for each in cls.flow.transitions)


def _of(area: str) -> list[tuple[str, type[Table]]]:
    return [(name, cls) for name, cls in tables().items() if not area or area_of(cls).name == area]


def _brief(cls: type[Table], role: str) -> Words | str:
    held = [each for each in rights(cls) if role in rights_of(cls).roles(each[0])]
    usual = [SHORT[right] for right, _words in held if right in SHORT]
    moves = [words for right, words in held if right not in SHORT]
    if not held:
        return "—"
    short = Words(" ".join(one.en for one in usual), " ".join(one.zh for one in usual))
    return short if not moves else _("{short} · {moves}", "{short} · {moves}").fill(short=short, moves=joined(moves))
