"""Texts with gaps such as {room}, which administrators write: what they name, what is wrong with them, and filling them.

Names only: no attribute, index or format can be asked for, and a value is never looked into for gaps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from models.kernel.refusal import Refusal
from models.kernel.words import Words, _

GAP = re.compile(r"\{([^{}]*)\}")


def gaps(text: str) -> set[str]:
    """Returns the names in the gaps of a text."""
    return set(GAP.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """Returns a text with its gaps filled; one without a value stays empty. Values are never looked into for gaps."""
    return GAP.sub(lambda found: values.get(found[1], ""), text)


def faulty_gaps(known: Mapping[str, Words], said: str, column: str) -> Iterable[Refusal]:
    """Yields what is wrong with the gaps of a text: a field there is not, or a brace left open.

    Args:
        known: the fields there are, with their labels.
        said: the text.
        column: where the sentence is shown.
    """
    strange = sorted(gaps(said) - known.keys())
    if strange:
        yield Refusal(
            _(
                "There is no field {wrong} here. Fields that may stand here: {fields}.",
                "没有字段 {wrong}。可用的字段有：{fields}。",
            ).fill(wrong=", ".join("{" + name + "}" for name in strange), fields=_listed(known)),
            column,
            code="unknown_field",
        )
    rest = said
    for name in gaps(said):
        rest = rest.replace("{" + name + "}", "")
    if "{" in rest or "}" in rest:
        yield Refusal(
            _(
                "A brace is left open or closed. A field is written like {field}.",
                "花括号不成对，字段应写作 {field}。",
            ).fill(field="{" + next(iter(known), "record") + "}"),
            column,
            code="brace",
        )


def _listed(known: Mapping[str, Words]) -> Words:
    return Words(
        ", ".join(f"{{{name}}} ({words.en})" for name, words in known.items()),
        "、".join(f"{{{name}}}（{words.zh}）" for name, words in known.items()),
    )
