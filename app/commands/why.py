"""Says why a person may or may not do what with a row: the deciding grant for each right, or what is missing."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from config import BadSetting, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from models.kernel.actor import Held
    from models.kernel.why import Reason


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who, which row, and what: `why finance room 12`, or by name: `why --user finance --table room --key 12`."""
    parser.add_argument("user", metavar="USER", nargs="?", help="the sign-in name")
    parser.add_argument("table", metavar="TABLE", nargs="?")
    parser.add_argument("id", metavar="ID", type=int, nargs="?")
    parser.add_argument("--user", dest="user_", metavar="USER", help="the same, by name")
    parser.add_argument("--table", dest="table_", metavar="TABLE")
    parser.add_argument("--key", dest="id_", metavar="ID", type=int)
    parser.add_argument("--action", metavar="RIGHT", help="only this right, or this transition of a flow")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints a line for each right."""
    from app.database import system_session

    user = arguments.user_ or arguments.user
    name = arguments.table_ or arguments.table
    key = arguments.id_ if arguments.id_ is not None else arguments.id
    if user is None or name is None or key is None:
        raise BadSetting("Say who, which table and which row: why USER TABLE ID.")
    wanted = (arguments.action,) if arguments.action else None
    with system_session(settings, writes=False) as session:
        for line in lines(session, user, name, key, wanted):
            print(line)
    return 0


def lines(session: Session, login: str, name: str, key: int, wanted: Sequence[str] | None = None) -> list[str]:
    """Returns what `why` prints: the row and where it lies, whatever is wrong with account or row, a line per right.

    Args:
        session: unscoped.
        wanted: the rights asked about; all of them where left out.

    Raises:
        Missing: there is no such account, table, row or right.
    """
    from sqlalchemy import func, select

    from models.kernel.grant import held_by
    from models.kernel.guard import name_of
    from models.kernel.refusal import Missing
    from models.kernel.registry import table
    from models.kernel.session import clock_of
    from models.kernel.why import places, reasons
    from models.kernel.words import _
    from models.system.user_profile import AccountState, UserProfile

    living_or_not = {"deleted": "with"}
    person = session.scalars(
        select(UserProfile)
        .where(func.lower(UserProfile.login) == login.lower())
        .order_by(UserProfile.deleted_at.is_not(None))
        .execution_options(**living_or_not)
    ).first()
    if person is None:
        raise Missing(_("There is no account “{login}”.", "没有账号“{login}”。").fill(login=login))
    cls = table(name)
    row = session.scalars(select(cls).where(cls.id == key).execution_options(**living_or_not)).first()
    if row is None:
        raise Missing(_("{table} {id} does not exist.", "{table} {id} 不存在。").fill(table=name, id=key))
    lies = " and ".join(places(session, cls, key)) or "a person's own rows, outside of the tree"
    found = [f"{name} {key} “{name_of(row)}” lies in: {lies}"]
    if row.deleted_at is not None:
        found.append("It is in the recycle bin: only those who look there see it.")
    if person.deleted_at is not None or person.state != AccountState.ACTIVE:
        found.append(f"{person.login} cannot sign in: the account is disabled or deleted.")
    held = held_by(session, person.user_id, clock_of(session)) if person.user_id is not None else ()
    for reason in reasons(session, cls, key, held, person.user_id, wanted):
        found.append(f"{reason.right:<8} {'yes' if reason.holds else 'no':<4} {sentence(session, reason, held)}")
    return found


def sentence(session: Session, reason: Reason, held: Sequence[Held]) -> str:
    """Returns what decides, in a sentence with the stable names of the roles."""
    from models.kernel import why

    by = [f"{each.role} at {why.path_name(session, each.path)}" for each in reason.by]
    roles = ", ".join(reason.roles)
    if reason.why == why.NOBODY_HAS:
        return "nobody has this right on the table."
    if reason.why == why.NO_ROLE:
        owned = ", ".join(sorted({each.role for each in held})) or "no grant that holds today"
        return f"has {owned}; the right is with {roles}."
    if reason.why == why.ELSEWHERE:
        return f"the row lies outside of {', '.join(by)}."
    return {
        why.GRANT: f"by grant {reason.by[0].grant_id}: {by[0]}.",
        why.ANOTHERS: "the row is another person's own.",
        why.PREPARED: "the row is not published, and only those who write it see it before.",
        why.STATE: f"{by[0]} has the right, but it does not begin in the state the row is in.",
        why.SETTING: f"{by[0]} has the right, but the settings of the flow leave it to other roles here.",
    }[reason.why]
