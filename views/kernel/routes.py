"""Routes that are cheap to declare: a console of ninety tables has two thousand of them and builds addresses for a few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import IntegerConverter, Rule


class KeyConverter(IntegerConverter):
    """A number in an address that a database can hold: a longer one is no address, and answers as one that does not exist."""

    regex = "[0-9]{1,18}"


class LazyRule(Rule):
    """A rule whose address builder is compiled when it is first used.

    Werkzeug compiles two functions per rule at start-up; that was two thirds of ours.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., Any]:
        compiled = super()._compile_builder

        def late(rule: LazyRule, **values: Any) -> Any:
            built = compiled(append_unknown).__get__(rule, None)
            setattr(rule, "_build_unknown" if append_unknown else "_build", built)
            return built(**values)

        return late
