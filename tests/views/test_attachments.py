"""Files of records: who sees and who adds them, what may come in, and how it goes out."""

from __future__ import annotations

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageCms
from sqlalchemy import text

from models.kernel import attachment
from models.kernel.refusal import Refusal
from models.kernel.store import FolderStore
from tests.console import Console, engine_of
from tests.databases import BOTH
from tests.world import World
from views.kernel.files import content

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
JSON = {"Accept": "application/json"}
_ORIENTATION, _MAKER, _GPS = 0x0112, 0x010F, 0x8825


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), **more: Any) -> bytes:
    """Returns a picture, its left half red."""
    drawn = Image.new("RGB", size, "blue")
    drawn.paste("red", (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    drawn.save(out, form, **more)
    return out.getvalue()


def office(*names: str) -> bytes:
    """Returns a zip with these parts in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "<x/>")
    return out.getvalue()


def upload(console: Console, url: str, *files: tuple[str, bytes]) -> Any:
    """Sends files as the page's module does."""
    data = {"file": [(io.BytesIO(held), name) for name, held in files]}
    return console.call("POST", url, data=data, headers=JSON, content_type="multipart/form-data")


@pytest.fixture
def url(world: World) -> str:
    """The files of a room of the project by the lake."""
    return f"/room/{world.id('room', 'lake-1-1-101')}/files"


@pytest.mark.parametrize("backend", BOTH)
def test_a_file_goes_in_and_comes_out(app: Flask, world: World, url: str) -> None:
    clerk = Console(app, "project_clerk")
    answer = upload(clerk, url, ("平面图.pdf", PDF), ("客厅.png", picture("PNG")))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    plan, photo = answer.get_json()["files"]
    assert (plan["name"], plan["kind"], plan["size"], plan["thumb"]) == ("平面图.pdf", "document", len(PDF), None)
    assert (photo["kind"], photo["width"], photo["height"]) == ("image", 60, 40)
    assert [each["id"] for each in clerk.get(url).get_json()["files"]] == [plan["id"], photo["id"]]
    got = clerk.get(plan["url"])
    assert got.data == PDF
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"].startswith("inline; filename=")
    assert "filename*=UTF-8''%E5%B9%B3" in got.headers["Content-Disposition"]
    assert clerk.get(plan["url"] + "?save=1").headers["Content-Disposition"].startswith("attachment;")
    again = clerk.get(plan["url"], headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    small = clerk.get(photo["thumb"])
    assert small.mimetype == "image/webp"
    page = clerk.get(url.replace("/room/", "/room/show/").removesuffix("/files")).get_data(as_text=True)
    assert "平面图.pdf" in page and photo["thumb"] in page and 'id="files-input"' in page
    assert "added a file" in page
    with engine_of(app).connect() as connection:
        found = connection.execute(text("SELECT action, changes FROM audit_log ORDER BY id DESC LIMIT 2")).all()
    assert [action for action, _changes in found] == ["attach", "attach"]
    assert "客厅.png" in found[0].changes


def test_a_form_without_scripts_works(app: Flask, world: World, url: str) -> None:
    clerk = Console(app, "project_clerk")
    answer = clerk.send(url, file=(io.BytesIO(PDF), "a.pdf"))
    assert answer.status_code == 303 and answer.location.startswith("/room/show/")
    key = clerk.get(url).get_json()["files"][0]["id"]
    answer = clerk.send(url, file=(io.BytesIO(b"MZ"), "a.exe"))
    assert answer.status_code == 303
    assert "not kept here" in clerk.get(answer.location).get_data(as_text=True)
    assert clerk.send(f"/file/{key}/delete").status_code == 303
    assert clerk.get(url).get_json() == {"files": []}


@pytest.mark.parametrize("backend", BOTH)
def test_nobody_else_learns_of_it(app: Flask, world: World, url: str) -> None:
    clerk = Console(app, "project_clerk")
    made = upload(clerk, url, ("a.png", picture("PNG"))).get_json()["files"][0]
    bare = f"/file/{made['id']}"
    for login, expected in (("bay_clerk", 404), ("stranger", 404)):
        other = Console(app, login)
        for address in (url, made["url"], made["thumb"], f"{bare}/x"):
            assert other.get(address).status_code == expected, address
            assert "a.png" not in other.get(address).get_data(as_text=True)
        assert upload(other, url, ("b.pdf", PDF)).status_code == expected
        assert other.call("POST", f"{bare}/delete", headers=JSON).status_code == expected
    nobody = Console(app, None)
    for address in (url, made["url"], made["thumb"]):
        assert nobody.get(address).status_code == 302
    reader = Console(app, "project_leader")  # reads the room and may not write it
    assert reader.get(made["url"]).status_code == 200
    assert upload(reader, url, ("b.pdf", PDF)).status_code == 403
    assert reader.call("POST", f"{bare}/delete", headers=JSON).status_code == 403
    page = reader.get(url.replace("/room/", "/room/show/").removesuffix("/files")).get_data(as_text=True)
    assert "a.png" in page and 'id="files-input"' not in page
    assert clerk.client.post(url, data={"file": (io.BytesIO(PDF), "c.pdf")}).status_code == 400  # no token
    assert len(clerk.get(url).get_json()["files"]) == 1


def test_files_of_a_deleted_record_are_gone(app: Flask, world: World, url: str) -> None:
    clerk = Console(app, "project_clerk")
    made = upload(clerk, url, ("a.png", picture("PNG"))).get_json()["files"][0]
    with engine_of(app).begin() as connection:
        connection.execute(text("UPDATE room SET deleted_at = created_at WHERE id = :i"), {"i": url.split("/")[2]})
    for address in (url, made["url"], made["thumb"]):
        assert clerk.get(address).status_code == 404
    assert upload(clerk, url, ("b.pdf", PDF)).status_code == 404
    assert clerk.call("POST", made["delete_url"], headers=JSON).status_code == 404


def test_a_record_inherits_no_files_of_a_purged_one(app: Flask, world: World, url: str) -> None:
    """SQLite gives the highest key again when its row is purged."""
    clerk = Console(app, "project_clerk")
    made = upload(clerk, url, ("a.png", picture("PNG"))).get_json()["files"][0]
    with engine_of(app).begin() as connection:
        later = {"i": url.split("/")[2], "later": "2999-01-01 00:00:00.000000"}
        connection.execute(text("UPDATE room SET created_at = :later WHERE id = :i"), later)
    assert clerk.get(url).get_json() == {"files": []}
    for address in (made["url"], made["thumb"]):
        assert clerk.get(address).status_code == 404
    assert clerk.call("POST", made["delete_url"], headers=JSON).status_code == 404


def test_a_deleted_file_is_gone_and_its_content_kept(app: Flask, world: World, url: str) -> None:
    clerk = Console(app, "project_clerk")
    made = upload(clerk, url, ("a.png", picture("PNG"))).get_json()["files"][0]
    assert clerk.call("POST", made["delete_url"], headers=JSON).get_json() == {"deleted": made["id"]}
    for address in (made["url"], made["thumb"]):
        assert clerk.get(address).status_code == 404
    assert FolderStore(Path(app.config["DOORBOOK_HOME"]) / "files").get(made["sha256"])
    assert upload(clerk, url, ("a.png", picture("PNG"))).get_json()["files"][0]["id"] != made["id"]


@pytest.mark.parametrize(
    "address", ["/file/1/x", "/file/99999999999999999999/x", "/room/99999999999999999999/files", "/nothing/1/files"]
)
def test_what_is_not_there_is_a_404(app: Flask, world: World, address: str) -> None:
    assert Console(app, "group_admin").get(address).status_code == 404


def test_the_same_content_hangs_once_and_is_kept_once(app: Flask, world: World, url: str) -> None:
    clerk = Console(app, "project_clerk")
    first = upload(clerk, url, ("a.pdf", PDF)).get_json()["files"]
    assert upload(clerk, url, ("b.pdf", PDF)).get_json()["files"] == first
    other = f"/room/{world.id('room', 'lake-1-1-102')}/files"
    upload(clerk, other, ("c.pdf", PDF))
    kept = [file for file in (Path(app.config["DOORBOOK_HOME"]) / "files").rglob("*") if file.is_file()]
    assert [file.name for file in kept] == [first[0]["sha256"]]
    assert kept[0].parts[-3:-1] == (first[0]["sha256"][:2], first[0]["sha256"][2:4])


@pytest.mark.parametrize(
    ("name", "held", "said"),
    [
        ("a.html", b"<html><script>alert(1)</script></html>", "not kept here"),
        ("a.pdf", b"<html></html>", "not kept here"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not kept here"),
        ("a.zip", office("a.txt"), "not kept here"),
        ("a.docx", office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "not kept here"),
        ("a.docx", b"PK\x03\x04 and then nothing", "damaged"),
        ("a.exe", b"MZ\x90\x00", "not kept here"),
        ("a.txt", b"a\x00b", "not kept here"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        ("a.jpg", b"\xff\xd8\xff\xe0 no picture", "damaged"),
        ("a.png", picture("PNG")[:-30], "damaged"),
        ("a.txt", b"", "empty"),
    ],
)
def test_what_may_not_come_in(app: Flask, world: World, url: str, name: str, held: bytes, said: str) -> None:
    clerk = Console(app, "project_clerk")
    answer = upload(clerk, url, ("good.pdf", PDF), (name, held))
    assert answer.status_code == 422
    assert said in answer.get_json()["detail"] and answer.get_json()["field"] == "file"
    assert clerk.get(url).get_json() == {"files": []}  # all or none


def test_sizes_have_limits(app: Flask, world: World, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = Console(app, "project_clerk")
    monkeypatch.setattr("views.kernel.files.pages.LIMIT", len(PDF))
    assert upload(clerk, url, ("a.pdf", PDF)).status_code == 201
    answer = upload(clerk, url, ("b.pdf", PDF + b"\n"))
    assert answer.status_code == 413 and "larger than" in answer.get_json()["detail"]
    monkeypatch.setattr(attachment, "ROW_LIMIT", 2 * len(PDF) - 1)
    monkeypatch.setattr("views.kernel.files.pages.LIMIT", 2 * len(PDF))
    answer = upload(clerk, url, ("c.pdf", PDF + b" "))
    assert answer.status_code == 413 and "together" in answer.get_json()["detail"]
    assert upload(clerk, url).status_code == 422
    monkeypatch.setattr(content, "PIXELS", 100)
    answer = upload(clerk, url, ("a.png", picture("PNG", (20, 20))))
    assert answer.status_code == 422 and "pixels" in answer.get_json()["detail"]


def test_a_photo_loses_what_it_hides_and_stands_upright(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[_ORIENTATION], tags[_MAKER] = 6, "SecretPhone"
    tags.get_ifd(_GPS)[2] = (30.0, 15.0, 0.0)
    colours = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    held = picture("JPEG", exif=tags, comment=b"hidden words", icc_profile=colours) + b"<script>tail</script>"
    assert b"SecretPhone" in held
    store = FolderStore(tmp_path)
    found = content.taken(store, "a.jpeg", held)
    kept = store.get(found.sha256)
    assert (found.width, found.height) == (40, 60)
    for secret in (b"SecretPhone", b"hidden words", b"Exif", b"<script>"):
        assert secret not in kept
    with Image.open(io.BytesIO(kept)) as drawn:
        assert not drawn.getexif()
        assert drawn.info["icc_profile"] == colours
        red = drawn.convert("RGB").getpixel((20, 10))
        assert isinstance(red, tuple) and red[0] > 200  # what was left is on top now
    with Image.open(io.BytesIO(store.get(found.thumb or ""))) as small:
        assert max(small.size) <= content.THUMB and not small.getexif()


@pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "JPEG"])
def test_every_kind_of_picture_is_drawn(form: str, tmp_path: Path) -> None:
    for mode in {"JPEG": ["L", "RGB", "CMYK"], "GIF": ["P", "L"], "WEBP": ["RGB", "RGBA"]}.get(
        form, ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]
    ):
        out = io.BytesIO()
        Image.new(mode, (800, 500)).save(out, form)
        found = content.taken(FolderStore(tmp_path), "x", out.getvalue())
        assert (found.width, found.height, found.thumb is not None) == (800, 500, True)


def test_a_moving_picture_goes_on_moving(tmp_path: Path) -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (30, 20), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=80)
    store = FolderStore(tmp_path)
    with Image.open(io.BytesIO(store.get(content.taken(store, "a.gif", out.getvalue()).sha256))) as kept:
        assert getattr(kept, "n_frames", 1) == 3


@pytest.mark.parametrize(
    ("given", "kind", "shown"),
    [
        ("../../etc/passwd", "txt", "passwd.txt"),
        ("C:\\Users\\me\\合同.PDF", "pdf", "合同.pdf"),
        ("photo.jpeg", "jpg", "photo.jpg"),
        ("evil.html", "jpg", "evil.html.jpg"),
        ('a"; x\r\n: b.pdf', "pdf", "a_ x_ b.pdf"),
        ("\u202egpj.exe.pdf", "pdf", "gpj.exe.pdf"),
        ("...", "png", "file.png"),
        ("名" * 300 + ".pdf", "pdf", "名" * 120 + ".pdf"),
    ],
)
def test_names_are_made_safe(given: str, kind: str, shown: str) -> None:
    assert content.clean(given, kind) == shown


def test_documents_are_told_by_what_is_in_them() -> None:
    assert content.kind_of("a.bin", office("[Content_Types].xml", "xl/workbook.xml")) == "xlsx"
    assert content.kind_of("a.zip", office("[Content_Types].xml", "word/document.xml")) == "docx"
    assert content.kind_of("a.csv", "姓名,电话\r\n".encode("gb18030")) == "csv"
    assert content.kind_of("a.txt", "words".encode("utf-16")) == "txt"
    with pytest.raises(Refusal):
        content.kind_of("a.html", b"words")


def test_text_is_never_shown_in_place(app: Flask, world: World, url: str) -> None:
    clerk = Console(app, "project_clerk")
    made = upload(clerk, url, ("a.txt", b"<script>alert(1)</script>")).get_json()["files"][0]
    got = clerk.get(made["url"])
    assert got.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert got.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in got.headers["Content-Security-Policy"]


def test_a_store_keeps_whole_files_only(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    with ThreadPoolExecutor(4) as many:
        digests = set(many.map(lambda _number: store.put(b"x" * 100_000), range(20)))
    assert len(digests) == 1
    assert len([file for file in tmp_path.rglob("*") if file.is_file()]) == 1
    for wrong in ("", "../../etc/passwd", "A" * 64, "0" * 64):
        with pytest.raises(FileNotFoundError):
            store.get(wrong)
    store.path(digests.copy().pop()).write_bytes(b"cut")
    assert store.get(store.put(b"x" * 100_000)) == b"x" * 100_000  # one that was cut is mended
