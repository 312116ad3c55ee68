"""Front-end files carry their content in their names; the sprite holds the icons in use and no others."""

import json
from pathlib import Path

import pytest

from tools.assets import FILES, ICONS, VENDOR, build_sprite, find_icons, publish

DRAWING = """<!-- tags: [house] -->
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" stroke-width="2">
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M5 12l-2 0" />
</svg>
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A tree with node_modules of one line each, two icons, and one template."""
    for path in FILES.values():
        write(tmp_path / "node_modules" / path, "content\n//# sourceMappingURL=x.map\n")
    for name in ("home", "building"):
        write(tmp_path / "node_modules" / ICONS / f"{name}.svg", DRAWING)
    write(tmp_path / "views/theme/templates/page.html", '{{ icon("home") }}')
    return tmp_path


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        'icon("home")',
        "icon('home')",
        'icon="home"',
        'icon = "home"',
        'icon: str = "home"',
        'icon: str | None = "home"',
        '{"icon": "home"}',
        "{icon: 'home'}",
        '<use href="x.svg#i-home"/>',
    ],
)
def test_an_icon_is_found_however_it_is_written(tmp_path: Path, text: str) -> None:
    write(tmp_path / "views/kernel/menu.py", text)
    assert find_icons(tmp_path) == {"home": Path("views/kernel/menu.py")}


@pytest.mark.parametrize("text", ['data-icon="home"', "icon(name)", 'icon=""', 'my_icon = "home"', "#item-home"])
def test_what_is_no_icon_is_left(tmp_path: Path, text: str) -> None:
    write(tmp_path / "views/theme/templates/page.html", text)
    assert find_icons(tmp_path) == {}


def test_a_symbol_keeps_the_drawing_and_leaves_the_line_width_to_the_page(checkout: Path) -> None:
    sprite = build_sprite({"home": Path("page.html")}, checkout / "node_modules" / ICONS)
    assert '<symbol id="i-home" viewBox="0 0 24 24"' in sprite
    assert '<path d="M5 12l-2 0" /></symbol>' in sprite
    assert "stroke-width" not in sprite
    assert "M0 0h24v24H0z" not in sprite


def test_an_unknown_icon_names_the_file_and_the_nearest_icon(checkout: Path) -> None:
    write(checkout / "models/org/company.py", 'icon="bulding"')
    with pytest.raises(LookupError, match=r'models/org/company\.py asks for icon "bulding".*Near it: building'):
        publish(checkout)


def test_the_manifest_leads_to_each_file_and_old_ones_go(checkout: Path) -> None:
    first = publish(checkout)
    write(checkout / "node_modules" / FILES["flatpickr.js"], "newer\n")
    second = publish(checkout)
    folder = checkout / VENDOR
    assert json.loads((folder / "manifest.json").read_text()) == second
    assert {file.name for file in folder.iterdir()} == {"manifest.json", *second.values()}
    assert {name for name in first if first[name] != second[name]} == {"flatpickr.js"}
    assert "sourceMappingURL" not in (folder / second["tom-select.js"]).read_text()
