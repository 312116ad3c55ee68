"""Handovers of the demo company: one finished with its summary, one in the middle, one being planned."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.handover.board import board
from models.handover.handover_fee import HandoverFee
from models.handover.handover_notice import HandoverBatch, HandoverNotice
from models.handover.handover_plan import HandoverPlan
from models.handover.handover_risk import HandoverRisk
from models.handover.handover_room import HandoverRoom
from models.handover.handover_scope import HandoverScope
from models.handover.handover_slot import HandoverSlot
from models.handover.handover_summary import HandoverSummary, two_months_after
from models.handover.handover_tick import HandoverDoc, HandoverStep
from models.handover.key_record import KeyRecord
from models.handover.plan_lists import HandoverPlanDoc, HandoverPlanStep
from models.handover.release import main_owners
from models.handover.summing_up import figure_lines
from models.kernel.bulk import insert_rows
from models.kernel.parameter import effective, node_at
from models.kernel.table import Table
from models.parameter.step_defs import HandoverDocDef, HandoverStepDef
from models.property.room import Room, RoomChangeLog, SaleState
from models.system.user_profile import UserProfile
from seeds.demo.places import Places, Project
from seeds.demo.story import Story

_REASONS: Final = ("主卧外墙渗水痕迹", "客厅地砖空鼓", "入户门划痕较多", "卫生间地漏返水", "窗扇密封不严", "墙面不平整")
_RISKS: Final = (
    (
        "园林绿化未完工",
        "facilities",
        "difference",
        "南区园林铺装滞后约两周，交付时可能无法开放。",
        "增加班组，先保证入户动线。",
    ),
    (
        "外墙渗漏集中反映",
        "building",
        "quality",
        "预验房发现 3 号线外窗渗水较多。",
        "逐户淋水试验，渗漏户一周内完成整改。",
    ),
    (
        "面积补差争议",
        "papers",
        "group",
        "实测面积普遍大于预售面积，部分业主有异议。",
        "提前公示测绘报告，安排专人解释。",
    ),
)
_OUTCOMES: Final = ("accepted", "accepted_with_defects", "refused", "pending")


def chosen(whole: Places) -> dict[str, str]:
    """Returns what the projects with a handover are at: key of a project -> finished, middle or draft."""
    dated = sorted(whole.projects, key=lambda project: (project.handover, project.key))
    done = [project for project in dated if project.handover <= whole.today - timedelta(days=80)]
    now = [project for project in dated if project.handover <= whole.today and project not in done]
    ahead = [project for project in dated if project.handover > whole.today + timedelta(days=30)]
    first = whole.companies[0].key  # where the demo accounts of clerks are
    done.sort(key=lambda project: (project.company == first, project.handover, project.key))
    ahead.sort(key=lambda project: (project.company != first, project.handover, project.key))
    found = {}
    for kind, projects in (("finished", done[-1:]), ("middle", now[-1:]), ("draft", ahead[:1])):
        found.update({project.key: kind for project in projects})
    return found


class _Handover:
    """Writes the handover of one project."""

    def __init__(self, session: Session, whole: Places, project: Project, story: Story, key: int, clerk: str) -> None:
        self.session, self.story, self.key, self.clerk = session, story, key, clerk
        self.project, self.today = project, whole.today
        self.random = Random(f"{whole.seed}:handover:{project.key}")
        self.counts: Counter[str] = Counter()
        self.serial = 0
        self.person = session.scalar(
            select(UserProfile.id).where(UserProfile.name == clerk).order_by(UserProfile.id).limit(1)
        )

    def insert(self, cls: type[Table], rows: list[dict[str, Any]]) -> list[int]:
        """Writes rows and counts them."""
        if not rows:
            return []
        self.counts[cls.__tablename__] += len(rows)
        return insert_rows(self.session, cls, rows, audited=False)

    def at(self, day: date) -> datetime:
        """Returns a working hour of a day; each call a little later."""
        self.serial += 1
        return self.story.on(day, self.serial)

    def plan(self, kind: str) -> int:
        """Writes the plan with its scope, lists and risks, and returns its key."""
        begin = self.project.handover
        end = (
            begin + timedelta(days=9)
            if kind == "finished"
            else max(begin + timedelta(days=9), self.today + timedelta(days=4))
        )
        entered = min(begin, self.today) - timedelta(days=40)
        row: dict[str, Any] = {
            "project_id": self.key, "title": f"{self.project.name}集中交付", "planned_from": begin, "planned_to": end,
            "responsible_id": self.person, "place": "小区会所一层", "counters": 6, "created_at": self.at(entered),
        }  # fmt: skip
        if kind != "draft":
            released = self.at(begin - timedelta(days=30))
            row |= {"state": "released", "released_at": released, "released_by": self.clerk}
        if kind == "finished":
            row |= {"state": "closed", "closed_at": self.at(end)}
        (key,) = self.insert(HandoverPlan, [row])
        self.insert(HandoverScope, [{"plan_id": key, "kind": "project", "created_at": self.at(entered)}])
        self.risks(key, begin)
        return key

    def risks(self, plan: int, begin: date) -> None:
        """Writes the risks that were assessed before."""
        rows = []
        for subject, phase, kind, problem, solution in _RISKS:
            dates = [begin - timedelta(days=n) for n in (45, 30, 10)]
            past = sum(day < self.today for day in dates)
            state = ("survey", "planning", "acting", "closed")[past]
            rows.append(
                {
                    "project_id": self.key, "plan_id": plan, "phase": phase, "kind": kind, "subject": subject,
                    "problem": problem, "state": state, "survey_due": dates[0], "plan_due": dates[1],
                    "action_due": dates[2], "due_on": dates[past] if past < 3 else None, "responsible_id": self.person,
                    "solution": solution if past > 1 else None, "result": "已按方案完成。" if past == 3 else None,
                    "closed_on": dates[2] if past == 3 else None, "created_at": self.at(min(begin, self.today) - timedelta(days=60)),
                }
            )  # fmt: skip
        self.insert(HandoverRisk, rows)

    def homes(self, plan: int) -> None:
        """Writes the homes as their own books say, with notices, ticks, fees and keys."""
        begin, random = self.project.handover, self.random
        last = min(begin + timedelta(days=9), self.today - timedelta(days=1))
        rooms = self.session.execute(
            select(Room.id, Room.handover_state, Room.presale_area)
            .where(Room.project_id == self.key, Room.sale_state == SaleState.SIGNED)
            .order_by(Room.id)
        ).all()
        told = self.session.execute(
            select(RoomChangeLog.room_id, RoomChangeLog.created_at)
            .where(RoomChangeLog.project_id == self.key, RoomChangeLog.field == "handover_state")
            .order_by(RoomChangeLog.id)
        )
        moments = {room: at for room, at in told}
        owners = main_owners(self.session, self.key)
        rows: list[dict[str, Any]] = []
        for room, state, _area in rooms:
            row: dict[str, Any] = {
                "plan_id": plan, "room_id": room, "customer_id": owners.get(room),
                "notice_state": "delivered" if state != "not_notified" else "notified",
                "created_at": self.at(begin - timedelta(days=30)),
            }  # fmt: skip
            if state in _OUTCOMES:
                day = begin + timedelta(days=random.randint(0, max((last - begin).days, 0)))
                at = moments.get(room) or self.at(day)
                row |= {
                    "state": "completed" if state in _OUTCOMES[:2] else state, "outcome": state, "first_outcome": state,
                    "arrived_at": at - timedelta(minutes=70), "inspected_at": at - timedelta(minutes=40),
                    "outcome_at": at, "visits": 1, "station": f"{random.randint(1, 6)}号台", "escort_id": self.person,
                }  # fmt: skip
                if state != "accepted":
                    row["outcome_reason"] = random.choice(_REASONS)
                    row["second_visit_on" if state in _OUTCOMES[2:] else "repair_due_on"] = at.date() + timedelta(
                        days=15
                    )
                if row["state"] == "completed":
                    row |= {"completed_at": at + timedelta(minutes=30), "signed_at": at + timedelta(minutes=10)}
            rows.append(row)
        keys = self.insert(HandoverRoom, rows)
        self.session.flush()
        made: Any = self.session.get_one(HandoverPlan, plan)
        made.counted_rooms = len(rows)
        self.session.flush()
        self.notices(plan, keys, rows)
        self.papers(plan, keys, rows)
        self.money(keys, rows, [area for _room, _state, area in rooms])

    def notices(self, plan: int, keys: list[int], rows: list[dict[str, Any]]) -> None:
        """Writes the notices that went out three weeks before."""
        sent = self.project.handover - timedelta(days=21)
        at = self.at(sent)
        (batch,) = self.insert(
            HandoverBatch,
            [{"plan_id": plan, "name": f"{sent:%Y%m%d} 挂号信/EMS 01", "channel": "post", "sent_on": sent, "homes": len(keys),
              "created_at": at}],
        )  # fmt: skip
        self.insert(
            HandoverNotice,
            [
                {
                    "handover_room_id": key, "batch_id": batch, "channel": "post", "sent_on": sent,
                    "tracking_no": f"10{self.random.randint(10**9, 10**10 - 1)}", "created_at": at,
                    "state": "delivered" if row["notice_state"] == "delivered" else "sent",
                    "delivered_on": sent + timedelta(days=3) if row["notice_state"] == "delivered" else None,
                }
                for key, row in zip(keys, rows, strict=True)
            ],
        )  # fmt: skip

    def papers(self, plan: int, keys: list[int], rows: list[dict[str, Any]]) -> None:
        """Writes steps and papers of the plan, and what was ticked off of those who are done."""
        node, on = node_at(self.session, "project", self.key).id, self.project.handover
        made = self.at(on - timedelta(days=30))
        steps = effective(self.session, HandoverStepDef, node, on)
        papers = effective(self.session, HandoverDocDef, node, on)
        listed = self.insert(
            HandoverPlanStep,
            [{"plan_id": plan, "code": s.code, "name": s.name, "required": s.required, "sort": s.sort, "created_at": made} for s in steps],
        )  # fmt: skip
        docs = self.insert(
            HandoverPlanDoc,
            [{"plan_id": plan, "code": p.code, "name": p.name, "direction": p.direction, "required": p.required,
              "copies": p.copies, "sort": p.sort, "created_at": made} for p in papers],
        )  # fmt: skip
        wanted = [key for key, paper in zip(docs, papers, strict=True) if paper.required]
        done = [(key, row) for key, row in zip(keys, rows, strict=True) if row.get("state") == "completed"]
        self.insert(
            HandoverStep,
            [
                {"handover_room_id": key, "item_id": item, "done_at": row["outcome_at"], "operator": self.clerk,
                 "created_at": row["outcome_at"]}
                for key, row in done for item in listed
            ],
        )  # fmt: skip
        self.insert(
            HandoverDoc,
            [
                {"handover_room_id": key, "item_id": item, "received_at": row["outcome_at"], "operator": self.clerk,
                 "created_at": row["outcome_at"]}
                for key, row in done for item in wanted
            ],
        )  # fmt: skip
        self.insert(
            KeyRecord,
            [
                {"room_id": row["room_id"], "kind": "door", "pieces": 5, "handed_on": row["completed_at"].date(),
                 "operator": self.clerk, "created_at": row["completed_at"]}
                for _key, row in done
            ],
        )  # fmt: skip

    def money(self, keys: list[int], rows: list[dict[str, Any]], areas: list[Decimal | None]) -> None:
        """Writes three months of property fee for each home: paid by those who are done."""
        fees = []
        for key, row, area in zip(keys, rows, areas, strict=True):
            done = row.get("state") == "completed"
            at, fee = row["created_at"], (area or Decimal(90)) * Decimal("7.50")
            fees.append(
                {
                    "handover_room_id": key, "item": "property_fee", "amount": fee.quantize(Decimal("0.01")),
                    "state": "paid" if done else "due", "paid_on": row["completed_at"].date() if done else None,
                    "receipt_no": f"SJ{key:06d}" if done else None, "created_at": at,
                }
            )  # fmt: skip
        self.insert(HandoverFee, fees)

    def slots(self, plan: int, first: date) -> None:
        """Writes appointments of four days, and books those who have not come."""
        rows = [
            {"plan_id": plan, "day": first + timedelta(days=n), "starts": f"{hour:02d}:00", "ends": f"{hour + 1:02d}:00",
             "capacity": 6, "created_at": self.at(first - timedelta(days=5))}
            for n in range(4) for hour in (9, 10, 14, 15)
        ]  # fmt: skip
        keys = self.insert(HandoverSlot, rows)
        waiting = self.session.scalars(
            select(HandoverRoom)
            .where(HandoverRoom.plan_id == plan, HandoverRoom.state == "expected")
            .order_by(HandoverRoom.id)
            .limit(len(keys) * 3)
        ).all()
        for place, row in enumerate(waiting):
            row.slot_id = keys[place % len(keys)]
        self.session.flush()

    def summary(self, plan: int) -> None:
        """Writes the summary of a finished handover."""
        row: Any = self.session.get_one(HandoverPlan, plan)
        due = two_months_after(row.planned_to)
        body = "\n".join(["一、总体情况", *figure_lines(board(self.session, plan).total, row.counted_rooms), "", "二、经验与改进",
                          "渗漏类问题应在预验房阶段完成淋水试验；资料签署台位高峰期排队，建议增设两个台位。"])  # fmt: skip
        self.insert(
            HandoverSummary,
            [
                {
                    "plan_id": plan, "subject": f"{row.title}总结", "author_id": self.person, "body": body, "due_on": due,
                    "summary_on": min(due - timedelta(days=6), self.today), "state": "submitted",
                    "submitted_on": min(due - timedelta(days=5), self.today),
                    "created_at": self.at(min(due - timedelta(days=8), self.today)),
                }
            ],
        )  # fmt: skip


def handover_rows(
    session: Session, whole: Places, project: Project, story: Story, key: int, clerk: str
) -> Counter[str]:
    """Writes the handover of a project, where it has one, and returns table -> rows.

    Args:
        key: the project's row.
        clerk: the name of the project's clerk.
    """
    kind = chosen(whole).get(project.key)
    writer = _Handover(session, whole, project, story, key, clerk)
    if kind is None:
        return writer.counts
    plan = writer.plan(kind)
    if kind != "draft":
        writer.homes(plan)
        writer.slots(plan, whole.today if kind == "middle" else project.handover)
    if kind == "finished":
        writer.summary(plan)
    return writer.counts
