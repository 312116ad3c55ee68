"""Printed forms on screen: sheets as a page that prints on A4, and the preview beside the editor of their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import jsonify, render_template, request
from flask_appbuilder import BaseView, expose

from models.kernel.printing.form import FORMS
from models.kernel.printing.sheet import Sheet, drawn, samples
from models.kernel.printing.template import PrintTemplate, PrintWords, own_words, wrong_words
from models.kernel.roles import WRITE
from models.kernel.words import LANGUAGES, Words, _
from views.kernel.access import needs
from views.kernel.pages import FORM_SCRIPTS
from views.kernel.request import language, say
from views.kernel.shell import shell

FORM_SCRIPTS.setdefault("print_template", []).extend(("template-preview.js", "sheet.css"))


def printed(
    title: Words | str, sheets: Sequence[Sheet], crumbs: Sequence[Any] = (), actions: Sequence[Any] = ()
) -> str:
    """Returns the page of some sheets, each on a page of its own, with the button that prints them.

    Args:
        title: what the page is called.
        sheets: as `models.kernel.printing.sheet.sheet` gives them.
        crumbs: where the page stands, as other pages have it.
        actions: further buttons, such as the other language of the paper.
    """
    page = {
        "title": title,
        "crumbs": crumbs,
        "sheets": sheets,
        "actions": actions,
        "count_text": _("{n} sheets", "共 {n} 份").fill(n=len(sheets)),
    }
    return render_template("doorbook/printed.html", shell=shell(title), page=page)


def paper_language() -> str:
    """Returns the language of the paper: `?paper=en` or `zh`, else Chinese: who signs it reads Chinese."""
    asked = request.args.get("paper", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


class PrintPreview(BaseView):
    """`/print_template/preview`: the words being typed, with sample values."""

    route_base = ""
    default_view = "preview"
    table = PrintTemplate

    @expose("/print_template/preview", methods=["POST"])
    @needs(WRITE)
    def preview(self) -> Any:
        """Answers with the sheet as it would be printed, the fields there are, what is wrong, and the usual words."""
        sent = request.form
        form = FORMS.get(sent.get("form", ""))
        if form is None:
            return jsonify(form=None, hint=say(_("Choose a form to see the preview.", "请选择单据以查看预览。")))
        chosen = sent.get("language", "")
        chosen = chosen if chosen in LANGUAGES else language()
        usual = own_words(form, chosen)
        typed = PrintWords(
            sent.get("title", "")[:2_000],
            sent.get("body", "")[:20_000],
            sent.get("foot", "")[:20_000],
            sent.get("signatures", "")[:2_000],
        )
        shown = drawn(form, typed, samples(form, chosen), chosen)
        return jsonify(
            form=form.name,
            html=render_template("doorbook/fragment_sheet.html", sheet=shown),
            errors=[say(one.sentence) for one in wrong_words(form, typed)],
            fields=[{"name": name, "label": say(words)} for name, words in form.known().items()],
            usual={name: getattr(usual, name) for name in ("title", "body", "foot", "signatures")},
        )
