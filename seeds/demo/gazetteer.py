"""The demo group on paper: regions, companies, projects in real cities under invented names, house types, parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

Style = Literal["tower", "high", "slab", "villa"]

GROUP: Final = "澄江控股集团"

REGIONS: Final = (("east", "华东区域"), ("south", "华南区域"), ("central", "华中区域"))

GROUP_DEPARTMENTS: Final = ("客户服务中心", "信息管理部", "法务部", "财务部")
COMPANY_DEPARTMENTS: Final = ("客户服务部", "工程管理部", "设计部", "营销部", "财务部")
PROJECT_DEPARTMENTS: Final = ("项目客服组", "项目工程部")


@dataclass(frozen=True, slots=True)
class Seat:
    """A company of the group and the habits of its city: how buildings, units and rooms are called."""

    key: str
    region: str
    name: str
    legal_name: str
    city: str
    dialling: str
    building_name: str
    unit_name: str
    numbering: str
    skipped: tuple[int, ...]
    address: str


SEATS: Final = (
    Seat("hangzhou", "east", "杭州公司", "杭州澄江置业有限公司", "杭州", "0571", "{n}幢", "{n}单元",
         "{floor}{line:02d}", (4, 14), "杭州市拱墅区霞湾巷88号澄江中心12层"),
    Seat("suzhou", "east", "苏州公司", "苏州澄江房地产开发有限公司", "苏州", "0512", "{n}幢", "{n}单元",
         "{floor:02d}{line:02d}", (4, 14), "苏州市工业园区星湖街328号5幢"),
    Seat("nanjing", "east", "南京公司", "南京澄江置业发展有限公司", "南京", "025", "{n:02d}幢", "{n}单元",
         "{floor}{line:02d}", (), "南京市建邺区江东中路222号9层"),
    Seat("shenzhen", "south", "深圳公司", "深圳澄江地产有限公司", "深圳", "0755", "{n}栋", "{letter}座",
         "{floor}{letter}", (4, 13, 14), "深圳市南山区后海大道1988号21层"),
    Seat("xiamen", "south", "厦门公司", "厦门澄江置业有限公司", "厦门", "0592", "{n}号楼", "{n}单元",
         "{floor:02d}{line:02d}", (4, 14), "厦门市湖里区环岛东路1699号7层"),
    Seat("wuhan", "central", "武汉公司", "武汉澄江房地产有限公司", "武汉", "027", "{n}号楼", "{n}单元",
         "{floor}{line:02d}", (), "武汉市武昌区中北路166号15层"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A project on paper.

    Args:
        weight: its share of the rooms out of 12,000, which makes whole buildings.
        price: the mean price of a square metre in yuan.
        handover: the date its contracts promise; the later phases follow.
        fitted: whether homes are handed over fully fitted.
    """

    key: str
    company: str
    name: str
    area_code: str
    city: str
    place: str
    style: Style
    weight: int
    price: int
    handover: date
    fitted: bool
    property_company: str


def _site(
    key: str, company: str, name: str, code: str, city: str, place: str, style: Style, weight: int, price: int,
    handover: str, fitted: bool, steward: str,
) -> Site:  # fmt: skip
    return Site(
        key, company, name, code, city, place, style, weight, price, date.fromisoformat(handover), fitted, steward
    )


SITES: Final = (
    _site("hushu", "hangzhou", "湖墅观邸", "330100", "杭州市", "拱墅区湖墅南路与霞湾巷交叉口", "tower", 1024, 19_200,
          "2026-12-31", False, "澄江物业服务有限公司"),
    _site("qiantang", "hangzhou", "钱塘云璟", "330100", "杭州市", "钱塘区金沙大道与文渊路交叉口", "high", 1080,
          23_500, "2026-06-30", True, "澄江物业服务有限公司"),
    _site("xixi", "hangzhou", "西溪里", "330100", "杭州市", "西湖区文二西路与花蒋路交叉口", "slab", 390, 46_800,
          "2025-12-31", True, "澄江物业服务有限公司"),
    _site("binjiang", "hangzhou", "滨江府", "330100", "杭州市", "滨江区闻涛路与火炬大道交叉口", "tower", 768, 52_000,
          "2025-06-30", True, "澄江物业服务有限公司"),
    _site("liangzhu", "hangzhou", "良渚拾光", "330100", "杭州市", "余杭区良渚街道古墩路北延段", "slab", 520, 28_600,
          "2027-06-30", False, "澄江物业服务有限公司"),
    _site("jinji", "suzhou", "金鸡湖一号", "320500", "苏州市", "工业园区金鸡湖大道与星港街交叉口", "high", 664, 43_000,
          "2025-09-30", True, "苏州澄湖物业管理有限公司"),
    _site("dushu", "suzhou", "独墅岛", "320500", "苏州市", "工业园区独墅湖大道南侧", "villa", 150, 58_000,
          "2024-12-31", True, "苏州澄湖物业管理有限公司"),
    _site("pingjiang", "suzhou", "平江颂", "320500", "苏州市", "姑苏区平泷路与人民路交叉口", "slab", 450, 31_500,
          "2026-09-30", False, "苏州澄湖物业管理有限公司"),
    _site("shishan", "suzhou", "狮山云境", "320500", "苏州市", "高新区狮山路与塔园路交叉口", "tower", 768, 27_800,
          "2027-03-31", False, "苏州澄湖物业管理有限公司"),
    _site("xuanwu", "nanjing", "玄武锦园", "320100", "南京市", "玄武区板仓街与花园路交叉口", "slab", 390, 36_900,
          "2025-03-31", False, "南京澄江物业服务有限公司"),
    _site("zijin", "nanjing", "紫金书院", "320100", "南京市", "栖霞区仙林大道与学衡路交叉口", "tower", 768, 29_400,
          "2026-03-31", False, "南京澄江物业服务有限公司"),
    _site("jiangxin", "nanjing", "江心洲", "320100", "南京市", "建邺区贤坤路与葡园路交叉口", "high", 664, 33_600,
          "2026-12-20", True, "南京澄江物业服务有限公司"),
    _site("hexi", "nanjing", "河西云庭", "320100", "南京市", "建邺区江山大街与黄河路交叉口", "tower", 640, 41_200,
          "2027-09-30", True, "南京澄江物业服务有限公司"),
    _site("qianhai", "shenzhen", "前海湾畔", "440305", "深圳市", "南山区前湾一路与怡海大道交叉口", "high", 664, 88_000,
          "2026-10-31", True, "深圳澄江物业发展有限公司"),
    _site("xiangmi", "shenzhen", "香蜜湖里", "440300", "深圳市", "福田区香梅路与侨香路交叉口", "slab", 260, 96_000,
          "2025-10-31", True, "深圳澄江物业发展有限公司"),
    _site("tianhe", "shenzhen", "天河云筑", "440106", "广州市", "天河区黄埔大道与员村路交叉口", "high", 664,
          64_000, "2027-01-31", True, "深圳澄江物业发展有限公司"),
    _site("wuyuan", "xiamen", "五缘湾一号", "350200", "厦门市", "湖里区五缘湾道与日圆二里交叉口", "slab", 320, 57_500,
          "2026-05-31", True, "厦门澄江物业服务有限公司"),
    _site("jimei", "xiamen", "集美学村里", "350200", "厦门市", "集美区杏林湾路与诚毅大街交叉口", "tower", 512, 26_300,
          "2026-11-30", False, "厦门澄江物业服务有限公司"),
    _site("donghu", "wuhan", "东湖云邸", "420100", "武汉市", "洪山区欢乐大道与二环线交叉口", "high", 664, 21_700,
          "2026-08-31", False, "武汉澄江物业服务有限公司"),
    _site("xiangjiang", "wuhan", "湘江壹品", "430100", "长沙市", "岳麓区潇湘北路与银杉路交叉口", "tower", 640, 14_900,
          "2025-11-30", False, "武汉澄江物业服务有限公司"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TypeOnPaper:
    """A house type before a project makes it its own; `parts` maps part to square metres of floor."""

    name: str
    rooms: str
    area: Decimal
    parts: tuple[tuple[str, str], ...]


def _type(name: str, rooms: str, area: str, parts: str) -> TypeOnPaper:
    pairs = (part.split(":") for part in parts.split())
    return TypeOnPaper(name, rooms, Decimal(area), tuple((part, size) for part, size in pairs))


TYPES: Final = {
    each.name: each
    for each in (
        _type("A户型", "3室2厅1卫", "89.37",
              "入户玄关:3.2 客厅:17.6 餐厅:8.4 主卧:13.2 次卧1:9.1 书房:6.8 厨房:5.4 客卫:4.2 生活阳台:3.1 "
              "走道:3.0 飘窗:1.2"),
        _type("B户型", "3室2厅2卫", "126.48",
              "入户玄关:4.1 客厅:23.5 餐厅:11.2 主卧:16.8 次卧1:11.4 次卧2:10.2 厨房:7.3 主卫:4.6 客卫:4.4 "
              "景观阳台:7.2 生活阳台:3.4 走道:4.6"),
        _type("C户型", "4室2厅2卫", "143.05",
              "入户玄关:4.8 客厅:26.4 餐厅:12.6 主卧:18.9 次卧1:12.2 次卧2:10.8 书房:8.7 厨房:8.1 主卫:5.6 客卫:4.7 "
              "景观阳台:8.6 生活阳台:3.6 走道:5.2 衣帽间:4.0"),
        _type("D户型", "3室2厅1卫", "98.60",
              "入户玄关:3.4 客厅:19.2 餐厅:9.0 主卧:14.1 次卧1:10.0 书房:7.4 厨房:5.9 客卫:4.5 景观阳台:5.2 走道:3.4"),
        _type("E户型", "3室2厅2卫", "118.26",
              "入户玄关:3.9 客厅:22.3 餐厅:10.4 主卧:15.9 次卧1:10.8 次卧2:9.7 厨房:6.9 主卫:4.5 客卫:4.3 "
              "景观阳台:6.8 走道:4.2"),
        _type("F户型", "4室2厅3卫", "168.90",
              "入户玄关:6.0 客厅:32.0 餐厅:15.2 主卧:21.4 次卧1:14.3 次卧2:12.6 书房:9.8 厨房:9.5 主卫:6.8 客卫:5.0 "
              "景观阳台:10.4 生活阳台:4.2 走道:6.1 衣帽间:6.2"),
        _type("跃层户型", "5室3厅3卫", "205.40",
              "入户玄关:6.4 客厅:38.0 餐厅:16.4 主卧:23.5 次卧1:15.0 次卧2:13.2 书房:12.4 厨房:10.2 主卫:7.2 客卫:5.4 "
              "景观阳台:9.8 露台:22.0 走道:8.8 衣帽间:7.0 储物间:4.2"),
        _type("联排户型", "5室3厅4卫", "238.50",
              "入户玄关:7.2 客厅:42.6 餐厅:18.8 主卧:26.0 次卧1:16.8 次卧2:15.4 书房:13.6 厨房:12.2 主卫:8.4 客卫:6.0 "
              "露台:18.0 花园:46.0 地下室:58.0 走道:10.2 衣帽间:9.0 储物间:6.4 车位:13.2"),
    )
}  # fmt: skip
"""House types by name; those of the first four are the lines of `tests/data/ledger-sample.xlsx`."""
