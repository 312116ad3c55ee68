"""Who lives in the demo company: sales, handovers, titles, owners, their families, papers and visits, door by door.

`lives` goes through a project's rooms and yields batches, so that a million rooms need no more memory than a
thousand. Rows refer to rooms by `Door` and to customers by key; a batch refers only to itself and earlier ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import exp
from random import Random
from typing import Final, Literal

from seeds.demo import remarks
from seeds.demo.people import Family, Firm, People, Person
from seeds.demo.places import Building, Door, Places, Project, Room, rooms_of

SALE_STATES: Final = ("待售", "保留", "认购", "签约")
HANDOVER_STATES: Final = ("未通知", "已通知", "先接收须调整", "拒绝接收", "待定", "手续完成")
TITLE_STATES: Final = ("未启动", "费用清", "资料齐", "已送件", "已出证", "已领证", "银行保管")
LEVELS: Final = ("普通", "重要", "VIP")
USES: Final = ("自住", "投资", "租赁")

WHOLE: Final = Decimal("100.00")
"""Shares are per cent; those of one room at one time add up to this."""

_SALE_DELAY: Final = 215


@dataclass(frozen=True, slots=True)
class Customer:
    """An owner. `cert_type` says what `cert_no` is; a company has `usci` and neither gender nor birthday."""

    key: str
    company: str
    kind: Literal["个人", "企业"]
    name: str
    cert_type: str
    cert_no: str
    mobile: str
    landline: str | None
    gender: str | None
    birthday: date | None
    usci: str | None
    level: str
    channel: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody besides the customer: family, or a company's contact."""

    customer: str
    relation: str
    name: str
    mobile: str
    channel: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """A customer's share of a room in per cent; `until` is the day it was sold on."""

    customer: str
    door: Door
    share: Decimal
    is_main: bool
    since: date
    until: date | None
    use: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A word about a customer and where it comes from (系统 or 人工)."""

    customer: str
    tag: str
    source: str


@dataclass(frozen=True, slots=True)
class Archive:
    """A paper in a room's file."""

    door: Door
    archive_no: str
    doc_kind: str
    received_on: date
    place: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A call on a customer, what for and what came of it."""

    customer: str
    project: str
    door: Door
    visited_on: date
    purpose: str
    result: str


@dataclass(frozen=True, slots=True)
class Sale:
    """How a room stands: sale, handover and title, with the dates and the money that go with them."""

    door: Door
    sale_status: str
    handover_status: str
    title_status: str
    unit_price: Decimal
    total: Decimal
    contract_no: str | None
    subscribed_on: date | None
    signed_on: date | None
    handed_over_on: date | None


@dataclass(frozen=True, slots=True)
class Change:
    """A line of a room's history (房态变更)."""

    door: Door
    field: str
    old: str
    new: str
    reason: str
    changed_on: date


@dataclass(slots=True)
class Batch:
    """Some rooms' lives, in the order the tables need: customers before what refers to them."""

    customers: list[Customer] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    ownerships: list[Ownership] = field(default_factory=list)
    archives: list[Archive] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)


def lives(whole: Places, project: Project, size: int = 1000) -> Iterator[Batch]:
    """Yields the lives of a project's rooms in batches of `size` rooms, always the same for the same places."""
    teller = _Teller(whole, project)
    batch = Batch()
    for count, room in enumerate(rooms_of(whole, project), 1):
        teller.tell(room, count, batch)
        if count % size == 0:
            yield batch
            batch = Batch()
    if batch.sales:
        yield batch


class _Teller:
    """Goes from door to door of one project, remembering only some recent customers who may buy again."""

    def __init__(self, whole: Places, project: Project) -> None:
        self.random = Random(f"{whole.seed}:lives:{project.key}")
        crowd = Random(f"{whole.seed}:people:{project.key}")
        self.people = People(crowd, project.ordinal - 1, len(whole.projects))
        self.today, self.project = whole.today, project
        self.buildings = {building.name: building for building in project.buildings}
        self.recent: deque[str] = deque(maxlen=200)
        self.customers = 0

    def tell(self, room: Room, count: int, batch: Batch) -> None:
        """Adds what became of one room to the batch."""
        building = self.buildings[room.door.building]
        price = self._price(room, building)
        total = (price * room.presale_area).quantize(Decimal("0.01"), ROUND_HALF_UP)
        state, subscribed = self._sold(building)
        signed = handed = None
        handover, title = HANDOVER_STATES[0], TITLE_STATES[0]
        if state == "签约" and subscribed:
            signed = min(self.today, subscribed + timedelta(days=self.random.choice((2, 3, 5, 6, 7, 9, 14))))
            handover, handed = self._handover(building, signed)
            title = self._title(handed)
        contract = f"HT-{signed.year}-{self.project.code}{count:05d}" if signed else None
        batch.sales.append(
            Sale(room.door, state, handover, title, price, total, contract, subscribed, signed, handed)
        )  # fmt: skip
        self._history(room.door, state, subscribed, signed, batch)
        if signed:
            owners = self._owners(room, signed, handed, batch)
            self._papers(room.door, count, signed, handed, batch)
            if self.random.random() < 0.08:
                self._visit(owners, room.door, signed, handed, batch)

    def _price(self, room: Room, building: Building) -> Decimal:
        """Returns a unit price: higher up is dearer, the bottom and the very top are not."""
        height = room.storey / max(building.floors, 1)
        rise = 0.09 * (height - 0.5) - (0.04 if room.storey == 1 and building.floors > 3 else 0)
        rise -= 0.03 if room.storey == building.floors > 3 and room.span == 1 else 0
        factor = 1 + rise + self.random.uniform(-0.012, 0.012) + 0.02 * (building.phase - 1)
        return Decimal(round(self.project.price * factor))

    def _sold(self, building: Building) -> tuple[str, date | None]:
        """Returns the sale state of a room and the day it was subscribed, by how long its building has been on sale."""
        random = self.random
        opened = building.started + timedelta(days=_SALE_DELAY)
        months = (self.today - opened).days / 30.4
        if months <= 0:
            return ("保留" if random.random() < 0.03 else "待售"), None
        if random.random() > 0.982 * (1 - exp(-months / 8)):
            return ("保留" if random.random() < 0.14 else "待售"), None
        if random.random() < (0.06 if months < 24 else 0.008):
            return "认购", self.today - timedelta(days=random.randint(0, min(12, int(months * 30))))
        days = min(random.expovariate(1 / 200), (self.today - opened).days * random.uniform(0.2, 1))
        return "签约", opened + timedelta(days=int(days))

    def _handover(self, building: Building, signed: date) -> tuple[str, date | None]:
        """Returns the handover state and the day the keys were taken, if they were."""
        random = self.random
        due = max(building.handover, signed + timedelta(days=30))
        waited = (self.today - due).days
        if building.completed is None or waited < -30:
            return "未通知", None
        came = random.random() < (0 if waited < 0 else 0.985 - 0.55 * exp(-waited / 45))
        if not came:
            return ("已通知" if waited >= -20 or random.random() < 0.5 else "未通知"), None
        day = due + timedelta(days=min(waited, int(random.expovariate(1 / 14))))
        fresh = waited < 120
        state = random.choices(
            ("手续完成", "先接收须调整", "拒绝接收", "待定"), (86, 8, 4, 2) if fresh else (975, 12, 8, 5)
        )[0]
        return state, (day if state in ("手续完成", "先接收须调整") else None)

    def _title(self, handed: date | None) -> str:
        """Returns how far the title has come, by the days since the keys were taken."""
        if handed is None:
            return "未启动"
        random = self.random
        days = (self.today - handed).days * random.uniform(0.7, 1.3)
        for limit, state in ((20, "未启动"), (45, "费用清"), (75, "资料齐"), (120, "已送件"), (150, "已出证")):
            if days < limit:
                return state
        return random.choices(("已领证", "银行保管", "已出证", "资料齐"), (58, 33, 7, 2))[0]

    def _history(
        self, door: Door, state: str, subscribed: date | None, signed: date | None, batch: Batch
    ) -> None:  # fmt: skip
        changes = batch.changes
        if subscribed and self.random.random() < 0.02:
            first = subscribed - timedelta(days=self.random.randint(15, 90))
            changes.append(Change(door, "sale_status", "待售", "认购", "客户认购", first))
            reason = self.random.choice(remarks.CANCELLED)
            changes.append(
                Change(door, "sale_status", "认购", "待售", reason, first + timedelta(days=self.random.randint(4, 12)))
            )
        if subscribed:
            changes.append(Change(door, "sale_status", "待售", "认购", "客户认购", subscribed))
        if signed:
            changes.append(Change(door, "sale_status", "认购", "签约", "签订买卖合同", signed))
        if state == "保留":
            opened = self.buildings[door.building].started + timedelta(days=_SALE_DELAY)
            day = min(opened, self.today)
            changes.append(Change(door, "sale_status", "待售", "保留", self.random.choice(remarks.KEPT), day))

    def _owners(self, room: Room, signed: date, handed: date | None, batch: Batch) -> list[str]:
        """Adds the owners of a room, in a few cases after an earlier owner, and returns the keys of today's."""
        random = self.random
        since = signed
        owned = (self.today - handed).days if handed else 0
        if handed and owned > 60 and random.random() < min(0.06, owned / 8000):
            since = handed + timedelta(days=random.randint(30, owned - 1))
            self._own(self._household(batch), room.door, signed, since, batch)
        owners = [random.choice(self.recent)] if self.recent and random.random() < 0.025 else self._household(batch)
        self._own(owners, room.door, since, None, batch)
        return owners

    def _household(self, batch: Batch) -> list[str]:
        """Adds new customers who buy together: a family, or rarely a company."""
        random = self.random
        if random.random() < 0.02:
            city = self.project.city.removesuffix("市")
            return [self._firm(self.people.firm(city, self.project.dialling), batch)]
        family = self.people.family()
        return self._family(family, batch)

    def _family(self, family: Family, batch: Batch) -> list[str]:
        random = self.random
        level = random.choices(LEVELS, (86, 10, 4))[0]
        keys = [self._person(family.owner, level, batch)]
        if family.spouse:
            keys.append(self._person(family.spouse, level, batch))
            if random.random() < 0.06:
                born = family.owner.birthday.year
                parent = self.people.person(born=(max(1938, born - 30), max(1940, born - 22)))
                keys.append(self._person(parent, "普通", batch))
        for relative in family.contacts:
            batch.contacts.append(Contact(keys[0], relative.relation, relative.name, relative.mobile, relative.channel))
        for tag, chance, source in remarks.TAGS:
            if random.random() < chance:
                batch.tags.append(Tag(keys[0], tag, source))
        self.recent.append(keys[0])
        return keys

    def _key(self) -> str:
        self.customers += 1
        return f"{self.project.key}-{self.customers:06d}"

    def _person(self, person: Person, level: str, batch: Batch) -> str:
        key = self._key()
        batch.customers.append(
            Customer(
                key, self.project.company, "个人", person.name, "身份证", person.cert_no, person.mobile, None,
                person.gender, person.birthday, None, level, self.random.choice(remarks.CHANNELS),
            )
        )  # fmt: skip
        return key

    def _firm(self, firm: Firm, batch: Batch) -> str:
        key = self._key()
        batch.customers.append(
            Customer(
                key, self.project.company, "企业", firm.name, "统一社会信用代码", firm.usci, firm.mobile, firm.landline,
                None, None, firm.usci, self.random.choices(LEVELS, (50, 35, 15))[0], "企业直购",
            )
        )  # fmt: skip
        batch.contacts.append(Contact(key, "经办人", firm.contact, firm.mobile, "电话"))
        batch.tags.append(Tag(key, "企业业主", "系统"))
        return key

    def _own(self, keys: list[str], door: Door, since: date, until: date | None, batch: Batch) -> None:
        """Adds ownerships whose shares add up to the whole."""
        random = self.random
        if len(keys) == 1:
            shares = [WHOLE]
        elif len(keys) == 2:
            first = Decimal(random.choices((50, 60, 70, 99), (72, 14, 8, 6))[0])
            shares = [first, 100 - first]
        else:
            shares = [Decimal(40), Decimal(40), Decimal(20)]
        use = random.choices(USES, (74, 13, 13))[0]
        for place, (key, share) in enumerate(zip(keys, shares, strict=True)):
            batch.ownerships.append(
                Ownership(key, door, share.quantize(Decimal("0.01")), place == 0, since, until, use)
            )  # fmt: skip

    def _papers(self, door: Door, count: int, signed: date, handed: date | None, batch: Batch) -> None:
        random = self.random
        number = f"{self.project.code}-{count:05d}"
        place = f"项目档案室{'ABCDEF'[count // 800 % 6]}柜{count // 40 % 20 + 1:02d}盒"
        kinds = [(kind, signed) for kind in remarks.PAPERS_AT_SALE]
        if handed:
            kinds += [(kind, handed) for kind in remarks.PAPERS_AT_HANDOVER]
            if random.random() < 0.12:
                kinds.append(("授权委托书", handed))
        for kind, day in kinds:
            if random.random() < 0.975:
                batch.archives.append(Archive(door, number, kind, day, place))

    def _visit(self, owners: list[str], door: Door, signed: date, handed: date | None, batch: Batch) -> None:
        random = self.random
        begin = handed or signed
        day = begin + timedelta(days=random.randint(0, max(0, (self.today - begin).days)))
        purpose, result = random.choice(remarks.VISITS_LIVING if handed else remarks.VISITS_WAITING)
        batch.visits.append(Visit(owners[0], self.project.key, door, day, purpose, result))
