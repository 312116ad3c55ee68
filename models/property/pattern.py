"""The pattern a project's rooms follow: buildings, units, floors, lines, layouts, areas and numbers (房源生成)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _
from models.property import typed

T = TypeVar("T")

NUMBERINGS: dict[str, tuple[str, Words]] = {
    "plain": ("{floor}{line:02d}", _("101, 1201", "101、1201")),
    "padded": ("{floor:02d}{line:02d}", _("0101, 1201", "0101、1201")),
    "unit": ("{unit}{floor:02d}{line:02d}", _("10101: unit, floor, line", "10101（单元+楼层+户线）")),
    "letter": ("{floor}{letter}", _("1A, 12B", "1A、12B")),
}
"""The numberings offered by name; `custom` takes any text with the same placeholders."""

CUSTOM = "custom"
LOWEST, HIGHEST = -9, 200
"""The floors a building can have."""


@dataclass(frozen=True, slots=True)
class LineRule:
    """What stands on some lines: a layout, an area of its own, on some floors, in some buildings.

    Args:
        lines: the lines it is about, counted from 1; empty means every line.
        layout: the name of the house type.
        area: the presale area, where it is not the layout's.
        first, last: the floors it is about as shown, both included; None means no bound.
        buildings: the buildings it is about; empty means all.
    """

    lines: tuple[int, ...] = ()
    layout: str | None = None
    area: Decimal | None = None
    first: int | None = None
    last: int | None = None
    buildings: tuple[str, ...] = ()

    def holds(self, building: str, floor: int, line: int) -> bool:
        """Returns whether it is about that place."""
        return (
            (not self.lines or line in self.lines)
            and (self.first is None or floor >= self.first)
            and (self.last is None or floor <= self.last)
            and (not self.buildings or building in self.buildings)
        )

    @property
    def weight(self) -> int:
        """How special it is; the more special rule wins, and of equals the later one."""
        floors = self.first is not None or self.last is not None
        return 4 * bool(self.buildings) + 2 * floors + bool(self.lines)


@dataclass(frozen=True, slots=True)
class AreaRule:
    """The presale area of a layout, on all floors or on some (`first`..`last`, both included)."""

    layout: str
    area: Decimal
    first: int | None = None
    last: int | None = None

    def holds(self, layout: str, floor: int) -> bool:
        """Returns whether it is about that layout on that floor."""
        return (
            layout == self.layout
            and (self.first is None or floor >= self.first)
            and (self.last is None or floor <= self.last)
        )

    @property
    def weight(self) -> int:
        """How special it is, as for `LineRule`."""
        return int(self.first is not None or self.last is not None)


@dataclass(frozen=True, slots=True)
class Override:
    """What is different in some buildings; None is as everywhere else."""

    buildings: tuple[str, ...]
    units: int | None = None
    first: int | None = None
    last: int | None = None
    skipped: tuple[int, ...] | None = None
    lines: int | None = None
    duplex_lines: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One building with its overrides applied.

    Args:
        number: the number in its name, or its position among the buildings.
        duplex_lines: the lines whose top two floors are one room.
    """

    name: str
    number: int
    units: int
    first: int
    last: int
    skipped: tuple[int, ...]
    lines: int
    duplex_lines: tuple[int, ...]

    def floors(self) -> list[tuple[int, int]]:
        """Returns (floor as shown, storey as built) from the bottom up; there is no floor 0.

        The storey counts what is really there: with 4 skipped, floor 5 is storey 4; basements count down from -1.
        """
        out: set[int] = set(self.skipped)
        above, below = sorted(f for f in out if f > 0), sorted(f for f in out if f < 0)
        pairs = []
        for floor in range(self.first, self.last + 1):
            if floor and floor not in out:
                gone = sum(f < floor for f in above) if floor > 0 else -sum(f > floor for f in below)
                pairs.append((floor, floor - gone))
        return pairs

    def duplex_pair(self) -> tuple[int, int] | None:
        """Returns the two top floors where duplexes stand, or None when there are none."""
        above = [floor for floor, _storey in self.floors() if floor > 0]
        return (above[-2], above[-1]) if self.duplex_lines and len(above) > 1 else None

    def count(self) -> int:
        """Returns how many rooms it has."""
        lost = len(self.duplex_lines) if self.duplex_pair() else 0
        return self.units * (len(self.floors()) * self.lines - lost)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The rooms of a project, as a rule instead of a list. A project keeps it and can run it again.

    Args:
        buildings: the names of the buildings, in order.
        units: how many units each building has.
        unit_name: the name of a unit, with `{n}` (1, 2 ...) or `{letter}` (A, B ...).
        first, last: the floors as shown, both included; basements are negative.
        skipped: numbers no floor carries, such as 4, 13, 14.
        lines: rooms per floor and unit (户线).
        rules: which layout (and area) stands where; the most special rule wins, of equals the later one.
        areas: presale areas by layout.
        duplex_lines: lines whose two top floors are one room, numbered by the lower floor.
        numbering: the room number, with `{floor}`, `{line}`, `{letter}`, `{unit}`, `{building}`, `{storey}`.
        basement: the same below ground, where `{depth}` is 1 for the first basement.
        overrides: what is different in some buildings; each building at most once.
    """

    buildings: tuple[str, ...]
    units: int = 1
    unit_name: str = "{n}单元"
    first: int = 1
    last: int = 18
    skipped: tuple[int, ...] = ()
    lines: int = 4
    rules: tuple[LineRule, ...] = ()
    areas: tuple[AreaRule, ...] = ()
    duplex_lines: tuple[int, ...] = ()
    numbering: str = "{floor}{line:02d}"
    basement: str = "B{depth}-{line:02d}"
    overrides: tuple[Override, ...] = ()

    def shapes(self) -> list[Shape]:
        """Returns every building with its overrides applied, in order."""
        special = {name: override for override in self.overrides for name in override.buildings}
        return [self._shape(index, name, special.get(name)) for index, name in enumerate(self.buildings, 1)]

    def _shape(self, index: int, name: str, override: Override | None) -> Shape:
        def say(field: str) -> Any:
            own = getattr(override, field) if override else None
            return getattr(self, field) if own is None else own

        digits = re.search(r"\d+", name)
        lines = say("lines")
        return Shape(
            name=name,
            number=int(digits[0]) if digits else index,
            units=say("units"),
            first=say("first"),
            last=say("last"),
            skipped=say("skipped"),
            lines=lines,
            duplex_lines=tuple(line for line in say("duplex_lines") if line <= lines),
        )

    def count(self) -> int:
        """Returns how many rooms it makes, without making them."""
        return sum(shape.count() for shape in self.shapes())

    def to_json(self) -> str:
        """Returns the pattern as JSON text; the same pattern is always the same text."""
        return json.dumps(asdict(self), default=str, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | Mapping[str, Any]) -> Pattern:
        """Returns the pattern `to_json` wrote, from its text or from the object already read from it.

        Raises:
            Refusal: when it is not such a text.
        """
        try:
            kept = dict(json.loads(text) if isinstance(text, str) else text)
            kept["rules"] = tuple(_revived(LineRule, rule) for rule in kept.get("rules", ()))
            kept["areas"] = tuple(_revived(AreaRule, rule) for rule in kept.get("areas", ()))
            kept["overrides"] = tuple(_revived(Override, rule) for rule in kept.get("overrides", ()))
            return _revived(cls, kept)
        except (TypeError, ValueError, ArithmeticError) as fault:
            raise Refusal(
                _(
                    "The pattern kept for this project cannot be read. Enter it again.",
                    "该项目保存的房源规则无法读取，请重新录入。",
                ),
                "pattern",
                code="unreadable",
            ) from fault

    @classmethod
    def from_form(cls, values: Mapping[str, str]) -> Pattern:
        """Reads what was typed on the page. Blank fields take the defaults of `Pattern`; only `buildings` has none.

        Fields: `buildings` (`1-8`), `building_name` (`{n}幢`), `units`, `unit_name`, `first`, `last`, `skipped`
        (`4,13,14`), `lines`, `numbering` (a name of `NUMBERINGS` or `custom`), `numbering_custom`, `basement`,
        `duplex` (ticked or blank), `duplex_lines` (blank is all). Rows, blank ones ignored, count from 0:
        `rules-0-lines`, `-layout`, `-area`, `-floors`, `-buildings`; `areas-0-layout`, `-area`, `-floors`;
        `overrides-0-buildings`, `-units`, `-first`, `-last`, `-skipped`, `-lines`, `-duplex_lines`.

        Returns:
            The pattern as typed; whether it makes sense is for `generation.plan` to say.

        Raises:
            Refusal: at each field that cannot be read.
        """
        return _Form(values).pattern()

    def to_form(self) -> dict[str, str]:
        """Returns the fields `from_form` reads back into this pattern; plan's refusals name these fields."""
        named = {pattern: name for name, (pattern, _label) in NUMBERINGS.items()}
        form = {
            "buildings": ",".join(self.buildings),
            "building_name": "{n}",
            "units": str(self.units),
            "unit_name": self.unit_name,
            "first": str(self.first),
            "last": str(self.last),
            "skipped": _joined(self.skipped),
            "lines": str(self.lines),
            "numbering": named.get(self.numbering, CUSTOM),
            "numbering_custom": "" if self.numbering in named else self.numbering,
            "basement": self.basement,
            "duplex": "1" if self.duplex_lines else "",
            "duplex_lines": _joined(self.duplex_lines),
        }
        rows: dict[str, tuple[LineRule | AreaRule | Override, ...]] = {
            "rules": self.rules, "areas": self.areas, "overrides": self.overrides,
        }  # fmt: skip
        for table, records in rows.items():
            for index, record in enumerate(records):
                row = {k: _joined(v) if isinstance(v, tuple) else v for k, v in asdict(record).items()}
                if table != "overrides":
                    first, last = row.pop("first"), row.pop("last")
                    ends = (LOWEST if first is None else first, HIGHEST if last is None else last)
                    row["floors"] = "" if first is last is None else "~".join(map(str, ends))
                form |= {f"{table}-{index}-{k}": "" if v is None else str(v) for k, v in row.items()}
        return form


def _joined(values: tuple[Any, ...]) -> str:
    return ",".join(map(str, values))


def _revived(kind: type[T], kept: Mapping[str, Any]) -> T:
    """Returns a `kind` from JSON: lists become tuples, an area a Decimal.

    Raises:
        TypeError: when the fields are not those of `kind`.
    """
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in kept.items()}
    if values.get("area") is not None:
        values["area"] = Decimal(values["area"])
    return kind(**values)


class _Form:
    """Reads a form once, gathering every refusal before it raises."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = {name: (value or "").strip() for name, value in values.items()}
        self.refusals: list[Refusal] = []

    def read(self, field: str, parse: Callable[[str, str], T], default: T) -> T:
        """Returns what `parse(text, field)` makes of the field, or `default` when it is blank or refused."""
        text = self.values.get(field, "")
        if not text:
            return default
        try:
            return parse(text, field)
        except Refusal as refusal:
            self.refusals.append(refusal)
            return default

    def rows(self, table: str) -> list[str]:
        """Returns the prefixes (`rules-0-`) of the rows of a table in which anything was typed, in order."""
        found = {
            int(match[1])
            for name, text in self.values.items()
            if text and (match := re.fullmatch(rf"{table}-(\d+)-\w+", name))
        }
        return [f"{table}-{index}-" for index in sorted(found)]

    def pattern(self) -> Pattern:
        names = partial(typed.names_of, pattern=self.values.get("building_name") or "{n}幢")
        whole, floor, floors = typed.whole_of, typed.floor_of, typed.floors_of
        lines = self.read("lines", whole, 4)
        every = tuple(range(1, min(lines, 99) + 1))
        duplex = self.values.get("duplex", "").lower() in {"1", "on", "y", "yes", "true"}
        empty: tuple[int, ...] = ()
        span: tuple[int | None, int | None] = (None, None)
        made = Pattern(
            buildings=self.read("buildings", names, ()),
            units=self.read("units", whole, 1),
            unit_name=self.values.get("unit_name") or "{n}单元",
            first=self.read("first", floor, 1),
            last=self.read("last", floor, 18),
            skipped=self.read("skipped", floors, ()),
            lines=lines,
            duplex_lines=self.read("duplex_lines", typed.lines_of, every) if duplex else empty,
            numbering=self._numbering(),
            basement=self.values.get("basement") or "B{depth}-{line:02d}",
            rules=tuple(
                LineRule(
                    lines=self.read(row + "lines", typed.lines_of, empty),
                    layout=self.values.get(row + "layout") or None,
                    area=self.read(row + "area", typed.area_of, None),
                    first=(on := self.read(row + "floors", typed.span_of, span))[0],
                    last=on[1],
                    buildings=self.read(row + "buildings", names, ()),
                )
                for row in self.rows("rules")
            ),
            areas=tuple(
                AreaRule(
                    layout=self._required(row + "layout"),
                    area=self.read(row + "area", typed.area_of, Decimal(0)),
                    first=(on := self.read(row + "floors", typed.span_of, span))[0],
                    last=on[1],
                )
                for row in self.rows("areas")
            ),
            overrides=tuple(
                Override(
                    buildings=self.read(row + "buildings", names, ()),
                    units=self.read(row + "units", whole, None),
                    first=self.read(row + "first", floor, None),
                    last=self.read(row + "last", floor, None),
                    skipped=self.read(row + "skipped", floors, None),
                    lines=self.read(row + "lines", whole, None),
                    duplex_lines=self.read(row + "duplex_lines", typed.lines_of, None),
                )
                for row in self.rows("overrides")
            ),
        )
        if self.refusals:
            raise Refusal.of(self.refusals)
        return made

    def _required(self, field: str) -> str:
        text = self.values.get(field, "")
        if not text:
            self.refusals.append(typed.refuse(_("Fill in this field.", "请填写此项。"), field, "required"))
        return text

    def _numbering(self) -> str:
        chosen = self.values.get("numbering") or "plain"
        if chosen == CUSTOM:
            return self._required("numbering_custom")
        if chosen in NUMBERINGS or "{" in chosen:
            return NUMBERINGS[chosen][0] if chosen in NUMBERINGS else chosen
        sentence = _(
            "There is no numbering called '{name}'. Choose one of the list.",
            "没有名为“{name}”的编号方式，请从列表中选择。",
        )
        self.refusals.append(typed.refuse(sentence.fill(name=chosen), "numbering", "unknown_choice"))
        return NUMBERINGS["plain"][0]
