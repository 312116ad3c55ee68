"""What keeps a pattern from making rooms, said at the field where it can be put right."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from string import Formatter

from models.kernel.refusal import Refusal
from models.kernel.words import _
from models.property.pattern import HIGHEST, LOWEST, AreaRule, LineRule, Override, Pattern, Shape

LIMIT = 10_000
"""The most rooms one run may make."""

MOST_UNITS, MOST_LINES = 200, 60

NUMBER_GAPS = frozenset({"floor", "line", "letter", "unit", "building", "storey"})
BASEMENT_GAPS = NUMBER_GAPS | {"depth"}
UNIT_GAPS = frozenset({"n", "letter"})
_TEXTUAL = frozenset({"letter"})
_SPEC = re.compile(r"(0?[1-9])?d?")


def faults(pattern: Pattern, layouts: Collection[str] | None = None) -> list[Refusal]:
    """Returns everything wrong with `pattern`, apart from double numbers, which only the rooms show.

    Args:
        layouts: the names of the house types the project has; None leaves the layouts unchecked.

    Returns:
        Refusals whose fields are those of `Pattern.from_form`, its rows counted as in the pattern.
    """
    found = _buildings(pattern) + _names(pattern)
    found += _floors("", pattern.first, pattern.last)
    found += _size("units", pattern.units, MOST_UNITS) + _size("lines", pattern.lines, MOST_LINES)
    for index, override in enumerate(pattern.overrides):
        found += _override(f"overrides-{index}-", override, pattern)
    if found:
        return found
    shapes = pattern.shapes()
    for shape in shapes:
        if not shape.floors():
            sentence = _(
                "{building} has no floor left: all are skipped.", "{building}的楼层全部被跳过，没有可生成的楼层。"
            )
            return [Refusal(sentence.fill(building=shape.name), "skipped", code="empty")]
    found += _duplexes(pattern, shapes)
    for index, rule in enumerate(pattern.rules):
        found += _rule(f"rules-{index}-", rule, pattern, shapes, layouts)
    for index, area in enumerate(pattern.areas):
        found += _range(f"areas-{index}-", area) + _layout(f"areas-{index}-", area.layout, layouts)
        if area.area <= 0:
            found.append(_not_positive(f"areas-{index}-area"))
    total = sum(shape.count() for shape in shapes)
    if total > LIMIT:
        sentence = _(
            "This pattern makes {total} rooms; one run makes at most {limit}. Run it for fewer buildings at a time.",
            "该规则将生成 {total} 套房间，每次最多 {limit} 套，请减少楼栋分批生成。",
        )
        found.append(Refusal(sentence.fill(total=total, limit=LIMIT), "buildings", code="too_many"))
    return found


def _buildings(pattern: Pattern) -> list[Refusal]:
    if not pattern.buildings:
        sentence = _("Name at least one building, such as 1-8.", "请至少填写一个楼栋，例如 1-8。")
        return [Refusal(sentence, "buildings", code="required")]
    if any(not name.strip() or len(name) > 40 for name in pattern.buildings):
        sentence = _("A building's name has 1 to 40 characters.", "楼栋名称应为 1 至 40 个字。")
        return [Refusal(sentence, "buildings", code="out_of_range")]
    twice = [name for name, times in Counter(pattern.buildings).items() if times > 1]
    if not twice:
        return []
    sentence = _("{name} is named twice. Name each building once.", "楼栋{name}重复，每个楼栋只填写一次。")
    return [Refusal(sentence.fill(name=twice[0]), "buildings", code="duplicate")]


def _names(pattern: Pattern) -> list[Refusal]:
    found = _gaps("unit_name", pattern.unit_name, UNIT_GAPS)
    numbering = _gaps("numbering", pattern.numbering, NUMBER_GAPS)
    basement = _gaps("basement", pattern.basement, BASEMENT_GAPS)
    several = pattern.units > 1 or any((override.units or 1) > 1 for override in pattern.overrides)
    if not found and several and not _used(pattern.unit_name):
        sentence = _(
            "Put {n} or {letter} into the unit name, or all units are called the same.",
            "单元名称须包含 {n} 或 {letter}，否则各单元同名。",
        )
        found.append(Refusal(sentence, "unit_name", code="duplicate"))
    return found + numbering + basement


def _used(pattern: str) -> list[str]:
    return [name for _text, name, _spec, _turn in Formatter().parse(pattern) if name is not None]


def _gaps(field: str, pattern: str, known: frozenset[str]) -> list[Refusal]:
    """Returns what is wrong with a text that has gaps; only plain names with a width such as `02d` pass."""
    if not pattern.strip():
        return [Refusal(_("Fill in this field.", "请填写此项。"), field, code="required")]
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError:
        sentence = _("A brace is not closed in '{text}'.", "“{text}”中的花括号不成对。")
        return [Refusal(sentence.fill(text=pattern), field, code="unreadable")]
    for _text, name, spec, conversion in parts:
        if name is None:
            continue
        good = name in known and not conversion
        if not good or not ((not spec) if name in _TEXTUAL else _SPEC.fullmatch(spec or "")):
            sentence = _("'{gap}' is not known here. Use {known}.", "无法识别占位符“{gap}”，可以使用 {known}。")
            gap = "{" + name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "") + "}"
            offered = ", ".join("{" + each + "}" for each in sorted(known))
            return [Refusal(sentence.fill(gap=gap, known=offered), field, code="unknown_placeholder")]
    return []


def _floors(prefix: str, first: int, last: int) -> list[Refusal]:
    found: list[Refusal] = []
    for field, floor in (("first", first), ("last", last)):
        if not floor or not LOWEST <= floor <= HIGHEST:
            sentence = _(
                "Floors run from {low} to -1 and from 1 to {high}; there is no floor 0.",
                "楼层应在 {low} 至 -1 或 1 至 {high} 之间，没有 0 层。",
            )
            found.append(Refusal(sentence.fill(low=LOWEST, high=HIGHEST), prefix + field, code="out_of_range"))
    if not found and last < first:
        found.append(_reversed(prefix + "last", first, last))
    return found


def _reversed(field: str, first: int, last: int) -> Refusal:
    sentence = _(
        "The last floor {last} is below the first floor {first}. Exchange them.",
        "终止楼层 {last} 低于起始楼层 {first}，请对调。",
    )
    return Refusal(sentence.fill(first=first, last=last), field, code="reversed")


def _size(field: str, size: int, most: int) -> list[Refusal]:
    if 1 <= size <= most:
        return []
    sentence = _("This is a whole number from 1 to {most}.", "此项应为 1 至 {most} 的整数。")
    return [Refusal(sentence.fill(most=most), field, code="out_of_range")]


def _known(field: str, names: tuple[str, ...], pattern: Pattern) -> list[Refusal]:
    for name in names:
        if name not in pattern.buildings:
            sentence = _("{name} is not among the buildings above.", "{name}不在上面填写的楼栋之中。")
            return [Refusal(sentence.fill(name=name), field, code="unknown_building")]
    return []


def _override(prefix: str, override: Override, pattern: Pattern) -> list[Refusal]:
    found = _known(prefix + "buildings", override.buildings, pattern)
    if not override.buildings:
        sentence = _("Say which buildings this row is about.", "请填写此行适用的楼栋。")
        found.append(Refusal(sentence, prefix + "buildings", code="required"))
    for name in override.buildings:
        if sum(name in other.buildings for other in pattern.overrides) > 1:
            sentence = _("{name} is in two rows. Put it in one.", "{name}出现在多行之中，请合并为一行。")
            found.append(Refusal(sentence.fill(name=name), prefix + "buildings", code="duplicate"))
            break
    if override.first is not None or override.last is not None:
        first = pattern.first if override.first is None else override.first
        last = pattern.last if override.last is None else override.last
        found += _floors(prefix, first, last)
    if override.units is not None:
        found += _size(prefix + "units", override.units, MOST_UNITS)
    if override.lines is not None:
        found += _size(prefix + "lines", override.lines, MOST_LINES)
    return found


def _duplexes(pattern: Pattern, shapes: list[Shape]) -> list[Refusal]:
    most = max(shape.lines for shape in shapes)
    sets = [("duplex_lines", pattern.duplex_lines)]
    sets += [(f"overrides-{i}-duplex_lines", o.duplex_lines or ()) for i, o in enumerate(pattern.overrides)]
    found = [_no_line(field, max(lines), most) for field, lines in sets if lines and not 1 <= max(lines) <= most]
    if not found and pattern.duplex_lines and not any(shape.duplex_pair() for shape in shapes):
        sentence = _("A duplex takes two floors above ground.", "跃层需要至少两个地上楼层。")
        found.append(Refusal(sentence, "duplex_lines", code="out_of_range"))
    return found


def _no_line(field: str, line: int, most: int) -> Refusal:
    sentence = _("There is no line {line}: a floor has {most} rooms.", "没有第 {line} 户线：每层 {most} 户。")
    return Refusal(sentence.fill(line=line, most=most), field, code="out_of_range")


def _range(prefix: str, rule: LineRule | AreaRule) -> list[Refusal]:
    if rule.first is None or rule.last is None or rule.first <= rule.last:
        return []
    return [_reversed(prefix + "floors", rule.first, rule.last)]


def _layout(prefix: str, layout: str | None, layouts: Collection[str] | None) -> list[Refusal]:
    if layout is None or layouts is None or layout in layouts:
        return []
    sentence = _(
        "There is no layout called {name} in this project. Choose one of: {known}.",
        "本项目没有名为{name}的户型，现有户型：{known}。",
    )
    known = ", ".join(sorted(layouts)[:12]) or "-"
    return [Refusal(sentence.fill(name=layout, known=known), prefix + "layout", code="unknown_layout")]


def _not_positive(field: str) -> Refusal:
    return Refusal(_("An area is more than 0 square metres.", "面积必须大于 0 平方米。"), field, code="not_positive")


def _rule(
    prefix: str, rule: LineRule, pattern: Pattern, shapes: list[Shape], layouts: Collection[str] | None
) -> list[Refusal]:
    found = _known(prefix + "buildings", rule.buildings, pattern)
    found += _range(prefix, rule) + _layout(prefix, rule.layout, layouts)
    if rule.area is not None and rule.area <= 0:
        found.append(_not_positive(prefix + "area"))
    concerned = [shape.lines for shape in shapes if not rule.buildings or shape.name in rule.buildings]
    for line in rule.lines:
        if concerned and not 1 <= line <= max(concerned):
            found.append(_no_line(prefix + "lines", line, max(concerned)))
            break
    return found
