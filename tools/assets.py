"""Puts the front-end files that the pages load into `views/theme/static/vendor/`, under names that carry their content.

`manifest.json` there leads from the plain name (`flatpickr.js`) to the present one (`flatpickr.1a2b3c4d5e.js`). The icons
of all pages are one SVG sprite, built from the names that occur in the tree.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import tempfile
from pathlib import Path

VENDOR = Path("views/theme/static/vendor")
FILES = {
    "echarts.js": "echarts/dist/echarts.common.min.js",
    "tom-select.css": "tom-select/dist/css/tom-select.min.css",
    "tom-select.js": "tom-select/dist/js/tom-select.complete.min.js",
    "flatpickr.css": "flatpickr/dist/flatpickr.min.css",
    "flatpickr.js": "flatpickr/dist/flatpickr.min.js",
    "flatpickr-zh.js": "flatpickr/dist/l10n/zh.js",
}
ICONS = "@tabler/icons/icons/outline"
SPRITE = "icons.svg"

_SCANNED = ("views/**/*.html", "views/**/*.py", "views/**/*.js", "models/**/*.py", "reports/**/*.py")
# icon("home"), icon="home", icon = 'home', icon: str = "home", "icon": "home" and #i-home
_ICON = re.compile(
    r"""(?<![\w-])icon(?:["']?\s*[(:=]|\s*:\s*[\w. |\[\]]+?\s*=)\s*(["'])(?P<name>[a-z0-9][a-z0-9-]*)\1"""
    r"""|\#i-(?P<link>[a-z0-9][a-z0-9-]*)"""
)
_SOURCE_MAP = re.compile(rb"\s*(?://|/\*)# sourceMappingURL=\S+?(?:\s*\*/)?\s*\Z")
_BACKGROUND = re.compile(r"""<path\s+stroke="none"\s+d="M0 0h24v24H0z"\s+fill="none"\s*/>""")


def publish(root: Path) -> dict[str, str]:
    """Brings the vendor folder up to date: new files first, then the manifest, then away with what it no longer names.

    Arguments: `root` of the checkout, with `node_modules` in place.
    Returns: the manifest, plain name to present name.
    Raises: LookupError naming the file that asks for an icon that does not exist.
    """
    modules = root / "node_modules"
    contents = {name: _SOURCE_MAP.sub(b"\n", (modules / path).read_bytes()) for name, path in FILES.items()}
    contents[SPRITE] = build_sprite(find_icons(root), modules / ICONS).encode()
    folder = root / VENDOR
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {}
    for name, content in contents.items():
        stem, suffix = name.rsplit(".", 1)
        manifest[name] = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}.{suffix}"
        if not (folder / manifest[name]).exists():
            _replace(folder / manifest[name], content)
    _replace(folder / "manifest.json", json.dumps(manifest, indent=1).encode())
    kept = {"manifest.json", *manifest.values()}
    for file in folder.iterdir():
        if file.name not in kept:
            file.unlink(missing_ok=True)
    return manifest


def find_icons(root: Path) -> dict[str, Path]:
    """Finds the icon names that pages, declarations and scripts use.

    Arguments: `root` of the checkout.
    Returns: each name with the first file, relative to `root`, that asks for it.
    """
    found: dict[str, Path] = {}
    for pattern in _SCANNED:
        for file in sorted(root.glob(pattern)):
            relative = file.relative_to(root)
            if relative.is_relative_to(VENDOR):
                continue
            for match in _ICON.finditer(file.read_text(encoding="utf-8")):
                found.setdefault(match["name"] or match["link"], relative)
    return found


def build_sprite(icons: dict[str, Path], folder: Path) -> str:
    """Builds one SVG file with a symbol `i-<name>` for each icon; the line width is left to the page's style.

    Arguments: `icons`, names with the file that asks for each; `folder` with one SVG file an icon.
    Returns: the text of the sprite.
    Raises: LookupError naming the file whose icon does not exist, and the nearest names that do.
    """
    symbols = []
    for name, asker in sorted(icons.items()):
        source = folder / f"{name}.svg"
        if not source.exists():
            near = difflib.get_close_matches(name, (file.stem for file in folder.glob("*.svg")))
            hint = f" Near it: {', '.join(near)}." if near else ""
            raise LookupError(f'{asker} asks for icon "{name}", which Tabler\'s outline icons do not have.{hint}')
        drawing = source.read_text(encoding="utf-8").split("<svg", 1)[1].split(">", 1)[1].rsplit("</svg>", 1)[0]
        shapes = " ".join(_BACKGROUND.sub("", drawing).split())
        symbols.append(
            f'<symbol id="i-{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-linecap="round" stroke-linejoin="round">{shapes}</symbol>'
        )
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>\n"])


def _replace(file: Path, content: bytes) -> None:
    """Writes a file so that a running server sees either the old or the new one, never half of it."""
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
    os.chmod(name, 0o644)
    os.replace(name, file)
