"""The law, said a second time: who may do what to which row, by brute force over raw rows.

Shares nothing with what it judges: no gate, no `scope`, no criterion, no path of the node index. Rows come by raw SQL;
the tree is walked upwards by its typed foreign keys; of the declarations only `owned`, `rights` and refs are read. Slow
and plain on purpose: every sentence of design 4 is one function here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, MetaData
from sqlalchemy import text as sql

from models.kernel.registry import tables
from models.kernel.table import Table

Row = dict[str, Any]
Place = tuple[str, int]
"""A place of the tree by its own table and key, such as ('company', 3)."""

PREPARED = {"announcement": "published"}
"""Tables whose rows are prepared before they are shown -> the state in which readers see them, from their `from_day` on."""


OUTSIDE = {"contractor": "contractor_id"}
"""Roles of people who are not of the house -> the column of a person that says whom they act for."""

CONCERNS = {
    "issue": "contractor_id",
    "issue_fix": "contractor_id",
    "issue_dispatch": "contractor_id",
    "contractor": "id",
}
"""Tables of which those outside reach what concerns whom they act for -> the column that says whom a row concerns."""


@dataclass(frozen=True, slots=True)
class Given:
    """A grant that holds: a role at a place, and whom its holder acts for where the role is one of outside."""

    role: str
    place: Place
    party: int | None = None


class Oracle:
    """The law over the rows of one database as they are now. Read them again after they changed.

    Args:
        engine: the database.
        today: the day on which grants hold or do not.
    """

    def __init__(self, engine: Engine, today: date) -> None:
        self.today = today
        self.rows: dict[str, dict[int, Row]] = {}
        with engine.connect() as connection:
            for name in (*tables(), "ab_user"):
                found = connection.execute(sql(f'SELECT * FROM "{name}"')).mappings()
                self.rows[name] = {row["id"]: dict(row) for row in found}
            connection.rollback()
        self.place_of_node: dict[int, Place] = {
            key: (row["kind"], row["ref_id"]) for key, row in self.rows["node"].items()
        }
        self._above: dict[Place, tuple[Place, ...]] = {}
        self._visible: dict[tuple[str, Place, str], frozenset[int]] = {}

    # -- the tree -----------------------------------------------------------------------------------------------------

    def parent(self, place: Place) -> Place | None:
        """The place above, by the typed foreign key of the row itself."""
        kind, key = place
        column = tables()[kind].owned.above
        if column is None:
            return None
        value = self.rows[kind][key][column]
        if column == "parent_node_id":
            return self.place_of_node[value]
        return column.removesuffix("_id"), value

    def upwards(self, place: Place) -> tuple[Place, ...]:
        """The place itself and all above it."""
        if place not in self._above:
            above = self.parent(place)
            self._above[place] = (place, *(self.upwards(above) if above else ()))
        return self._above[place]

    def living(self, name: str, key: int | None) -> bool:
        return key in self.rows[name] and self.rows[name][key]["deleted_at"] is None

    def holds(self, top: Place, place: Place | None) -> bool:
        """Whether `place` is a living place in the subtree of `top`."""
        return place is not None and self.living(*place) and top in self.upwards(place)

    # -- grants -------------------------------------------------------------------------------------------------------

    def given(self, user: int | None) -> tuple[Given, ...]:
        """What an account holds today: living grants, begun, not ended, at a living place, of a living person."""
        found = []
        for grant in self.rows["grant"].values():
            person = self.rows["user_profile"][grant["profile_id"]]
            first, last = _day(grant["from_day"]), _day(grant["until_day"])
            place = self.place_of_node[grant["node_id"]]
            if (
                person["user_id"] == user
                and user is not None
                and person["deleted_at"] is None
                and grant["deleted_at"] is None
                and self.living(*place)
                and (first is None or first <= self.today)
                and (last is None or self.today <= last)
            ):
                column = OUTSIDE.get(grant["role"])
                found.append(Given(grant["role"], place, person[column] if column else None))
        return tuple(found)

    def places(self, user: int | None, name: str, right: str) -> tuple[Given, ...]:
        """By what an account holds `right` on a table: each grant whose role has it."""
        return tuple(given for given in self.given(user) if given.role in roles_with(name, right))

    def theirs(self, name: str, row: Row, given: Given, right: str) -> bool:
        """Whether a row concerns whoever holds a grant: always for the house; outside, what was sent to whom they act for.

        They write in a round of repair as long as it is with them.
        """
        if given.role not in OUTSIDE or name not in CONCERNS:
            return True
        if given.party is None or row[CONCERNS[name]] != given.party:
            return False
        if name == "issue":
            rounds = self.rows["issue_fix"].values()
            return any(
                one["issue_id"] == row["id"]
                and one["deleted_at"] is None
                and one["contractor_id"] == given.party
                and one["result"] != "returned"
                for one in rounds
            )
        if name == "issue_fix":
            return row["result"] == "open" if right == "write" else row["result"] != "returned"
        return True

    # -- rows ---------------------------------------------------------------------------------------------------------

    def project_of(self, name: str, row: Row) -> int:
        """The project of a row, found by walking the rows it hangs on, never by its copied project_id."""
        through = tables()[name].owned.through
        if through is None:
            return int(row["project_id"])
        target = target_of(name, through)
        above = self.rows[target][row[through]]
        return int(above["id"]) if target == "project" else self.project_of(target, above)

    def owner(self, name: str, row: Row) -> Place | None:
        """The place that owns a row; None for a row without one of its own."""
        kind = tables()[name].owned.kind
        if kind == "project":
            return "project", self.project_of(name, row)
        if kind == "node":
            return self.place_of_node[row["node_id"]]
        if kind == "tree":
            return name, row["id"]
        if kind == "index":
            return self.place_of_node[row["id"]]
        assert kind in ("link", "person"), kind
        return None

    def seen(self, name: str, top: Place, right: str) -> frozenset[int]:
        """Keys of the living rows of a table that are visible for `right` from one grant's place."""
        known = (name, top, right)
        if known not in self._visible:
            rows = self.rows[name].values()
            self._visible[known] = frozenset(
                row["id"] for row in rows if row["deleted_at"] is None and self._sees(name, row, top, right)
            )
        return self._visible[known]

    def _sees(self, name: str, row: Row, top: Place, right: str) -> bool:
        owned = tables()[name].owned
        if owned.kind == "link":
            assert owned.through is not None
            return row[owned.through] in self.seen(target_of(name, owned.through), top, right)
        place = self.owner(name, row)
        if self.holds(top, place):
            return True
        upward = owned.visibility == "inherited" and right == "read"
        if upward and place is not None and self.living(*place) and place in self.upwards(top):
            return True
        for other, column in owned.seen_from:
            if any(self.rows[other][key][column] == row["id"] for key in self.seen(other, top, right)):
                return True
        return False

    def would_see(self, user: int | None, name: str, row: Row, right: str = "read") -> bool:
        """Whether an account would reach a row if it lived."""
        return any(
            self._sees(name, row, given.place, right) and self.theirs(name, row, given, right)
            for given in self.places(user, name, right)
        )

    def may(self, user: int | None, name: str, right: str) -> bool:
        """Whether an account holds a right on a table anywhere."""
        return bool(self.places(user, name, right))

    def keys(self, user: int | None, name: str, right: str = "read") -> frozenset[int]:
        """Keys of the living rows on which an account holds `right`. Grants are asked one by one, never mixed.

        A person's own rows lie in no part of the tree: theirs, where a role of theirs holds the right anywhere.
        """
        if tables()[name].owned.kind == "person":
            mine = (row for row in self.rows[name].values() if row["deleted_at"] is None and row["user_id"] == user)
            return frozenset(row["id"] for row in mine) if self.may(user, name, right) else frozenset()
        found: frozenset[int] = frozenset(
            key
            for given in self.places(user, name, right)
            for key in self.seen(name, given.place, right)
            if self.theirs(name, self.rows[name][key], given, right)
        )
        if right == "write" or name not in PREPARED:
            return found
        return frozenset(key for key in found if self._posted(name, self.rows[name][key])) | (
            found & self.keys(user, name, "write")
        )

    def _posted(self, name: str, row: Row) -> bool:
        """Whether a row is there for its readers; what is still prepared is there for its writers alone."""
        first = _day(row["from_day"])
        return row["state"] == PREPARED[name] and (first is None or first <= self.today)

    def deleted(self, user: int | None, name: str, right: str = "delete") -> frozenset[int]:
        """Keys of the deleted rows an account would hold a right on if they lived, and would see."""
        gone = [row for row in self.rows[name].values() if row["deleted_at"] is not None]

        def held(row: Row, wanted: str) -> bool:
            if tables()[name].owned.kind == "person":
                return row["user_id"] == user and self.may(user, name, wanted)
            seen = self.would_see(user, name, row, wanted)
            if not seen or wanted == "write" or name not in PREPARED or self._posted(name, row):
                return seen
            return held(row, "write")

        return frozenset(row["id"] for row in gone if held(row, right) and held(row, "read"))

    def may_own(self, user: int | None, name: str, values: Row, right: str = "write") -> bool:
        """Whether an account may write a row with these values at the owner they name. Those outside add none."""
        owned = tables()[name].owned
        held = self.places(user, name, right)
        tops = [given.place for given in held if given.role not in OUTSIDE or name not in CONCERNS]
        if owned.kind == "person":
            return bool(tops) and values["user_id"] == user
        if owned.kind == "link":
            assert owned.through is not None
            target = target_of(name, owned.through)
            return any(values[owned.through] in self.seen(target, top, right) for top in tops)
        if owned.kind == "tree":
            if owned.above is None:
                return any(self.parent(top) is None for top in tops) and len(self._tops()) == 1
            value = values[owned.above]
            above = owned.above.removesuffix("_id")
            place = self.place_of_node.get(value) if owned.above == "parent_node_id" else (above, value)
            return any(self.holds(top, place) for top in tops)
        if owned.kind == "index":
            return False
        return any(self.holds(top, self.owner(name, values)) for top in tops)

    def _tops(self) -> list[int]:
        return [key for key in self.rows["group"] if self.living("group", key)]


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def target_of(name: str, column: str) -> str:
    """The table a ref column points to, by its foreign key."""
    metadata: MetaData = Table.metadata
    (key,) = metadata.tables[name].c[column].foreign_keys
    return key.column.table.name


def roles_with(name: str, right: str) -> tuple[str, ...]:
    """The roles that hold a right on a table: what the table says, else what its area says, else nobody."""
    cls = tables()[name]
    own = cls.screen.rights
    if right in own:
        return own[right]
    move = cls.flow.transition(right) if cls.flow is not None else None
    if move is not None:
        return move.roles
    area = cls.__dict__.get("area_name") or cls.__module__.split(".")[1]
    declared: dict[str, tuple[str, ...]] = sys.modules[f"models.{area}"].area.rights
    return declared.get(right, ())
