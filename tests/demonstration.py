"""A table with a number and a flow that is declared nowhere else: in a copy of the tree, as an engineer would add it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from config import ROOT

FOLDERS = ("app", "migrations", "models", "reports", "seeds", "views", "tests")
DECLARATION = '''"""A ticket (演示工单), declared for tests only."""

from sqlalchemy.orm import Mapped

from models.kernel import CLERKS, Flow, Options, Refusal, Screen, Table, Transition, _, by_project, choice, numbered, section, text


class DemoState(Options):
    WAITING = "waiting", _("Waiting", "待受理"), "amber"
    WORKING = "working", _("In work", "处理中"), "blue"
    DONE = "done", _("Done", "已完成"), "green"
    VOID = "void", _("Void", "作废"), "grey"


class DemoTicket(Table):
    """A ticket of a project."""

    owned = by_project()
    screen = Screen(
        label=_("Demo ticket", "演示工单"), key=("no",), title=("no", "name"), listed=("no", "name", "state", "project"),
        searched=("no", "name"), sections=(section(_("Ticket", "工单"), "project_id", "no", "name", "answer"),),
    )
    flow = Flow("state", DemoState, "waiting", final=("void",), transitions=(
        Transition("accept", _("Accept", "受理"), ("waiting",), "working", CLERKS),
        Transition("finish", _("Finish", "完成"), ("working",), "done", ("contractor", "project_clerk"), required=("answer",),
            guard=lambda session, actor, row, now: Refusal(_("Answer “no” is none.", "答复不能为“no”。"), "answer", status=409)
            if row.answer == "no" else None),
        Transition("reopen", _("Reopen", "重新打开"), ("done",), "working", ("service_manager",),
            effect=lambda session, actor, row, now: setattr(row, "answer", None)),
        Transition("void", _("Void", "作废"), ("waiting", "working"), "void", ("project_clerk",), danger=True),
    ))

    no: Mapped[str] = numbered(_("No.", "单号"), "demo_ticket", "GD{yyyy}{mm}{dd}-{seq:04d}")
    name: Mapped[str] = text(_("Name", "名称"), 100)
    state: Mapped[str] = choice(_("State", "状态"), DemoState, default=DemoState.WAITING, system=True)
    answer: Mapped[str | None] = text(_("Answer", "处理结果"), 100)
'''

CLAIM = '''"""A claim for money (演示赔付) that three levels agree to, declared for tests only."""

from decimal import Decimal

from sqlalchemy.orm import Mapped

from models.kernel import Approval, Flow, Level, Options, Rights, Screen, Table, Transition, _, by_project, choice
from models.kernel import money, section, text


class ClaimState(Options):
    DRAFT = "draft", _("Draft", "草稿"), "grey"
    PENDING = "pending", _("Awaiting approval", "待审"), "amber"
    APPROVED = "approved", _("Approved", "已批准"), "green"
    REJECTED = "rejected", _("Rejected", "已驳回"), "red"
    PAID = "paid", _("Paid", "已支付"), "teal"


class DemoClaim(Table):
    """A claim of a project."""

    owned = by_project()
    screen = Screen(
        label=_("Demo claim", "演示赔付"), key=("name",), title=("name",), listed=("name", "state", "amount", "project"),
        searched=("name",), sections=(section(_("Claim", "赔付"), "project_id", "name", "amount", "reason", "voucher"),),
        rights=Rights(write=("project_clerk", "service_manager")),
    )
    flow = Flow("state", ClaimState, "draft", final=("paid",), amount="amount", transitions=(
        Transition("submit", _("Submit", "提交"), ("draft", "rejected"), "pending", ("project_clerk", "service_manager"),
            required=("amount",)),
        Transition("pay", _("Pay", "支付"), ("approved",), "paid", ("finance", "service_manager"), required=("voucher",)),
    ), approval=Approval("pending", approved="approved", rejected="rejected", withdrawn="draft", levels=(
        Level("project", _("Project leader", "项目负责人"), ("project_leader", "service_manager"), at="project"),
        Level("company", _("Company", "公司"), ("company_leader", "service_manager"), at="company"),
        Level("group", _("Group", "集团"), ("group_leader",), at="group"),
    )))

    name: Mapped[str] = text(_("Name", "名称"), 100)
    amount: Mapped[Decimal | None] = money(_("Amount", "金额"))
    reason: Mapped[str | None] = text(_("Reason", "事由"), 100)
    voucher: Mapped[str | None] = text(_("Voucher", "凭证号"), 40)
    state: Mapped[str] = choice(_("State", "状态"), ClaimState, default=ClaimState.DRAFT, system=True)
'''

MATTER = '''"""A matter (演示事项) with everything a declaration gives: declared for tests only."""

from decimal import Decimal

from sqlalchemy.orm import Mapped

from models.kernel import Approval, Flow, Level, MaskedValue, Options, Refusal, Rights, Screen, Table, Transition, _, by_project
from models.kernel import choice, first, masked, money, numbered, option, option_list, section, text

KINDS = option_list("demo_kind", _("Kind of matter", "事项类别"), first("leak", _("Leak", "渗漏")), first("crack", _("Crack", "开裂")))
CLERK = ("project_clerk", "service_manager")


class MatterState(Options):
    DRAFT = "draft", _("Draft", "草稿"), "grey"
    PENDING = "pending", _("Awaiting approval", "待审"), "amber"
    WORKING = "working", _("In work", "处理中"), "blue"
    DONE = "done", _("Done", "已完成"), "green"


class DemoMatter(Table):
    """A matter of a project: what was found, what it costs, who agreed, what came of it."""

    owned = by_project()
    screen = Screen(
        label=_("Demo matter", "演示事项"), key=("no",), title=("no", "name"), listed=("no", "name", "kind", "state", "amount"),
        searched=("no", "name"), sections=(section(_("Matter", "事项"), "project_id", "name", "kind", "caller", "amount", "answer"),),
        rights=Rights(write=CLERK, reveal=CLERK),
    )
    flow = Flow("state", MatterState, "draft", final=("done",), amount="amount", transitions=(
        Transition("submit", _("Submit", "提交"), ("draft",), "pending", CLERK, required=("amount",)),
        Transition("finish", _("Finish", "完成"), ("working",), "done", CLERK, required=("answer",),
            guard=lambda session, actor, row, now: Refusal(_("Say what was done.", "请填写实际处理结果。"), "answer", status=409)
            if row.answer == "-" else None),
    ), approval=Approval("pending", approved="working", rejected="draft", withdrawn="draft", levels=(
        Level("project", _("Project leader", "项目负责人"), ("project_leader",), at="project"),
        Level("company", _("Company", "公司"), ("company_leader",), at="company"),
    )))

    no: Mapped[str] = numbered(_("No.", "单号"), "demo_matter", "SX{yyyy}{mm}{dd}-{seq:04d}")
    name: Mapped[str] = text(_("Name", "名称"), 100)
    kind: Mapped[str | None] = option(_("Kind", "类别"), KINDS)
    caller: Mapped[MaskedValue | None] = masked(_("Caller", "来电号码"), "mobile")
    amount: Mapped[Decimal | None] = money(_("Amount", "金额"))
    answer: Mapped[str | None] = text(_("Answer", "处理结果"), 100)
    state: Mapped[str] = choice(_("State", "状态"), MatterState, default=MatterState.DRAFT, system=True)
'''


class Tree:
    """A copy of the checkout with the demonstration table in it, migrated."""

    def __init__(self, folder: Path, declaration: str = DECLARATION, database_url: str | None = None) -> None:
        self.folder = folder / "doorbook"
        self.folder.mkdir()
        for name in FOLDERS:
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
        for file in ("run.py", "config.py", "pyproject.toml"):
            shutil.copy(ROOT / file, self.folder / file)
        self.environment = {
            **os.environ,
            "DOORBOOK_HOME": str(folder / "home"),
            "DOORBOOK_DEMO": "0",
            "PYTHONPATH": str(self.folder),
        }
        self.environment.pop("DATABASE_URL", None)
        if database_url:
            self.environment["DATABASE_URL"] = database_url
        (self.folder / "models" / "property" / "demo_ticket.py").write_text(declaration)
        self.run("run.py", "migrate", "--new", "Demo tickets")
        self.run("run.py", "migrate")

    def start(self, *words: str, to: Any = subprocess.PIPE) -> subprocess.Popen[str]:
        """Starts Python with these words in the tree; what it prints goes to `to`."""
        return subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment,
            stdout=to,
            stderr=to,
            text=True,
        )

    def run(self, *words: str) -> str:
        """Runs Python with these words in the tree and returns what it printed; it must succeed."""
        return finished(self.start(*words))

    def story(self, code: str) -> Any:
        """Runs a story that prints FOUND and JSON, and returns what it found."""
        return json.loads(self.run("-c", code).split("FOUND", 1)[1])


def finished(process: subprocess.Popen[str]) -> str:
    """Waits for a process that must succeed, and returns what it printed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-4000:] or out[-4000:]
    return out
