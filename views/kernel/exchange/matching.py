"""Finding rows by what people call them: the columns a table can be filled by, and references by name, code or path.

A reference is written as a name ('1单元'), as a path ('湖墅观邸 1幢 1单元'), or as names in several columns (项目, 楼栋,
单元). It is looked up in bulk among the rows the actor may read; what several rows are called is refused, never guessed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from models.kernel import entry
from models.kernel.columns import ColumnInfo
from models.kernel.masking import is_masked
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, related, table
from models.kernel.roles import MATCH
from models.kernel.scope import may
from models.kernel.secret import cipher
from models.kernel.session import actor_of
from models.kernel.table import Table
from models.kernel.words import Words, _
from views.kernel.exchange.names import GAPS, bare, chain, folded, name_columns
from views.kernel.exchange.titled import is_spelled, titles_of

VALUE, NAME, ABOVE, NUMBER, KEY = "value", "name", "above", "number", "key"
"""What a column of a file may give: a value, the name of a referenced row, a name above it, its number, its numeric key."""

_PART = 500
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a file may have.

    Attributes:
        key: what the mapping calls it: 'no', 'unit', 'unit.building', 'unit_id' (by numeric key).
        label: what people call it.
        names: headings that mean it, in both languages.
        field: the column of the table it helps to fill.
        role: one of VALUE, NAME, ABOVE, NUMBER, KEY.
        known: how a value of it is read.
        required: whether a row cannot be told or added without it.
    """

    key: str
    label: Words
    names: tuple[str, ...]
    field: str
    role: str = VALUE
    known: ColumnInfo | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """One reference as written.

    Attributes:
        text: its name or path.
        above: path of relations from the target upwards -> name written in a column of its own.
        numbers: masked key column of the target -> number written in a column of its own.
        project: the project it must belong to, where that is known.
    """

    text: str
    above: tuple[tuple[str, str], ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()
    project: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A row that may be meant. `levels` are the folded names of the row and of those above it, upwards."""

    key: int
    project: int | None
    text: str
    levels: tuple[frozenset[str], ...]
    numbers: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)


def natural_key(cls: type[Table]) -> tuple[str, ...]:
    """Returns the columns rows are matched by: the declared key, or owner and title of a table without one."""
    if cls.screen.key:
        return cls.screen.key
    known = infos(cls)
    first = [path if path in known else f"{path.partition('.')[0]}_id" for path in cls.screen.title]
    own = [path for path in first if path in known]  # a title through another row is a reference to that row
    return tuple(dict.fromkeys(filter(None, (cls.owned.through or cls.owned.column, *own))))


@cache
def columns_of(cls: type[Table]) -> dict[str, Column]:
    """Returns the columns a file for `cls` may have, by key; no heading means two of them."""
    taken: set[str] = set()
    found: dict[str, Column] = {}

    def names(*offered: str) -> tuple[str, ...]:
        fresh = []
        for name in offered:
            if bare(name) and bare(name) not in taken:
                taken.add(bare(name))
                fresh.append(name)
        return tuple(fresh)

    known, own = infos(cls), name_columns(cls)
    fields = entry.fields(cls)
    for name in fields:
        info, required = known[name], entry.is_required(cls, name)
        if info.kind != "ref":
            label = cls.screen.label
            called = (label.zh, label.en, f"{label.zh}名称", f"{label.en} name")
            further = called if own and name == own[-1] else ()
            found[name] = Column(
                name, info.label, names(*_spellings(info.label), *further, name), name, VALUE, info, required
            )
            continue
        target, relation = table(info.target or ""), name.removesuffix("_id")
        offered = (*_spellings(info.label), *_spellings(target.screen.label))
        found[relation] = Column(relation, info.label, names(*offered, relation), name, NAME, None, required)
        by_key = _("{label} (numeric key)", "{label}（数字主键）").fill(label=info.label)
        found[name] = Column(name, by_key, names(name), name, KEY, None)
    through = cls.owned.through or cls.owned.column or cls.owned.above
    for name in sorted((n for n in fields if known[n].kind == "ref"), key=lambda n: n != through):
        _add_above(cls, name, found, names)
    return found


def _add_above(cls: type[Table], name: str, found: dict[str, Column], names: Any) -> None:
    """Adds the columns that tell which row a reference means: the names above it, and its number where it has one."""
    info, relation = infos(cls)[name], name.removesuffix("_id")
    target, path = table(info.target or ""), relation
    for column in target.screen.key:
        inner = infos(target)[column]
        if inner.kind == "masked":
            label = Words(f"{info.label.en}: {inner.label.en}", f"{info.label.zh}{inner.label.zh}")
            key = f"{relation}.{column}"
            found[key] = Column(key, label, names(*_spellings(inner.label), label.zh, label.en), name, NUMBER, inner)
    here = target
    if target.owned.kind == "tree":
        return
    for step in chain(target):
        label, here = infos(here)[f"{step}_id"].label, related(here, step)
        path = f"{path}.{step}"
        written = Words(f"{info.label.en}: {label.en}", f"{info.label.zh}所属{label.zh}")
        meant = names(*_spellings(label), *_spellings(here.screen.label), written.zh, written.en, path)
        found[path] = Column(path, label if label.zh in meant else written, meant, name, ABOVE)
        if here.owned.kind == "tree":
            return


def _spellings(label: Words) -> list[str]:
    """Returns a label in both languages; 姓名/名称 may be written as either."""
    return [part for text in (label.zh, label.en) for part in (text, *(text.split("/") if "/" in text else ()))]


class Resolver:
    """Finds referenced rows for one import. Remembers what it found."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[type[Table], Ask], Found | Refusal] = {}
        self._titles: dict[type[Table], dict[str, list[int]]] = {}

    def resolve(self, target: type[Table], label: Words, asks: Iterable[Ask]) -> dict[Ask, Found | Refusal]:
        """Finds the rows that are meant, in a few statements for all of them.

        Args:
            target: the table they are in.
            label: what the reference is called, for the refusals.
            asks: the references as written.

        Returns:
            For each the row, or why it is not clear which one is meant.
        """
        wanted = set(asks)
        fresh = [ask for ask in wanted if (target, ask) not in self._known]
        if fresh:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
                fresh = list(wanted)
            by_name = self._candidates(target, fresh)
            for ask in fresh:
                found = self._chosen(target, ask, by_name, label)
                titled = self._titled(target, ask) if isinstance(found, Refusal) and found.code == "unknown_ref" else []
                self._known[target, ask] = titled[0] if len(titled) == 1 else found
        return {ask: self._known[target, ask] for ask in wanted}

    def by_key(self, target: type[Table], keys: Iterable[int]) -> dict[int, Found]:
        """Finds rows by numeric key among those the actor may read."""
        found: dict[int, Found] = {}
        for part in _parts(sorted(set(keys))):
            found.update((each.key, each) for each in self._read(target, [target.id.in_(part)], numbered=False))
        return found

    def _titled(self, target: type[Table], ask: Ask) -> list[Found]:
        """Finds rows by their whole title, as an export tells them, where names alone do not make it up."""
        if is_spelled(target):
            return []
        if target not in self._titles:
            self._titles[target] = titles_of(self._session, target)
        keys = self._titles[target].get(folded(ask.text), [])
        found = list(self.by_key(target, keys).values())
        found = [each for each in found if ask.project is None or each.project in (None, ask.project)]
        return [each for each in found if _below(each, ask.above)]

    def _candidates(self, target: type[Table], asks: Sequence[Ask]) -> dict[str, list[Found]]:
        """Reads the rows that one of the asks may mean, by folded own name."""
        names = name_columns(target)
        if not names:
            return {}
        written = sorted({piece for ask in asks for piece in endings(ask.text)})
        conditions = self._parents(target, asks)
        numbered = any(ask.numbers for ask in asks)
        found: dict[int, Found] = {}
        for part in _parts(written):
            own = or_(*(getattr(target, name).in_(part) for name in names))
            found.update((each.key, each) for each in self._read(target, [own, *conditions], numbered=numbered))
        by_name: dict[str, list[Found]] = {}
        for each in found.values():
            for name in each.levels[0]:
                by_name.setdefault(name, []).append(each)
        return by_name

    def _parents(self, target: type[Table], asks: Sequence[Ask]) -> list[Any]:
        """Returns conditions that spare reading the rooms 101 of every building: what stands above, where all say it."""
        projects = {ask.project for ask in asks}
        found: list[Any] = []
        if None not in projects and target.owned.kind == "project":
            entity: Any = target
            owner = entity.project_id
            found.append(owner.in_(sorted(key for key in projects if key is not None)))
        steps = chain(target)
        if not steps or target.owned.kind == "tree":
            return found
        parent = related(target, steps[0])
        above: set[Ask] = set()
        for ask in asks:
            further = tuple((p.partition(".")[2], text) for p, text in ask.above if p.startswith(f"{steps[0]}."))
            own = dict(ask.above).get(steps[0])
            written = [own] if own else _beginnings(ask.text)
            if not written:
                return found
            above.update(Ask(text, further, (), ask.project) for text in written)
        by_name = self._candidates(parent, sorted(above, key=str))
        keys = sorted({each.key for asked in above for each in self._meant(asked, by_name)})
        if keys and len(keys) <= 5_000:
            found.append(getattr(target, f"{steps[0]}_id").in_(keys))
        return found

    def _read(self, target: type[Table], conditions: list[Any], *, numbered: bool) -> list[Found]:
        steps, entities, selected = chain(target), [target], []
        places: list[int] = []
        joins = []
        for step in steps:
            above: Any = aliased(related_of(entities[-1], step))
            joins.append((getattr(entities[-1], step), above))
            entities.append(above)
        here: type[Table] = target
        for place, entity in enumerate(entities):
            columns = name_columns(here)
            selected += [getattr(entity, name) for name in columns]
            places.append(len(columns))
            if place < len(steps):
                here = related(here, steps[place])
        masked = [c for c in target.screen.key if infos(target)[c].kind == "masked"] if numbered else []
        hidden = [part for c in masked for part in (getattr(target, c), getattr(target, f"{c}_blind"))]
        mapped: Any = target
        owner = mapped.project_id if target.owned.kind == "project" else target.id
        statement = select(target.id, owner, *selected, *hidden).where(*conditions)
        for relation, alias in joins:
            statement = statement.outerjoin(relation.of_type(alias))
        found = []
        for key, project, *values in self._session.execute(statement):
            levels, texts, start = [], [], 0
            for count in places:
                names = [str(value) for value in values[start : start + count] if value is not None]
                levels.append(frozenset(map(folded, names)))
                texts.append(names[-1] if names else "")
                start += count
            numbers = {c: (str(values[start + 2 * i] or ""), values[start + 2 * i + 1]) for i, c in enumerate(masked)}
            text = " ".join(filter(None, reversed(texts)))
            own = project if target.owned.kind == "project" else None
            found.append(Found(key, own, text, tuple(levels), numbers))
        return found

    def _meant(self, ask: Ask, by_name: Mapping[str, list[Found]]) -> list[Found]:
        text = folded(ask.text)
        found: dict[int, Found] = {}
        for piece in {folded(each) for each in endings(ask.text)}:
            for each in by_name.get(piece, ()):
                if (ask.project is None or each.project in (None, ask.project)) and _spells(text, each.levels):
                    found[each.key] = each
        return [each for each in found.values() if _below(each, ask.above)]

    def _chosen(
        self, target: type[Table], ask: Ask, by_name: Mapping[str, list[Found]], label: Words
    ) -> Found | Refusal:
        found = self._meant(ask, by_name)
        for column, number in ask.numbers:
            if is_masked(number):
                found = [each for each in found if each.numbers[column][0] == number]
            else:
                if not may(actor_of(self._session), target, MATCH):
                    return Refusal(
                        _("You have no right to find records by number.", "您没有按号码精确查找的权限。"), code="denied"
                    )
                blinds = set(cipher().blinds(number))
                found = [each for each in found if each.numbers[column][1] in blinds]
        if len(found) == 1:
            return found[0]
        above = sorted(ask.above, key=lambda each: -each[0].count("."))
        shown = " ".join([*(text for _path, text in above), ask.text])
        if not found:
            return self._unknown_above(target, ask) or Refusal(
                _(
                    "There is no {label} “{read}” in your part of the tree. Correct the name, or enter it first.",
                    "您的权限范围内没有{label}“{read}”，请核对名称或先行录入。",
                ).fill(label=label, read=shown[:60]),
                code="unknown_ref",
            )
        first, second = sorted(found, key=lambda each: each.key)[:2]
        same = first.text == second.text
        sentence = (
            _(
                "{count} rows of {label} are called “{read}”. Add a column that tells them apart, or use the numeric key.",
                "有 {count} 条{label}名为“{read}”，请补充能够区分的列，或使用数字主键。",
            )
            if same
            else _(
                "{count} rows of {label} are called “{read}”. Write the whole path, such as “{one}” or “{two}”.",
                "有 {count} 条{label}名为“{read}”，请填写完整路径，例如“{one}”或“{two}”。",
            )
        )
        return Refusal(
            sentence.fill(label=label, count=len(found), read=shown[:60], one=first.text, two=second.text),
            code="ambiguous_ref",
        )

    def _unknown_above(self, target: type[Table], ask: Ask) -> Refusal | None:
        """Returns the refusal of the topmost name above that is unknown already; its `field` is that path."""
        for path, text in sorted(ask.above, key=lambda each: -each[0].count(".")):
            *steps, last = path.split(".")
            owner = target
            for step in steps:
                owner = related(owner, step)
            further = tuple((p.removeprefix(f"{path}."), t) for p, t in ask.above if p.startswith(f"{path}."))
            asked = Ask(text, further)
            found = self.resolve(related(owner, last), infos(owner)[f"{last}_id"].label, [asked])[asked]
            if isinstance(found, Refusal):
                return Refusal(found.sentence, path, code=found.code)
        return None


def related_of(entity: Any, step: str) -> type[Table]:
    """Returns the table that relation `step` of a mapped class or of an alias of one leads to."""
    prop = getattr(entity, step).property
    found: type[Table] = prop.mapper.class_
    return found


def _below(found: Found, above: Sequence[tuple[str, str]]) -> bool:
    """Returns whether a row stands below those that were named in columns of their own."""
    for path, written in above:
        depth = path.count(".") + 1
        if depth >= len(found.levels) or not _spells(folded(written), found.levels[depth:]):
            return False
    return True


def _spells(text: str, levels: Sequence[frozenset[str]]) -> bool:
    """Returns whether a folded text is a row's name, with as many names above before it as it likes."""
    if not levels:
        return False
    for name in levels[0]:
        if text == name:
            return True
        if name and text.endswith(name) and _spells(text[: -len(name)], levels[1:]):
            return True
    return False


def endings(text: str) -> list[str]:
    """Returns what may be the row's own name at the end of a path, as written, with and without blanks."""
    tokens = [token for token in GAPS.split(unicodedata.normalize("NFKC", text).strip()) if token]
    found = [text.strip()]
    for count in range(1, min(len(tokens), 4) + 1):
        found += [" ".join(tokens[-count:]), "".join(tokens[-count:])]
    return list(dict.fromkeys(found))


def _beginnings(text: str) -> list[str]:
    """Returns what may stand above the row in a path; nothing where a name stands alone."""
    tokens = [token for token in GAPS.split(unicodedata.normalize("NFKC", text).strip()) if token]
    return [" ".join(tokens[:-count]) for count in range(1, min(len(tokens), 3)) if tokens[:-count]]


def _parts(values: Sequence[Any]) -> list[Sequence[Any]]:
    return [values[start : start + _PART] for start in range(0, len(values), _PART)]


def unknown_key(label: Words) -> Refusal:
    """Returns the refusal of a numeric key nobody in scope has."""
    return Refusal(
        _(
            "There is no {label} with this key in your part of the tree.", "您的权限范围内没有该主键对应的{label}。"
        ).fill(label=label),
        code="unknown_ref",
    )
