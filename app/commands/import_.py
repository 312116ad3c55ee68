"""Imports a file into a table, or a ledger into a project: `import room rooms.xlsx`, `import ledger FILE --project NAME`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from config import BadSetting, Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from models.kernel.actor import Actor
    from views.kernel.exchange.plan import Findings, Target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What goes where, and as whom."""
    parser.add_argument("table", metavar="TABLE", help="a table, or “ledger”")
    parser.add_argument("file", metavar="FILE", type=Path, help="XLSX, XLS or CSV")
    parser.add_argument("--project", metavar="NAME", help="name or code of the project of a ledger")
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
    parser.add_argument(
        "--as", dest="login", metavar="USER", help="with the rights of this person; else the operator's"
    )
    parser.add_argument(
        "--encoding", metavar="E", help="of a CSV file, where the guess is wrong: utf-8-sig, gb18030 ..."
    )
    parser.add_argument("--sheet", metavar="NAME", default="", help="the first one with anything in it when left out")
    parser.add_argument("--all-or-nothing", action="store_true", help="write nothing when any row is refused")
    parser.add_argument(
        "--owner-changed", action="store_true", help="in a ledger, other owners than known are a resale"
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Writes the right rows in one transaction and prints each refusal with its cell; 1 where there is any."""
    from app.database import system_session
    from models.kernel.session import act
    from views.kernel.exchange import plan
    from views.kernel.exchange.workbook import open_workbook

    if arguments.table == "ledger" and not arguments.project:
        raise BadSetting("A ledger goes into one project: --project NAME.")
    if not arguments.file.is_file():
        raise BadSetting(f"There is no file {arguments.file}.")
    with system_session(settings, writes=not arguments.dry_run) as session:
        if arguments.login:
            act(session, person(session, arguments.login))
        target = target_of(session, arguments.table, arguments.project)
        book = open_workbook(arguments.file, arguments.file.name, encoding=arguments.encoding)
        sheet = plan.sheet_of(book, arguments.sheet)
        layout = plan.layout_of(sheet, target.columns())
        options = ["owner_changed"] if arguments.owner_changed else []
        if arguments.all_or_nothing and not arguments.dry_run:
            found = plan.run(session, target, sheet, layout, options)
            if found.refused:
                report(found, "Nothing was written. It would be")
                return 1
        found = plan.run(session, target, sheet, layout, options, write=not arguments.dry_run)
    report(found, "It would be" if arguments.dry_run else "Imported")
    left_out = ", ".join(heading.text for heading in layout.unknown)
    if left_out:
        print(f"Columns that were not read: {left_out}.")
    return 1 if found.refused else 0


def person(session: Session, login: str) -> Actor:
    """Returns a person as an actor with what is granted to them today.

    Raises:
        Missing: there is no such account, or it is disabled.
    """
    from sqlalchemy import func, select

    from models.kernel.actor import Actor
    from models.kernel.grant import held_by
    from models.kernel.refusal import Missing
    from models.kernel.words import _
    from models.system.user_profile import AccountState, UserProfile

    found = session.scalars(select(UserProfile).where(func.lower(UserProfile.login) == login.lower())).first()
    if found is None or found.user_id is None or found.state != AccountState.ACTIVE:
        raise Missing(_("There is no active account “{login}”.", "没有可用的账号“{login}”。").fill(login=login))
    return Actor(found.user_id, found.name, held_by(session, found.user_id), channel="command")


def target_of(session: Session, name: str, project: str | None) -> Target:
    """Returns what the file goes into.

    Raises:
        Missing: there is no such table, or no such project in the actor's part of the tree.
    """
    from models.kernel.refusal import Refusal
    from models.kernel.registry import table
    from models.kernel.words import Words, _
    from views.kernel.exchange.into_table import TableTarget
    from views.kernel.exchange.matching import Ask, Resolver
    from views.pages.property.ledger_sheet import LedgerTarget

    if name != "ledger":
        return TableTarget(table(name))
    ask = Ask(project or "")
    found = Resolver(session).resolve(table("project"), _("Project", "项目"), [ask])[ask]
    if isinstance(found, Refusal):
        raise found
    return LedgerTarget(found.key, Words(found.text, found.text))


def report(found: Findings, done: str) -> None:
    """Prints the counts, then each refused cell with its sentence."""
    print(f"{done}: {found.added} added, {found.changed} changed, {found.left} as they were, {found.refused} refused.")
    for words, count in found.also.values():
        print(f"Also added: {count} {words.en}.")
    for fault in found.faults:
        print(f"{fault.cell}: {fault.label} {fault.value!r}: {fault.sentence}")
