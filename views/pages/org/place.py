"""The tree switcher and the palette: which part of the tree the console shows, and going anywhere by typing."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask import session as cookie
from flask_appbuilder import BaseView, expose
from sqlalchemy import select

from models.kernel.node import Node
from models.kernel.registry import table
from models.kernel.roles import MATCH, READ
from models.kernel.scope import criterion, may, reach
from models.kernel.secret import cipher
from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.lookup import look_up
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.security import inside
from views.pages.org.nesting import nested

SEARCHED = ("room", "customer", "project", "building", "user_profile")
"""Tables the palette searches, in the order of its groups."""


class PlaceView(BaseView):  # type: ignore[misc]
    """Narrowing the console to a part of the tree; it only ever takes away from what the grants give."""

    route_base = ""
    default_view = "show"

    @expose("/place", methods=["GET"])
    @signed_in
    def show(self) -> Any:
        """The switcher's tree, as a fragment."""
        own = database()
        page = {
            "submit_url": "/place",
            "many": True,
            "nodes": nested(own, counts=True, checked=frozenset(actor().within)),
        }
        return render_template("doorbook/fragment_tree.html", page=page)

    @expose("/place", methods=["POST"])
    @signed_in
    def choose(self) -> Any:
        """Remembers the chosen nodes in the session."""
        own = database()
        if request.form.get("all"):
            cookie.pop("within", None)
        else:
            keys = [int(key) for key in request.form.getlist("node")[:50] if key.isdecimal() and len(key) < 19]
            paths = list(own.scalars(select(Node.path).where(Node.id.in_(keys))))
            held = [g.path for g in actor().grants]
            paths = [p for p in paths if any(p.startswith(h) or h.startswith(p) for h in held)]
            if paths:
                cookie["within"] = sorted(paths)
            else:
                cookie.pop("within", None)
                flash(say(_("Choose at least one place.", "请至少选择一个节点。")), "warn")
        return redirect(re.sub(r"^/(\w+)/(show|edit)/\d+.*", r"/\1/list/", inside(request.form.get("next"))))

    @expose("/palette.json", methods=["GET"])
    @signed_in
    def palette(self) -> Any:
        """Records by number, name or, by right, the exact phone; pages are found by the browser itself."""
        typed = request.args.get("q", "").strip()[:60]
        found: list[dict[str, Any]] = []
        if typed:
            for name in SEARCHED:
                cls = table(name)
                if not may(actor(), cls, READ):
                    continue
                for item in look_up(database(), cls, typed, [])["items"][:5]:
                    found.append(self._hit(cls, item))
            found = [*self._by_number(typed), *found]
        return jsonify(found)

    def _hit(self, cls: Any, item: dict[str, Any]) -> dict[str, Any]:
        return {
            "group": say(cls.screen.label),
            "label": item["text"],
            "detail": item["detail"],
            "url": f"/{cls.__tablename__}/show/{item['id']}",
            "icon": cls.screen.icon,
        }

    def _by_number(self, typed: str) -> list[dict[str, Any]]:
        """Customers by exact mobile or certificate; a right of its own, in its own reach."""
        cls, own = table("customer"), database()
        if len(typed) < 6 or " " in typed or not may(actor(), cls, MATCH):
            return []
        blind = cipher().blind(typed)
        statement = (
            select(cls.id)
            .where((cls.mobile_blind == blind) | (cls.cert_no_blind == blind))
            .where(criterion(cls, reach(own, actor(), cls, MATCH), MATCH))
            .limit(5)
        )
        from views.kernel.lookup import text_of

        keys = own.scalars(statement).all()
        return [self._hit(cls, {"id": key, "text": text_of(own, cls, key) or "", "detail": typed}) for key in keys]
