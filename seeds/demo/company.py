"""The demo company, written into an empty database. The same seed, size and day give the same rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel import clock
from models.kernel.actor import SYSTEM
from models.kernel.node import node_of
from models.kernel.refusal import Refusal
from models.kernel.session import act, clock_of
from models.kernel.table import Table
from models.kernel.words import _
from models.org.company import Company
from models.org.department import Department
from models.org.group import Group
from models.org.region import Region
from models.property.project import Project
from seeds.acting import as_system
from seeds.demo.handovers import handover_rows
from seeds.demo.homes import Homes
from seeds.demo.inspections import Inspections
from seeds.demo.key_nodes import key_node_rows
from seeds.demo.months import month_rows
from seeds.demo.notices import notices
from seeds.demo.parameters import Setup
from seeds.demo.people import People, credit_code
from seeds.demo.places import DEFAULT_ROOMS, LEAST_ROOMS, Places, places
from seeds.demo.registers import property_fee
from seeds.demo.staff import SKIPPED, Nodes, hire
from seeds.demo.story import Story
from seeds.reference import CODE, numbers, options, parameters

Counts = Counter[str]
"""Table -> rows written."""

Progress = Callable[[str, int, int], None]
"""Told after each step: the project, the rooms written so far, the rooms in all."""

SEED: Final = 20261121
UNFINISHED: Final = "（演示数据写入中）"
"""Stands behind the name of the group until the last row is written."""

_COMMIT_EVERY: Final = 10_000
_REGION_CODES: Final = {"east": "HD", "south": "HN", "central": "HZ"}

State = Literal["empty", "unfinished", "filled"]


def state(session: Session) -> State:
    """Returns whether the demo company may be written here: into an empty console, or one with a bare group only."""
    with as_system(session):
        groups = session.scalars(select(Group).execution_options(deleted="with").limit(2)).all()
        if any((group.address or "").endswith(UNFINISHED) for group in groups):
            return "unfinished"
        region = session.scalars(select(Region).execution_options(deleted="with").limit(1)).first()
        return "filled" if region is not None or len(groups) > 1 else "empty"


def seed(
    session: Session,
    *,
    rooms: int = DEFAULT_ROOMS,
    seed: int = SEED,
    today: date | None = None,
    progress: Progress | None = None,
) -> Counts:
    """Writes the demo company and commits: the tree first, then project by project.

    Args:
        rooms: how many homes; at least 100.
        seed: the one random seed.
        today: the day the company lives on; the session's own where left out.
        progress: told how far it is.

    Raises:
        Refusal: the database holds a company already, or one whose writing was interrupted; or fewer than 100 rooms.
    """
    if rooms < LEAST_ROOMS:
        raise Refusal(
            _(
                "The demo company has 20 projects and at least {least} rooms, not {rooms}.",
                "演示公司有 20 个项目，至少需要 {least} 间房，而不是 {rooms} 间。",
            ).fill(least=LEAST_ROOMS, rooms=rooms),
            "rooms",
            code="out_of_range",
        )
    _refuse(session)
    real = clock_of(session)
    whole = places(seed, rooms, today=today or clock.today(real))
    with as_system(session):
        return _Founder(session, whole, None if today else real()).found(progress)


def _refuse(session: Session) -> None:
    found = state(session)
    if found == "unfinished":
        raise Refusal(
            _(
                "The demo company in {database} is half written: its writing was interrupted. "
                "Delete this database and start again.",
                "数据库 {database} 中的演示数据只写入了一部分（上次写入被中断），请删除该数据库后重新启动。",
            ).fill(database=_database(session)),
            code="unfinished",
            status=409,
        )
    if found == "filled":
        raise Refusal(
            _(
                "{database} holds a company already; the demo company goes into an empty database only. "
                "Name another one in DATABASE_URL.",
                "数据库 {database} 已有公司数据，演示数据只能写入空库，请用 DATABASE_URL 指定其他数据库。",
            ).fill(database=_database(session)),
            code="not_empty",
            status=409,
        )


def _database(session: Session) -> str:
    url = session.get_bind().engine.url
    return str(url.database or url.render_as_string(hide_password=True))


class _Founder:
    """Founds the company: the tree and its people through the session, everything below by the thousand."""

    def __init__(self, session: Session, whole: Places, now: datetime | None) -> None:
        self.session, self.whole = session, whole
        self.story = Story(whole, now)
        self.counts: Counts = Counter()
        self.nodes: Nodes = {}
        self.keys: dict[tuple[str, str], int] = {}
        self.people = People(Random(f"{whole.seed}:heads"), skipped=SKIPPED + 5_000)

    def found(self, progress: Progress | None) -> Counts:
        """Writes everything; the group is called unfinished until the last step."""
        real = clock_of(self.session)
        try:
            group = self._tree()
            staff = hire(self.session, self.whole, self.story, self.nodes)
            self.counts.update(user_profile=staff.users, grant=staff.grants)
            self._at(self.story.opened())
            self.counts.update(notices(self.session, self.nodes))
            self.counts.update(parameters.seed(self.session))
            if written := numbers.seed(self.session):
                self.counts["number_rule"] += written
            setup = Setup(self.session, self.whole, self.story, self.nodes, self.keys, self.counts)
            setup.write()
            self.session.commit()
            done = uncommitted = 0
            total = sum(project.households for project in self.whole.projects)
            for project in self.whole.projects:
                at = self.keys["project", project.key], self.nodes["company", project.company]
                act(self.session, SYSTEM, real)
                homes = Homes(self.session, self.whole, project, self.story, staff, *at, self.counts)
                for written in homes.write():
                    done, uncommitted = done + written, uncommitted + written
                    if uncommitted >= _COMMIT_EVERY:
                        self.session.commit()
                        uncommitted = 0
                setup.scopes(project, homes.buildings)
                self.counts["project_key_node"] += key_node_rows(
                    self.session, self.whole, project, self.story, at[0], staff.clerks[project.key]
                )
                self.counts.update(
                    handover_rows(self.session, self.whole, project, self.story, at[0], staff.clerks[project.key])
                )
                found = Inspections(
                    self.session, self.whole, project, self.story, at[0], staff.clerks[project.key], self.counts
                )
                found.write()
                found.at_handover()
                self.session.commit()
                uncommitted = 0
                if progress:
                    progress(project.name, done, total)
            self.counts.update(month_rows(self.session, self.story, self.nodes["group", self.whole.group.key]))
            self._at(self.story.opened())
            group.address = self.whole.companies[0].address
            self.session.commit()
        finally:
            act(self.session, SYSTEM, real)
        self.counts["node"] = len(self.nodes)
        return self.counts

    def _at(self, moment: datetime) -> None:
        """Puts the clock of the session to a moment of the story."""
        act(self.session, SYSTEM, clock.frozen(moment))

    def _add(self, row: Table, key: str) -> int:
        """Adds a row of the tree and remembers its key and its node."""
        self.session.add(row)
        self.session.flush()
        kind = row.__tablename__
        self.counts[kind] += 1
        self.keys[kind, key] = row.id
        self.nodes[kind, key] = node_of(self.session, kind, row.id).id
        return row.id

    def _tree(self) -> Group:
        """Writes group, regions, companies and departments, then the projects, each on its day."""
        whole = self.whole
        self._at(self.story.opened())
        seat = whole.companies[0]
        group = self.session.scalars(select(Group).limit(1)).first() or Group(code=CODE)
        group.name, group.address, group.phone = whole.group.name, seat.address + UNFINISHED, seat.landline
        self._add(group, whole.group.key)
        if written := options.seed(self.session):  # what tags and visits are chosen from
            self.counts["dict_item"] += written
        self._departments("group")
        for region in whole.regions:
            self._add(
                Region(group_id=group.id, code=_REGION_CODES[region.key], name=region.name), region.key
            )  # fmt: skip
        for number, company in enumerate(whole.companies, 1):
            row = Company(
                region_id=self.keys["region", company.region], code=company.dialling.lstrip("0"), name=company.name,
                full_name=company.legal_name, credit_code=credit_code(28_000_000 + number), city=company.city,
                address=company.address, phone=company.landline,
            )  # fmt: skip
            self._add(row, company.key)
        self._departments("company")
        for project in whole.projects:
            self._at(self.story.entered(project))
            fee = property_fee(whole, project)
            row = Project(
                company_id=self.keys["company", project.company], code=project.code, name=project.name,
                promoted_name=f"澄江·{project.name}", city=project.city, area_code=project.area_code,
                address=project.address, floor_area=project.floor_area, households=project.households,
                contract_handover_on=project.handover,
                go_live_on=project.handover - timedelta(days=45), property_fee=Decimal(fee) if fee else None,
                remark="全装修交付" if project.fitted else "毛坯交付",
            )  # fmt: skip
            self._add(row, project.key)
        self._departments("project")
        return group

    def _departments(self, kind: str) -> None:
        dialling: dict[str, str] = {each.key: each.dialling for each in (*self.whole.companies, *self.whole.projects)}
        entered = {project.key: self.story.entered(project) for project in self.whole.projects}
        for each in self.whole.departments:
            if each.parent_kind != kind:
                continue
            self._at(entered.get(each.parent, self.story.opened()))
            head: Any = self.people.person(born=(1970, 1992))
            row = Department(
                parent_node_id=self.nodes[kind, each.parent], name=each.name, head=head.name,
                phone=self.people.landline(dialling.get(each.parent, self.whole.companies[0].dialling)),
            )  # fmt: skip
            self._add(row, f"{each.parent}/{each.name}")
