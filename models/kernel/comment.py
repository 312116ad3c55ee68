"""What people say about a row: seen and added by whoever sees that row, changed and taken back by whoever wrote it.

As with files, `comment` is no declared table: it points to rows of any table, and nothing reads it but the functions
here, each of which asks the gate for the row first. Every comment has its line in the audit, which is also its place in
the timeline of the row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.attachment import holder
from models.kernel.audit import entry, write_lines
from models.kernel.columns import BigId, Moment
from models.kernel.notice import Event, tell
from models.kernel.readers import Reader, administers, readers
from models.kernel.reading import read_text
from models.kernel.refusal import Denied, Missing, Refusal
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Base, Table
from models.kernel.words import _

LONGEST = 4_000
"""Characters of a comment."""

CHANGEABLE = timedelta(minutes=15)
"""How long whoever wrote a comment may change it; after that it may still be taken back."""

_AGAIN = timedelta(minutes=1)

MENTIONED = Event(
    "comment.mentioned",
    _("You were mentioned in a comment", "评论中提到了我"),
    title=_("{actor} mentioned you on “{record}”", "{actor}在“{record}”中提到了您"),
    body=_("{comment}", "{comment}"),
    fields={"comment": _("The comment", "评论内容")},
    samples={"comment": _("Please ring the owner back before noon.", "请在中午前给业主回电。")},
)


class Comment(Base):
    """A comment on a row. One that was taken back stays, unseen, with who took it back and when."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_row", "table_name", "row_id", "id"), {"info": {"hangs_on_rows": True}})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    table_name: Mapped[str] = mapped_column(String(64))
    row_id: Mapped[int] = mapped_column(BigId)
    text: Mapped[str] = mapped_column(Text)
    mentions: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"), index=True)
    changed_at: Mapped[datetime | None] = mapped_column(Moment)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))


_AT = re.compile(r"(?<![A-Za-z0-9._%+-])@(?=\S)")
_LOGIN_GOES_ON = re.compile(r"[A-Za-z0-9_-]|\.[A-Za-z0-9]")


def mentioned(text: str, people: Iterable[Reader]) -> list[tuple[str, int]]:
    """Finds who is mentioned in a text: an @ and the name or sign-in name of somebody who can read the record.

    A text may go on after the name without a blank, as Chinese does; the longest name that fits is meant. The @ of a mail
    address, or one before a blank, is a mere sign.

    Returns: pairs of what was written behind the @ and the account, each once.
    Raises:
        Refusal: nobody who can read the record is called so, or several are.
    """
    names: dict[str, set[int]] = {}
    for one in people:
        for name in {one.name, one.login.casefold()}:
            names.setdefault(name, set()).add(one.user_id)
    found: dict[str, int] = {}
    wrong: list[Refusal] = []
    for sign in _AT.finditer(text):
        rest = text[sign.end() :]
        fitting = [name for name in names if _begins(rest, name)]
        if not fitting:
            wrong.append(_nobody(rest))
            continue
        name = max(fitting, key=len)
        if len(names[name]) > 1:
            wrong.append(_several(name))
            continue
        (found[rest[: len(name)]],) = names[name]
    if wrong:
        raise Refusal.of(wrong)
    return list(found.items())


def _begins(rest: str, name: str) -> bool:
    """Whether a text begins with a name; a sign-in name must end there, a Chinese name need not."""
    if not name or rest[: len(name)].casefold() != name.casefold():
        return False
    return not (name[-1].isascii() and name[-1].isalnum() and _LOGIN_GOES_ON.match(rest[len(name) :]))


def _nobody(rest: str) -> Refusal:
    shown = re.split(r"[\s,，。;；:：!！?？、]", rest, maxsplit=1)[0][:20]
    return Refusal(
        _(
            "Nobody who can read this record is called “{name}”. Choose somebody from the list that opens after @, or put"
            " a blank behind the @.",
            "能查看该记录的人员中没有“{name}”。请在输入 @ 后从列表中选择；若无需提醒他人，请在 @ 后加空格。",
        ).fill(name=shown),
        "text",
        code="unknown_mention",
    )


def _several(name: str) -> Refusal:
    return Refusal(
        _(
            "Several people are called “{name}”. Write the sign-in name of the one you mean.",
            "有多人名为“{name}”，请改用登录名。",
        ).fill(name=name),
        "text",
        code="ambiguous_mention",
    )


def comments_of(session: Session, row: Table, keys: Iterable[int] | None = None) -> list[Any]:
    """Returns the comments of a row that `holder` or the gate gave, oldest first, those taken back too, with `author`.

    Args:
        keys: only these.
    """
    table, accounts = Comment.__table__.c, Base.metadata.tables["ab_user"].c
    statement = (
        select(Comment.__table__, accounts.first_name.label("author"))
        .outerjoin(Base.metadata.tables["ab_user"], accounts.id == table.created_by_id)
        .where(
            table.table_name == row.__tablename__,
            table.row_id == row.id,
            table.created_at >= row.created_at,  # SQLite gives the key of a purged row again
        )
        .order_by(table.id)
    )
    if keys is not None:
        statement = statement.where(table.id.in_(sorted(keys)))
    return list(session.execute(statement))


def one_comment(session: Session, key: int) -> tuple[Any, Table]:
    """Returns a comment that was not taken back, and the row it is about, where the actor can read that row.

    Raises:
        Missing: there is no such comment, or its row cannot be seen.
    """
    comments = Comment.__table__
    found = session.execute(select(comments).where(comments.c.id == key, comments.c.deleted_at.is_(None))).one_or_none()
    if found is None:
        raise Missing()
    row = holder(session, found.table_name, found.row_id)
    if found.created_at < row.created_at:
        raise Missing()
    return found, row


def may_change(session: Session, found: Any) -> bool:
    """Returns whether the actor may still change a comment: their own, for a quarter of an hour."""
    actor = actor_of(session)
    if actor.user_id is None or found.created_by_id != actor.user_id:
        return False
    return bool(clock_of(session)() - found.created_at <= CHANGEABLE)


def comment(session: Session, row: Table, raw: object) -> int:
    """Adds a comment to a row that `holder` or the gate gave; the same twice within a minute is one (a retry adds none).

    Returns: the key of the comment. Does not commit; who is mentioned is told when the transaction commits.
    Raises:
        Refusal: it is empty, too long, or mentions somebody who cannot read the row.
        Denied: nobody acts; the system says nothing.
    """
    actor, now = actor_of(session), clock_of(session)()
    if actor.user_id is None:
        raise Denied()
    text = _read(raw)
    comments: Any = Comment.__table__
    same = session.scalar(
        select(comments.c.id).where(
            comments.c.table_name == row.__tablename__,
            comments.c.row_id == row.id,
            comments.c.created_by_id == actor.user_id,
            comments.c.created_at >= now - _AGAIN,
            comments.c.deleted_at.is_(None),
            comments.c.text == text,
        )
    )
    if same is not None:
        return int(same)
    who = mentioned(text, readers(session, row)) if "@" in text else []
    values = {
        "table_name": row.__tablename__,
        "row_id": row.id,
        "text": text,
        "mentions": json.dumps(who, ensure_ascii=False),
        "created_at": now,
        "created_by_id": actor.user_id,
    }
    made = session.connection().execute(comments.insert().values(values))
    key: Any = made.inserted_primary_key
    _note(session, row, "comment", int(key[0]), (None, text))
    _tell(session, row, text, {user for _name, user in who})
    return int(key[0])


def change_comment(session: Session, key: int, raw: object) -> None:
    """Changes one's own comment. Only who was not mentioned before is told. Does not commit.

    Raises:
        Missing: as `one_comment`; Denied: somebody else's.
        Refusal: it is too late (409), or as `comment`.
    """
    found, row = one_comment(session, key)
    actor = actor_of(session)
    if found.created_by_id != actor.user_id or actor.user_id is None:
        raise Denied(_("Only who wrote a comment changes it.", "只有评论人本人可以修改评论。"))
    if not may_change(session, found):
        raise Refusal(
            _(
                "A comment can be changed for {minutes} minutes. Take it back, or add another.",
                "评论发表 {minutes} 分钟后不能再修改，可以撤回或另写一条。",
            ).fill(minutes=int(CHANGEABLE.total_seconds() // 60)),
            code="too_late",
            status=409,
        )
    text = _read(raw)
    if text == found.text:
        return
    who = mentioned(text, readers(session, row)) if "@" in text else []
    comments: Any = Comment.__table__
    session.connection().execute(
        comments.update()
        .where(comments.c.id == key)
        .values(text=text, mentions=json.dumps(who, ensure_ascii=False), changed_at=clock_of(session)())
    )
    _note(session, row, "comment_change", key, (found.text, text))
    _tell(session, row, text, {user for _name, user in who} - {user for _name, user in mentions_of(found)})


def remove_comment(session: Session, key: int) -> None:
    """Takes a comment back: one's own, or anybody's as an administrator of the row. Leaves a trace. Does not commit.

    Raises:
        Missing: as `one_comment`; Denied: somebody else's, and the actor is no administrator there.
    """
    found, row = one_comment(session, key)
    actor = actor_of(session)
    own = actor.user_id is not None and found.created_by_id == actor.user_id
    if not own and not administers(session, row):
        raise Denied(
            _(
                "Only who wrote a comment takes it back, or an administrator.",
                "只有评论人本人或管理员可以删除评论。",
            )
        )
    comments: Any = Comment.__table__
    session.connection().execute(
        comments.update()
        .where(comments.c.id == key)
        .values(deleted_at=clock_of(session)(), deleted_by_id=actor.user_id)
    )
    _note(session, row, "comment_remove", key, (found.text, None))


def mentions_of(found: Any) -> list[tuple[str, int]]:
    """Returns who is mentioned in a comment, by what was written behind the @."""
    return [(name, user) for name, user in json.loads(found.mentions)]


def _read(raw: object) -> str:
    try:
        text = read_text(raw, LONGEST)
    except Refusal as refusal:
        raise Refusal(refusal.sentence, "text", code=refusal.code) from None
    if text is None:
        raise Refusal(_("Write something first.", "请先填写评论内容。"), "text", code="required")
    return text


def _note(session: Session, row: Table, action: str, key: int, change: tuple[str | None, str | None]) -> None:
    changes: dict[str, tuple[Any, Any]] = {"comment_id": (None, key), "comment": change}
    line = entry(actor_of(session), clock_of(session)(), row.__tablename__, row.id, action, changes)
    write_lines(session, [line])


def _tell(session: Session, row: Table, text: str, users: set[int]) -> None:
    actor = actor_of(session)
    to = users - {actor.user_id}
    if to:
        tell(session, actor, MENTIONED, to, row, {"comment": text})
