"""What follows from the parameters: who answers for a problem, what warranty a project has, and when something is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.clock import CHINA, local, today
from models.kernel.parameter import above_of, effective, node_at, standing
from models.kernel.session import clock_of
from models.kernel.words import Words, _
from models.kernel.worked import kept_by, no_working_time
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from models.parameter.issue_category import IssueCategory
from models.parameter.sla_rule import SlaRule, TimeCount
from models.parameter.warranty_item import NATIONAL, WarrantyItem
from models.parameter.work_calendar import CalendarDay, DayKind, WorkCalendar, read_time
from models.parameter.working_time import NoWorkingTime, Spans, add_working, working_between
from models.property.project import Project
from models.property.room import Room

# -- who answers for it (R10) -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who answers for a problem.

    Attributes:
        contractor: the one; None where there is none or more than one.
        scope: the scope of work that says so.
        candidates: all that fit equally well, where they are more than one.
        because: a sentence that says why, or why not.
    """

    contractor: Contractor | None
    scope: ContractorScope | None
    candidates: tuple[Contractor, ...]
    because: Words

    @property
    def ambiguous(self) -> bool:
        """Several contractors fit equally well; somebody must choose."""
        return len(self.candidates) > 1


def category_chain(session: Session, category_id: int | None) -> list[str]:
    """Returns the codes of a category and those above it, the nearest first. Codes, since lower places replace rows."""
    return _chain(_categories(session), category_id)


def _categories(session: Session) -> dict[int, tuple[str, int | None]]:
    query = select(IssueCategory.id, IssueCategory.code, IssueCategory.parent_id)
    return {key: (code, parent) for key, code, parent in session.execute(query)}


def _chain(known: dict[int, tuple[str, int | None]], category_id: int | None) -> list[str]:
    chain: list[str] = []
    while category_id in known and len(chain) < 10:
        code, category_id = known[category_id]
        chain.append(code)
    return chain


def default_contractor(
    session: Session, where: Room | Project, category: IssueCategory | int | None, on: date | None = None,
    building_id: int | None = None,
) -> Responsible:  # fmt: skip
    """Returns who answers for a problem of a category in a home or a project (R10).

    The nearest category counts first, then the building before the whole project. Blacklisted contractors never.

    Args:
        session: acting as whoever asks; scopes out of their sight do not count.
        where: the home, or the project for what all share.
        category: of the problem; None where it is not known yet.
        on: the day; today where left out.
        building_id: of a shared part of one building.
    """
    project = where.id if isinstance(where, Project) else where.project_id
    building = where.unit.building_id if isinstance(where, Room) else building_id
    key = category if isinstance(category, int) else category.id if category else None
    return scopes_of(session, project, on).answer(key, building)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The scopes of work of a project on a day, to be asked as often as one likes.

    Attributes:
        rows: each scope that holds, with its contractor.
        categories: key -> (code, key of the category above).
        on: the day.
    """

    rows: list[tuple[ContractorScope, Contractor]]
    categories: dict[int, tuple[str, int | None]]
    on: date

    def named(self) -> set[str]:
        """Returns the codes of the categories that some scope names."""
        return {
            self.categories[scope.category_id][0] for scope, _who in self.rows if scope.category_id in self.categories
        }

    def answer(self, category_id: int | None, building_id: int | None) -> Responsible:
        """Returns who answers for a category in a building; without a building, for what all share."""
        chain = _chain(self.categories, category_id)
        ranked: list[tuple[tuple[int, int], ContractorScope, Contractor]] = []
        barred = []
        for scope, contractor in self.rows:
            code = self.categories[scope.category_id][0] if scope.category_id in self.categories else None
            if scope.category_id is not None and code not in chain:
                continue
            if scope.building_id is not None and scope.building_id != building_id:
                continue
            if contractor.barred(self.on):
                barred.append(contractor)
                continue
            distance = chain.index(code) if code is not None else len(chain) + 1
            ranked.append(((distance, 0 if scope.building_id is not None else 1), scope, contractor))
        if not ranked:
            return Responsible(None, None, (), _nobody(barred))
        best = min(rank for rank, _scope, _who in ranked)
        fits = {who.id: (scope, who) for rank, scope, who in ranked if rank == best}
        people = tuple(who for _scope, who in fits.values())
        if len(people) > 1:
            return Responsible(
                None,
                None,
                people,
                _(
                    "{names} answer for this equally. Choose one, or tell their scopes apart.",
                    "{names}的施工范围重叠，请选择其一，或调整施工范围。",
                ).fill(names="、".join(who.name for who in people)),
            )
        (scope, contractor) = next(iter(fits.values()))
        return Responsible(
            contractor,
            scope,
            people,
            _("{name}: {where}, {what}.", "{name}：{where}，{what}。").fill(
                name=contractor.name,
                where=scope.building.name if scope.building_id else _("whole project", "整个项目"),
                what=scope.category.name if scope.category_id else _("everything", "全部分类"),
            ),
        )


def scopes_of(session: Session, project_id: int, on: date | None = None) -> Scopes:
    """Returns the scopes of work of a project that hold on a day (today where left out), as far as the actor sees them."""
    return scopes_of_all(session, [project_id], on)[project_id]


def scopes_of_all(session: Session, project_ids: Sequence[int], on: date | None = None) -> dict[int, Scopes]:
    """Returns the same of several projects, by project: two statements, however many there are."""
    now = on or today(clock_of(session))
    rows = session.execute(
        select(ContractorScope, Contractor)
        .join(Contractor, Contractor.id == ContractorScope.contractor_id)
        .where(ContractorScope.project_id.in_(list(project_ids)))
        .order_by(ContractorScope.id)
    ).all()
    categories = _categories(session)
    found = {key: Scopes([], categories, now) for key in project_ids}
    for scope, who in rows:
        if scope.holds(now):
            found[scope.project_id].rows.append((scope, who))
    return found


def _nobody(barred: list[Contractor]) -> Words:
    if barred:
        return _(
            "Only {names} would answer for this, and is blacklisted. Enter another scope of work.",
            "仅有{names}对应该范围，但已被列入黑名单，请维护新的施工范围。",
        ).fill(names="、".join(sorted({who.name for who in barred})))
    return _(
        "No scope of work covers this. Enter one for the project.", "没有施工范围覆盖该位置与分类，请先维护施工范围。"
    )


# -- warranty (domain_facts 1) ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """A warranty term that a project has, and whose it is."""

    item: WarrantyItem
    place: str
    instead_of: WarrantyItem | None

    @property
    def short(self) -> bool:
        """The project promises less than the law of the country or of its area says."""
        return self.instead_of is not None and self.item.months < self.instead_of.months


def warranty_terms(session: Session, project: Project, on: date | None = None) -> list[Term]:
    """Returns the warranty terms of a project: its own, else its company's, else its city's, province's, the country's.

    The nearest owner counts first; of rows of one owner the one for the smallest area that the project lies in.

    Returns:
        One term for each item, in the order of the list.
    """
    node = node_at(session, "project", project.id)
    depth = {each.id: place for place, each in enumerate(above_of(session, node.id, itself=True))}
    found: dict[str, Term] = {}
    rows = [one for one in standing(session, WarrantyItem, node.id, on) if applies(one.row.area, project.area_code)]
    for one in sorted(rows, key=lambda one: (depth[one.row.node_id], _fineness(one.row.area))):
        before = found.get(one.row.code)
        if before is not None and not before.item.overridable and before.item.node_id != one.row.node_id:
            continue
        found[one.row.code] = Term(one.row, one.place, before.item if before is not None else None)
    return sorted(
        (term for term in found.values() if term.item.enabled), key=lambda term: (term.item.sort, term.item.code)
    )


def applies(area: str, area_code: str | None) -> bool:
    """Returns whether a row for an area holds where the administrative code is `area_code`."""
    return area == NATIONAL or bool(area_code and area_code.startswith(area))


def _fineness(area: str) -> int:
    return 0 if area == NATIONAL else len(area)


# -- time (domain_facts 8) --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Hours:
    """The working time of a place, year by year, as its calendars say.

    Attributes:
        years: year -> the nearest calendar for it.
        days: day -> whether it is worked, where it differs from its week; the nearest place counts.
        assumed: years that no calendar is there for: Monday to Friday, 9 to 18, is taken instead, and said so.
    """

    years: dict[int, Any]
    days: dict[date, bool]
    assumed: set[int] = field(default_factory=set)

    def spans(self, day: date) -> Spans:
        """Returns the times worked on a day."""
        calendar = self.years.get(day.year)
        if calendar is None:
            self.assumed.add(day.year)
            return ((time(9), time(18)),) if day.isoweekday() < 6 else ()
        worked = self.days.get(day)
        if worked is None:
            worked = str(day.isoweekday()) in calendar.weekdays
        if not worked:
            return ()
        times = [read_time(each) or time(0) for each in (calendar.opens, calendar.closes)]
        if calendar.lunch_from and calendar.lunch_until:
            lunch = [read_time(each) or time(0) for each in (calendar.lunch_from, calendar.lunch_until)]
            return ((times[0], lunch[0]), (lunch[1], times[1]))
        return ((times[0], times[1]),)

    def works(self, day: date) -> bool:
        """Returns whether anything is worked on a day."""
        return bool(self.spans(day))

    def minutes(self, start: datetime, end: datetime) -> int:
        """Returns the working minutes between two moments."""
        return working_between(start, end, self.spans, CHINA)

    def after(self, start: datetime, minutes: int) -> datetime:
        """Returns when so many working minutes are over.

        Raises:
            Refusal: the calendar has no working time.
        """
        try:
            return add_working(start, minutes, self.spans, CHINA)
        except NoWorkingTime:
            raise no_working_time() from None


def hours_of(session: Session, node_id: int) -> Hours:
    """Returns the working time of a place: of each year the nearest calendar, and the days of all, the nearest on top.

    Past the gate: when something is due is the same whoever asks.
    """
    depth = {node.id: place for place, node in enumerate(above_of(session, node_id, itself=True))}
    years, special = WorkCalendar.__table__.c, CalendarDay.__table__.c
    calendars = session.execute(
        select(WorkCalendar.__table__).where(years.node_id.in_(sorted(depth)), years.deleted_at.is_(None))
    ).all()
    found = Hours({}, {})
    ordered = sorted(calendars, key=lambda each: depth[each.node_id])
    days: dict[int, list[Any]] = {}
    for each in session.execute(
        select(CalendarDay.__table__).where(
            special.calendar_id.in_([one.id for one in ordered]), special.deleted_at.is_(None)
        )
    ):
        days.setdefault(each.calendar_id, []).append(each)
    for calendar in ordered:
        found.years[calendar.year] = calendar
        for entry in days.get(calendar.id, ()):
            last = entry.last_day or entry.first_day
            for ahead in range((last - entry.first_day).days + 1):
                found.days[entry.first_day + timedelta(days=ahead)] = entry.kind == DayKind.WORKDAY
    return found


@kept_by
def _worked(session: Session, path: str | None) -> Hours:
    """The working time that limits of flows count by."""
    return hours_of(session, int(path.strip("/").rpartition("/")[2])) if path else Hours({}, {})


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due. Stored with the row it is for: later changes of rules never rewrite it (Part C 1).

    Attributes:
        at: aware, UTC.
        minutes, counted: what the rule said.
        rule: the rule itself.
        assumed: years without a calendar that were counted as ordinary weeks.
    """

    at: datetime
    minutes: int
    counted: str
    rule: SlaRule
    assumed: tuple[int, ...] = ()


def rule_for(
    session: Session, node_id: int, clock: str, *, task_kind: str | None = None, level: str | None = None,
    category_id: int | None = None, on: date | None = None,
) -> SlaRule | None:  # fmt: skip
    """Returns the time limit that holds at a place: for the level first, then the nearest category, then the kind of work."""
    chain = category_chain(session, category_id)
    codes = {key: code for key, code in session.execute(select(IssueCategory.id, IssueCategory.code))}
    best: tuple[tuple[int, int, int], SlaRule] | None = None
    for rule in effective(session, SlaRule, node_id, on):
        code = codes.get(rule.category_id) if rule.category_id is not None else None
        if (
            rule.clock != clock
            or rule.level not in (None, level)
            or rule.task_kind not in (None, task_kind)
            or (rule.category_id is not None and code not in chain)
        ):
            continue
        rank = (
            0 if rule.level else 1,
            chain.index(code) if code is not None else len(chain) + 1,
            0 if rule.task_kind else 1,
        )
        if best is None or rank < best[0]:
            best = rank, rule
    return best[1] if best is not None else None


def due_at(session: Session, node_id: int, clock: str, start: datetime, **of: Any) -> Due | None:
    """Returns when something that began at `start` is due at a place; None where no rule sets a limit.

    Args:
        session: acting as whoever asks.
        node_id: the place: usually the node of the project.
        clock: one of `Clock`.
        start: aware.
        of: `task_kind`, `level`, `category_id` as `rule_for` has them.
    """
    rule = rule_for(session, node_id, clock, on=local(start).date(), **of)
    if rule is None:
        return None
    if rule.counted == TimeCount.NATURAL:
        return Due(start + timedelta(minutes=rule.minutes), rule.minutes, rule.counted, rule)
    hours = hours_of(session, node_id)
    at = hours.after(start, rule.minutes)
    return Due(at, rule.minutes, rule.counted, rule, tuple(sorted(hours.assumed)))
