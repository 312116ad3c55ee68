"""The tree switcher and the palette: which part of the tree the console shows, and going anywhere by typing."""

from __future__ import annotations

import re
from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask import session as cookie
from flask_appbuilder import BaseView, expose
from flask_appbuilder.api import BaseApi

from models.kernel.words import _
from views.kernel.access import signed_in
from views.kernel.palette import recent, search_everything
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.security import inside
from views.kernel.within import allowed, keys_in, without_place
from views.pages.org.nesting import nested


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
            "nodes": nested(own, counts=True, checked=frozenset(actor().within), departments=False),
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
            paths = allowed(own, actor().grants, keys_in(request.form.getlist("node")))
            if paths:
                cookie["within"] = paths
            else:
                cookie.pop("within", None)
                flash(say(_("Choose at least one place.", "请至少选择一个节点。")), "warn")
        back = without_place(inside(request.form.get("next")))
        return redirect(re.sub(r"^/(\w+)/(show|edit)/\d+.*", r"/\1/list/", back))

    @expose("/palette.json", methods=["GET"])
    @signed_in
    def palette(self) -> Any:
        """What was typed, over everything this actor may read; without it the records opened last."""
        typed = request.args.get("q", "").strip()[:100]
        return jsonify(search_everything(database(), typed) if typed else recent(database()))


class SearchResource(BaseApi):  # type: ignore[misc]
    """The palette's search over REST."""

    resource_name = "search"
    class_permission_name = "search"
    csrf_exempt = False
    allow_browser_login = True
    openapi_spec_tag = "Search"

    @expose("/", methods=["GET"])
    @signed_in
    def get_list(self) -> Any:
        """Records of all readable tables by words, path, initials, or by right a number
        ---
        get:
          parameters:
          - {in: query, name: q, required: true, schema: {type: string, maxLength: 100}}
          responses:
            200: {description: "`result`: table, id, group, label, detail, url of each record"}
            401: {description: Not signed in}
        """
        found = search_everything(database(), request.args.get("q", "").strip()[:100])
        return jsonify({"result": [hit for hit in found if "table" in hit]})
