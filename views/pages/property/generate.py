"""Generation of rooms (房源生成): a pattern is typed, drawn, and written exactly as it was drawn."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import reach
from models.kernel.session import reading
from models.kernel.words import _
from models.property.generation import Pattern, grid
from models.property.project import Project
from models.property.rules import Prepared, generate, kept_pattern, layout_names, prepare, usual_pattern
from views.kernel.access import needs
from views.kernel.pages import LIST_ACTIONS, RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.resume import resumes, resuming
from views.kernel.shell import Extra, crumbs, menu_page, shell
from views.pages.fields import PlainField, put_errors
from views.pages.org.projects import choose_project
from views.pages.property.pattern_form import drawn, fields_of, tables_of, typed_of

TITLE = _("Room generation", "房源生成")
ICON = "building-plus"
ROOMS = table("room").screen.name


def may_generate(project_id: int) -> bool:
    """Returns whether the actor may write rooms in this project."""
    return reach(database(), actor(), table("room"), WRITE).holds("project", project_id)


menu_page(Extra("property", TITLE, ICON, "/generate/", "room", WRITE))
LIST_ACTIONS.setdefault("room", []).append({"label": TITLE, "url": "/generate/", "icon": ICON, "right": WRITE})
RECORD_ACTIONS.setdefault("project", []).insert(
    0,
    {
        "label": TITLE,
        "url": "/generate/{pk}",
        "icon": ICON,
        "right": READ,
        "when": lambda project: may_generate(project.id),
    },
)


class GenerateView(BaseView):  # type: ignore[misc]
    """The pages of the generator."""

    route_base = "/generate"
    default_view = "choose"
    table = table("room")

    @expose("/", methods=["GET"])
    @needs(WRITE)
    def choose(self) -> Any:
        """Asks for the project, where there is more than one to choose from."""
        question = _("Rooms are generated project by project. Which one?", "房源按项目逐一生成，请选择项目")
        return choose_project(TITLE, question, "/generate/", WRITE, [{"label": ROOMS, "url": "/room/list/"}])

    @expose("/<pk>", methods=["GET"])
    @needs(WRITE)
    def show(self, pk: str) -> Any:
        """The form, filled with the pattern the project was generated from, or with something to begin with."""
        project = self._project(pk)
        own = database()
        pattern = kept_pattern(own, project.id) or usual_pattern(own, project.id)
        return self._page(project, typed_of(pattern))

    @expose("/<pk>", methods=["POST"])
    @resumes
    @needs(WRITE)
    def send(self, pk: str) -> Any:
        """Draws what the pattern would make, or makes it."""
        project = self._project(pk)
        typed = {name: value[:2000] for name, value in request.form.items() if name != "csrf_token"}
        if resuming():
            return self._page(project, typed)
        try:
            pattern = Pattern.from_form(typed)
            if "_apply" in typed:
                return self._apply(project, pattern, typed)
            return self._preview(project, pattern, typed)
        except Refusal as refusal:
            if isinstance(refusal, Denied):
                raise
            return self._page(project, typed, refusal=refusal), refusal.status

    def _project(self, pk: str) -> Project:
        if not pk.isdecimal() or len(pk) > 18:
            raise Missing()
        found = database().execute(select(Project).where(Project.id == int(pk))).scalar_one_or_none()
        if found is None:
            raise Missing()
        if not may_generate(found.id):
            raise Denied()
        return found

    def _preview(
        self, project: Project, pattern: Pattern, typed: dict[str, str], refusal: Refusal | None = None
    ) -> Any:
        own, key = database(), project.id
        own.rollback()
        reading.set(True)  # drawing takes its time, and holds nobody up meanwhile
        page = self._page(self._project(str(key)), typed, prepared=prepare(own, key, pattern), refusal=refusal)
        return page if refusal is None else (page, refusal.status)

    def _apply(self, project: Project, pattern: Pattern, typed: dict[str, str]) -> Any:
        own = database()
        if typed.get("_pattern") != _print(pattern):
            note = _(
                "The pattern was changed after the preview. This is what it makes now; nothing was written yet.",
                "预览后规则又有修改。下面是修改后的预览，尚未写入任何内容。",
            )
            return self._preview(project, pattern, typed, Refusal(note, code="changed_pattern"))
        try:
            counts = generate(
                own,
                actor(),
                project,
                pattern,
                apply_changes=bool(typed.get("_changes")),
                expected=typed.get("_digest", ""),
            )
        except Refusal as refusal:
            own.rollback()
            if refusal.code != "changed_meanwhile":
                raise
            return self._preview(self._project(str(project.id)), pattern, typed, refusal)
        if not counts["new"] and not counts["changed"]:
            own.rollback()
            sentence = _(
                "There is nothing to write. Tick “also change” to bring existing rooms to the pattern.",
                "没有需要写入的内容。如需按规则更新已有房间，请勾选“同时更新已有房间”。",
            )
            return self._preview(self._project(str(project.id)), pattern, typed, Refusal(sentence, "_changes"))
        own.commit()
        flash(say(_told(counts)), "ok")
        return redirect(_rooms(project.id))

    def _page(
        self,
        project: Project,
        typed: dict[str, str],
        *,
        prepared: Prepared | None = None,
        refusal: Refusal | None = None,
    ) -> str:
        sections, tables = fields_of(typed), tables_of(typed)
        changes = PlainField(
            "_changes", _("Also change rooms that exist", "同时更新已有房间"), typed.get("_changes", ""), "flag"
        )
        fields = [*(f for s in sections for f in s["fields"]), *(f for t in tables for row in t["rows"] for f in row)]
        page: dict[str, Any] = {
            "title": TITLE,
            "count_text": project.name,
            "crumbs": [*crumbs("project", project.id), {"label": table("room").screen.name, "url": _rooms(project.id)}],
            "actions": [
                {
                    "label": table("room_pattern").screen.name,
                    "url": f"/room_pattern/list/?_flt_0_project_id={project.id}",
                    "icon": "history",
                }
            ],
            "sections": sections,
            "tables": tables,
            "layouts": layout_names(database(), project.id),
            "submit_url": f"/generate/{project.id}#preview",
            "cancel_url": f"/project/show/{project.id}",
            "grid": None,
        }
        if prepared is not None:
            page |= self._drawing(prepared, changes)
        page["errors"] = put_errors([*fields, changes], refusal) if refusal is not None else []
        return render_template("doorbook/generate.html", shell=shell(TITLE), page=page)

    def _drawing(self, prepared: Prepared, changes: PlainField) -> dict[str, Any]:
        counts = prepared.difference.counts()
        comma = say(_(", ", "、"))
        notes: list[Any] = list(prepared.difference.plan.notes)
        if prepared.buildings:
            made = comma.join(prepared.buildings[:12]) + ("…" if len(prepared.buildings) > 12 else "")
            sentence = _("{n} buildings will be made: {names}.", "将新建 {n} 个楼栋：{names}。")
            notes.append(sentence.fill(n=len(prepared.buildings), names=made))
        if prepared.layouts:
            sentence = _(
                "House types that do not exist yet will be made: {names}. Check how they are spelled.",
                "将新建户型：{names}。请确认名称无误。",
            )
            notes.append(sentence.fill(names=comma.join(prepared.layouts)))
        new, changed = counts["new"], counts["changed"]
        if new:
            text = _("Generate {n} rooms", "生成 {n} 套房间").fill(n=f"{new:,}")
        elif changed:
            text = _("Change rooms", "更新房间")
        else:
            text = _("Nothing to generate", "没有需要生成的房间")
        if changed:
            sentence = _(
                "Also bring the {n} existing rooms that differ to the pattern",
                "同时按规则更新 {n} 套不一致的已有房间",
            )
            changes.words = sentence.fill(n=f"{changed:,}")
        return {
            "grid": drawn(grid(prepared.difference)),
            "legend": {"new": new, "changed": changed, "exists": counts["same"], "other": counts["other"]},
            "notes": notes,
            "changes": changes if changed else None,
            "hidden": [("_pattern", _print(prepared.pattern)), ("_digest", prepared.digest())],
            "apply_text": text,
            "can_apply": bool(new or changed),
        }


def _print(pattern: Pattern) -> str:
    """Returns what tells a pattern from another."""
    return hashlib.sha256(pattern.to_json().encode()).hexdigest()


def _rooms(project_id: int) -> str:
    return f"/room/list/?_flt_0_project_id={project_id}"


def _told(counts: dict[str, int]) -> Any:
    said = [_("{n} rooms were made", "已生成 {n} 套房间").fill(n=f"{counts['new']:,}")]
    if counts["changed"]:
        said.append(_("{n} were changed", "更新 {n} 套").fill(n=f"{counts['changed']:,}"))
    if counts["buildings"]:
        said.append(_("with {n} buildings", "新建楼栋 {n} 个").fill(n=counts["buildings"]))
    comma, stop = _(", ", "，"), _(".", "。")
    return say(comma).join(say(one) for one in said) + say(stop)
