"""Writes a table to a file, CSV, XLSX or JSON lines, as the system or as one account sees it."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from config import BadSetting, Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models.kernel.actor import Actor

FORMATS = ("csv", "xlsx", "jsonl")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, in which form, as whom, and where to."""
    parser.add_argument("table", metavar="TABLE", help="the name of the table, such as room")
    parser.add_argument("--format", choices=FORMATS, help="as the file is called; else csv")
    parser.add_argument(
        "--as", dest="user", metavar="USER", help="a sign-in name: their rights, their rows; else all rows"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="is replaced when all rows are written")
    parser.add_argument("--language", choices=("zh", "en"), default="zh", help="of headings and options (zh)")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Writes beside the file and renames at the end, so that a file is whole or is not there."""
    from app.database import system_session
    from models.kernel.actor import SYSTEM
    from models.kernel.clock import utc_now
    from models.kernel.registry import table
    from views.kernel.exchange.export import csv_chunks, opened
    from views.kernel.exchange.export_book import scratch_folder, write_workbook
    from views.kernel.exchange.json_lines import json_chunks
    from views.kernel.listing import Asked

    out: Path = arguments.out
    if out.is_dir():
        raise BadSetting(f"{out} is a folder; --out names a file.")
    if not out.absolute().parent.is_dir():
        raise BadSetting(f"{out} cannot be written: there is no folder {out.absolute().parent}.")
    form = arguments.format or (out.suffix[1:].lower() if out.suffix[1:].lower() in FORMATS else "csv")
    with system_session(settings, writes=False) as session:
        cls = table(arguments.table)
        who = actor(session, arguments.user) if arguments.user else SYSTEM
        if arguments.user:
            require_right(who, arguments.user, cls)
        bind = session.get_bind()
        session.rollback()
        part = out.with_name(f".{out.name}.{os.getpid()}.part")
        export = opened(bind, who, utc_now, cls, Asked(), form, arguments.language)
        try:
            with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                if form != "xlsx":
                    for chunk in csv_chunks(export) if form == "csv" else json_chunks(export):
                        file.write(chunk)
                else:
                    with scratch_folder(settings.home) as scratch:
                        write_workbook(export, file, scratch)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, out)
        finally:
            export.close()
            part.unlink(missing_ok=True)
    print(f"{out}: {export.count:,} rows.")
    return 0


def actor(session: Session, login: str) -> Actor:
    """Returns an account as the actor of a command, with the grants it holds today.

    Raises:
        Missing: there is no such account.
        Denied: it is disabled.
    """
    from sqlalchemy import func, select

    from models.kernel.actor import Actor
    from models.kernel.grant import held_by
    from models.kernel.refusal import Denied, Missing
    from models.kernel.words import _
    from models.system.user_profile import AccountState, UserProfile

    found = session.scalars(select(UserProfile).where(func.lower(UserProfile.login) == login.lower())).first()
    if found is None or found.user_id is None:
        raise Missing(_("There is no account “{login}”.", "没有账号“{login}”。").fill(login=login))
    if found.state != AccountState.ACTIVE:
        raise Denied(_("The account “{login}” is disabled.", "账号“{login}”已停用。").fill(login=login))
    return Actor(found.user_id, found.name, held_by(session, found.user_id), channel="command")


def require_right(who: Actor, login: str, cls: type) -> None:
    """Refuses who may export no row of a table.

    Raises:
        Denied: so it is; says how to find out why.
    """
    from models.kernel.refusal import Denied
    from models.kernel.roles import EXPORT
    from models.kernel.scope import may
    from models.kernel.words import _

    if not may(who, cls, EXPORT):
        raise Denied(
            _(
                "{login} has no right to export {table}; “run.py why {login} {name} ID” says what is missing.",
                "{login} 没有导出“{table}”的权限；可用“run.py why {login} {name} ID”查看原因。",
            ).fill(login=login, table=cls.screen.label, name=cls.__tablename__)
        )
