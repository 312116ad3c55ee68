"""What a demo project keeps on file: the five permits, the progress of its buildings, and the registers of S11."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from seeds.demo.places import Building, Places, Project

PERMIT_KINDS: Final = (
    "国有土地使用证", "建设用地规划许可证", "建设工程规划许可证", "建筑工程施工许可证", "商品房预售许可证",
)  # fmt: skip
"""The five permits (五证)."""

STAGES: Final = (
    ("桩基与基坑", 0.00, 0.12),
    ("地下室结构", 0.12, 0.24),
    ("主体结构", 0.24, 0.55),
    ("主体封顶", 0.55, 0.57),
    ("二次结构与砌筑", 0.50, 0.66),
    ("外墙与门窗", 0.62, 0.78),
    ("机电安装", 0.64, 0.86),
    ("装修与公区", 0.76, 0.94),
    ("园林与市政", 0.80, 0.96),
    ("竣工验收", 0.96, 1.00),
)
"""Stage, begin and end as shares of the building time."""

RECORD_KINDS: Final = (
    "土地抵押信息", "项目收件信息", "销售部门及物业公司信息", "项目监理事项", "项目拆迁记录",
    "基础设施和公共建设事项记录", "项目纳税及缴费记录", "项目验收记录",
)  # fmt: skip
"""The registers of S11 but for permits and progress, which have rows of their own."""

_PROVINCES: Final = {"33": "浙", "32": "苏", "44": "粤", "35": "闽", "42": "鄂", "43": "湘"}


@dataclass(frozen=True, slots=True)
class Permit:
    """A permit; `buildings` names those it covers, empty for the whole project."""

    project: str
    kind: str
    number: str
    issued: date
    phase: int | None
    buildings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """A stage of a building; `done` is None while it is going on."""

    project: str
    building: str
    stage: str
    begun: date
    planned: date
    done: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Record:
    """An entry of one of the project's registers.

    Args:
        kind: one of `RECORD_KINDS`.
        party: the bank, the supervisor, the tax office ...
        amount: in yuan, where money is part of it.
        until: when it ended or will end, where it lasts.
    """

    project: str
    kind: str
    ordinal: int
    title: str
    party: str
    number: str
    amount: Decimal | None
    since: date
    until: date | None
    state: str
    note: str


def permits(whole: Places, project: Project) -> Iterator[Permit]:
    """Yields the five permits; those for construction and sale come once a phase, over its buildings."""
    random = Random(f"{whole.seed}:permits:{project.key}")
    begun = min(building.started for building in project.buildings)
    province, city = _PROVINCES[project.area_code[:2]], project.city.removesuffix("市")
    land = begun - timedelta(days=random.randint(150, 240))
    serial = random.randint(12, 380)
    number = f"{province}（{land.year}）{project.city}不动产权第{random.randint(10_000, 199_999):07d}号"
    yield Permit(project.key, PERMIT_KINDS[0], number, land, None, ())
    planned = land + timedelta(days=random.randint(20, 45))
    yield Permit(
        project.key, PERMIT_KINDS[1], f"地字第{project.area_code}{planned.year}{serial:05d}号", planned, None, ()
    )  # fmt: skip
    for phase in range(1, project.phases + 1):
        covered = [building for building in project.buildings if building.phase == phase]
        names = tuple(building.name for building in covered)
        first = min(building.started for building in covered)
        design, work = first - timedelta(days=random.randint(60, 90)), first - timedelta(days=random.randint(5, 25))
        sale = first + timedelta(days=random.randint(170, 260))
        drawn = f"建字第{project.area_code}{design.year}{serial + 40 * phase:05d}号"
        built = f"{project.area_code}{work:%Y%m%d}{phase:02d}01"
        sold = f"{city}售许字（{sale.year}）第{random.randint(1, 320):06d}号"
        yield Permit(project.key, PERMIT_KINDS[2], drawn, design, phase, names)
        yield Permit(project.key, PERMIT_KINDS[3], built, work, phase, names)
        if sale <= whole.today:
            yield Permit(project.key, PERMIT_KINDS[4], sold, sale, phase, names)


def progress(whole: Places, project: Project) -> Iterator[Progress]:
    """Yields the stages of each building that have begun by today, in order; some run late."""
    random = Random(f"{whole.seed}:progress:{project.key}")
    for building in project.buildings:
        end = building.completed or building.handover - timedelta(days=45)
        length = (end - building.started).days
        for stage, first, last in STAGES:
            begun = building.started + timedelta(days=int(length * first))
            planned = building.started + timedelta(days=int(length * last))
            late = 0 if stage == STAGES[-1][0] or random.random() < 0.75 else random.randint(3, 28)
            done = planned + timedelta(days=late)
            if begun > whole.today:
                continue
            finished = done if done <= whole.today and (stage != STAGES[-1][0] or building.completed) else None
            yield Progress(
                project.key, building.name, stage, begun, planned, finished,
                _said(random, building, stage, late if finished else None),
            )  # fmt: skip


def _said(random: Random, building: Building, stage: str, late: int | None) -> str:
    if late is None:
        return f"{stage}施工中，按周例会跟踪"
    if not late:
        return "按计划完成" if stage != "主体封顶" else f"{building.floors}层结构封顶，按计划完成"
    cause = random.choice(("雨季影响", "材料到货推迟", "劳务组织不足", "图纸变更", "环保停工"))
    return f"因{cause}推迟{late}天完成"


def records(whole: Places, project: Project) -> Iterator[Record]:
    """Yields the project's registers by kind; what lies after today is left out."""
    random = Random(f"{whole.seed}:records:{project.key}")
    ordinals: dict[str, int] = {}
    for kind, title, party, number, amount, since, until, note in _entries(random, project):
        if since > whole.today:
            continue
        ordinals[kind] = ordinals.get(kind, 0) + 1
        state = "已完成" if until is not None and until <= whole.today else "进行中"
        yield Record(project.key, kind, ordinals[kind], title, party, number, amount, since, until, state, note)


_Entry = tuple[str, str, str, str, Decimal | None, date, date | None, str]


def _entries(random: Random, project: Project) -> Iterator[_Entry]:
    begun = min(building.started for building in project.buildings)
    ends = max(building.handover for building in project.buildings)
    city = project.city.removesuffix("市")
    worth = project.floor_area * project.price

    def after(days: int) -> date:
        return begun + timedelta(days=days)

    def money(share: float) -> Decimal:
        return (worth * Decimal(f"{share:.5f}") / 10_000).quantize(Decimal(1)) * 10_000

    def code(prefix: str, day: date) -> str:
        return f"{prefix}{day.year}{random.randint(1, 9999):04d}"

    mortgage, supervision, papers, tax, works, checks = (
        RECORD_KINDS[0], RECORD_KINDS[3], RECORD_KINDS[1], RECORD_KINDS[6], RECORD_KINDS[5], RECORD_KINDS[7],
    )  # fmt: skip
    bank = random.choice(("工商银行", "建设银行", "农业银行", "中国银行", "招商银行", "兴业银行")) + f"{city}分行"
    pledged = after(-random.randint(40, 90))
    yield (mortgage, "开发贷款土地使用权抵押", bank, code("抵", pledged), money(0.16), pledged,
           ends - timedelta(days=90), "随销售回款分期解押，预售楼栋须先解押")  # fmt: skip
    yield (mortgage, "在建工程抵押", bank, code("在抵", after(220)), money(0.06), after(220),
           ends - timedelta(days=120), "仅抵押未预售房源")  # fmt: skip
    for title, party, days in (
        ("企业投资项目备案通知书", f"{city}市发展和改革委员会", -260),
        ("环境影响登记表备案回执", f"{city}市生态环境局", -170),
        ("施工图审查合格书", "省建设工程施工图审查中心", -45),
        ("人防工程建设批复", f"{city}市人民防空办公室", -60),
        ("前期物业服务招标备案", "区住房和城乡建设局", 150),
    ):
        day = after(days - random.randint(0, 15))
        yield papers, title, party, code("收", day), None, day, day, "原件存工程档案室"
    yield (RECORD_KINDS[2], project.sales_department, f"{project.name}营销部", code("销", after(120)), None, after(120),
           None, f"现场售楼处，{random.randint(9, 22)}名置业顾问，每日9:00-18:00")  # fmt: skip
    rate = Decimal(random.randint(18, 55)) / 10
    yield (RECORD_KINDS[2], "前期物业服务合同", project.property_company, code("物", after(180)), None, after(180),
           None, f"物业服务费{rate}元/平方米·月，车位服务费{random.randint(40, 120)}元/月")  # fmt: skip
    supervisor = f"{city}{random.choice(('正信', '中诚', '华建', '恒基'))}建设监理有限公司"
    yield (supervision, "建设工程监理合同", supervisor, code("监", after(-20)), money(0.004), after(-20), ends,
           f"总监理工程师1名，驻场{random.randint(5, 12)}人")  # fmt: skip
    for month in range(3, 25, random.randint(5, 7)):
        title, note = random.choice(
            (
                ("监理工程师通知单", "楼板厚度抽测偏差，已回复整改"),
                ("监理工程师通知单", "外墙保温拉拔试验补做，复检合格"),
                ("旁站记录", "卫生间防水闭水试验24小时，无渗漏"),
                ("监理例会纪要", "协调门窗与外墙交叉施工顺序"),
            )
        )
        day = after(month * 30)
        yield supervision, title, supervisor, code("监通", day), None, day, day + timedelta(days=7), note
    day = after(-random.randint(420, 600))
    yield (RECORD_KINDS[4], "地块房屋征收补偿", f"{city}市土地储备中心", code("拆", day), money(0.03), day,
           after(-240), f"涉及住户{random.randint(18, 160)}户，净地交付")  # fmt: skip
    for title, days, length, note in (
        ("临时用电与正式供电", 60, 560, "双回路供电，正式电已送"),
        ("市政给水接入", 300, 200, "DN200 环状接入"),
        ("雨污水接入", 420, 160, "雨污分流，取得排水许可"),
        ("燃气庭院管网", 520, 140, "每户一表，点火须业主预约"),
        ("配套幼儿园", 380, 420, f"{random.choice((6, 9, 12))}班，建成移交教育局"),
        ("社区用房与养老用房", 400, 380, "按规划面积移交街道"),
    ):
        cost = money(random.uniform(0.0004, 0.003))
        since, until = after(days), after(days + length)
        yield works, title, "工程管理部", code("配", since), cost, since, until, note
    for title, share, days in (
        ("土地出让契税", 0.0120, -140),
        ("城市基础设施配套费", 0.0045, -30),
        ("土地增值税预缴", 0.0100, 330),
        ("增值税预缴", 0.0150, 360),
        ("城镇土地使用税", 0.0006, 365),
    ):
        day = after(days)
        office = f"{city}市税务局" if "税" in title else "区住房和城乡建设局"
        yield tax, title, office, code("税", day), money(share), day, day, "银行电子缴款，回单存财务部"
    for phase in range(1, project.phases + 1):
        done = max((b.completed or b.handover) for b in project.buildings if b.phase == phase)
        for title, party, days in (
            ("分户验收", "建设、施工、监理三方", 40),
            ("规划核实", f"{city}市规划和自然资源局", 25),
            ("消防验收", "区住房和城乡建设局", 18),
            ("竣工验收", "五方责任主体", 0),
            ("竣工验收备案表", "区建设工程质量监督站", -12),
        ):
            day = done - timedelta(days=days)
            yield checks, f"{phase}期{title}", party, code("验", day), None, day, day, "合格"
