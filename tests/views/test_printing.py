"""Printed forms: the words that hold at a place, fields checked, nothing unmerged, nothing run, and a page that prints."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from models.kernel.printing.form import FORMS, Picture, PrintForm, PrintTable
from models.kernel.printing.sheet import BLANK, drawn, plain
from models.kernel.printing.template import PrintWords, own_words, wrong_words
from models.kernel.words import _
from models.keynode.printed import KEY_NODE_LIST
from tests.console import Console
from tests.world import World


@pytest.fixture(scope="module")
def form() -> Any:
    made = PrintForm(
        "test_notice",
        _("Notice", "通知书"),
        _("To {owner}", "致{owner}"),
        _("Dear {owner},\n\n{issues}", "{owner}：\n\n{issues}"),
        fields={"owner": _("Owner", "业主"), "day": _("Day", "日期")},
        parts={"issues": _("Issues", "问题"), "photo": _("Photo", "照片")},
    )
    yield made
    FORMS.pop("test_notice")


def test_a_form_is_laid_out_block_by_block(form: PrintForm) -> None:
    words = PrintWords(
        "  To {owner}\n", "# {day}\nDear {owner}\nsecond line\n\n{issues}\n{photo}", "foot {day}", "A| B ||"
    )
    values = {
        "owner": "{day}<b>",
        "day": date(2025, 6, 2),
        "issues": PrintTable([_("No.", "序号"), "x"], [[1, Decimal("1234.50")], [None, True]]),
        "photo": Picture("/a.png", _("Crack", "裂缝")),
    }
    made = drawn(form, words, values, "zh")
    assert made.title == "To {day}<b>"  # a value is never looked into
    assert [(one.kind, one.text) for one in made.blocks[:2]] == [
        ("heading", "2025年6月2日"),
        ("text", "Dear {day}<b>\nsecond line"),
    ]
    assert made.blocks[2].columns == ["序号", "x"] and made.blocks[2].rows == [["1", "1,234.50"], ["", "是"]]
    assert made.blocks[3].pictures == [("/a.png", "裂缝")]
    assert made.signatures == ["A", "B"] and made.foot == "foot 2025年6月2日"


@given(st.text(max_size=60), st.dictionaries(st.sampled_from(["owner", "day"]), st.text(max_size=12)))
def test_no_unmerged_field_is_ever_printed(form: PrintForm, said: str, values: dict[str, str]) -> None:
    """Property: whatever stands in a template that is accepted, no gap is left; what is missing is a line to write on."""
    words = PrintWords("x", f"{said} {{owner}}")
    if list(wrong_words(form, words)):
        return
    clean = {name: value.replace("{", "").replace("}", "") for name, value in values.items()}
    texts = [one.text for one in drawn(form, words, clean, "en").blocks]
    assert not any("{" in one or "}" in one for one in texts)
    if not clean.get("owner"):
        assert any(BLANK in one for one in texts)


def test_wrong_words_are_named_at_their_field(form: PrintForm) -> None:
    wrong = {one.field: one for one in wrong_words(form, PrintWords("{issues}", "ok", "{day", "1|2|3|4|5|6|7"))}
    assert "no field {issues}" in str(wrong["title"].sentence)  # a table cannot stand in a heading
    assert wrong["foot"].code == "brace" and wrong["signatures"].code == "too_many"
    amid = next(iter(wrong_words(form, PrintWords("x", "see {issues} there"))))
    assert (amid.field, amid.code) == ("body", "part_amid_line") and "{issues} 须单独占一行" in amid.sentence.said("zh")


def test_a_declaration_with_an_unknown_gap_is_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        PrintForm("bad_form", _("Bad", "错"), _("{colour}", "x"), _("", ""))
    with pytest.raises(ValueError, match="twice"):
        PrintForm(KEY_NODE_LIST.name, _("Twice", "重复"), _("", ""), _("", ""))
    assert "bad_form" not in FORMS


def test_values_stand_on_paper_as_people_write_them() -> None:
    assert plain(date(2025, 6, 2), "en") == "2025-06-02" and plain(None, "zh") == "" and plain(0, "zh") == "0"


def test_the_nearest_template_holds_and_is_escaped(app: Flask, world: World) -> None:
    admin, lake = Console(app, "regional_admin"), world.id("project", "lake")
    page = admin.get(f"/keynodes/{lake}/print").get_data(as_text=True)
    assert "湖畔花园关键节点评审记录表" in page and "data-print" in page
    fields = {"node_id": world.nodes["hangzhou"][0], "form": "key_node_list", "language": "zh"}
    said = admin.send(
        "/print_template/add", **fields, title="杭州 <b>{project}</b>", body="{done}\n\n{nodes}", signatures="甲|乙"
    )
    assert said.status_code == 302, said.get_data(as_text=True)
    page = admin.get(f"/keynodes/{lake}/print").get_data(as_text=True)
    assert "杭州 &lt;b&gt;湖畔花园&lt;/b&gt;" in page and "<dt>乙</dt>" in page
    river = admin.get(f"/keynodes/{world.id('project', 'river')}/print").get_data(as_text=True)
    assert "江岸府关键节点评审记录表" in river  # another company: the usual words
    clerk = Console(app, "project_clerk").get(f"/keynodes/{lake}/print")
    assert clerk.status_code == 200 and "杭州" in clerk.get_data(as_text=True)
    assert Console(app, "bay_clerk").get(f"/keynodes/{lake}/print").status_code == 404


def test_an_unknown_field_is_refused_and_nothing_is_lost(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin")
    fields = {"node_id": world.nodes["nanjing"][0], "form": "key_node_list", "language": "zh", "title": "书"}
    answer = admin.send("/print_template/add", **fields, body="{colour} of it")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "There is no field {colour} here" in page and "{done} (Key nodes done)" in page
    assert "{colour} of it" in page


def test_the_preview_shows_the_sheet_and_what_is_wrong(app: Flask, world: World) -> None:
    admin = Console(app, "regional_admin")
    asked = {"form": "key_node_list", "language": "zh", "title": "<i>{project}", "body": "{nodes}\n{colour}"}
    said = admin.call("POST", "/print_template/preview", data=asked).get_json()
    assert "&lt;i&gt;湖畔花园" in said["html"] and "<table" in said["html"] and "{colour}" in said["errors"][0]
    assert said["usual"]["title"] == own_words(KEY_NODE_LIST, "zh").title
    assert admin.call("POST", "/print_template/preview", data={"form": "no"}).get_json()["form"] is None
    assert Console(app, "finance").call("POST", "/print_template/preview", data=asked).status_code == 403
