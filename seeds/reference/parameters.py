"""Writes the parameters a new console begins with, at the group. What administrators changed or deleted stays as they left it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.node import node_of
from models.kernel.parameter import Parameter
from models.keynode.key_node_def import KeyNodeDef
from models.org.group import Group
from models.parameter.issue_category import CategoryKind, IssueCategory
from models.parameter.issue_standard import IssueLevel, IssueStandard
from models.parameter.part import Part, PartKind
from models.parameter.questionnaire import Question, Questionnaire
from models.parameter.registers import Bank, City
from models.parameter.sla_rule import SlaRule
from models.parameter.step_defs import DocumentDirection, HandoverDocDef, HandoverStepDef, TitleStepDef
from models.parameter.trade import Trade
from models.parameter.warranty_item import WarrantyItem
from models.parameter.work_calendar import CalendarDay, DayKind, WorkCalendar
from seeds.reference import defaults, problem_library


def seed(session: Session) -> Counter[str]:
    """Adds to the oldest group each default whose code is nowhere in its table, deleted ones included. Flushes.

    Returns:
        Table -> rows written: none where all are there.
    """
    return _Writer(session).write()


class _Writer:
    """Adds rows by code, and finds those that are there for others to point to."""

    def __init__(self, session: Session) -> None:
        self.session = session
        group = session.scalars(select(Group).order_by(Group.id).limit(1)).one()
        self.here = node_of(session, "group", group.id).id
        self.counts: Counter[str] = Counter()
        self.known: dict[tuple[str, str, str], int] = {}

    def write(self) -> Counter[str]:
        """Writes table by table, those that others point to first."""
        self._trades()
        self._parts()
        self._warranty()
        self._defects()
        self._classes("complaint", problem_library.COMPLAINTS)
        self._classes("inquiry", tuple((name, ()) for name in problem_library.INQUIRIES))
        self._limits()
        self._calendars()
        self._steps()
        self._registers()
        self._questionnaires()
        return self.counts

    def _there(self, cls: type[Parameter]) -> None:
        """Reads the codes of a table once."""
        name = cls.__tablename__
        if (name, "", "") in self.known:
            return
        self.known[name, "", ""] = 0
        rows = self.session.scalars(select(cls).order_by(cls.id).execution_options(deleted="with"))
        for row in rows:
            self.known.setdefault((name, row.code, row.variant), row.id)

    def _add(self, cls: type[Parameter], code: str, variant: str = "", **values: Any) -> int:
        """Adds a row unless its code is there; returns the key of the one there is."""
        self._there(cls)
        key = (cls.__tablename__, code, variant)
        if key not in self.known:
            row = cls(**values, node_id=self.here, **({} if cls is SlaRule else {"code": code}))
            self.session.add(row)
            self.session.flush()
            self.known[key] = row.id
            self.counts[cls.__tablename__] += 1
        return self.known[key]

    def _trades(self) -> None:
        self.trades = {
            name: self._add(Trade, f"{place:02d}", name=name, sort=place * 10)
            for place, name in enumerate(problem_library.TRADES, 1)
        }

    def _parts(self) -> None:
        for kind, letter, names in (
            (PartKind.INDOOR, "N", problem_library.INDOOR),
            (PartKind.PUBLIC, "G", problem_library.PUBLIC),
        ):
            for place, name in enumerate(names, 1):
                sort = place * 10 + (1000 if kind == PartKind.PUBLIC else 0)
                self._add(Part, f"{letter}{place:02d}", name=name, kind=kind, sort=sort)

    def _warranty(self) -> None:
        for place, item in enumerate(defaults.WARRANTY, 1):
            values = {**item, "law_on": defaults.LAW_DAYS.get(item["law_ref"]), "sort": place * 10}
            code = values.pop("code")
            self._add(WarrantyItem, code, "00", **values)
        for place, (code, name, months) in enumerate(defaults.ZHEJIANG_WARRANTY, 1):
            law = {"law_ref": defaults.ZHEJIANG, "law_on": defaults.LAW_DAYS[defaults.ZHEJIANG]}
            self._add(WarrantyItem, code, "33", name=name, months=months, area="33", sort=place * 10 + 5, **law)

    def _defects(self) -> None:
        for first, (name, lines) in enumerate(problem_library.DEFECTS, 1):
            top = self._add(IssueCategory, f"D{first:02d}", name=name, kind=CategoryKind.DEFECT, sort=first * 10)
            for second, (item, problems, trade, hours, warranty) in enumerate(lines, 1):
                code = f"D{first:02d}{second:02d}"
                here = self._add(
                    IssueCategory, code, name=item, kind=CategoryKind.DEFECT, parent_id=top, sort=second * 10,
                    default_trade_id=self.trades[trade],
                )  # fmt: skip
                for third, wording in enumerate(problems.split(), 1):
                    self._standard(f"{code}-{third:02d}", here, item, wording, hours, warranty)

    def _standard(self, code: str, category: int, item: str, wording: str, hours: int, warranty: str | None) -> None:
        under = problem_library.WARRANTY_OF.get((item, wording), warranty)
        level = IssueLevel.MINOR
        for found, words in (
            (IssueLevel.URGENT, problem_library.URGENT),
            (IssueLevel.SERIOUS, problem_library.SERIOUS),
            (IssueLevel.IMPORTANT, problem_library.IMPORTANT),
        ):
            if wording in words:
                level = found
                break
        self._add(
            IssueStandard, code, category_id=category, wording=f"{item}{wording}", level=level, repair_hours=hours,
            warranty_item_id=self.known["warranty_item", under, "00"] if under else None, sort=int(code[-2:]) * 10,
        )  # fmt: skip

    def _classes(self, kind: str, classes: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
        letter = "C" if kind == "complaint" else "Q"
        for first, (name, below) in enumerate(classes, 1):
            code = f"{letter}{first:02d}"
            top = self._add(IssueCategory, code, name=name, kind=kind, sort=1000 + first * 10)
            for second, item in enumerate(below, 1):
                self._add(
                    IssueCategory, f"{code}{second:02d}", name=item, kind=kind, parent_id=top, sort=second * 10
                )  # fmt: skip

    def _limits(self) -> None:
        names = {name: f"D{place:02d}" for place, (name, _lines) in enumerate(problem_library.DEFECTS, 1)}
        for place, (clock, kind, level, category, minutes, counted, basis) in enumerate(defaults.LIMITS, 1):
            at = names[category] if category else None
            code = ".".join(part or "*" for part in (clock, kind, level, at))
            self._add(
                SlaRule, code, clock=clock, task_kind=kind, level=level, minutes=minutes, counted=counted, remark=basis,
                category_id=self.known["issue_category", at, ""] if at else None, sort=place * 10,
            )  # fmt: skip

    def _calendars(self) -> None:
        """A year is begun once: whoever changed its days since keeps them."""
        years = set(self.session.scalars(select(WorkCalendar.year).execution_options(deleted="with")))
        for year, holidays in defaults.HOLIDAYS.items():
            if year in years:
                continue
            calendar = WorkCalendar(
                node_id=self.here, year=year, opens="09:00", lunch_from="12:00", lunch_until="13:00", closes="18:00",
                remark=f"国务院办公厅关于{year}年部分节假日安排的通知",
            )  # fmt: skip
            self.session.add(calendar)
            self.session.flush()
            self.counts["work_calendar"] += 1
            days = [(note, first, last, DayKind.HOLIDAY) for note, first, last in holidays]
            days += [(note, day, day, DayKind.WORKDAY) for note, day in defaults.SWAPPED[year]]
            for note, first, last, kind in days:
                row = CalendarDay(
                    calendar_id=calendar.id, first_day=date.fromisoformat(f"{year}-{first}"),
                    last_day=date.fromisoformat(f"{year}-{last}"), kind=kind, note=note,
                )  # fmt: skip
                self.session.add(row)
                self.counts["calendar_day"] += 1
        self.session.flush()

    def _steps(self) -> None:
        for place, name in enumerate(defaults.HANDOVER_STEPS, 1):
            self._add(HandoverStepDef, f"S{place:02d}", name=name, required=place < 7, sort=place * 10)
        for letter, direction, papers in (
            ("K", DocumentDirection.FROM_CUSTOMER, defaults.FROM_CUSTOMER),
            ("J", DocumentDirection.TO_CUSTOMER, defaults.TO_CUSTOMER),
        ):
            for place, (name, required) in enumerate(papers, 1):
                sort = place * 10 + (1000 if letter == "J" else 0)
                self._add(
                    HandoverDocDef, f"{letter}{place:02d}", name=name, direction=direction, required=required, sort=sort
                )  # fmt: skip
        for place, (name, days) in enumerate(defaults.TITLE_STEPS, 1):
            self._add(TitleStepDef, f"T{place:02d}", name=name, limit_days=days, sort=place * 10, overridable=False)
        for place, (name, short, phase, days, files) in enumerate(defaults.KEY_NODES, 1):
            self._add(
                KeyNodeDef, f"N{place:02d}", name=name, short_name=short, phase=phase, days_before=days,
                required_files=files, sort=place * 10,
            )  # fmt: skip

    def _registers(self) -> None:
        for code, name, province, dialling in defaults.CITIES:
            self._add(City, code, name=name, province=province, dialling=dialling)
        for place, (code, name) in enumerate(defaults.BANKS, 1):
            self._add(Bank, code, name=name, sort=place * 10)

    def _questionnaires(self) -> None:
        for place, (code, name, point, questions) in enumerate(defaults.QUESTIONNAIRES, 1):
            self._there(Questionnaire)
            if ("questionnaire", code, "") in self.known:
                continue
            key = self._add(Questionnaire, code, name=name, point=point, sort=place * 10)
            for number, (wording, kind, dimension) in enumerate(questions, 1):
                row = Question(
                    questionnaire_id=key, place=number, wording=wording, kind=kind, dimension=dimension,
                    choices="是\n否" if kind == "one" else None, required=kind != "text",
                )  # fmt: skip
                self.session.add(row)
                self.counts["question"] += 1
        self.session.flush()
