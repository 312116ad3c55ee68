"""What was found in homes: inspected before handover, and by owners at it; who repaired it when, and two who fall behind."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.handover.handover_room import HandoverRoom
from models.inspection.inspection_plan import InspectionPlan, window_of
from models.inspection.inspection_room import InspectionRoom
from models.inspection.inspection_summary import InspectionSummary
from models.inspection.issue import Issue
from models.inspection.issue_dispatch import IssueDispatch
from models.inspection.issue_fix import IssueFix
from models.inspection.rules import summarise
from models.kernel.actor import SYSTEM
from models.kernel.bulk import insert_rows
from models.kernel.clock import frozen
from models.kernel.moving import move
from models.kernel.session import act, clock_of
from models.kernel.table import Table
from models.parameter.issue_category import IssueCategory
from models.parameter.issue_standard import IssueStandard
from models.parameter.part import Part, PartKind
from models.parameter.rules import scopes_of
from models.property.room import Room
from models.property.unit import Unit
from models.system.user_profile import UserProfile
from seeds.demo.places import Places, Project
from seeds.demo.story import Story

MOST_ROOMS: Final = 32
"""Homes of a plan: enough for a story, few enough for a quick beginning."""
_BEGINS: Final = 78
_LASTS: Final = 24
"""Days before the handover date on which a plan begins, and how long it lasts."""
_SLOW: Final = ("D02", "D03")
"""Categories whose contractors fall behind: their repairs pile up."""
_WRONG: Final = 131
"""One in so many issues was entered wrongly and corrected the hour after: below one in a hundred (R04)."""
_NOTES: Final = ("靠窗一侧", "约 20 厘米", "两处", "门后", "吊顶边缘", "阴角处", "")


class Inspections:
    """Writes the inspection of a project; `counts` is counted up.

    Args:
        key: the project's row.
        clerk: the name of who inspects.
    """

    def __init__(
        self, session: Session, whole: Places, project: Project, story: Story, key: int, clerk: str,
        counts: Counter[str],
    ) -> None:  # fmt: skip
        self.session, self.project, self.story, self.key, self.clerk = session, project, story, key, clerk
        self.counts = counts
        self.random = Random(f"{whole.seed}:inspection:{project.key}")
        self.begins = project.handover - timedelta(days=_BEGINS)
        self.ends = self.begins + timedelta(days=_LASTS)
        self.now = story.on(story.today, 0)

    def _insert(self, cls: type[Table], rows: list[dict[str, Any]]) -> list[int]:
        self.counts[cls.__tablename__] += len(rows)
        return insert_rows(self.session, cls, rows, audited=False)

    def write(self) -> None:
        """Writes the plan and what came of it; nothing for a project whose inspection is still far away."""
        if self.begins > self.story.today + timedelta(days=30):
            return
        real = clock_of(self.session)
        act(self.session, SYSTEM, frozen(self.story.on(min(self.begins, self.story.today), 0)))
        state = "draft" if self.begins > self.story.today else "done" if self.ends < self.story.today else "running"
        (plan,) = self._insert(
            InspectionPlan,
            [{
                "project_id": self.key, "title": f"{self.project.name}一期内部验房", "kind": "internal",
                "from_on": self.begins, "until_on": self.ends, "state": state,
                "window": window_of(self.project.handover, self.begins, self.ends).value,
                "created_at": self.story.on(min(self.begins - timedelta(days=9), self.story.today), 1),
            }],
        )  # fmt: skip
        rooms = self._rooms(plan, state)
        if state != "draft":
            self._issues(rooms)
        if state == "done":
            self._summary(plan)
        act(self.session, SYSTEM, real)

    def _rooms(self, plan: int, state: str) -> list[tuple[int, int, int, datetime]]:
        """Returns (room of the plan, room, building, inspected at) of the homes that were inspected and had issues."""
        own, random = self.session, self.random
        person = own.scalar(
            select(UserProfile.id).where(UserProfile.name == self.clerk).order_by(UserProfile.id).limit(1)
        )
        found = own.execute(
            select(Room.id, Unit.building_id)
            .join(Unit, Unit.id == Room.unit_id)
            .where(Room.project_id == self.key)
            .order_by(Room.id)
            .limit(MOST_ROOMS)
        ).all()
        rows, told = [], []
        for place, (room, _building) in enumerate(found):
            day = self.begins + timedelta(days=place * _LASTS // max(len(found), 1))
            at = self.story.on(day, place * 37)
            waits = state == "draft" or (state == "running" and at >= self.now)
            lot = random.random()
            result = "pending" if waits else "clean" if lot < 0.05 else "no_entry" if lot < 0.07 else "issues"
            rows.append(
                {
                    "plan_id": plan, "room_id": room, "inspector_id": person, "result": result,
                    "inspected_at": at if result in ("clean", "issues") else None,
                    "created_at": self.story.on(min(self.begins - timedelta(days=7), self.story.today), place),
                }
            )  # fmt: skip
            told.append((result, at))
        keys = self._insert(InspectionRoom, rows)
        return [
            (key, room, building, at)
            for key, (room, building), (result, at) in zip(keys, found, told, strict=True)
            if result == "issues"
        ]

    def at_handover(self) -> None:
        """Writes what owners found while their homes were handed over: much where they did not simply accept, else little."""
        own, random = self.session, self.random
        found = own.execute(
            select(HandoverRoom.room_id, Unit.building_id, HandoverRoom.inspected_at, HandoverRoom.outcome)
            .join(Room, Room.id == HandoverRoom.room_id)
            .join(Unit, Unit.id == Room.unit_id)
            .where(HandoverRoom.project_id == self.key, HandoverRoom.inspected_at.is_not(None))
            .order_by(HandoverRoom.inspected_at, HandoverRoom.id)
        ).all()
        if not found:
            return
        self.begins = found[0].inspected_at.date()
        real = clock_of(own)
        act(own, SYSTEM, frozen(self.story.on(self.begins, 0)))
        rows = []
        for room, building, at, outcome in found:
            most = min(1 + int(random.expovariate(0.4)), 9) if outcome != "accepted" else int(random.random() < 0.25)
            rows.append((None, room, building, at, most))
        self._found(rows, "handover")
        act(own, SYSTEM, real)

    def _issues(self, rooms: list[tuple[int, int, int, datetime]]) -> None:
        self._found([(*each, min(1 + int(self.random.expovariate(0.28)), 14)) for each in rooms], "inspection")

    def _found(self, rooms: list[tuple[int | None, int, int, datetime, int]], source: str) -> None:
        """Writes so many issues of each home, by (room of a plan, room, building, when), and what became of them."""
        own, random = self.session, self.random
        codes = {row.id: row.code for row in own.scalars(select(IssueCategory))}
        problems = [row for row in own.scalars(select(IssueStandard).order_by(IssueStandard.id))]
        fits = [row for row in problems if not codes[row.category_id].startswith(("D11", "D12", "D13"))]
        parts = own.scalars(select(Part.id).where(Part.kind == PartKind.INDOOR).order_by(Part.id)).all()
        scopes = scopes_of(own, self.key, self.story.today)
        answers: dict[tuple[int, int], int | None] = {}
        rows: list[dict[str, Any]] = []
        person = own.scalar(
            select(UserProfile.user_id).where(UserProfile.name == self.clerk).order_by(UserProfile.id).limit(1)
        )
        for key, room, building, at, most in rooms:
            for ordinal in range(most):
                problem = fits[min(int(random.paretovariate(0.55)) - 1, len(fits) - 1) * 7 % len(fits)]
                asked = (problem.category_id, building)
                if asked not in answers:
                    answer = scopes.answer(*asked).contractor
                    answers[asked] = answer.id if answer is not None else None
                if answers[asked] is None and random.random() < 0.9:
                    continue  # a gap in the scopes of work is met now and then
                entered = at + timedelta(minutes=3 * ordinal)
                rows.append(
                    {
                        "project_id": self.key, "source": source, "inspection_room_id": key, "room_id": room,
                        "building_id": building, "category_id": problem.category_id, "part_id": random.choice(parts),
                        "standard_id": problem.id, "description": problem.wording, "level": problem.level,
                        "note": random.choice(_NOTES) or None, "contractor_id": answers[asked],
                        "due_at": entered + timedelta(hours=problem.repair_hours or 168), "status": "registered",
                        "created_at": entered, "created_by_id": person,
                        "corrected_at": entered + timedelta(hours=1) if len(rows) % _WRONG == 7 else None,
                        "slow": codes[problem.category_id].startswith(_SLOW),
                    }
                )  # fmt: skip
        self._repairs(rows, source)

    def _repairs(self, rows: list[dict[str, Any]], source: str) -> None:
        """Sends the issues of each day the next day, one list a contractor, and lets each repair take its time."""
        lists: dict[tuple[int, int], list[dict[str, Any]]] = {}
        for row in rows:
            day = (row["created_at"].date() - self.begins).days
            if row["contractor_id"] is not None:
                lists.setdefault((day, row["contractor_id"]), []).append(row)
        batches: list[dict[str, Any]] = []
        for (day, contractor), group in sorted(lists.items()):
            sent = self.story.on(self.begins + timedelta(days=day + 1), contractor)
            if sent >= self.now:
                continue
            signed = sent + timedelta(hours=20)
            is_signed = signed < self.now
            batches.append(
                {
                    "project_id": self.key, "contractor_id": contractor, "source": source, "count": len(group),
                    "from_at": min(r["created_at"] for r in group), "until_at": max(r["created_at"] for r in group),
                    "state": "signed" if is_signed else "sent", "printed_at": sent, "printed_by": self.clerk,
                    "signed_by": "项目经理" if is_signed else None, "signed_on": signed.date() if is_signed else None,
                    "created_at": sent, "group": group,
                }
            )  # fmt: skip
        keys = self._insert(IssueDispatch, [{k: v for k, v in b.items() if k != "group"} for b in batches])
        fixes: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for key, batch in zip(keys, batches, strict=True):
            for row in batch["group"]:
                row["dispatch_id"] = key
                fixes += [(row, fix) for fix in self._rounds(row, batch["created_at"], batch["state"] == "signed")]
        issues = self._insert(Issue, [{k: v for k, v in row.items() if k != "slow"} for row in rows])
        own = {id(row): key for row, key in zip(rows, issues, strict=True)}
        self._insert(IssueFix, [{**fix, "issue_id": own[id(row)]} for row, fix in fixes])

    def _rounds(self, row: dict[str, Any], sent: datetime, signed: bool) -> list[dict[str, Any]]:
        """The rounds of one issue as far as they have come; says in the row where it stands."""
        random, hours = self.random, (row["due_at"] - row["created_at"]).total_seconds() / 3600
        fix: dict[str, Any] = {
            "round": 1, "contractor_id": row["contractor_id"], "sent_at": sent, "due_at": row["due_at"],
            "signed_at": sent + timedelta(hours=20) if signed else None, "result": "open", "created_at": sent,
        }  # fmt: skip
        row["status"] = "repairing" if signed else "dispatched"
        found = [fix]
        if not signed:
            return found
        slow = row["slow"] and random.random() < 0.7
        done = sent + timedelta(hours=20 + hours * random.uniform(0.05, 0.45)) + timedelta(days=90 if slow else 0)
        row["solution"] = None
        while done < self.now:
            checked = done + timedelta(hours=random.randint(2, 40))
            row["status"], row["solution"] = "repaired", "已按规范整改"
            fix.update(done_at=done, solution=row["solution"], result="done")
            if checked >= self.now:
                break
            if random.random() < (0.2 if row["slow"] else 0.08) and len(found) < 3:
                fix.update(result="failed", checked_at=checked, checked_by=self.clerk, note="复验仍有缺陷")
                due = checked + timedelta(hours=hours)
                row.update(status="reworking", rework_count=row.get("rework_count", 0) + 1, due_at=due)
                fix = {
                    "round": len(found) + 1, "contractor_id": row["contractor_id"], "sent_at": checked,
                    "signed_at": checked, "due_at": due, "result": "open", "created_at": checked,
                }  # fmt: skip
                found.append(fix)
                done = checked + timedelta(hours=hours * random.uniform(0.3, 1.2))
                continue
            signer = "甲方代表 周建国"
            fix.update(
                result="passed", checked_at=checked, checked_by=self.clerk, representative=signer,
                represented_on=checked.date(),
            )  # fmt: skip
            row.update(
                status="closed", handling="repair", representative=signer, represented_on=checked.date(),
                close_type="normal", close_by=self.clerk, closed_at=checked,
            )  # fmt: skip
            break
        return found

    def _summary(self, plan: int) -> None:
        """The summary of a finished plan: written in time, late, or still a draft where the plan has just ended."""
        written = self.ends + timedelta(days=self.random.randint(6, 20))
        made = summarise(self.session, self.session.get_one(InspectionPlan, plan))
        self.counts[InspectionSummary.__tablename__] += 1
        made.author = self.clerk
        if written < self.story.today:
            made.summary_on = written
        self.session.flush()
        if written < self.story.today:
            move(self.session, made, "submit")
