"""Forms from declarations: one WTForms form per table, its fields read by the kernel's own way of reading."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask_wtf import FlaskForm
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Field

from models.kernel.clock import local
from models.kernel.columns import ColumnInfo
from models.kernel.entry import fields, is_required, sections
from models.kernel.refusal import Refusal
from models.kernel.registry import defaults, infos, table, tables
from models.kernel.scope import may_enter
from models.kernel.secret import MaskedValue
from models.kernel.table import Table
from models.kernel.words import Words, _, amid
from views.kernel.cells import called
from views.kernel.narrowing import hangs_on
from views.kernel.option_fields import offer_options
from views.kernel.request import actor, say

RENDER = {
    "text": "text",
    "prose": "area",
    "integer": "number",
    "decimal": "number",
    "money": "money",
    "date": "date",
    "moment": "moment",
    "flag": "flag",
    "choice": "choice",
    "option": "choice",
    "ref": "ref",
    "masked": "masked",
}
"""Kind of column -> how the theme draws its field."""


def _create_url(known: ColumnInfo) -> str | None:
    """Returns where a row that a look-up did not find is entered, for those who may."""
    if known.kind != "ref" or known.target not in tables():
        return None
    cls = table(known.target or "")
    return f"/{known.target}/add" if fields(cls) and may_enter(actor(), cls) else None


class DeclaredField(Field):
    """A form field of a declared column. Keeps what was typed as it was typed; the kernel reads it on saving."""

    data: Any

    def __init__(self, known: ColumnInfo, required: bool, depends: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(say(known.label), **kwargs)
        self.known = known
        self.render_kind = RENDER[known.kind]
        self.hint = known.hint
        self.unit = known.unit
        self.required_mark = required
        self.max_length = known.length if known.kind in ("text", "prose") else None
        self.wide = known.kind == "prose"
        self.depends = list(depends)
        self.lookup_url = f"/{known.target}/lookup" if known.target else None
        self.create_url = _create_url(known)
        self.create_name = amid(table(known.target or "").screen.label) if self.create_url else None
        self.chosen_text: str | None = None
        self.offered: list[tuple[str, Words]] = []  # of an option: what may be chosen here, set before it is shown
        self.masked_text: str | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Takes what was sent, untouched. An unticked box sends nothing and means no."""
        self.data = valuelist[0] if valuelist else ("" if self.known.kind == "flag" else self.data)

    def _value(self) -> str:
        """Returns what stands in the input."""
        if self.data is None:
            return ""
        if isinstance(self.data, MaskedValue):
            return str(self.data)
        if self.known.kind == "moment" and not isinstance(self.data, str):
            return local(self.data).strftime("%Y-%m-%d %H:%M")
        return str(self.data)

    def iter_choices(self) -> list[tuple[str, Words | str, bool]]:
        """Returns (value, words, chosen) for a choice, an empty one first where nothing is required."""
        options = [(o.value, o.words) for o in self.known.options.options()] if self.known.options is not None else []
        options = options or self.offered
        chosen = "" if self.data is None else str(self.data)
        found: list[tuple[str, Words | str, bool]] = []
        if (not self.required_mark and self.default is None) or not chosen:
            found.append(("", _("—", "—"), not chosen))
        return [*found, *((value, words, value == chosen) for value, words in options)]

    def __html__(self) -> str:
        return Markup.escape(self._value())


@cache
def form_class(cls: type[Table]) -> type[FlaskForm]:
    """Returns the form of a table. Made once; the fields say what they need in the language of each request."""
    known = infos(cls)
    names = fields(cls)
    members: dict[str, Any] = {}
    for name in names:
        default = defaults(cls).get(name)
        depends = tuple(hangs_on(cls, names, name)) if known[name].kind == "ref" else ()
        members[name] = DeclaredField(
            known[name], is_required(cls, name), depends, default=default, name=name, id=f"f-{name}"
        )
    return type(f"{cls.__name__}Form", (FlaskForm,), members)


def form_sections(cls: type[Table], form: FlaskForm, *, placed: bool = False) -> list[dict[str, Any]]:
    """Returns the sections of a form with their fields, in declared order.

    Args:
        placed: the row has its place in the tree already; it is moved on a page of its own, which shows what comes along.
    """
    shown = {name for name in form._fields if not (placed and name == cls.owned.above)}
    return [
        {"title": block.title, "fields": [form[name] for name in block.fields if name in shown]}
        for block in sections(cls)
        if shown.intersection(block.fields)
    ]


def typed(form: FlaskForm, cls: type[Table]) -> dict[str, object]:
    """Returns what the person sent, by column. Columns the request did not name are left out, but for flags."""
    return {name: form[name].data for name in fields(cls) if form[name].raw_data or infos(cls)[name].kind == "flag"}


REPEATED = ("ref", "choice", "option", "flag", "date")
"""Kinds of fields that are the same in a run of rows somebody enters; names, numbers and amounts differ in each."""


def repeated(form: FlaskForm, cls: type[Table]) -> list[tuple[str, str]]:
    """Returns what the next row begins with when several are entered: of this one what is likely to come again."""
    known = infos(cls)
    return [
        (name, str(form[name].data)[:100])
        for name in fields(cls)
        if known[name].kind in REPEATED and form[name].data not in (None, "")
    ]


def show_chosen(session: Session, form: FlaskForm, cls: type[Table], row: Table | None = None) -> None:
    """Gives each look-up the name of the row it holds, read in the actor's scope, and each option what may be chosen."""
    offer_options(session, form, cls, row)
    for field in form:
        if getattr(field, "render_kind", None) != "ref" or not field.data or field.known.target is None:
            continue
        if not str(field.data).isdecimal() or len(str(field.data)) > 18:
            continue
        target = table(field.known.target)
        found = session.execute(select(target).where(target.id == int(field.data))).scalar_one_or_none()
        if found is not None:
            field.chosen_text = called(found)


def apart(form: FlaskForm) -> None:
    """Gives the fields of a form that stands in a dialog ids of their own, and no further dialog."""
    for field in form:
        field.id = f"small-{field.id}"
        if isinstance(field, DeclaredField):
            field.create_url = None


def put_errors(form: FlaskForm, refusal: Refusal) -> list[dict[str, Any]]:
    """Puts each refusal at its field and returns the summary above the form."""
    summary = []
    for one in refusal.all():
        field = form._fields.get(one.field or "")
        if field is not None:
            field.errors = [*field.errors, one.sentence]
        text = say(one.sentence)
        if field is not None:
            text = (
                f"{field.label.text}：{text}" if any("一" <= c <= "鿿" for c in text) else f"{field.label.text}: {text}"
            )
        summary.append({"text": text, "field_id": field.id if field is not None else None})
    return summary
