"""What administrators of the demo company set up beyond the defaults: contractors and their scopes, advisers, local terms."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.bulk import insert_rows
from models.kernel.flow_setting import FlowSetting
from models.kernel.parameter_control import ParameterControl
from models.kernel.printing.template import PrintTemplate, own_words
from models.kernel.table import Table
from models.keynode.printed import KEY_NODE_LIST
from models.parameter.adviser import Adviser, AdviserKind
from models.parameter.announcement import Announcement, AnnouncementRead, AnnouncementState
from models.parameter.contractor import Contractor
from models.parameter.contractor_scope import ContractorScope
from models.parameter.issue_category import IssueCategory
from models.parameter.parameter_sheet import ParameterSheet, ParameterSheetLine, content_of
from models.parameter.registers import PolicyDocument, PolicyState
from models.parameter.sla_rule import SlaRule
from models.parameter.step_defs import HandoverDocDef
from models.parameter.trade import Trade
from models.parameter.warranty_item import WarrantyItem
from models.parameter.work_calendar import CalendarDay, DayKind, WorkCalendar
from models.system.user_profile import UserProfile
from seeds.demo.people import People, credit_code
from seeds.demo.places import Company, Places, Project
from seeds.demo.staff import SKIPPED, Nodes
from seeds.demo.story import Story

_FIRMS: Final = 60_000
"""Numbers of credit codes from here on belong to contractors."""

_TRADES: Final[tuple[tuple[str, str, tuple[str, ...]], ...]] = (
    ("土建总包", "建设集团", ("D01",)),
    ("防水", "防水工程", ("D02",)),
    ("门窗", "门窗科技", ("D03",)),
    ("栏杆", "金属制品", ("D04",)),
    ("水电安装", "安装工程", ("D05", "D06")),
    ("弱电", "智能科技", ("D07",)),
    ("暖通", "暖通设备", ("D08",)),
    ("精装", "装饰工程", ("D10",)),
    ("电梯", "电梯工程", ("D1101",)),
    ("园林", "园林景观", ("D13",)),
)
"""Trade, what such a firm is called, and the categories it answers for."""

_NAMES: Final = ("宏远", "中恒", "华泰", "金盾", "新力", "博宇", "恒信", "东晟", "正大", "绿源", "天工", "鼎盛")

_NEWS: Final[tuple[tuple[str, str, str, int, bool], ...]] = (
    ("group", "关于做好年底集中交付工作的通知", "请于本月底前完成内部验房与整改闭环，入伙资料选项须在上线前 6 天确认。", 9, True),
    ("group", "客服系统上线公告", "一户一档已正式启用，诉求、验房、交付与产权业务请在系统内登记。", 40, False),
    ("hangzhou", "杭州公司：冬季漏水报修应对安排", "低温期间冻裂报修增多，请值班人员 30 分钟内响应。", 3, False),
    ("nanjing", "南京公司：物业前台领单流程调整", "自下周起查验单统一在客服前台领取，跟进人领单时须在系统内登记。", 5, False),
)  # fmt: skip

_POLICIES: Final = (
    ("KF-2024-01", "客户投诉处理管理办法", "客户投诉的受理、升级、关闭与回访要求。"),
    ("KF-2024-02", "集中交付管理办法", "交付前准备、现场组织与交付总结要求。"),
    ("KF-2025-01", "保修服务管理细则", "保修期限、责任界定及承建商维修管理。"),
    ("KF-2025-03", "关键节点评审管理规定", "十五个关键节点的评审内容、责任部门与完成标准。"),
)


class Setup:
    """Writes parameters of companies and projects; `counts` is counted up.

    Args:
        keys: (kind, key of the demo) -> row of the tree.
    """

    def __init__(
        self, session: Session, whole: Places, story: Story, nodes: Nodes, keys: dict[tuple[str, str], int],
        counts: Counter[str],
    ) -> None:  # fmt: skip
        self.session, self.whole, self.story, self.nodes, self.keys = session, whole, story, nodes, keys
        self.counts = counts
        self.people = People(Random(f"{whole.seed}:contractors"), skipped=SKIPPED + 9_000)
        self.trades = {
            name: key for key, name in session.execute(select(Trade.id, Trade.name).order_by(Trade.id.desc()))
        }
        self.categories = {
            code: key for key, code in session.execute(select(IssueCategory.id, IssueCategory.code))
        }  # fmt: skip
        self.contractors: dict[tuple[str, str], int] = {}
        self.firms = 0

    def _insert(self, cls: type[Table], rows: list[dict[str, Any]]) -> list[int]:
        self.counts[cls.__tablename__] += len(rows)
        return insert_rows(self.session, cls, rows, audited=False)

    def write(self) -> None:
        """Writes what hangs on the group and its companies; the projects follow one by one."""
        for company in self.whole.companies:
            self._contractors(company)
        outside = self.session.scalars(select(UserProfile).where(UserProfile.login == "contractor")).one()
        outside.contractor_id = self.contractors["hangzhou", "门窗"]
        self.session.flush()
        self._advisers()
        self._local()
        self._news()
        self._sheet()

    def _sheet(self) -> None:
        """A sheet of the first company that is still being filled in."""
        company, opened = self.whole.companies[0], self.story.on(self.story.today - timedelta(days=2), 7)
        (key,) = self._insert(
            ParameterSheet,
            [{"node_id": self.nodes["company", company.key], "title": f"{company.city}公司按揭银行调整",
              "from_day": self.story.today + timedelta(days=20), "created_at": opened,
              "reason": "与本地支行签订合作协议，补充经办联系人。"}],
        )  # fmt: skip
        said = content_of({"code": "ICBC", "name": "中国工商银行", "contact": "按揭中心", "lends": True, "sort": 1})
        line = {"sheet_id": key, "table_name": "bank", "code": "ICBC", "name": "中国工商银行", "content": said}
        self._insert(ParameterSheetLine, [{**line, "created_at": opened}])
        words = own_words(KEY_NODE_LIST, "zh")
        template = {
            "node_id": self.nodes["company", company.key], "form": KEY_NODE_LIST.name, "language": "zh",
            "title": f"{company.city}公司 {words.title}", "body": words.body, "signatures": words.signatures,
            "foot": words.foot, "created_at": opened,
        }  # fmt: skip
        self._insert(PrintTemplate, [template])

    def _contractors(self, company: Company) -> None:
        """Ten contractors a company, and one that is blacklisted."""
        entered, rows, trades = self.story.opened() + timedelta(hours=3), [], []
        random = Random(f"{self.whole.seed}:contractors:{company.key}")
        names = random.sample(_NAMES, len(_TRADES))
        listed = [*((trade, kind, name) for (trade, kind, _what), name in zip(_TRADES, names, strict=True))]
        listed.append(("防水", "防水工程", next(name for name in _NAMES if name not in names)))
        for place, (trade, kind, name) in enumerate(listed):
            self.firms += 1
            person = self.people.person(born=(1968, 1992))
            barred = place == len(_TRADES)
            rows.append(
                {
                    "node_id": self.nodes["company", company.key], "name": f"{company.city}{name}{kind}有限公司",
                    "short_name": name, "usci": credit_code(_FIRMS + self.firms), "trade_id": self.trades[trade],
                    "contact": person.name, "mobile": person.mobile,
                    "phone": self.people.landline(company.dialling), "address": f"{company.city}市",
                    "blacklisted": barred, "blacklisted_on": self.story.today - timedelta(days=200) if barred else None,
                    "blacklist_reason": "多次维修不合格且拒不履行保修义务" if barred else None, "created_at": entered,
                }
            )  # fmt: skip
            trades.append("barred" if barred else trade)
        keys = self._insert(Contractor, rows)
        self.contractors.update({(company.key, trade): key for trade, key in zip(trades, keys, strict=True)})

    def scopes(self, project: Project, buildings: dict[str, int]) -> None:
        """The scopes of a project: most for the whole of it, some building by building, one overlap, a gap or two."""
        random = Random(f"{self.whole.seed}:scopes:{project.key}")
        entered = self.story.entered(project) + timedelta(hours=6)
        rows: list[dict[str, Any]] = []
        left_out = set(random.sample(("栏杆", "弱电", "园林"), 1))
        for trade, _kind, codes in _TRADES:
            if trade in left_out or (trade == "精装" and not project.fitted):
                continue
            contractor = self.contractors[project.company, trade]
            split = trade == "防水" and len(buildings) > 1
            for code in codes:
                for building in sorted(buildings.values()) if split else [None]:
                    rows.append(self._scope(project, contractor, code, building, random, entered))
        if project.ordinal % 4 == 1 and buildings:
            other = self.contractors[project.company, "水电安装"]
            rows.append(self._scope(project, other, "D02", min(buildings.values()), random, entered))
        self._insert(ContractorScope, rows)

    def _scope(
        self, project: Project, contractor: int, code: str, building: int | None, random: Random, entered: Any
    ) -> dict[str, Any]:
        return {
            "project_id": self.keys["project", project.key], "contractor_id": contractor, "building_id": building,
            "category_id": self.categories[code],
            "contract_no": f"{project.code}-SG-{random.randrange(100, 999)}",
            "retention": Decimal(random.randrange(20, 300) * 1000), "from_day": entered.date(), "until_day": None,
            "created_at": entered,
        }  # fmt: skip

    def _advisers(self) -> None:
        """One of each kind at the group and at each company (R22)."""
        entered, rows = self.story.opened() + timedelta(hours=4), []
        for place in (("group", self.whole.group.key), *(("company", each.key) for each in self.whole.companies)):
            for kind in AdviserKind:
                name = self.people.person(born=(1966, 1990)).name
                rows.append({"node_id": self.nodes[place], "kind": kind.value, "name": name, "created_at": entered})
        self._insert(Adviser, rows)

    def _local(self) -> None:
        """What a company sets otherwise: blockages half a year, a faster first contact, a paper less, a day off."""
        entered, here = self.story.opened() + timedelta(hours=5), self.nodes["company", "hangzhou"]
        at: dict[str, Any] = {"node_id": here, "created_at": entered}
        term = {"code": "blockage", "name": "管道堵塞", "months": 6, "sort": 140, "law_ref": "公司承诺"}
        self._insert(WarrantyItem, [{**at, **term}])
        rule = {"code": "contact.*.*.*", "clock": "contact", "minutes": 12 * 60, "counted": "natural", "sort": 20}
        self._insert(SlaRule, [{**at, **rule, "remark": "杭州公司：12 小时内联系"}])
        paper = {"code": "K09", "name": "照片", "direction": "from_customer", "sort": 90, "required": False}
        self._insert(HandoverDocDef, [{**at, **paper, "enabled": False}])
        (calendar,) = self._insert(
            WorkCalendar,
            [{**at, "year": 2026, "opens": "08:30", "lunch_from": "12:00", "lunch_until": "13:30", "closes": "17:30",
              "remark": "杭州公司作息"}],
        )  # fmt: skip
        day = {"calendar_id": calendar, "first_day": date(2026, 3, 6), "last_day": date(2026, 3, 6)}
        self._insert(CalendarDay, [{**day, "kind": DayKind.HOLIDAY.value, "note": "公司司庆日", "created_at": entered}])

        narrower = {"table_name": "project_key_node", "subject": "reopen", "roles": "group_admin,regional_admin"}
        begins = self.story.today + timedelta(days=30)
        self._insert(
            FlowSetting, [{**at, **narrower, "from_day": begins, "remark": "下月起仅管理员可重新打开关键节点"}]
        )
        elsewhere = {**at, "node_id": self.nodes["company", "nanjing"]}
        control = {"by_sheet": True, "from_day": begins, "remark": "下月起南京公司的参数凭审批通过的申请单调整"}
        self._insert(ParameterControl, [{**elsewhere, **control}])

    def _news(self) -> None:
        people: dict[int, list[tuple[int, int]]] = {}
        for key, node in self.session.execute(select(UserProfile.id, UserProfile.node_id).order_by(UserProfile.id)):
            people.setdefault(node, []).append((key, node))
        places = {"group": ("group", self.whole.group.key)}
        for ordinal, (place, title, body, ago, pinned) in enumerate(_NEWS):
            day = self.story.today - timedelta(days=ago)
            node = self.nodes[places.get(place, ("company", place))]
            at = self.story.on(day, ordinal)
            (key,) = self._insert(
                Announcement,
                [{"node_id": node, "title": title, "body": body, "state": AnnouncementState.PUBLISHED.value,
                  "pinned": pinned, "from_day": day, "created_at": at}],
            )  # fmt: skip
            random = Random(f"{self.whole.seed}:read:{ordinal}")
            below = [one for each in sorted(people) for one in people[each]]
            readers = [one for one in below if place == "group" and random.random() < 0.4]
            self._insert(
                AnnouncementRead,
                [{"announcement_id": key, "profile_id": who, "node_id": at_node, "read_at": at + timedelta(hours=5),
                  "created_at": at + timedelta(hours=5)} for who, at_node in readers if ago > 1],
            )  # fmt: skip
        for ordinal, (number, title, summary) in enumerate(_POLICIES):
            day = date(int(number[3:7]), 3 + ordinal, 1)
            policy = {
                "node_id": self.nodes["group", self.whole.group.key], "number": number, "title": title,
                "issued_on": min(day, self.story.today), "state": PolicyState.IN_FORCE.value,
                "scope": "各公司客户服务部", "drafted_by": "客服专员", "reviewed_by": "营销中心总经理",
                "approved_by": "集团副总裁", "summary": summary,
                "created_at": self.story.opened() + timedelta(hours=6),
            }  # fmt: skip
            self._insert(PolicyDocument, [policy])
