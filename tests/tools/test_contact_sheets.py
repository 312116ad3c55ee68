"""Contact sheets hold every picture of a page at its place."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tools.contact_sheets import GAP, HEAD, HIGH, NARROW, WIDE, sheets


def test_every_picture_stands_at_its_place(tmp_path: Path) -> None:
    colours = {"zh.light": "#ff0000", "zh.dark": "#00ff00", "en.light": "#0000ff", "en.dark": "#ffff00"}
    for which, colour in colours.items():
        language, theme = which.split(".")
        Image.new("RGB", (1440, 900), colour).save(tmp_path / f"room-list.{language}.wide.{theme}.png")
        Image.new("RGB", (390, 844), colour).save(tmp_path / f"room-list.{language}.narrow.{theme}.png")
    Image.new("RGB", (1440, 900), "#ffffff").save(tmp_path / "me.zh.wide.light.png")
    made = sheets(tmp_path)
    assert [sheet.name for sheet in made] == ["me.png", "room-list.png"]
    with Image.open(made[1]) as sheet:
        for place, colour in enumerate(colours.values()):
            left = GAP + place % 2 * (WIDE + NARROW + 2 * GAP) + 5
            top = GAP + place // 2 * (HIGH + HEAD + GAP) + HEAD + 5
            for x in (left, left + WIDE + GAP):
                assert sheet.getpixel((x, top)) == tuple(bytes.fromhex(colour[1:])), (place, x)
