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
