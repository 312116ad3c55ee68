"""Moving a part of the tree: where to, what comes of it, and then in one transaction (S19 单位管理)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.effects import MOST, simulate
from models.kernel.guard import name_of
from models.kernel.node import KINDS
from models.kernel.refusal import Denied, Missing, Refusal, Stale
from models.kernel.registry import infos, table
from models.kernel.roles import ROLES, WRITE
from models.kernel.scope import may, reach
from models.kernel.table import Table
from models.kernel.words import Words, _, amid
from models.org.rules import MOVABLE, Consequences, consequences, move, parent_table, touched
from views.kernel.access import needs
from views.kernel.lookup import text_of
from views.kernel.pages import RECORD_ACTIONS
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.shell import crumbs, shell
from views.pages.effects import brief
from views.pages.fields import PlainField, put_errors


def may_move(row: Table) -> bool:
    """Returns whether the actor may write this row of the tree."""
    return reach(database(), actor(), type(row), WRITE).holds(row.__tablename__, row.id)


for _kind in MOVABLE:
    RECORD_ACTIONS.setdefault(_kind, []).append(
        {
            "label": _("Move", "移动"),
            "url": f"/tree/move/{_kind}/{{pk}}",
            "icon": "hierarchy-3",
            "right": WRITE,
            "when": may_move,
        }
    )


class MoveView(BaseView):  # type: ignore[misc]
    """The pages that move a region, a company, a department or a project."""

    route_base = "/tree/move"
    default_view = "choose"
    table = table("node")

    @expose("/<kind>/<pk>", methods=["GET"])
    @needs("read")
    def choose(self, kind: str, pk: str) -> Any:
        """Asks where it is to hang."""
        row = self._row(kind, pk)
        return self._ask(row, self._field(row))

    @expose("/<kind>/<pk>", methods=["POST"])
    @needs("read")
    def send(self, kind: str, pk: str) -> Any:
        """Shows what would come of it; moves once that was confirmed."""
        own = database()
        row = self._row(kind, pk)
        field = self._field(row, request.form.get("parent", ""))
        sent = request.form.get("_version", "")
        version = int(sent) if sent.isdecimal() and len(sent) < 10 else row.version
        title = name_of(row)
        try:
            parent = self._parent(row, field)
            what = consequences(own, row, parent)
            if "_confirmed" not in request.form:
                return self._show(row, parent, what, self._gains(row, parent, version))
            move(own, row, parent, version)
            own.commit()
        except Refusal as refusal:
            own.rollback()
            if isinstance(refusal, Denied | Stale):
                sentence = _(
                    "Somebody saved this record meanwhile. Look again before you move it.",
                    "期间有人保存过该记录，请重新确认后再移动。",
                )
                refusal = refusal if isinstance(refusal, Denied) else Refusal(sentence, code="stale", status=409)
            for one in refusal.all():
                one.field = "parent"
            return self._ask(self._row(kind, pk), field, refusal), refusal.status
        flash(
            say(_("“{name}” now hangs below “{new}”.", "“{name}”已移至“{new}”之下。").fill(name=title, new=what.new)),
            "ok",
        )
        return redirect("/tree/" if "_tree" in request.form else f"/{kind}/show/{row.id}")

    def _row(self, kind: str, pk: str) -> Table:
        """Returns the row where the actor may write it."""
        if kind not in MOVABLE or not pk.isdecimal() or len(pk) > 18 or not may(actor(), table(kind), WRITE):
            raise Missing()
        row = database().execute(select(table(kind)).where(table(kind).id == int(pk))).scalar_one_or_none()
        if row is None:
            raise Missing()
        if not may_move(row):
            raise Denied()
        return row  # type: ignore[no-any-return]

    def _field(self, row: Table, typed: str = "") -> PlainField:
        above = row.owned.above or ""
        return PlainField(
            "parent",
            _("New {name}", "新的{name}").fill(name=amid(infos(type(row))[above].label)),
            typed,
            "ref",
            required_mark=True,
            lookup_url=f"/{parent_table(row.__tablename__)}/lookup",
        )

    def _parent(self, row: Table, field: PlainField) -> int:
        """Returns the chosen parent, where the actor may write below it: a move needs the right at both ends."""
        if not field.data.isdecimal() or len(field.data) > 18:
            raise Refusal(_("Choose where it is to hang.", "请选择新的上级单位。"), "parent", code="required")
        key, kind = int(field.data), parent_table(row.__tablename__)
        where = reach(database(), actor(), type(row), WRITE)
        if not (where.everything or (key in where.nodes if kind == "node" else where.holds(kind, key))):
            raise Denied(
                _(
                    "You have no right to write there. Choose a place in your own part of the tree, or ask an administrator"
                    " of both.",
                    "您无权写入该单位。请选择您权限范围内的上级，或联系同时管理两处的管理员。",
                ),
                "parent",
            )
        return key

    def _ask(self, row: Table, field: PlainField, refusal: Refusal | None = None) -> str:
        own = database()
        if field.data.isdecimal() and len(field.data) < 19:
            field.chosen_text = text_of(own, table(parent_table(row.__tablename__)), int(field.data))
            if field.chosen_text is None:
                field.data = ""
        title = _("Move {kind} “{name}”", "移动{kind}“{name}”").fill(kind=KINDS[row.__tablename__], name=name_of(row))
        page = {
            "title": title,
            "crumbs": crumbs(row.__tablename__, row.id),
            "sections": [{"title": _("Where to?", "移到哪里？"), "fields": [field]}],
            "errors": put_errors([field], refusal) if refusal is not None else [],
            "submit_url": request.path,
            "cancel_url": f"/{row.__tablename__}/show/{row.id}",
            "save_label": _("Show what comes of it", "查看影响"),
        }
        return render_template("doorbook/form.html", shell=shell(title), page=page)

    def _gains(self, row: Table, parent: int, version: int) -> list[Words]:
        """Returns what each person whose rights it touches would see more and less; tried, and taken back."""
        own = database()
        users = touched(own, row, parent)
        found = simulate(own, users, lambda: move(own, row, parent, version))
        return brief(found, more=len(users) > MOST)

    def _show(self, row: Table, parent: int, what: Consequences, gains: list[Words]) -> str:
        name = name_of(row)
        title = _("Move “{name}”?", "移动“{name}”？").fill(name=name)
        details: list[Any] = []
        if what.along:
            told = [
                _("{table} {n}", "{table} {n}").fill(n=f"{n:,}", table=table(each).screen.label)
                for each, n in what.along.items()
            ]
            details.append(_("Comes along: {what}.", "随之移动：{what}。").fill(what=_joined(told)))
        else:
            details.append(_("Nothing hangs below it.", "其下没有任何内容。"))
        for people, some, none in (
            (
                what.lose,
                _("No longer see it: {what}.", "将不再可见：{what}。"),
                _("Nobody loses sight of it.", "没有人因此看不到它。"),
            ),
            (
                what.gain,
                _("See it from then on: {what}.", "将新增可见：{what}。"),
                _("Nobody sees it who did not before.", "没有人因此新看到它。"),
            ),
        ):
            told = [
                _("{role} {n}", "{role} {n} 人").fill(n=n, role=ROLES[role].words)
                for role, n in sorted(people.items(), key=lambda item: list(ROLES).index(item[0]))
            ]
            details.append(some.fill(what=_joined(told)) if told else none)
        details += gains
        page = {
            "title": title,
            "crumbs": crumbs(row.__tablename__, row.id),
            "sentence": _(
                "“{name}” and everything below it moves from “{old}” to “{new}”.",
                "“{name}”及其下全部内容将从“{old}”移至“{new}”。",
            ).fill(name=name, old=what.old, new=what.new),
            "details": details,
            "hidden": [
                ("parent", parent),
                ("_version", row.version),
                ("_confirmed", "1"),
                *([("_tree", "1")] if "_tree" in request.form else []),
            ],
            "submit_url": request.path,
            "cancel_url": "/tree/" if "_tree" in request.form else request.path,
            "button": _("Move", "移动"),
            "danger": bool(what.lose),
        }
        return render_template("doorbook/confirm.html", shell=shell(title), page=page)


def _joined(told: list[Any]) -> str:
    return str(say(_(", ", "、"))).join(str(say(one)) for one in told)
