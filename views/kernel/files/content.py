"""What may come in as a file: told by what is in it, never by its name. Pictures are drawn anew, without what they hide."""

from __future__ import annotations

import io
import re
import unicodedata
import warnings
import zipfile
from dataclasses import dataclass

from PIL import Image, ImageOps

from models.kernel.attachment import MEGABYTE, Content
from models.kernel.refusal import Refusal
from models.kernel.store import Store
from models.kernel.words import Words, _

LIMIT = 20 * MEGABYTE
PIXELS = 50_000_000
"""Of a picture, all frames together: a 48-megapixel photo passes, a bomb does not."""
THUMB = 320
NAME_LENGTH = 120
ACCEPT = ".jpg,.jpeg,.png,.webp,.gif,.pdf,.docx,.xlsx,.csv,.txt"
_FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif"}
_OFFICE = "application/vnd.openxmlformats-officedocument."
MIMES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "csv": "text/csv",
    "txt": "text/plain",
}
INLINE = {MIMES[kind] for kind in ("jpg", "png", "webp", "gif", "pdf")}
"""What a browser may open in place; everything else is only ever saved."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*;%\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+')


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture drawn anew, and a small one of it."""

    content: bytes
    width: int
    height: int
    thumb: bytes


def taken(store: Store, name: str, content: bytes) -> Content:
    """Looks at a file that came in and keeps it.

    Args:
        name: as the sender calls it.

    Returns: what `models.kernel.attachment.attach` hangs on a row.
    Raises:
        Refusal: it is empty, too large, of a kind that is not kept here, or damaged.
    """
    if not content:
        raise _refused(_("“{name}” is empty.", "“{name}”是空文件。"), name)
    if len(content) > LIMIT:
        raise too_large(name)
    kind = kind_of(name, content)
    shown = clean(name, kind)
    if MIMES[kind].startswith("image/"):
        drawn = redrawn(shown, content)
        digest, thumb = store.put(drawn.content), store.put(drawn.thumb)
        size = len(drawn.content)
        return Content("image", shown, size, digest, MIMES[kind], drawn.width, drawn.height, thumb)
    return Content("document", shown, len(content), store.put(content), MIMES[kind])


def too_large(name: str) -> Refusal:
    """Returns the refusal of a file that is too large."""
    return Refusal(
        _("“{name}” is larger than {limit} MB.", "“{name}”超过 {limit} MB。").fill(
            name=_short(name), limit=LIMIT // MEGABYTE
        ),
        "file",
        code="too_large",
        status=413,
    )


def clean(name: str, kind: str) -> str:
    """Returns a name that is safe on every system: no path, no signs that mean something, and the ending of its kind."""
    plain = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    plain = _UNSAFE.sub("_", plain).strip(" ._")
    stem, dot, ending = plain.rpartition(".")
    same = {kind, "jpeg"} if kind == "jpg" else {kind}
    if not dot or ending.lower() not in same:
        stem = plain.removesuffix(".")
    return f"{stem[:NAME_LENGTH].strip(' .') or 'file'}.{kind}"


def kind_of(name: str, content: bytes) -> str:
    """Returns the kind of a file by its first bytes: a key of `MIMES`.

    Raises:
        Refusal: a kind that is not kept here.
    """
    head = content[:16]
    if head.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"mif1", b"msf1", b"avif"):
        raise _refused(
            _(
                "“{name}” is a HEIC picture, which not every computer can open. Let the phone take JPEG"
                " (Settings, Camera, Formats, Most Compatible) or send a JPEG.",
                "“{name}”为 HEIC 格式，部分电脑无法打开。请在手机“设置-相机-格式”中选择“兼容性最佳”，或转换为 JPEG 后上传。",
            ),
            name,
        )
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _office(name, content)
    ending = name.rpartition(".")[2].lower()
    if ending in ("csv", "txt") and _is_text(content):
        return ending
    raise _unknown(name)


def _office(name: str, content: bytes) -> str:
    """A document of Word or Excel without macros; any other zip is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            names = set(book.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise _damaged(name) from None
    if "[Content_Types].xml" in names and not any(each.lower().endswith("vbaproject.bin") for each in names):
        if "word/document.xml" in names:
            return "docx"
        if "xl/workbook.xml" in names:
            return "xlsx"
    raise _unknown(name)


def _is_text(content: bytes) -> bool:
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            return "\x00" not in content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return False


def redrawn(name: str, content: bytes) -> Picture:
    """Draws a picture anew: upright, in its own format, without place, camera or anything else that hung on it.

    Raises:
        Refusal: it is damaged, or far too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged tags, which are thrown away anyway
            with Image.open(io.BytesIO(content), formats=list(_FORMATS)) as source:
                frames = getattr(source, "n_frames", 1)
                if source.width * source.height * frames > PIXELS:
                    raise _refused(
                        _(
                            "“{name}” has more than {limit} million pixels. Make it smaller and send it again.",
                            "“{name}”超过 {limit} 百万像素，请缩小后重新上传。",
                        ),
                        name,
                        limit=PIXELS // 1_000_000,
                    )
                return _drawn(source, frames)
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        ArithmeticError,
        LookupError,
        TypeError,
        Image.DecompressionBombError,
    ):
        raise _damaged(name) from None


def _drawn(source: Image.Image, frames: int) -> Picture:
    form = source.format or ""
    colours = {"icc_profile": source.info["icc_profile"]} if source.info.get("icc_profile") else {}
    out = io.BytesIO()
    if frames > 1:
        pictures = []
        for number in range(frames):
            source.seek(number)
            pictures.append(source.convert("RGBA"))
        first = pictures[0]
        first.info = {}
        pause = source.info.get("duration", 100)
        first.save(out, form, save_all=True, append_images=pictures[1:], duration=pause, loop=0)
    else:
        first = ImageOps.exif_transpose(source)
        first.load()
        if form == "JPEG" and first.mode not in ("L", "RGB"):
            first, colours = first.convert("RGB"), {}
        kept = first.info.get("transparency")
        first.info = {} if kept is None else {"transparency": kept}
        quality = {"JPEG": {"quality": 90, "optimize": True}, "WEBP": {"quality": 90}}.get(form, {})
        first.save(out, form, exif=b"", **colours, **quality) if form != "GIF" else first.save(out, form)
    small = first.convert("RGBA" if first.mode in ("RGBA", "LA", "P", "PA") else "RGB")
    small.thumbnail((THUMB, THUMB))
    small.info = {}
    thumb = io.BytesIO()
    small.save(thumb, "WEBP", quality=80)
    return Picture(out.getvalue(), first.width, first.height, thumb.getvalue())


def _short(name: str) -> str:
    return _UNSAFE.sub("_", name.replace("\\", "/").rpartition("/")[2])[-60:] or "?"


def _refused(sentence: Words, name: str, **values: object) -> Refusal:
    return Refusal(sentence.fill(name=_short(name), **values), "file", code="file")


def _damaged(name: str) -> Refusal:
    return _refused(_("“{name}” is damaged and cannot be read.", "“{name}”已损坏，无法读取。"), name)


def _unknown(name: str) -> Refusal:
    return _refused(
        _(
            "“{name}” is of a kind that is not kept here. Pictures (JPG, PNG, WebP, GIF), PDF, DOCX, XLSX, CSV and TXT are.",
            "不支持“{name}”的文件类型。可上传图片（JPG、PNG、WebP、GIF）、PDF、DOCX、XLSX、CSV 和 TXT。",
        ),
        name,
    )
