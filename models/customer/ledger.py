"""The ledger (房源业主台账): homes and their owners in one sheet, compared with what is known and entered (S04, S09).

A home is told by building, unit and number. An owner is found by certificate, else by name and mobile, else among the
owners the home has; who is found nowhere is entered in the company's books. Owners who differ from those known are a
resale only where somebody says so: a mistyped row must not end an ownership.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import CertificateKind, Customer, CustomerKind, Source
from models.customer.ledger_people import (
    Owner,
    Person,
    customers_node,
    is_one,
    other_name,
    owners_differ,
    person_columns,
    person_of,
    shares_of,
)
from models.customer.ledger_row import Home, Spot, Verdict
from models.customer.ownership import Ownership
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.clock import today
from models.kernel.refusal import Missing, Refusal
from models.kernel.registry import infos
from models.kernel.roles import IMPORT, WRITE
from models.kernel.scope import criterion, reach
from models.kernel.secret import cipher
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table
from models.kernel.trial import Changes, changed_row, drop_kept, new_row, same, settled
from models.kernel.words import _
from models.property.building import Building
from models.property.house_type import HouseType
from models.property.project import Project
from models.property.room import Room
from models.property.unit import Unit

WRITTEN = (Building, Unit, HouseType, Room, Ownership)
"""What a ledger writes in the project itself; customers are written in the company's books."""
CONTRACT = ("contract_no", "signed_on", "delivery_due_on")


class Ledger:
    """The ledger of one project, for one transaction.

    Args:
        session: acting as whoever hands it over.
        project_id: the project.
        owner_changed: whether other owners than those known are a resale.

    Raises:
        Missing: there is no such project in the actor's scope.
        Denied: the actor may not import and write homes, owners or customers there.
    """

    def __init__(self, session: Session, project_id: int, *, owner_changed: bool = False) -> None:
        self._session, self._project, self._resale = session, project_id, owner_changed
        project = session.execute(select(Project).where(Project.id == project_id)).scalar_one_or_none()
        if project is None:
            raise Missing()
        self._node = customers_node(session, project, WRITTEN)
        self._today = today(clock_of(session))
        self._buildings = self._known(Building, ("name",))
        self._units = self._known_units()
        self._types = self._known(HouseType, ("name",))
        self._people: dict[tuple[str, ...], Spot] = {}
        self._seen: dict[tuple[str, str, str], int] = {}
        self._made = 0
        self._writable: set[int] = set()

    def _known(self, cls: type[Table], names: Sequence[str]) -> dict[tuple[Any, ...], Spot]:
        bare: Any = cls.__table__
        rows = self._session.execute(
            select(bare.c.id, *(bare.c[n] for n in names)).where(
                bare.c.project_id == self._project, bare.c.deleted_at.is_(None)
            )
        )
        return {tuple(map(_fold, values)): Spot(cls, {}, key) for key, *values in rows}

    def _known_units(self) -> dict[tuple[Any, ...], Spot]:
        """Units are told by the name of their building: one that is new has no key yet."""
        names = {spot.key: key[0] for key, spot in self._buildings.items()}
        units = self._known(Unit, ("building_id", "name"))
        return {(names.get(int(building)), unit): spot for (building, unit), spot in units.items()}

    # -- looking ------------------------------------------------------------------------------------------------------

    def look(self, homes: Sequence[Home]) -> list[Verdict]:
        """Compares some homes with what is known. Writes nothing; what rules keep is added to the session."""
        verdicts = [self._place(home) for home in homes]
        rooms = self._rooms(verdicts)
        current = self._owners([row["id"] for row in rooms.values()])
        people = self._customers([owner for home in homes for owner in home.owners])
        with settled(self._session, "customer.twin", "ownership.shares"):
            self._judge(verdicts, rooms, current, people)
        return verdicts

    def remember(self, home: Home) -> None:
        """Takes note of a home that an earlier run over the same file looked at: what stands in it twice is noticed."""
        self._place(home)

    def _judge(
        self,
        verdicts: Sequence[Verdict],
        rooms: dict[tuple[Any, str], dict[str, Any]],
        current: dict[int, list[Person]],
        people: dict[tuple[str, ...], Person],
    ) -> None:
        for verdict in verdicts:
            if verdict.refused:
                continue
            before = set(self._session.new)
            known = rooms.get((verdict.unit.key if verdict.unit else None, _fold(verdict.home.no)))
            owners = current.get(known["id"], []) if known else []
            self._try(verdict, partial(self._judge_room, verdict, known))
            self._try(verdict, partial(self._judge_owners, verdict, owners, people))
            if verdict.refused:
                drop_kept(self._session, set(self._session.new) - before)

    def _try(self, verdict: Verdict, judge: Callable[[], None]) -> None:
        try:
            judge()
        except Refusal as refusal:
            verdict.refused.extend(refusal.all())

    def _place(self, home: Home) -> Verdict:
        verdict = Verdict(home)
        key = (_fold(home.building), _fold(home.unit), _fold(home.no))
        earlier = self._seen.setdefault(key, home.row)
        if earlier != home.row:
            verdict.refused.append(
                Refusal(
                    _(
                        "Row {row} of the file is the same home. Keep one of them.",
                        "与文件第 {row} 行为同一房间，请只保留一行。",
                    ).fill(row=earlier),
                    "no",
                    code="duplicate",
                )
            )
            return verdict
        building = self._buildings.setdefault(
            (_fold(home.building),), Spot(Building, {"project_id": self._project, "name": home.building})
        )
        unit_key = (_fold(home.building), _fold(home.unit))
        verdict.unit = self._units.setdefault(unit_key, Spot(Unit, {"name": home.unit}, above=building))
        if home.house_type:
            verdict.house_type = self._types.setdefault(
                (_fold(home.house_type),), Spot(HouseType, {"project_id": self._project, "name": home.house_type})
            )
        return verdict

    def _rooms(self, verdicts: Iterable[Verdict]) -> dict[tuple[Any, str], dict[str, Any]]:
        """Reads the homes that are known."""
        bare: Any = Room.__table__
        wanted: dict[int, set[str]] = {}
        for verdict in verdicts:
            if verdict.unit is not None and verdict.unit.key is not None and verdict.unit.key > 0:
                wanted.setdefault(verdict.unit.key, set()).add(verdict.home.no)
        found: dict[tuple[Any, str], dict[str, Any]] = {}
        if wanted:
            numbers = sorted(set().union(*wanted.values()))
            statement = select(bare).where(
                bare.c.unit_id.in_(sorted(wanted)), bare.c.no.in_(numbers), bare.c.deleted_at.is_(None)
            )
            for row in self._session.execute(statement):
                values = dict(row._mapping)
                found[values["unit_id"], _fold(values["no"])] = values
        return found

    def _owners(self, rooms: Sequence[int]) -> dict[int, list[Person]]:
        """Reads the present owners of homes, main owners first."""
        owned: Any = Ownership.__table__
        people: Any = Customer.__table__
        found: dict[int, list[Person]] = {}
        for start in range(0, len(rooms), 1_000):
            statement = (
                select(owned, *person_columns(people))
                .join(people, people.c.id == owned.c.customer_id)
                .where(
                    owned.c.room_id.in_(rooms[start : start + 1_000]),
                    owned.c.until_day.is_(None),
                    owned.c.deleted_at.is_(None),
                )
                .order_by(owned.c.is_main.desc(), owned.c.id)
            )
            for row in self._session.execute(statement):
                values = dict(row._mapping)
                found.setdefault(values["room_id"], []).append(person_of(values, values))
        return found

    def _customers(self, owners: Sequence[Owner]) -> dict[tuple[str, ...], Person]:
        """Reads, in the actor's scope, the customers that certificates and mobiles belong to; the company's own first."""
        blinds = sorted({cipher().blind(o.cert_no) for o in owners if o.cert_no and not o.cert_masked})
        calls = sorted({cipher().blind(o.mobile) for o in owners if o.mobile and not o.cert_no and not o.call_masked})
        found: dict[tuple[str, ...], Person] = {}
        people: Any = Customer
        for column, values in ((people.cert_no_blind, blinds), (people.mobile_blind, calls)):
            for start in range(0, len(values), 1_000):
                statement = select(*person_columns(people), people.node_id.label("node")).where(
                    column.in_(values[start : start + 1_000])
                )
                rows = [dict(row._mapping) for row in self._session.execute(statement)]
                for row in sorted(rows, key=lambda r: (r["node"] != self._node, r["person_id"])):
                    person = person_of(row, None)
                    if column is people.cert_no_blind:
                        found.setdefault(("cert", person.blind or ""), person)
                    else:
                        found.setdefault(("call", _fold(person.name), person.call_blind or ""), person)
        self._writable = self._held({person.key for person in found.values()})
        return found

    def _held(self, keys: set[int]) -> set[int]:
        """Returns which of these customers the actor may change."""
        bare: Any = Customer.__table__
        actor = actor_of(self._session)
        conditions = [
            criterion(Customer, reach(self._session, actor, Customer, r), r, bare=True) for r in (WRITE, IMPORT)
        ]
        statement = select(bare.c.id).where(bare.c.id.in_(keys), *conditions)
        return set(self._session.execute(statement).scalars())

    # -- judging ------------------------------------------------------------------------------------------------------

    def _judge_room(self, verdict: Verdict, known: dict[str, Any] | None) -> None:
        home = verdict.home
        values = {name: value for name, value in home.room.items() if value is not None}
        if known is None:
            verdict.new = True
            trial = {"project_id": self._project, "unit_id": 0, "no": home.no, **values}
            ready = new_row(self._session, Room, trial)
            verdict.room = Spot(Room, {name: value for name, value in ready.items() if name != "project_id"})
            return
        verdict.room = Spot(Room, {}, known["id"])
        if verdict.house_type is not None and known["house_type_id"] != verdict.house_type.key:
            values["house_type_id"] = verdict.house_type.key or 0
        different = {name: value for name, value in values.items() if not same(known[name], value)}
        if not different:
            return
        changes = changed_row(self._session, Room, known["id"], known, different)
        verdict.changes.append((Room, known["id"], changes))
        for name, (before, after) in changes.items():
            shown = infos(Room)[name]
            if name == "house_type_id":
                names = {spot.key: key[0] for key, spot in self._types.items()}
                verdict.told.append((shown.label, None, names.get(before), home.house_type))
            else:
                verdict.told.append((shown.label, shown, before, after))

    def _judge_owners(self, verdict: Verdict, current: Sequence[Person], people: dict[tuple[str, ...], Person]) -> None:
        home = verdict.home
        if not home.owners:
            return
        pairs: list[tuple[Owner, Person | Spot]] = []
        for owner in home.owners:
            pairs.append((owner, self._meant(owner, current, people, pairs)))
        named = {id(meant) for _owner, meant in pairs}
        keys = {meant.key for _owner, meant in pairs if isinstance(meant, Person)}
        gone = [person for person in current if id(person) not in named and person.key not in keys]
        fresh = [meant for _owner, meant in pairs if meant.key not in {person.key for person in current}]
        if current and (gone or fresh) and not self._resale:
            raise owners_differ([person.name for person in current])
        if len(home.owners) > 1 and len({id(m) if isinstance(m, Spot) else m.key for _o, m in pairs}) < len(pairs):
            raise Refusal(
                _("The same owner stands in this row twice.", "同一业主在该行中重复出现，请核对。"),
                "owners",
                code="duplicate",
            )
        self._own(verdict, pairs, current, bool(gone or fresh))
        for person in gone:
            self._end(verdict, person)
        if current and (gone or fresh):
            verdict.told.append(
                (
                    _("Owners", "业主"),
                    None,
                    "、".join(person.name for person in current),
                    "、".join(owner.name for owner in home.owners),
                )
            )

    def _meant(
        self,
        owner: Owner,
        current: Sequence[Person],
        people: dict[tuple[str, ...], Person],
        taken: Sequence[tuple[Owner, Person | Spot]],
    ) -> Person | Spot:
        """Finds who an owner is: one of the present ones, a known customer, one entered in this ledger, or a new one.

        Raises:
            Refusal: the certificate is another name's, or half shown and nobody's here.
        """
        used = {id(person) for _owner, person in taken}
        here = [person for person in current if is_one(owner, person) and id(person) not in used]
        if here:
            return here[0]
        if owner.cert_masked or (owner.call_masked and not owner.cert_no):
            raise Refusal(
                _(
                    "No present owner of this home has this half-shown number. Write it in full.",
                    "该房间现有业主中没有与此脱敏号码相符的人，请填写完整号码。",
                ),
                "certificates" if owner.cert_masked else "phones",
                code="unknown_masked",
            )
        key = self._key_of(owner)
        known = people.get(key) if key else None
        if known is not None:
            if _fold(known.name) != _fold(owner.name):
                raise other_name(known.name)
            return known
        spot = self._people.get(key) if key else None
        if spot is not None:
            if _fold(spot.values["name"]) != _fold(owner.name):
                raise other_name(spot.values["name"])
            return spot
        spot = Spot(Customer, self._new_customer(owner))
        if key:
            self._people[key] = spot
        return spot

    def _key_of(self, owner: Owner) -> tuple[str, ...] | None:
        if owner.cert_no:
            return "cert", cipher().blind(owner.cert_no)
        if owner.mobile:
            return "call", _fold(owner.name), cipher().blind(owner.mobile)
        return None

    def _new_customer(self, owner: Owner) -> dict[str, Any]:
        company = owner.cert_kind in (CertificateKind.CREDIT_CODE, CertificateKind.LICENCE_15)
        values = {
            "node_id": self._node,
            "kind": CustomerKind.COMPANY if company else CustomerKind.PERSON,
            "name": owner.name,
            "cert_kind": owner.cert_kind if owner.cert_no else CertificateKind.CITIZEN,
            "cert_no": owner.cert_no,
            "mobile": owner.mobile,
            "phone": owner.phone,
            "source": Source.LEDGER,
        }
        try:
            return new_row(self._session, Customer, values)
        except Refusal as refusal:
            fields = {"cert_no": "certificates", "mobile": "phones", "phone": "phones", "cert_kind": "certificates"}
            first = refusal.all()[0]
            raise Refusal(first.sentence, fields.get(first.field or "", "owners"), code=first.code) from None

    def _own(
        self,
        verdict: Verdict,
        pairs: Sequence[tuple[Owner, Person | Spot]],
        current: Sequence[Person],
        differ: bool,
    ) -> None:
        """Says what each owner of the row holds: a new ownership, or changes of the one there is."""
        home = verdict.home
        contract = {name: value for name, value in home.contract.items() if value is not None}
        shares = shares_of([owner.share for owner, _meant in pairs])
        said = all(owner.share is not None for owner, _meant in pairs)
        for place, (owner, meant) in enumerate(pairs):
            if isinstance(meant, Person):
                self._update_person(verdict, owner, meant)
            holding = meant.holding if isinstance(meant, Person) and meant in current else None
            if holding is None:
                spot = meant if isinstance(meant, Spot) else Spot(Customer, {}, meant.key)
                values = {"share": shares[place], "is_main": place == 0, **contract}
                values["from_day"] = contract.get("signed_on") or self._today
                trial = {**values, "room_id": 0, "customer_id": 0, "project_id": self._project}
                ready = new_row(self._session, Ownership, trial)
                verdict.owned.append((spot, {n: v for n, v in ready.items() if n not in _HANDED}))
                if not verdict.new and not current:
                    verdict.told.append((_("Owner", "业主"), None, None, owner.name))
                continue
            wanted = {"is_main": place == 0, **contract}
            if said or differ:
                wanted["share"] = shares[place]
            if "signed_on" in contract and holding["signed_on"] == holding["from_day"]:
                wanted["from_day"] = contract["signed_on"]
            different = {name: value for name, value in wanted.items() if not same(holding[name], value)}
            if different:
                self._change_holding(verdict, holding, different)

    def _change_holding(self, verdict: Verdict, holding: dict[str, Any], different: dict[str, Any]) -> None:
        # judged on its own: the shares of one home change together, and were added up before
        changes = changed_row(self._session, Ownership, holding["id"], {**holding, "room_id": 0}, different)
        verdict.changes.append((Ownership, holding["id"], changes))
        for name, (before, after) in changes.items():
            shown = infos(Ownership)[name]
            verdict.told.append((shown.label, shown, before, after))

    def _update_person(self, verdict: Verdict, owner: Owner, person: Person) -> None:
        """A new mobile is kept; a certificate only where there was none."""
        different: dict[str, Any] = {}
        if owner.mobile and not owner.call_masked and cipher().blind(owner.mobile) != person.call_blind:
            different["mobile"] = owner.mobile
        if owner.phone and owner.phone != person.phone:
            different["phone"] = owner.phone
        if owner.cert_no and not owner.cert_masked and person.blind is None:
            different.update(cert_no=owner.cert_no, cert_kind=owner.cert_kind)
        if not different or (person.key not in self._writable and person.key not in self._held({person.key})):
            return
        bare: Any = Customer.__table__
        before = dict(self._session.execute(select(bare).where(bare.c.id == person.key)).one()._mapping)
        changes = changed_row(self._session, Customer, person.key, before, different)
        verdict.changes.append((Customer, person.key, changes))
        for name, (was, now) in changes.items():
            shown = infos(Customer)[name]
            hidden = shown.kind == "masked"
            verdict.told.append(
                (shown.label, None, "****" if was else None, "****") if hidden else (shown.label, shown, was, now)
            )

    def _end(self, verdict: Verdict, person: Person) -> None:
        holding = person.holding or {}
        signed: date | None = verdict.home.contract.get("signed_on")
        last = max(holding["from_day"], (signed - timedelta(days=1)) if signed else self._today)
        self._change_holding(verdict, holding, {"until_day": last, "ended_by": "台账导入：业主变更", "is_main": False})

    # -- writing ------------------------------------------------------------------------------------------------------

    def take(self, verdicts: Sequence[Verdict], *, write: bool) -> dict[type[Table], int]:
        """Enters what sound rows need, or only counts it.

        Returns:
            How many rows of each table are entered.

        Raises:
            Denied: the actor may not write one of them; the caller ends the transaction.
        """
        sound = [verdict for verdict in verdicts if not verdict.refused]
        counts: dict[type[Table], int] = {}

        def enter(spots: Iterable[Spot | None], cls: type[Table]) -> None:
            fresh = list({id(s): s for s in spots if s is not None and s.key is None}.values())
            counts[cls] = counts.get(cls, 0) + len(fresh)
            if write:
                keys = insert_rows(self._session, cls, [spot.values for spot in fresh])
            else:
                keys = [-self._made - place for place in range(1, len(fresh) + 1)]
                self._made += len(fresh)
            for spot, key in zip(fresh, keys, strict=True):
                spot.key = key

        buildings = [verdict.unit.above for verdict in sound if verdict.unit]
        enter(buildings, Building)
        for verdict in sound:
            if verdict.unit is not None and verdict.unit.key is None and verdict.unit.above is not None:
                verdict.unit.values["building_id"] = verdict.unit.above.key
        enter([verdict.unit for verdict in sound], Unit)
        enter([verdict.house_type for verdict in sound], HouseType)
        for verdict in sound:
            if verdict.new and verdict.room is not None and verdict.unit is not None:
                verdict.room.values["unit_id"] = verdict.unit.key
                if verdict.house_type is not None:
                    verdict.room.values["house_type_id"] = verdict.house_type.key
        enter([verdict.room for verdict in sound], Room)
        enter([spot for verdict in sound for spot, _values in verdict.owned], Customer)
        holdings = [
            {**values, "room_id": verdict.room.key, "customer_id": spot.key}
            for verdict in sound
            if verdict.room is not None
            for spot, values in verdict.owned
        ]
        counts[Ownership] = len(holdings)
        if write:
            self._update(sound)
            insert_rows(self._session, Ownership, holdings)
            self._session.flush()
        return counts

    def _update(self, verdicts: Sequence[Verdict]) -> None:
        by_table: dict[type[Table], dict[int, Changes]] = {}
        for verdict in verdicts:
            for cls, key, changes in verdict.changes:
                if "house_type_id" in changes and verdict.house_type is not None:
                    changes = {**changes, "house_type_id": (changes["house_type_id"][0], verdict.house_type.key)}
                by_table.setdefault(cls, {}).setdefault(key, {}).update(changes)
        for cls, rows in by_table.items():
            update_rows(self._session, cls, list(rows.items()))


_HANDED = ("room_id", "customer_id", "project_id")


def _fold(text: Any) -> str:
    return "".join(unicodedata.normalize("NFKC", str(text)).casefold().split())
