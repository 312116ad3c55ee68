"""Files that hang on a row: seen by whoever sees that row, added and removed by whoever may write it.

`attachment` is no declared table: it points to rows of any table, so no criterion of its own could say who sees what.
Nothing reads it but the functions here, and each asks the gate for the row first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.audit import entry, write_lines
from models.kernel.columns import BigId, Moment
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.registry import table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base, Table
from models.kernel.words import _

MEGABYTE = 1024 * 1024
ROW_LIMIT = 200 * MEGABYTE
"""What may hang on one row."""


class Attachment(Base):
    """A file of a row. Its content is in the store, under its hash."""

    __tablename__ = "attachment"
    __table_args__ = (Index("ix_attachment_row", "table_name", "row_id", "id"), {"info": {"hangs_on_rows": True}})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    table_name: Mapped[str] = mapped_column(String(64))
    row_id: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigId)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    mime: Mapped[str] = mapped_column(String(100))
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    thumb_sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))


@dataclass(frozen=True, slots=True)
class Content:
    """What was found in a file that came in, and where the store keeps it.

    Attributes:
        kind: `image` or `document`.
        thumb: hash of a small picture of it, where there is one.
    """

    kind: str
    name: str
    size: int
    sha256: str
    mime: str
    width: int | None = None
    height: int | None = None
    thumb: str | None = None


def holder(session: Session, table_name: str, pk: int, right: str = READ) -> Table:
    """Returns the living row that files hang on, where the actor has `right` on it.

    Raises:
        Missing: it cannot be seen by the actor, or is in the recycle bin.
        Denied: it can be seen, but not this.
    """
    cls = table(table_name)
    row = session.execute(select(cls).where(cls.id == pk)).scalar_one_or_none()
    if row is None:
        raise Missing()
    if right != READ:
        held = select(cls.id).where(cls.id == pk).execution_options(right=right)
        if session.execute(held).first() is None:
            raise Denied()
    return row


def may_attach(session: Session, row: Table) -> bool:
    """Returns whether the actor may add files to a row that `holder` or the gate gave, and remove them."""
    cls = type(row)
    if not may(actor_of(session), cls, WRITE):
        return False
    held = select(cls.id).where(cls.id == row.id).execution_options(right=WRITE)
    return session.execute(held).first() is not None


def files_of(session: Session, row: Table) -> list[Any]:
    """Returns the files of a row that `holder` gave, oldest first, each with the name of who added it (`added_by`)."""
    files, accounts = Attachment.__table__.c, Base.metadata.tables["ab_user"].c
    found = session.execute(
        select(Attachment.__table__, accounts.first_name.label("added_by"))
        .outerjoin(Base.metadata.tables["ab_user"], accounts.id == files.created_by_id)
        .where(
            files.table_name == row.__tablename__,
            files.row_id == row.id,
            files.deleted_at.is_(None),
            files.created_at >= row.created_at,  # SQLite gives the key of a purged row again
        )
        .order_by(files.id)
    )
    return list(found)


def counts_of(session: Session, cls: type[Table], keys: Sequence[int]) -> dict[int, int]:
    """Returns row -> how many files hang on it, for rows of a table that the gate gave."""
    files = Attachment.__table__.c
    wanted = (files.table_name == cls.__tablename__, files.row_id.in_(keys), files.deleted_at.is_(None))
    counted = session.execute(select(files.row_id, func.count()).where(*wanted).group_by(files.row_id))
    return {row: n for row, n in counted}


def one(session: Session, key: int, right: str = READ) -> tuple[Any, Table]:
    """Returns a file and the row it hangs on, where the actor has `right` on that row.

    Raises:
        Missing: there is no such file, or its row cannot be seen; Denied: the row can be seen, but not this.
    """
    files = Attachment.__table__
    found = session.execute(select(files).where(files.c.id == key, files.c.deleted_at.is_(None))).one_or_none()
    if found is None:
        raise Missing()
    row = holder(session, found.table_name, found.row_id, right)
    if found.created_at < row.created_at:  # of a purged row whose key SQLite gave again
        raise Missing()
    return found, row


def attach(session: Session, row: Table, content: Content) -> int:
    """Hangs a file on a row that `holder` gave for writing; the same content twice is one file (a retry adds none).

    Returns: the key of the file. Does not commit.
    Raises:
        Refusal: the files of the row would be too large together.
    """
    held = files_of(session, row)
    same = next((each.id for each in held if each.sha256 == content.sha256), None)
    if same is not None:
        return int(same)
    check_room(sum(each.size for each in held), content.size)
    actor, now = actor_of(session), clock_of(session)()
    files: Any = Attachment.__table__
    values = {
        "table_name": row.__tablename__,
        "row_id": row.id,
        "kind": content.kind,
        "name": content.name,
        "size": content.size,
        "sha256": content.sha256,
        "mime": content.mime,
        "width": content.width,
        "height": content.height,
        "thumb_sha256": content.thumb,
        "created_at": now,
        "created_by_id": actor.user_id,
    }
    made = session.connection().execute(files.insert().values(values))
    key: Any = made.inserted_primary_key
    _note(session, row, "attach", content.name, int(key[0]), added=True)
    return int(key[0])


def contents_in_use(session: Session, digests: Sequence[str]) -> set[str]:
    """Returns which of these contents any row of any table names; files that were removed count, and may come back.

    Every column that holds the hash of a content is called `sha256` or ends so: that is what protects it.
    """
    found: set[str] = set()
    for table_ in Base.metadata.tables.values():
        for column in table_.c:
            if column.name.endswith("sha256"):
                found.update(session.execute(select(column).where(column.in_(digests))).scalars())
    return found


def check_room(held: int, more: int) -> None:
    """Refuses what would make the files of one row too large together.

    Raises:
        Refusal: so it is.
    """
    if held + more > ROW_LIMIT:
        raise Refusal(
            _(
                "The files of one record may have {limit} MB together; this one no longer fits.",
                "单条记录的附件合计不得超过 {limit} MB，无法再添加该文件。",
            ).fill(limit=ROW_LIMIT // MEGABYTE),
            "file",
            code="too_large",
            status=413,
        )


def detach(session: Session, key: int) -> None:
    """Takes a file off its row; its content stays in the store. Does not commit.

    Raises:
        Missing, Denied: as `one`.
    """
    found, row = one(session, key, WRITE)
    files: Any = Attachment.__table__
    session.connection().execute(
        files.update()
        .where(files.c.id == key)
        .values(deleted_at=clock_of(session)(), deleted_by_id=actor_of(session).user_id)
    )
    _note(session, row, "detach", found.name, key, added=False)


def _note(session: Session, row: Table, action: str, name: str, key: int, *, added: bool) -> None:
    change: tuple[Any, Any] = (None, name) if added else (name, None)
    changes: dict[str, tuple[Any, Any]] = {"file": change, "file_id": (None, key)}
    line = entry(actor_of(session), clock_of(session)(), row.__tablename__, row.id, action, changes)
    write_lines(session, [line])
