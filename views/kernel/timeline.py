"""What happened to a record, as its page shows it: changes, moves, comments and files in one list, newest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

from flask import g, request
from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel import history
from models.kernel.attachment import files_of
from models.kernel.clock import local
from models.kernel.columns import ColumnInfo
from models.kernel.comment import CHANGEABLE, LONGEST, comments_of, may_change, mentions_of
from models.kernel.history import Told
from models.kernel.masking import Undecipherable
from models.kernel.option_values import words_of
from models.kernel.owning import owner_path
from models.kernel.readers import administers
from models.kernel.refusal import Missing
from models.kernel.registry import infos, table
from models.kernel.roles import READ, WRITE
from models.kernel.scope import may
from models.kernel.session import actor_of
from models.kernel.table import Base, Table
from models.kernel.words import Words, _
from views.kernel.cells import plain_text
from views.kernel.formats import moment
from views.kernel.lookup import texts_of
from views.kernel.request import say

SIZE = 20
NOTES = 8
ACTIONS: dict[str, Words] = {
    "add": _("entered this record", "新增了该记录"),
    "change": _("changed {fields}", "修改了{fields}"),
    "delete": _("put it in the recycle bin", "将其移入回收站"),
    "sign_out": _("signed out everywhere", "退出了全部登录"),
    "two_step_reset": _("reset the two-step sign-in", "重置了两步验证"),
    "two_step_on": _("switched two-step sign-in on", "开启了两步验证"),
    "two_step_off": _("switched two-step sign-in off", "关闭了两步验证"),
    "recovery_code": _("signed in with a recovery code", "使用恢复码登录"),
    "revoke": _("revoked a token", "撤销了令牌"),
    "unlock": _("lifted the lock-out", "解除了登录锁定"),
    "restore": _("restored it", "恢复了该记录"),
    "purge": _("deleted it for good", "彻底删除了该记录"),
    "attach": _("added a file", "上传了附件"),
    "detach": _("removed a file", "删除了附件"),
    "comment": _("commented", "发表了评论"),
    "reveal": _("looked at {fields} in full", "查看了完整的{fields}"),
    "export": _("exported", "导出了数据"),
    "password": _("set a password", "设置了密码"),
    "comment_change": _("changed a comment", "修改了评论"),
    "comment_remove": _("took a comment back", "撤回了评论"),
}
BELOW: dict[str, Words] = {
    "add": _("added", "新增了"),
    "restore": _("restored", "恢复了"),
    "delete": _("deleted", "删除了"),
}
KINDS: dict[str, Words] = {
    "": _("All", "全部"),
    "changes": _("Changes", "修改"),
    "moves": _("Transitions", "流转"),
    "comments": _("Comments", "评论"),
    "files": _("Files", "附件"),
}


def action_words(cls: type[Table] | None, action: str) -> Words:
    """Returns what somebody did: a transition by its own label."""
    move = cls.flow.transition(action) if cls is not None and cls.flow is not None else None
    if move is not None:
        return _("chose “{label}”", "执行了“{label}”").fill(label=move.label)
    return ACTIONS.get(action, _("did something", "进行了操作"))


class Names:
    """What rows are called and where they are, asked once for all that a page of history names."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.wanted: dict[str, set[int]] = {}
        self.known: dict[str, dict[int, str]] = {}

    def want(self, name: str, key: Any) -> None:
        """Says that a row will be named."""
        if isinstance(key, int) and key:
            self.wanted.setdefault(name, set()).add(key)

    def of(self, name: str, key: Any) -> str | None:
        """Returns what a row is called; None where the actor cannot see it, or it is gone."""
        if name not in self.known:
            self.known[name] = texts_of(self.session, table(name), self.wanted.get(name, set()))
        return self.known[name].get(key)


def _typed(cls: type[Table], name: str, value: Any) -> Any:
    try:
        return history.typed(cls, name, value)
    except (ValueError, ArithmeticError, TypeError):
        return str(value)


def shown(names: Names, cls: type[Table], name: str, value: Any, then: tuple[str | None, date] | None = None) -> str:
    """Returns a value of the audit as a person reads it: refs by name in the actor's scope, personal data masked.

    `then` is the place of its row and the day of the change: options are told as they were called there and then.
    """
    known: ColumnInfo = infos(cls)[name]
    if known.list and value and then is not None:
        return str(say(words_of(names.session, known.list, str(value), *then)))
    if value is None or value == "":
        return ""
    if known.kind == "ref":
        return names.of(known.target or "", value) or "?"
    try:
        return plain_text(known, _typed(cls, name, value))
    except Undecipherable:
        return "****"


def want_refs(names: Names, cls: type[Table], changes: Any) -> None:
    """Says which rows the refs of these changes will name."""
    known = infos(cls)
    for name, values in changes.items():
        if name in known and known[name].kind == "ref":
            for value in values:
                names.want(known[name].target or "", value)


def notes(
    names: Names, cls: type[Table], changes: Any, then: tuple[str | None, date] | None = None
) -> list[dict[str, Any]]:
    """Returns label, before and after of each column that changed."""
    found = []
    for name, (before, after) in changes.items():
        if name not in infos(cls) or (before is None and after is None):
            continue
        told = {"label": infos(cls)[name].label, "before": shown(names, cls, name, before, then)}
        found.append({**told, "after": shown(names, cls, name, after, then), "long": infos(cls)[name].kind == "prose"})
    return found


def opinion(cls: type[Table], changes: Any) -> list[dict[str, Any]]:
    """Returns what an approver said and at which level, or that a setting let the record go by itself, as a note."""
    approval = cls.flow.approval if cls.flow is not None else None

    def label(key: str) -> str:
        level = approval.level(str(changes[key][1])) if approval is not None and key in changes else None
        return str(say(level.label)) if level is not None else ""

    told = [label("level"), f"→ {label('to_level')}" if label("to_level") else ""]
    if "opinion" in changes and "opinion" not in infos(cls):
        told.append(f"“{changes['opinion'][1]}”")
    if "automatic" in changes and "automatic" not in infos(cls):
        alone = _("by itself: below {amount} yuan", "金额低于 {amount} 元，自动通过")
        told.append(str(say(alone.fill(amount=changes["automatic"][1]))))
    text = " ".join(filter(None, told))
    return [{"label": _("Approval", "审批"), "before": "", "after": text, "long": False, "alone": True}] if text else []


def fields_of(cls: type[Table], changes: Any) -> str:
    """Returns the labels of the columns that changed, joined."""
    labels = [str(say(infos(cls)[name].label)) for name in changes if name in infos(cls)]
    return str(say(_(", ", "、"))).join(labels)


def people(session: Session, users: Iterable[int | None]) -> dict[int, str]:
    """Returns where the profiles of accounts are, for those the actor can read."""
    profile: Any = table("user_profile")
    wanted = sorted({user for user in users if user is not None})
    if not wanted or not may(actor_of(session), profile, READ):
        return {}
    rows = session.execute(select(profile.user_id, profile.id).where(profile.user_id.in_(wanted)))
    return {user: f"/user_profile/show/{key}" for user, key in rows}


def said_html(text: str, mentions: Sequence[tuple[str, int]], where: dict[int, str]) -> Markup:
    """Returns the text of a comment: as it was typed, its mentions marked, whoever is mentioned linked where readable."""
    out = str(escape(text))
    for name, user in sorted(mentions, key=lambda one: -len(one[0])):
        sign, face = f"@{escape(name)}", f"\x00{user}\x00"
        out = re.sub(rf"(?<![A-Za-z0-9._%+-]){re.escape(sign)}", lambda _found, face=face: face, out)  # type: ignore[misc]
        url = where.get(user)
        tag = f'<a class="mention" href="{url}">{sign}</a>' if url else f'<span class="mention">{sign}</span>'
        out = out.replace(face, tag)
    return Markup(out)


def block(session: Session, row: Table) -> dict[str, Any]:
    """Returns the timeline of a record the actor may read, as its page shows it, and the box for a comment.

    The address says which part of it: `timeline` one of the kinds, `before` the oldest line seen so far.
    """
    kind = request.args.get("timeline", "")
    kind = kind if kind in history.KINDS else ""
    raw = request.args.get("before", "")
    before = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None
    told, more = history.lines(session, row, kind, before, SIZE)
    here = f"/{row.__tablename__}/show/{row.id}"
    said = g.pop("said", None) or {}
    return {
        "items": items(session, row, told),
        "kinds": [
            {"label": words, "url": here + (f"?timeline={key}" if key else "") + "#timeline", "active": key == kind}
            for key, words in KINDS.items()
            if key != "moves" or type(row).flow is not None or _flows_below(row)
        ],
        "older_url": f"{here}?{urlencode({'timeline': kind, 'before': told[-1].id})}#timeline" if more else None,
        "newer_url": f"{here}#timeline" if before is not None else None,
        "url": f"/{row.__tablename__}/{row.id}/comments",
        "people_url": f"/{row.__tablename__}/{row.id}/people",
        "longest": LONGEST,
        "minutes": int(CHANGEABLE.total_seconds() // 60),
        "text": said.get("text", ""),
        "error": said.get("error"),
    }


def _flows_below(row: Table) -> bool:
    return any(table(name).flow is not None for name, _column in type(row).screen.children)


def items(session: Session, row: Table, told: Sequence[Told]) -> list[dict[str, Any]]:
    """Returns lines of a history as the page shows them."""
    names = Names(session)
    for line in told:
        cls = table(line.table)
        if line.table != row.__tablename__ or line.row_id != row.id:
            names.want(line.table, line.row_id)
        if line.action not in ("add", *history.COMMENTS, *history.FILES):
            want_refs(names, cls, line.changes)
    said = {int(line.changes["comment_id"][1]) for line in told if line.action == "comment"}
    comments = {one.id: one for one in comments_of(session, row, said)} if said else {}
    living = {each.id for each in files_of(session, row)} if any(x.action in history.FILES for x in told) else set()
    mentions = {key: mentions_of(one) for key, one in comments.items() if one.deleted_at is None}
    users = [line.user_id for line in told] + [user for each in mentions.values() for _name, user in each]
    where = people(session, [*users, *(one.deleted_by_id for one in comments.values())])
    moderates = bool(comments) and administers(session, row)
    held = select(type(row).id).where(type(row).id == row.id).execution_options(right=WRITE)
    writes = may(actor_of(session), type(row), WRITE) and session.scalar(held) is not None
    found = []
    for line in told:
        cls = table(line.table)
        own = line.table == row.__tablename__ and line.row_id == row.id
        who = line.who or str(say(_("System", "系统")))
        item: dict[str, Any] = {
            "id": line.id,
            "who": who,
            "who_url": where.get(line.user_id or 0),
            "initial": who[:1].upper(),
            "text": _words(cls, line, own=own),
            "about": None if own else _about(names, cls, line),
            "notes": [],
            "at": line.at.isoformat(),
            "when": moment(line.at),
            "version_url": None,
        }
        if line.action == "comment":
            item["comment"] = _comment(
                session, comments.get(int(line.changes["comment_id"][1])), mentions, where, moderates
            )
        elif line.action in history.FILES:
            item["file"] = _file(line, living)
        elif line.action not in ("add", "delete", "restore", "reveal"):
            then = (owner_path(session, row) if own else None, local(line.at).date())
            item["notes"] = [*opinion(cls, line.changes), *notes(names, cls, line.changes, then)][:NOTES]
        if own and writes and line.action in ("add", "change") and line is not told[0]:
            item["version_url"] = f"/{row.__tablename__}/{row.id}/version/{line.id}"
        found.append(item)
    return found


def _words(cls: type[Table], line: Told, *, own: bool) -> str:
    if "restored_from" in line.changes:
        sentence = _("brought back {fields} of an earlier version", "恢复了历史版本中的{fields}")
    elif not own and line.action in BELOW:
        sentence = BELOW[line.action]
    else:
        sentence = action_words(cls, line.action)
    return str(say(sentence.fill(fields=fields_of(cls, line.changes))))


def _about(names: Names, cls: type[Table], line: Told) -> dict[str, Any]:
    name = names.of(line.table, line.row_id)
    return {
        "label": cls.screen.label,
        "name": name or "",
        "url": f"/{line.table}/show/{line.row_id}" if name is not None else None,
    }


def _comment(session: Session, one: Any, mentions: Any, where: dict[int, str], moderates: bool) -> dict[str, Any]:
    if one is None:
        return {"gone": _("This comment is gone.", "该评论已不存在。")}
    if one.deleted_at is not None:
        accounts = Base.metadata.tables["ab_user"].c
        when = moment(one.deleted_at)
        if one.deleted_by_id == one.created_by_id:
            return {"gone": _("Taken back on {when}.", "已于 {when} 撤回。").fill(when=when)}
        name = session.scalar(select(accounts.first_name).where(accounts.id == one.deleted_by_id))
        return {
            "gone": _("Removed by {name} on {when}.", "已由{name}于 {when} 删除。").fill(name=name or "?", when=when)
        }
    own = one.created_by_id == actor_of(session).user_id
    return {
        "id": one.id,
        "text": one.text,
        "html": said_html(one.text, mentions.get(one.id, ()), where),
        "changed": one.changed_at is not None,
        "change_url": f"/comment/{one.id}/change" if may_change(session, one) else None,
        "remove_url": f"/comment/{one.id}/remove" if own or moderates else None,
    }


def _file(line: Told, living: set[int]) -> dict[str, Any]:
    before, after = line.changes.get("file", (None, None))
    name = str(after or before or "")
    key = (line.changes.get("file_id") or (None, None))[1]
    return {"name": name, "url": f"/file/{key}/{quote(name, safe='')}" if key in living else None}


def row_of(session: Session, name: str, pk: int) -> Table:
    """Returns the living row the actor can read.

    Raises:
        Missing: there is none for them.
    """
    from models.kernel.attachment import holder

    if pk >= 10**18:
        raise Missing()
    return holder(session, name, pk)
