"""The papers of a demo project, written into the tables of S11: permits, progress of buildings, and the registers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from itertools import count
from random import Random
from typing import Any, Final

from models.kernel.table import Table
from models.property.project_records import (
    AcceptanceResult,
    PartyKind,
    ProjectAcceptance,
    ProjectDemolition,
    ProjectFacility,
    ProjectFiling,
    ProjectMortgage,
    ProjectParty,
    ProjectSupervision,
    ProjectTax,
)
from seeds.demo import codes
from seeds.demo.papers import RECORD_KINDS, Progress, Record, permits, progress, records
from seeds.demo.people import People
from seeds.demo.places import Places, Project
from seeds.demo.staff import SKIPPED
from seeds.demo.story import Story

Row = dict[str, Any]

_FEE: Final = re.compile(r"物业服务费([\d.]+)元")
_HOUSEHOLDS: Final = re.compile(r"涉及住户(\d+)户")
_ISSUERS: Final = {
    "land_use": "{city}规划和自然资源局",
    "land_planning": "{city}规划和自然资源局",
    "works_planning": "{city}规划和自然资源局",
    "construction": "{city}住房和城乡建设局",
    "presale": "{city}住房保障和房产管理局",
}
_LONGEST: Final = 200


def property_fee(whole: Places, project: Project) -> str | None:
    """Returns the fee of a square metre a month that the contract with the property company names."""
    for record in records(whole, project):
        found = _FEE.search(record.note)
        if found:
            return found[1]
    return None


def permit_rows(whole: Places, project: Project, story: Story, key: int, buildings: dict[str, int]) -> Iterator[Row]:
    """Yields the permits of a project; one that covers a single building names it."""
    seen: set[str] = set()
    for ordinal, permit in enumerate(permits(whole, project), 1):
        kind = codes.PERMIT[permit.kind]
        yield {
            "project_id": key,
            "kind": kind,
            "number": _once(permit.number, seen),
            "issued_on": permit.issued,
            "issuer": _ISSUERS[kind].format(city=project.city),
            "building_id": buildings[permit.buildings[0]] if len(permit.buildings) == 1 else None,
            "coverage": _coverage(permit.buildings),
            "created_at": story.filed(project, permit.issued, ordinal),
        }


def _coverage(buildings: tuple[str, ...]) -> str:
    if not buildings:
        return "全部楼栋"
    written = "、".join(buildings)
    return written if len(written) <= _LONGEST else f"{buildings[0]}至{buildings[-1]}"


def _once(number: str, seen: set[str]) -> str:
    """Returns `number`, with a running number behind it where it is taken."""
    found = next(each for each in (number, *(f"{number}-{n}" for n in range(2, 100))) if each not in seen)
    seen.add(found)
    return found


def progress_rows(whole: Places, project: Project, story: Story, buildings: dict[str, int]) -> Iterator[Row]:
    """Yields how far each building is: the ten steps of its site diary, as the stages the console knows."""
    stages: dict[tuple[str, str], list[Progress]] = {}
    for step in progress(whole, project):
        stages.setdefault((step.building, codes.STAGE[step.stage]), []).append(step)
    steps = {stage: sum(code == stage for code in codes.STAGE.values()) for stage in codes.STAGE.values()}
    for ordinal, ((building, stage), found) in enumerate(stages.items(), 1):
        days = [step.done for step in found if step.done is not None]
        finished = max(days) if len(days) == steps[stage] else None
        begun = min(step.begun for step in found)
        yield {
            "building_id": buildings[building],
            "stage": stage,
            "from_day": begun,
            "until_day": finished,
            "note": "；".join(f"{step.stage}：{step.note}" for step in found),
            "created_at": story.filed(project, begun, ordinal),
        }


def register_rows(whole: Places, project: Project, story: Story, key: int) -> dict[type[Table], list[Row]]:
    """Returns the rows of the project's registers by table."""
    clerk = _Registrar(whole, project)
    found: dict[type[Table], list[Row]] = {}
    ordinals = count(1)
    for record in records(whole, project):
        cls, row = clerk.row(record)
        row["project_id"] = key
        row["created_at"] = story.filed(project, record.since, next(ordinals))
        found.setdefault(cls, []).append(row)
    return found


class _Registrar:
    """Knows which table a record belongs to, and whom one rings up about it."""

    def __init__(self, whole: Places, project: Project) -> None:
        self.project = project
        self.random = Random(f"{whole.seed}:registers:{project.key}")
        self.people = People(self.random, skipped=SKIPPED + 10_000 * project.ordinal)
        self.receipts: set[str] = set()
        self.engineer = self._name(), self.people.mobile()

    def row(self, record: Record) -> tuple[type[Table], Row]:
        """Returns the table and the values of a record."""
        makers = (
            self._mortgage, self._filing, self._party, self._supervision, self._demolition, self._facility, self._tax,
            self._acceptance,
        )  # fmt: skip
        return makers[RECORD_KINDS.index(record.kind)](record)

    def _name(self) -> str:
        return self.people.name("男" if self.random.random() < 0.6 else "女", self.random.randint(1972, 1995))

    def _mortgage(self, record: Record) -> tuple[type[Table], Row]:
        return ProjectMortgage, {
            "contract_no": record.number, "bank": record.party, "amount": record.amount, "from_day": record.since,
            "until_day": record.until, "released_on": _done(record),
        }  # fmt: skip

    def _filing(self, record: Record) -> tuple[type[Table], Row]:
        return ProjectFiling, {
            "name": record.title, "copies": self.random.choice((1, 1, 2, 3)), "original": True,
            "received_on": record.since, "place": "工程档案室",
        }  # fmt: skip

    def _party(self, record: Record) -> tuple[type[Table], Row]:
        sales = record.title == self.project.sales_department
        return ProjectParty, {
            "kind": (PartyKind.SALES if sales else PartyKind.PROPERTY).value,
            "name": record.title if sales else record.party,
            "contact": self._name(),
            "phone": self.people.landline(self.project.dialling),
            "address": self.project.address,
        }

    def _supervision(self, record: Record) -> tuple[type[Table], Row]:
        whole = record.title.endswith("合同")
        return ProjectSupervision, {
            "company": record.party,
            "scope": f"全部楼栋，{record.note}" if whole else f"{record.title}{record.number}：{record.note}",
            "engineer": self.engineer[0], "phone": self.engineer[1], "from_day": record.since,
            "until_day": record.until,
        }  # fmt: skip

    def _demolition(self, record: Record) -> tuple[type[Table], Row]:
        households = _HOUSEHOLDS.search(record.note)
        return ProjectDemolition, {
            "permit_no": record.number, "households": int(households[1]) if households else None,
            "area_note": f"{record.title}，{record.note}", "compensation": record.amount, "finished_on": _done(record),
        }  # fmt: skip

    def _facility(self, record: Record) -> tuple[type[Table], Row]:
        return ProjectFacility, {
            "name": record.title, "promised_on": record.until, "finished_on": _done(record), "note": record.note,
        }  # fmt: skip

    def _tax(self, record: Record) -> tuple[type[Table], Row]:
        return ProjectTax, {
            "item": record.title, "amount": record.amount, "paid_on": record.since,
            "receipt_no": _once(record.number, self.receipts),
        }  # fmt: skip

    def _acceptance(self, record: Record) -> tuple[type[Table], Row]:
        mended = record.title.endswith("分户验收") and self.random.random() < 0.3
        result = AcceptanceResult.CONDITIONAL if mended else AcceptanceResult.PASSED
        return ProjectAcceptance, {
            "name": record.title, "accepted_on": record.since, "result": result.value, "organiser": record.party,
            "number": record.number, "note": "个别户整改后复验合格" if mended else record.note,
        }  # fmt: skip


def _done(record: Record) -> date | None:
    return record.until if record.state == "已完成" else None
