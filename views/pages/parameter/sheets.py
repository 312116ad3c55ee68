"""A parameter sheet on screen (参数申请单): its lines entered with each parameter's own form, and the form beside the console."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel import entry
from models.kernel.clock import today
from models.kernel.node import Node
from models.kernel.parameter import copied, sheet_tables, standing
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may, reach
from models.kernel.session import clock_of
from models.kernel.words import _
from models.parameter.parameter_sheet import (
    WRITABLE,
    Compared,
    Match,
    ParameterSheet,
    ParameterSheetLine,
    SheetState,
    compared,
    content_of,
    line_columns,
    read_content,
)
from models.parameter.sheet_form import parameter_paper
from views.kernel import forms
from views.kernel.access import needs
from views.kernel.cells import plain_text
from views.kernel.lookup import text_of
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.printing import paper_language, printed
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import shell

TITLE = _("Form and system", "表单与系统对照")
AHEAD = timedelta(days=7)
"""A new sheet proposes to take effect after the week a review takes."""

RECORD_ACTIONS.setdefault("parameter_sheet", []).append(
    {"label": TITLE, "url": "/parameter_sheets/{pk}", "icon": "git-compare", "right": READ}
)


def _by_sheet_alone(row: Any) -> bool:
    """Whether a parameter is changed by a sheet only, and this person may begin one at its place."""
    return row.closed(database(), actor()) is not None and _writes(row.node_id)


for _name in sheet_tables():
    RECORD_ACTIONS.setdefault(_name, []).append(
        {
            "label": _("Apply for a change", "申请调整"),
            "url": f"/parameter_sheets/apply/{_name}?row={{pk}}",
            "icon": "file-check",
            "right": WRITE,
            "method": "post",
            "when": _by_sheet_alone,
        }
    )


class SheetsView(BaseView):  # type: ignore[misc]
    """The lines of a sheet, and applying for a change from the list of what is in force."""

    route_base = "/parameter_sheets"
    default_view = "first"
    table = ParameterSheet

    @expose("/", methods=["GET"])
    @needs(READ)
    def first(self) -> Any:
        """The list of sheets."""
        return redirect("/parameter_sheet/list/")

    @expose("/<int:pk>", methods=["GET"])
    @needs(READ)
    def show(self, pk: int) -> Any:
        """Each line of the sheet beside what the console works with."""
        own, sheet = database(), _sheet(pk)
        writes = sheet.state in WRITABLE and _writes(sheet.node_id)
        lines = [_line(one, writes) for one in compared(own, sheet)]
        state = SheetState.member(sheet.state)
        page = {
            "title": f"{sheet.number} {sheet.title}",
            "crumbs": [
                {"label": ParameterSheet.screen.name, "url": "/parameter_sheet/list/"},
                {"label": sheet.number, "url": f"/parameter_sheet/show/{pk}"},
                {"label": TITLE, "url": ""},
            ],
            "count_text": _("{same} of {all} as on the form", "{all} 项中 {same} 项与系统一致").fill(
                same=sum(one["match"] == Match.SAME for one in lines), all=len(lines)
            ),
            "state": state.words if state else sheet.state,
            "tone": state.tone if state else "",
            "place": sheet.node.name if sheet.node else "",
            "from_day": sheet.from_day.isoformat(),
            "lines": lines,
            "writes": writes,
            "add_url": f"/parameter_sheets/{pk}/line",
            "tables": [
                {"name": name, "label": cls.screen.name}
                for name, cls in sheet_tables().items()
                if may(actor(), cls, WRITE)
            ],
            "actions": [{"label": _("Print", "打印"), "url": f"/parameter_sheets/{pk}/print", "icon": "printer"}],
            "primary": {"label": _("The sheet and its approval", "申请单与审批"), "url": f"/parameter_sheet/show/{pk}",
                        "icon": "file-check"},
        }  # fmt: skip
        return render_template("doorbook/sheet_lines.html", shell=shell(TITLE), page=page)

    @expose("/<int:pk>/print", methods=["GET"])
    @needs(READ)
    def print(self, pk: int) -> Any:
        """The sheet as it is signed."""
        own, sheet = database(), _sheet(pk)
        lines = [
            [one.line.table_name, one.line.code, one.line.name, _told(one, form=True)] for one in compared(own, sheet)
        ]
        for line in lines:
            line[0] = table(str(line[0])).screen.label
        trail = [{"label": f"{sheet.number} {sheet.title}", "url": f"/parameter_sheets/{pk}"}]
        return printed(sheet.number, [parameter_paper(own, sheet, lines, paper_language())], trail)

    @expose("/<int:pk>/line", methods=["GET", "POST"])
    @needs(WRITE)
    def line(self, pk: int) -> Any:
        """The form of a new line: the parameter's own, with what holds of the chosen code to begin with."""
        sheet = _sheet(pk)
        cls = _parameter(request.values.get("table", ""))
        made = ParameterSheetLine(sheet_id=sheet.id, table_name=cls.__tablename__)
        return _form(sheet, cls, made, _held(sheet, cls, request.args.get("code", ""), _key(request.args.get("row"))))

    @expose("/<int:pk>/line/<int:key>", methods=["GET", "POST"])
    @needs(WRITE)
    def change(self, pk: int, key: int) -> Any:
        """The form of a line that is there."""
        sheet, line = _sheet(pk), _one(ParameterSheetLine, key)
        if line.sheet_id != sheet.id:
            raise Missing()
        return _form(sheet, line.parameter, line, read_content(line.content))

    @expose("/apply/<string:name>", methods=["POST"])
    @needs(WRITE)
    def apply(self, name: str) -> Any:
        """From what is in force to a line: on one's open sheet of the place, or on a new one."""
        cls, own, given = _parameter(name), database(), request.values
        row = _one(cls, _key(given["row"])) if "row" in given else None
        node = _one(Node, _key(given["node"]) if "node" in given else getattr(row, "node_id", 0))
        if not _writes(node.id):
            raise Missing()
        query = select(ParameterSheet).where(
            ParameterSheet.node_id == node.id,
            ParameterSheet.state == SheetState.DRAFT.value,
            ParameterSheet.created_by_id == actor().user_id,
        )
        sheet = own.scalars(query.order_by(ParameterSheet.id.desc()).limit(1)).first()
        if sheet is None:
            title = say(_("Parameters of {place}", "{place}业务参数调整")).format(place=node.name)
            sheet = ParameterSheet(node_id=node.id, title=title[:100], from_day=today(clock_of(own)) + AHEAD)
            own.add(sheet)
            own.flush()
            number = sheet.number
            own.commit()
            flash(say(_("Sheet {number} was begun.", "已新建申请单 {number}。").fill(number=number)), "ok")
        begins = {"row": str(row.id)} if row is not None else {"code": given.get("code", "")[:40]}
        return redirect(f"/parameter_sheets/{sheet.id}/line?" + _query(table=name, **begins), 303)


def _query(**values: str) -> str:
    from urllib.parse import urlencode

    return urlencode(values)


def _key(raw: str | None) -> int:
    """Returns a key as an address or a form says it; 0, which is nobody's, where it says none."""
    return int(raw) if raw and raw.isascii() and raw.isdecimal() and len(raw) < 19 else 0


def _one(cls: Any, key: int) -> Any:
    """Returns a row in scope. Raises Missing where there is none."""
    found = database().execute(select(cls).where(cls.id == key)).scalar_one_or_none() if key < 2**63 else None
    if found is None:
        raise Missing()
    return found


def _sheet(pk: int) -> ParameterSheet:
    found: ParameterSheet = _one(ParameterSheet, pk)
    return found


def _parameter(name: str) -> type[Any]:
    cls = sheet_tables().get(name)
    if cls is None or not may(actor(), cls, WRITE):
        raise Missing()
    return cls


def _writes(node_id: int) -> bool:
    where = reach(database(), actor(), ParameterSheet, WRITE)
    return where.everything or node_id in where.nodes


def _held(sheet: ParameterSheet, cls: type[Any], code: str, key: int = 0) -> dict[str, Any]:
    """What holds of a code (or a row) at the sheet's place: what a change begins with."""
    if not code and not key:
        return {}
    held = (one.row for one in standing(database(), cls, sheet.node_id) if key or one.row.code == code)
    row = next((each for each in held if not key or each.id == key), None)
    if row is None and key:
        row = database().scalars(select(cls).where(cls.id == key)).one_or_none()
    return {name: value for name, value in copied(row).items() if name in line_columns(cls)} if row is not None else {}


def _form(sheet: ParameterSheet, cls: type[Any], line: ParameterSheetLine, begins: dict[str, Any]) -> Any:
    own, names = database(), line_columns(cls)
    form_class, errors, status = forms.form_class(cls), [], 200
    if request.method == "POST":
        form = form_class()
        said = {name: value for name, value in forms.typed(form, cls).items() if name in names}
        try:
            entry.read_all(cls, said)
            if line.id is None:
                own.add(line)
            line.content = content_of(said)
            own.flush()
            own.commit()
            flash(say(_("The line is on the sheet.", "明细已保存。")), "ok")
            return redirect(f"/parameter_sheets/{sheet.id}", 303)
        except Refusal as refusal:
            own.rollback()
            if refusal.status == 403 and not refusal.field:
                raise
            errors = forms.put_errors(form, refusal)
            status = refusal.status if refusal.status in (409, 422) else 422
    else:
        form = form_class(formdata=None, data=begins)
    for name in [name for name in form._fields if name not in names and name != "csrf_token"]:
        del form[name]
    forms.show_chosen(own, form, cls)
    title = _("{what} on {sheet}", "{sheet}：{what}").fill(what=cls.screen.label, sheet=sheet.number)
    back = f"/parameter_sheets/{sheet.id}"
    context = {
        "title": title,
        "crumbs": [{"label": f"{sheet.number} {sheet.title}", "url": back}],
        "sections": forms.form_sections(cls, form),
        "form": form,
        "cancel_url": back,
        "submit_url": request.path + f"?table={cls.__tablename__}",
        "errors": errors,
        "hidden": [],
    }
    return render_template("doorbook/form.html", shell=shell(title), page=context), status


def _line(one: Compared, writes: bool) -> dict[str, Any]:
    match = Match.member(one.match)
    return {
        "match": one.match,
        "words": match.words if match else "",
        "tone": match.tone if match else "",
        "table": table(one.line.table_name).screen.label,
        "name": one.line.name or "",
        "code": one.line.code or "",
        "fields": [
            {"label": say(label), "form": _said(known, form), "system": _said(known, system),
             "differs": _said(known, form) != _said(known, system)}
            for label, known, form, system in one.fields
        ],
        "url": f"/{one.line.table_name}/show/{one.row.id}" if one.row is not None else None,
        "edit_url": f"/parameter_sheets/{one.line.sheet_id}/line/{one.line.id}" if writes else None,
        "delete_url": f"/parameter_sheet_line/delete/{one.line.id}" if writes else None,
    }  # fmt: skip


def _said(known: Any, value: Any) -> str:
    if known.kind == "ref" and value:
        return text_of(database(), table(known.target), int(value)) or "?"
    return plain_text(known, value)


def _told(one: Compared, *, form: bool) -> str:
    """The values of a line in one text, for paper."""
    said = [
        f"{say(label)}: {_said(known, value if form else system)}"
        for label, known, value, system in one.fields
        if label.en != "Code"
    ]
    return "; ".join(said)
