"""Checks of the declarations: each mistake has a stable id and names the table, the value and what could stand there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from models.kernel.checks_flow import flow_problems, number_problems
from models.kernel.entry import sections
from models.kernel.option_list import LISTS, OptionList
from models.kernel.options import TONES
from models.kernel.registry import area_of, defaults, infos, related, resolve, rights_of, tables
from models.kernel.roles import RIGHTS, ROLES
from models.kernel.table import Table, class_name
from models.kernel.words import Words


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in a declaration: `D004 room: list column 'colour' ...`."""

    id: str
    table: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.id} {self.table}: {self.sentence}"


def problems() -> list[Problem]:
    """Returns every mistake in every declaration; none when the house is in order."""
    return [problem for cls in tables().values() for problem in check(cls)]


def check(cls: type[Table]) -> Iterator[Problem]:
    """Yields the mistakes in the declaration of one table."""
    name, screen, known = cls.__tablename__, cls.screen, infos(cls)
    if class_name(name) != cls.__name__:
        yield Problem("D001", name, f"the class is {cls.__name__}; relations look for {class_name(name)}.")
    for column in screen.key:
        if column not in known:
            yield Problem("D002", name, f"key column {column!r} does not exist; there are {_known(cls)}.")
    for block in screen.sections:
        for column in block.fields:
            if column not in known:
                yield Problem("D003", name, f"form field {column!r} does not exist; there are {_known(cls)}.")
            elif known[column].system and column != "project_id" and screen.rights.roles("write"):
                yield Problem("D013", name, f"form field {column!r} is kept by the kernel and cannot be entered.")
    for kind, id_, paths in (
        ("list column", "D004", screen.listed),
        ("title column", "D005", screen.title),
        ("search column", "D006", screen.searched),
    ):
        for path in paths:
            fault = _path_fault(cls, path)
            if fault:
                yield Problem(id_, name, f"{kind} {path!r}: {fault}")
    for path in screen.searched:
        if not _path_fault(cls, path):
            owner, column = resolve(cls, path)
            if infos(owner)[column].kind not in ("text", "prose", "choice"):
                yield Problem(
                    "D007", name, f"search column {path!r} is no text; masked and numeric columns are not searched."
                )
    for path in screen.order:
        if path.lstrip("-") not in cls.__mapper__.columns:
            yield Problem("D008", name, f"order column {path!r} does not exist; there are {_known(cls)}.")
    if not screen.sections:
        yield Problem("D009", name, "has no form section; name at least one.")
    if not screen.title:
        yield Problem("D010", name, "has no title; name the columns by which people call a row.")
    for right, roles in rights_of(cls).items():
        if right not in RIGHTS and not (cls.flow and cls.flow.transition(right)):
            yield Problem("D011", name, f"right {right!r} does not exist; there are {', '.join(RIGHTS)}.")
        for role in roles:
            if role not in ROLES:
                yield Problem(
                    "D012", name, f"role {role!r} of right {right!r} does not exist; there are {', '.join(ROLES)}."
                )
    for child, column in screen.children:
        if child not in tables():
            yield Problem("D014", name, f"child table {child!r} does not exist.")
        elif infos(tables()[child]).get(column) is None or infos(tables()[child])[column].target != name:
            yield Problem("D014", name, f"child {child!r} has no ref column {column!r} to {name}.")
    for column, info in known.items():
        if info.kind == "option" and info.list not in LISTS:
            yield Problem(
                "D029",
                name,
                f"column {column!r}: option list {info.list!r} does not exist; there are {', '.join(LISTS)}.",
            )
        elif info.list:
            yield from (Problem("D031", name, f"option list {info.list!r}: {f}") for f in list_faults(LISTS[info.list]))
            start = defaults(cls).get(column)
            if start is not None and start not in [item.code for item in LISTS[info.list].first]:
                yield Problem("D030", name, f"column {column!r}: default {start!r} is not in the list's first values.")
        if info.kind == "ref" and not column.endswith("_id"):
            yield Problem("D015", name, f"ref column {column!r} must end in '_id', so that its relation has a name.")
        if info.target is not None and info.target not in tables():
            yield Problem("D016", name, f"column {column!r} points to {info.target!r}, which is no table.")
        yield from (Problem("D017", name, f"column {column!r}: {fault}") for fault in _word_faults(info.label))
    owned = cls.owned
    for way in (owned.through, owned.above):
        if way and (way not in known or known[way].kind != "ref"):
            yield Problem("D018", name, f"is owned through {way!r}, which is no ref column; there are {_known(cls)}.")
    for seen, column in owned.seen_from:
        if seen not in tables() or column not in infos(tables()[seen]):
            yield Problem("D019", name, f"is seen from {seen}.{column}, which does not exist.")
        elif tables()[seen].owned.party is not None:
            yield Problem("D019", name, f"is seen from {seen}, of whose rows some outside see their own only.")
    if owned.party is not None and owned.party.column not in {"id", *known}:
        yield Problem("D019", name, f"concerns {owned.party.column!r}, which does not exist; there are {_known(cls)}.")
    for block in sections(cls):
        yield from (Problem("D017", name, f"section: {fault}") for fault in _word_faults(block.title))
    yield from (Problem("D017", name, f"label: {fault}") for fault in _word_faults(screen.label))
    if not area_of(cls).rights.roles("read") and not screen.rights.roles("read"):
        yield Problem("D020", name, "nobody may read it; give `read` to at least one role.")
    for found in (number_problems(cls), flow_problems(cls)):
        yield from (Problem(id_, name, sentence) for id_, sentence in found)


def list_faults(declared: OptionList) -> Iterator[str]:
    """Yields the mistakes in the declaration of an option list."""
    codes = [item.code for item in declared.first]
    for item in declared.first:
        if codes.count(item.code) > 1 or not item.code or len(item.code) > 40 or "," in item.code:
            yield f"code {item.code!r} must be of its own, without comma, at most 40 characters."
        if item.tone and item.tone not in TONES:
            yield f"tone {item.tone!r} of {item.code!r} does not exist; there are {', '.join(TONES)}."
        yield from _word_faults(item.words)
    yield from _word_faults(declared.label)


def _known(cls: type[Table]) -> str:
    return ", ".join(infos(cls))


def _path_fault(cls: type[Table], path: str) -> str | None:
    *steps, last = path.split(".")
    for step in steps:
        try:
            cls = related(cls, step)
        except KeyError:
            refs = [c.removesuffix("_id") for c, i in infos(cls).items() if i.kind == "ref"]
            return f"{cls.__tablename__} has no relation {step!r}; there are {', '.join(refs) or 'none'}."
    if last in infos(cls) or f"{last}_id" in infos(cls):
        return None
    return f"{cls.__tablename__} has no column {last!r}; there are {_known(cls)}."


def _word_faults(words: Words) -> Iterator[str]:
    if not words.en.strip() or not words.zh.strip():
        yield f"the words ({words.en!r}, {words.zh!r}) are empty in one language."
