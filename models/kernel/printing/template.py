"""The words of printed forms, as administrators change them for their part of the tree (打印模板, S13); the nearest holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.columns import choice, prose, text
from models.kernel.gaps import GAP, faulty_gaps, gaps
from models.kernel.nearest import nearest
from models.kernel.notice.event import Language
from models.kernel.owned import by_node
from models.kernel.printing.form import FORMS, FormName, PrintForm
from models.kernel.refusal import Refusal
from models.kernel.screen import Screen, section
from models.kernel.table import Table
from models.kernel.words import _

TEXTS = ("title", "body", "foot")


class PrintTemplate(Table):
    """Heading, text, signatures and small print of a form in one language, at a place and below it."""

    area_name = "system"
    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Print template", "打印模板"),
        plural=_("Print templates", "打印模板"),
        icon="printer",
        key=("node_id", "form", "language"),
        title=("form", "language"),
        listed=("form", "language", "title", "node", "changed_at"),
        searched=("title",),
        sections=(
            section(_("For", "适用范围"), "node_id", "form", "language"),
            section(_("Words", "内容"), "title", "body", "signatures", "foot"),
        ),
        noted=_(
            "How printed forms are worded. Without a template the console's own words are used; "
            "the template of the nearest place above a record holds.",
            "设置打印单据的文字。未设置模板时使用系统默认文字，以离单据最近的上级单位的模板为准。",
        ),
    )

    form: Mapped[str] = choice(_("Printed form", "单据"), FormName)
    language: Mapped[str] = choice(_("Language", "语言"), Language, default=Language.ZH)
    title: Mapped[str] = text(
        _("Heading", "标题"),
        200,
        hint=_("Fields in braces, such as {printed_on}.", "字段写在花括号内，例如 {printed_on}。"),
    )
    body: Mapped[str] = prose(
        _("Text", "正文"),
        hint=_(
            "An empty line begins a paragraph, “# ” a heading; tables stand on a line of their own.",
            "空行分段，行首“# ”为小标题，表格字段须单独占一行。",
        ),
    )
    signatures: Mapped[str | None] = text(
        _("Signatures", "签字栏"), 200, hint=_("Separated by |, at most six.", "用 | 分隔，最多六项。")
    )
    foot: Mapped[str | None] = prose(_("Small print", "页脚说明"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Only fields the form has may be named, parts on lines of their own."""
        form = FORMS.get(self.form)
        if form is not None:
            words = PrintWords(self.title or "", self.body or "", self.foot or "", self.signatures or "")
            yield from wrong_words(form, words)


@dataclass(frozen=True, slots=True)
class PrintWords:
    """The words of a form in one language: a template's, or the form's own.

    Attributes:
        place: id of the node whose template it is; None for the form's own words.
    """

    title: str
    body: str
    foot: str = ""
    signatures: str = ""
    place: int | None = None


def wrong_words(form: PrintForm, words: PrintWords) -> Iterable[Refusal]:
    """Yields what is wrong with the words of a form: unknown fields, open braces, a table amid a line, too many signatures."""
    for name in TEXTS:
        yield from faulty_gaps(form.known() if name == "body" else form.plain(), getattr(words, name), name)
    for line in words.body.splitlines():
        amid = sorted(gaps(line) & form.parts.keys())
        if amid and not GAP.fullmatch(line.strip()):
            yield Refusal(
                _("{field} stands on a line of its own.", "{field} 须单独占一行。").fill(field="{" + amid[0] + "}"),
                "body",
                code="part_amid_line",
            )
    if len(words.signatures.split("|")) > 6:
        yield Refusal(_("There is room for six signatures.", "签字栏最多六项。"), "signatures", code="too_many")


def own_words(form: PrintForm, language: str) -> PrintWords:
    """Returns the words a form was declared with."""
    title, body, foot, names = (one.said(language) for one in (form.title, form.body, form.foot, form.signatures))
    return PrintWords(title, body, foot, names)


def print_words(session: Session, form: PrintForm, language: str, path: str) -> PrintWords:
    """Returns the words that hold at a path of the tree: the nearest template's, whoever may read it, else the form's own."""
    wanted = ("title", "body", "foot", "signatures", "node_id")
    found = nearest(session, PrintTemplate, path, *wanted, form=form.name, language=language)
    if found is None:
        return own_words(form, language)
    return PrintWords(found.title, found.body, found.foot or "", found.signatures or "", found.node_id)
