"""Contact sheets: the pictures of one page side by side, both languages, both sizes, both themes, to be looked at in one go."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

WIDE, NARROW, HIGH, GAP, HEAD = 640, 186, 402, 10, 22
ORDER = [(language, theme) for language in ("zh", "en") for theme in ("light", "dark")]


def sheets(folder: Path) -> list[Path]:
    """Writes one sheet per page into `folder`/sheets.

    Arguments: the `folder` that `tools.shots` filled with `<page>.<language>.<size>.<theme>.png`.
    Returns: the sheets, by name.
    """
    pages: dict[str, dict[tuple[str, str, str], Path]] = {}
    for file in sorted(folder.glob("*.png")):
        stem, language, size, theme, _end = file.name.rsplit(".", 4)
        pages.setdefault(stem, {})[language, size, theme] = file
    target = folder / "sheets"
    target.mkdir(exist_ok=True)
    return [_sheet(stem, files, target / f"{stem}.png") for stem, files in pages.items()]


def _sheet(stem: str, files: dict[tuple[str, str, str], Path], target: Path) -> Path:
    """Two rows (languages) of two pairs (themes): the wide picture and the narrow one beside it."""
    pair = WIDE + NARROW + GAP
    sheet = Image.new("RGB", (2 * pair + 3 * GAP, 2 * (HIGH + HEAD + GAP) + GAP), "#8a8f94")
    pen = ImageDraw.Draw(sheet)
    for place, (language, theme) in enumerate(ORDER):
        left = GAP + place % 2 * (pair + GAP)
        top = GAP + place // 2 * (HIGH + HEAD + GAP)
        pen.text((left, top + 4), f"{stem}  {language}  {theme}", fill="#111")
        for size, width, at in (("wide", WIDE, left), ("narrow", NARROW, left + WIDE + GAP)):
            file = files.get((language, size, theme))
            if file is None:
                continue
            with Image.open(file) as picture:
                small = picture.convert("RGB").resize((width, round(picture.height * width / picture.width)))
            sheet.paste(small.crop((0, 0, width, min(HIGH, small.height))), (at, top + HEAD))
    sheet.save(target, optimize=True)
    return target
