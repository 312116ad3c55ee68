"""Chosen rows in an address: `ids=12-45,50`, short even for a whole building, whose homes were numbered one after another."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 5000
"""Rows that can be chosen in an address."""

STEPS = 20 * MOST
"""Keys that are looked at for it: ranges laid over one another thousands of times would be seconds of work."""


def read_ids(raw: str | None) -> tuple[int, ...] | None:
    """Returns the keys an address chooses; None where it chooses none. What cannot be read chooses nothing, never everything.

    Args:
        raw: keys and ranges of keys, between commas.
    """
    if raw is None:
        return None
    found: dict[int, None] = {}
    steps = 0
    for part in raw.split(",")[:MOST]:
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if not (_key(first) and _key(last)):
            continue
        for key in range(int(first), min(int(last), int(first) + MOST) + 1):
            steps += 1
            if len(found) == MOST or steps > STEPS:
                return tuple(found)
            found[key] = None
    return tuple(found)


def _key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def written(keys: Iterable[int]) -> str:
    """Returns keys as an address carries them: '12-45,50'."""
    out: list[list[int]] = []
    for key in sorted(set(keys)):
        if out and key == out[-1][1] + 1:
            out[-1][1] = key
        else:
            out.append([key, key])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in out)
