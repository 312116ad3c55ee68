"""The homes of a demo project and the lives in them, written batch by batch, so that memory stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import count, islice
from typing import Any, Final
from zlib import crc32

from sqlalchemy.orm import Session

from models.customer.customer import Customer, Level, Source
from models.customer.customer_contact import CustomerContact
from models.customer.customer_tag import CustomerTag
from models.customer.owner_archive import OwnerArchive
from models.customer.ownership import Ownership
from models.customer.visit_record import VisitRecord
from models.kernel.bulk import insert_rows
from models.kernel.table import Table
from models.property.building import Building
from models.property.building_progress import BuildingProgress
from models.property.house_type import HouseType, HouseTypePart
from models.property.phase import Phase
from models.property.project_permit import ProjectPermit
from models.property.room import Room, RoomChangeLog
from models.property.room_pattern import RoomPattern
from models.property.unit import Unit
from seeds.demo import codes
from seeds.demo.lives import Batch, Sale, lives
from seeds.demo.places import Door, Places, Project, rooms_of
from seeds.demo.places import Room as RoomOnPaper
from seeds.demo.registers import permit_rows, progress_rows, register_rows
from seeds.demo.staff import Staff
from seeds.demo.story import Story

BATCH: Final = 1_000
"""Rooms written at a time."""

_REMEMBERED: Final = 4_000
"""Customers of earlier batches that may still be referred to: whoever buys again is among the last 200 families."""

_CHANNELS: Final = ("电话", "电话", "电话", "微信", "微信", "短信")


class Homes:
    """Writes what hangs on one project: phases, buildings, papers, rooms, owners.

    Args:
        key: the project's row.
        company: the node its customers belong to.
        counts: table -> rows; counted up.
    """

    def __init__(
        self, session: Session, whole: Places, project: Project, story: Story, staff: Staff, key: int, company: int,
        counts: Counter[str],
    ) -> None:  # fmt: skip
        self.session, self.whole, self.project, self.story, self.staff = session, whole, project, story, staff
        self.key, self.company, self.counts = key, company, counts
        self.advisers = staff.advisers[project.company]
        self.buildings: dict[str, int] = {}
        self.types: dict[str, int] = {}
        self.customers: dict[str, int] = {}
        self.units: dict[tuple[str, str], int] = {}
        self.lines = {shape.name: shape.lines for _phase, pattern in project.patterns for shape in pattern.shapes()}
        self.due = {building.name: building.handover for building in project.buildings}
        self.floors = {building.name: building.floors for building in project.buildings}
        self.ordinals: Counter[type[Table]] = Counter()

    def write(self) -> Iterator[int]:
        """Writes everything and yields the number of rooms of each batch; the caller commits where it likes."""
        self._frame()
        self._patterns()
        self._papers()
        rooms = rooms_of(self.whole, self.project)
        for batch in lives(self.whole, self.project, BATCH):
            here = list(islice(rooms, len(batch.sales)))
            self._lives(batch, here, self._rooms(here, batch))
            yield len(here)

    def _insert(self, cls: type[Table], rows: Sequence[dict[str, Any]]) -> list[int]:
        self.counts[cls.__tablename__] += len(rows)
        return insert_rows(self.session, cls, rows, audited=False)

    def _next(self, cls: type[Table]) -> int:
        """Counts the rows of a table within the project, from 1."""
        self.ordinals[cls] += 1
        return self.ordinals[cls]

    def _frame(self) -> None:
        """Writes phases, buildings, house types and their parts."""
        project, story = self.project, self.story
        phases = self._insert(Phase, [self._phase(number) for number in range(1, project.phases + 1)])
        keys = self._insert(
            Building,
            [
                {
                    "project_id": self.key, "phase_id": phases[each.phase - 1], "name": each.name,
                    "floors": each.floors, "completion_accepted_on": each.completed,
                    "created_at": story.building(project, each.ordinal),
                }
                for each in project.buildings
            ],
        )  # fmt: skip
        self.buildings = dict(zip((each.name for each in project.buildings), keys, strict=True))
        types = self._insert(
            HouseType,
            [
                {
                    "project_id": self.key, "name": each.name, "rooms": each.rooms, "presale_area": each.presale_area,
                    "facing": "南北" if each.presale_area > 100 else "南", "created_at": story.phase(project, place),
                }
                for place, each in enumerate(project.house_types)
            ],
        )  # fmt: skip
        self.types = dict(zip((each.name for each in project.house_types), types, strict=True))
        self._insert(
            HouseTypePart,
            [
                {
                    "house_type_id": key, "name": part.name, "area": part.area, "plan_x": 14 + 24 * (place % 4),
                    "plan_y": 12 + 20 * (place // 4), "created_at": story.phase(project, ordinal),
                }
                for ordinal, (key, each) in enumerate(zip(types, project.house_types, strict=True))
                for place, part in enumerate(each.parts)
            ],
        )  # fmt: skip

    def _patterns(self) -> None:
        """Writes the patterns the rooms were generated from, a run for each phase."""
        made = 0
        rows = []
        for _phase, pattern in self.project.patterns:
            made += pattern.count()
            rows.append(
                {
                    "project_id": self.key, "buildings": len(pattern.buildings), "added": pattern.count(), "changed": 0,
                    "pattern": pattern.to_json(), "created_at": self.story.room(self.project, made),
                }
            )  # fmt: skip
        self._insert(RoomPattern, rows)

    def _phase(self, number: int) -> dict[str, Any]:
        here = [each for each in self.project.buildings if each.phase == number]
        return {
            "project_id": self.key, "name": f"{_numeral(number)}期", "place": number,
            "starts_on": min(each.started for each in here), "handover_on": max(each.handover for each in here),
            "created_at": self.story.phase(self.project, number),
        }  # fmt: skip

    def _papers(self) -> None:
        whole, project, story = self.whole, self.project, self.story
        self._insert(ProjectPermit, list(permit_rows(whole, project, story, self.key, self.buildings)))
        self._insert(BuildingProgress, list(progress_rows(whole, project, story, self.buildings)))
        for cls, rows in register_rows(whole, project, story, self.key).items():
            self._insert(cls, rows)

    def _enter_units(self, rooms: list[RoomOnPaper]) -> None:
        """Writes the units the rooms are the first of."""
        doors = dict.fromkeys((room.door.building, room.door.unit) for room in rooms)
        fresh = [place for place in doors if place not in self.units]
        keys = self._insert(
            Unit,
            [
                {
                    "building_id": self.buildings[building], "name": unit, "homes_per_floor": self.lines[building],
                    "lifts": _lifts(self.floors[building]),
                    "created_at": self.story.unit(self.project, self._next(Unit)),
                }
                for building, unit in fresh
            ],
        )  # fmt: skip
        self.units.update(zip(fresh, keys, strict=True))

    def _rooms(self, rooms: list[RoomOnPaper], batch: Batch) -> dict[Door, int]:
        """Writes rooms as their sales left them, and returns their keys."""
        self._enter_units(rooms)
        reasons = {change.door: change.reason for change in batch.changes}
        keys = self._insert(
            Room,
            [self._room(room, sale, reasons.get(room.door)) for room, sale in zip(rooms, batch.sales, strict=True)],
        )
        return {room.door: key for room, key in zip(rooms, keys, strict=True)}

    def _room(self, room: RoomOnPaper, sale: Sale, reason: str | None) -> dict[str, Any]:
        if room.door != sale.door:
            raise AssertionError(f"{room.door} is not {sale.door}: rooms and sales ran apart.")
        building, unit = room.door.building, room.door.unit
        return {
            "unit_id": self.units[building, unit],
            "no": room.door.no,
            "floor": room.floor,
            "storey": room.storey,
            "line": room.line,
            "span": room.span,
            "house_type_id": self.types[room.layout],
            "facing": _facing(room.line, self.lines[building]),
            "presale_area": room.presale_area,
            "actual_area": room.actual_area,
            "inner_area": room.inner_area,
            "unit_price": sale.unit_price,
            "total_price": sale.total,
            "sale_state": codes.SALE[sale.sale_status],
            "handover_state": codes.HANDOVER[sale.handover_status],
            "title_state": codes.TITLE[sale.title_status],
            "state_reason": reason,
            "created_at": self.story.room(self.project, self._next(Room)),
        }

    def _lives(self, batch: Batch, rooms: list[RoomOnPaper], keys: dict[Door, int]) -> None:
        """Writes customers first, then what refers to them."""
        sales = {sale.door: sale for sale in batch.sales}
        since: dict[str, date] = {}
        bought: dict[str, str] = {}
        for own in batch.ownerships:
            since.setdefault(own.customer, own.since)
            sold_new = own.since == sales[own.door].signed_on
            bought.setdefault(own.customer, (Source.SALES if sold_new else Source.RESALE).value)
        entered = self._customers(batch, since, bought)
        self._contacts(batch, entered)
        self._changes(batch, keys)
        mains = {own.door: own.customer for own in batch.ownerships if own.is_main and own.until is None}
        self._insert(
            Ownership,
            [
                {
                    "room_id": keys[own.door],
                    "customer_id": self.customers[own.customer],
                    "share": own.share,
                    "is_main": own.is_main,
                    "from_day": own.since,
                    "until_day": own.until,
                    "ended_by": "二手转让" if own.until else None,
                    "use": codes.USE[own.use],
                    "contract_no": sale.contract_no if own.since == sale.signed_on else None,
                    "signed_on": own.since,
                    "delivery_due_on": self.due[own.door.building] if own.since == sale.signed_on else None,
                    "created_at": self.story.owned(self.project, self._next(Ownership), own.since),
                }
                for own in batch.ownerships
                if (sale := sales[own.door])
            ],
        )
        self._files(batch, keys, mains)
        for key in list(islice(self.customers, max(0, len(self.customers) - _REMEMBERED))):
            del self.customers[key]

    def _customers(self, batch: Batch, since: dict[str, date], bought: dict[str, str]) -> dict[str, datetime]:
        """Writes customers and returns when each was entered."""
        sensitive = {tag.customer for tag in batch.tags if tag.tag == codes.SENSITIVE}
        entered: dict[str, datetime] = {}
        rows = []
        for each in batch.customers:
            ordinal = self._next(Customer)
            entered[each.key] = self.story.on(since[each.key], ordinal)
            rows.append(
                {
                    "node_id": self.company,
                    "kind": codes.KIND[each.kind],
                    "name": each.name,
                    "cert_kind": codes.CERTIFICATE[each.cert_type],
                    "cert_no": each.cert_no,
                    "gender": codes.GENDER[each.gender],
                    "birthday": each.birthday,
                    "mobile": each.mobile,
                    "phone": each.landline,
                    "preferred_channel": _CHANNELS[crc32(each.key.encode()) % len(_CHANNELS)],
                    "level": Level.SENSITIVE.value if each.key in sensitive else codes.LEVEL[each.level],
                    "advisor_id": self.advisers[ordinal % len(self.advisers)][0],
                    "source": bought[each.key],
                    "remark": f"来访渠道：{each.channel}",
                    "created_at": entered[each.key],
                }
            )
        keys = self._insert(Customer, rows)
        self.customers.update(zip((each.key for each in batch.customers), keys, strict=True))
        return entered

    def _contacts(self, batch: Batch, entered: dict[str, datetime]) -> None:
        known: dict[tuple[str, str, str], dict[str, Any]] = {}
        for each in batch.contacts:
            relation = codes.RELATION[each.relation]
            known.setdefault(
                (each.customer, each.name, relation),
                {
                    "customer_id": self.customers[each.customer], "name": each.name, "relation": relation,
                    "mobile": each.mobile, "preferred_channel": each.channel, "decides": each.relation == "配偶",
                    "remark": each.relation, "created_at": entered[each.customer],
                },
            )  # fmt: skip
        self._insert(CustomerContact, list(known.values()))
        self._insert(
            CustomerTag,
            [
                {
                    "customer_id": self.customers[each.customer], "tag": codes.TAG[each.tag],
                    "source": codes.TAG_SOURCE[each.source], "created_at": entered[each.customer],
                }
                for each in batch.tags
            ],
        )  # fmt: skip

    def _changes(self, batch: Batch, keys: dict[Door, int]) -> None:
        """Writes the history of states: sales, then the homes whose keys were taken."""
        rows = []
        for change in batch.changes:
            field, names = codes.FIELD[change.field]
            before, after = names[change.old], names[change.new]
            rows.append(self._log(keys[change.door], field, before, after, change.reason, change.changed_on))
        for sale in batch.sales:
            if sale.handed_over_on:
                after = codes.HANDOVER[sale.handover_status]
                rows.append(
                    self._log(keys[sale.door], "handover_state", "notified", after, "办理入伙手续", sale.handed_over_on)
                )
        self._insert(RoomChangeLog, rows)

    def _log(self, room: int, field: str, before: str, after: str, reason: str, day: date) -> dict[str, Any]:
        return {
            "room_id": room, "field": field, "before": before, "after": after, "reason": reason,
            "created_at": self.story.on(day, self._next(RoomChangeLog)),
        }  # fmt: skip

    def _files(self, batch: Batch, keys: dict[Door, int], mains: dict[Door, str]) -> None:
        """Writes the papers kept for each home, numbered within it, and the visits to its owners."""
        numbers: dict[Door, Iterator[int]] = {}
        keeper = self.staff.clerks[self.project.key]
        self._insert(
            OwnerArchive,
            [
                {
                    "room_id": keys[each.door],
                    "customer_id": self.customers[mains[each.door]],
                    "archive_no": f"{each.archive_no}-{next(numbers.setdefault(each.door, count(1))):02d}",
                    "kind": codes.DOCUMENT[each.doc_kind],
                    "received_on": each.received_on,
                    "copies": 2 if each.doc_kind == "商品房买卖合同" else 1,
                    "place": each.place,
                    "keeper": keeper,
                    "remark": each.doc_kind,
                    "created_at": self.story.on(each.received_on, self._next(OwnerArchive)),
                }
                for each in batch.archives
            ],
        )
        rows = []
        for visit in batch.visits:
            at = self.story.on(visit.visited_on, 11 * self._next(VisitRecord))
            rows.append(
                {
                    "project_id": self.key, "customer_id": self.customers[visit.customer], "room_id": keys[visit.door],
                    "visited_at": at, "purpose": codes.PURPOSE[visit.purpose],
                    "visitor": self.advisers[self.ordinals[VisitRecord] % len(self.advisers)][1],
                    "topic": visit.purpose, "result": visit.result, "created_at": at,
                }
            )  # fmt: skip
        self._insert(VisitRecord, rows)


def _numeral(number: int) -> str:
    """Returns a number to 99 as it is written before 期."""
    digits = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return f"{digits[tens] if tens > 1 else ''}{'十' if tens else ''}{digits[ones] if ones else ''}"


def _lifts(floors: int) -> int:
    """Returns how many lifts a stair of that height has (GB 50096: one from 4 storeys on, two from 12)."""
    return 0 if floors < 4 else 1 if floors < 12 else 2


def _facing(line: int, lines: int) -> str:
    """Returns where the living room of a line looks."""
    if lines == 1:
        return "南北"
    return "东南" if line == 1 else "西南" if line == lines else "南"
