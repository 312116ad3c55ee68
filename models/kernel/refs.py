"""What a row may point to: rows its writer may read, and for a row of a project only rows of that project.

A row that moves to another project takes its refs along unseen, and so do the rows below it, which take their project
from it. All of them are asked again then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.kernel.refusal import Refusal
from models.kernel.registry import infos, pointing_at, table
from models.kernel.table import Table
from models.kernel.words import _


def check_refs(session: Session, row: Table, changed: set[str], *, moved: bool) -> list[Refusal]:
    """Returns what is wrong with the refs of a row.

    Args:
        changed: the columns that were written.
        moved: the row exists and changes its project: refs nobody touched are held against the new one, and those of
            the rows below it.
    """
    wrong: list[Refusal] = []
    for column, known in infos(type(row)).items():
        value = getattr(row, column)
        if known.kind != "ref" or value is None or (known.system and column != "project_id"):
            continue
        target = table(known.target or "")
        both = row.owned.kind == target.owned.kind == "project"
        if column in changed:
            found = session.execute(select(target).where(target.id == value)).scalar_one_or_none()
            if found is None:
                wrong.append(unknown_ref(column, known.label))
            elif both and found.project_id != row.project_id:
                wrong.append(other_project(column, known.label))
        elif moved and both and column != row.owned.through:
            bare = target.__table__
            if session.scalar(select(bare.c.project_id).where(bare.c.id == value)) != row.project_id:
                wrong.append(other_project(column, known.label))
    if moved and not wrong:
        wrong.extend(_left_behind(session, type(row), [row.id], row.project_id, {type(row).__tablename__: {row.id}}))
    return wrong


def unknown_ref(column: str, label: Any) -> Refusal:
    """Returns the refusal of a ref to a row that does not exist or cannot be read; it never says which."""
    return Refusal(
        _(
            "This {label} does not exist, or is not in your part of the tree. Choose another.",
            "所选{label}不存在或不在您的权限范围内，请重新选择。",
        ).fill(label=label),
        column,
        code="unknown_ref",
    )


def other_project(column: str, label: Any) -> Refusal:
    """Returns the refusal of a ref to a row of another project."""
    return Refusal(
        _(
            "This {label} belongs to another project. Choose one of the same project.",
            "所选{label}属于其他项目，请选择同一项目下的{label}。",
        ).fill(label=label),
        column,
        code="other_project",
    )


def _left_behind(
    session: Session, parent: type[Table], keys: list[int], project: int, along: dict[str, set[int]]
) -> Iterator[Refusal]:
    """Yields a refusal for each ref of the rows below that would point to a row which stays in the old project.

    Args:
        along: the rows that move, by table; those above first.
    """
    for cls, through in pointing_at(parent.__tablename__):
        if cls.owned.kind != "project" or cls.owned.through != through:
            continue
        bare: Any = cls.__table__
        below = list(session.execute(select(bare.c.id).where(bare.c[through].in_(keys))).scalars())
        if not below:
            continue
        along.setdefault(cls.__tablename__, set()).update(below)
        for column, known in infos(cls).items():
            target = table(known.target) if known.kind == "ref" and known.target else None
            if target is None or column in (through, "project_id") or target.owned.kind != "project":
                continue
            there: Any = target.__table__
            statement = (
                select(func.count())
                .select_from(bare.join(there, there.c.id == bare.c[column]))
                .where(
                    bare.c.id.in_(below),
                    bare.c.deleted_at.is_(None),
                    there.c.project_id != project,
                    there.c.id.not_in(sorted(along.get(target.__tablename__, set()))),
                )
            )
            count = session.scalar(statement)
            if count:
                yield Refusal(
                    _(
                        "{count} {rows} below it have a {label} of the project it leaves. Empty that field there first.",
                        "其下有 {count} 条{rows}的“{label}”属于原项目，请先清空后再移动。",
                    ).fill(count=count, rows=cls.screen.name, label=known.label),
                    "project_id" if parent.owned.through is None else parent.owned.through,
                    code="other_project",
                    status=409,
                )
        yield from _left_behind(session, cls, below, project, along)
