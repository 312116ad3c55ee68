"""The language: guessed from the browser, then what was chosen, in this session and in later ones."""

from __future__ import annotations

from flask import Flask

from tests.console import Console
from tests.world import World


def test_what_was_chosen_outlives_the_session(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk", "en")
    assert '<html lang="en"' in one.get("/").get_data(as_text=True)
    one.send("/language", lang="zh", next="/")
    assert '<html lang="zh-CN"' in one.get("/").get_data(as_text=True)
    one.client.delete_cookie("doorbook")  # the browser was closed
    assert '<html lang="zh-CN"' in one.get("/login/").get_data(as_text=True)


def test_a_language_that_is_none_is_refused_in_words_and_a_strange_cookie_ignored(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk", "en")
    one.send("/language", lang="xx", next="/")
    assert "There is no such language here." in one.get("/").get_data(as_text=True)
    one.client.set_cookie("language", "<b>")
    assert '<html lang="en"' in one.get("/").get_data(as_text=True)


def test_the_language_is_the_person_s_on_every_machine(app: Flask, world: World) -> None:
    one = Console(app, "project_clerk", "en")
    one.send("/language", lang="zh", next="/")
    elsewhere = Console(app, "project_clerk", "en")
    assert '<html lang="zh-CN"' in elsewhere.get("/").get_data(as_text=True)
    assert '<html lang="en"' in Console(app, "finance", "en").get("/").get_data(as_text=True)
    elsewhere.send("/me/notices", language="en")
    assert '<html lang="en"' in elsewhere.get("/me").get_data(as_text=True)
    assert '<html lang="en"' in Console(app, "project_clerk", "zh").get("/").get_data(as_text=True)
    nobody = Console(app, "stranger", "en")  # was granted nothing: kept in the browser
    nobody.send("/language", lang="zh", next="/")
    assert '<html lang="zh-CN"' in nobody.get("/").get_data(as_text=True)


def test_days_are_written_as_the_language_writes_them(app: Flask, world: World) -> None:
    room = world.id("room", "lake-1-1-101")
    shown = {lang: Console(app, "group_admin", lang).get("/room/list/?_cols=no,created_at") for lang in ("zh", "en")}
    assert "2025-06-02 09:00" in shown["zh"].get_data(as_text=True)
    assert "2 Jun 2025, 09:00" in shown["en"].get_data(as_text=True)
    for lang in ("zh", "en"):  # what is typed, and files, are the same in either
        form = Console(app, "group_admin", lang).get(f"/ownership/add?room_id={room}&from_day=2025-06-02")
        assert 'value="2025-06-02"' in form.get_data(as_text=True)
        csv = Console(app, "group_admin", lang).get("/room/export.csv?_cols=no,created_at").get_data(as_text=True)
        assert "2025-06-02 09:00" in csv
