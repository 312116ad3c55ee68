"""The other defaults a new console begins with, from domain_facts: warranty terms, time limits, calendars, steps, registers."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

REGULATION: Final = "《建设工程质量管理条例》(2019) 第40条"
OLD_RULE: Final = "《商品住宅实行住宅质量保证书和住宅使用说明书制度的规定》(1998) 第5条"
ZHEJIANG: Final = "《浙江省实施〈中华人民共和国消费者权益保护法〉办法》(2017) 第19—21条"

WARRANTY: Final[tuple[dict[str, Any], ...]] = (
    {"code": "structure", "name": "地基基础和主体结构", "months": 600, "shown": "合理使用年限", "law_ref": REGULATION},
    {"code": "roof", "name": "屋面防水", "months": 60, "law_ref": REGULATION},
    {"code": "outer_wall", "name": "外墙面防渗漏", "months": 60, "law_ref": REGULATION},
    {"code": "wet_room", "name": "厨房、卫生间防渗漏", "months": 60, "law_ref": REGULATION},
    {"code": "basement", "name": "地下室防渗漏", "months": 60, "law_ref": REGULATION},
    {"code": "heating", "name": "供热与供冷系统", "months": 24, "seasons": 2, "law_ref": REGULATION},
    {"code": "electric", "name": "电气管线", "months": 24, "law_ref": REGULATION},
    {"code": "plumbing", "name": "给排水管道", "months": 24, "law_ref": REGULATION},
    {"code": "equipment", "name": "设备安装", "months": 24, "law_ref": REGULATION},
    {"code": "fitting", "name": "装修工程", "months": 24, "law_ref": REGULATION},
    {"code": "plaster", "name": "墙面、顶棚抹灰", "months": 24, "law_ref": REGULATION},
    {"code": "floor", "name": "地面空鼓、开裂、起砂", "months": 24, "law_ref": REGULATION},
    {"code": "door_window", "name": "门窗翘裂、五金件", "months": 24, "law_ref": REGULATION},
    {"code": "blockage", "name": "管道堵塞", "months": 2, "law_ref": OLD_RULE},
    {"code": "sanitary", "name": "卫生洁具", "months": 12, "law_ref": OLD_RULE},
    {"code": "lamp", "name": "灯具、电器开关", "months": 6, "law_ref": OLD_RULE},
    {"code": "lift", "name": "电梯", "months": 24, "law_ref": "《宁波市电梯安全条例》第16条（参照）"},
    {"code": "garden", "name": "园林绿化", "months": 12, "law_ref": None},
)
"""The national template (domain_facts 1.2)."""

ZHEJIANG_WARRANTY: Final = (
    ("roof", "屋面防水", 96),
    ("outer_wall", "外墙面防渗漏", 96),
    ("wet_room", "厨房、卫生间防渗漏", 96),
    ("basement", "地下室防渗漏", 96),
    ("hidden_lines", "隐蔽工程管线（全装修）", 96),
)
"""What Zhejiang sets instead (area 33)."""

LAW_DAYS: Final = {REGULATION: date(2019, 4, 23), OLD_RULE: date(1998, 9, 1), ZHEJIANG: date(2017, 5, 1)}

LIMITS: Final[tuple[tuple[str, str | None, str | None, str | None, int, str, str], ...]] = (
    ("accept", None, None, None, 30, "natural", "受理 0.5 小时"),
    ("contact", None, None, None, 24 * 60, "natural", "S03：报修后 24 小时内联系"),
    ("contact", None, "urgent", None, 30, "natural", "S03：紧急立即到场，按 30 分钟计"),
    ("inspect", None, None, None, 24 * 60, "natural", "S02：通知后 1 天内领取查验单"),
    ("plan", None, None, None, 72 * 60, "natural", "方案 72 小时"),
    ("done", None, None, None, 168 * 60, "natural", "一般维修 168 小时"),
    ("done", None, None, "防水渗漏", 72 * 60, "natural", "渗漏 72 小时"),
    ("done", None, "urgent", None, 4 * 60, "natural", "紧急 4 小时"),
    ("done", "complaint", None, None, 3 * 8 * 60, "working", "一般投诉 3 个工作日"),
    ("done", "complaint", "serious", None, 7 * 8 * 60, "working", "复杂投诉 7 个工作日"),
    ("close", None, None, None, 48 * 60, "natural", "完成后 48 小时内确认关闭"),
    ("call_back", None, None, None, 72 * 60, "natural", "关闭后 72 小时内回访"),
)
"""Clock, kind of work, level, category, minutes, how counted, basis (domain_facts 8; R12-R15)."""

HOLIDAYS: Final[dict[int, tuple[tuple[str, str, str], ...]]] = {
    2025: (
        ("元旦", "01-01", "01-01"),
        ("春节", "01-28", "02-04"),
        ("清明节", "04-04", "04-06"),
        ("劳动节", "05-01", "05-05"),
        ("端午节", "05-31", "06-02"),
        ("国庆节、中秋节", "10-01", "10-08"),
    ),
    2026: (
        ("元旦", "01-01", "01-03"),
        ("春节", "02-15", "02-23"),
        ("清明节", "04-04", "04-06"),
        ("劳动节", "05-01", "05-05"),
        ("端午节", "06-19", "06-21"),
        ("中秋节", "09-25", "09-27"),
        ("国庆节", "10-01", "10-07"),
    ),
}
SWAPPED: Final[dict[int, tuple[tuple[str, str], ...]]] = {
    2025: (
        ("春节调休", "01-26"),
        ("春节调休", "02-08"),
        ("劳动节调休", "04-27"),
        ("国庆节、中秋节调休", "09-28"),
        ("国庆节、中秋节调休", "10-11"),
    ),
    2026: (
        ("元旦调休", "01-04"),
        ("春节调休", "02-14"),
        ("春节调休", "02-28"),
        ("劳动节调休", "05-09"),
        ("国庆节调休", "09-20"),
        ("国庆节调休", "10-10"),
    ),
}
"""As the State Council published them for each year."""

HANDOVER_STEPS: Final = (
    "签到", "身份与资料核验", "费用缴清", "签署文件", "陪同验房", "领取钥匙和资料", "满意度评价",
)  # fmt: skip
"""domain_facts 4.4."""

FROM_CUSTOMER: Final[tuple[tuple[str, bool], ...]] = (
    ("入伙通知书", True), ("身份证原件及复印件", True), ("购房合同", True), ("付款凭证/发票", True), ("按揭合同", False),
    ("授权委托书及代理人身份证", False), ("户口本/结婚证", False), ("营业执照", False), ("照片", False),
    ("入伙手续流程单", True), ("业主（临时）管理规约承诺书", True), ("前期物业服务协议", True), ("房屋验收交付单", True),
    ("钥匙签收单", True), ("装修管理协议", False), ("消防责任书", True), ("资料签收表", True),
)  # fmt: skip
TO_CUSTOMER: Final[tuple[tuple[str, bool], ...]] = (
    ("住宅质量保证书", True), ("住宅使用说明书", True), ("面积测绘文件（实测）", True), ("竣工验收备案表复印件", True),
    ("分户验收表", True), ("承接查验材料", False), ("共有配套清单", False), ("空气质量检测报告（全装修）", False),
    ("隐蔽工程管线资料（全装修）", False), ("水电气卡", True), ("钥匙", True), ("业主手册", True), ("临时管理规约", True),
    ("发票", True),
)  # fmt: skip
"""domain_facts 4.2; those that everybody needs are required."""

TITLE_STEPS: Final[tuple[tuple[str, int | None], ...]] = (
    ("大确权完成", None), ("测绘报告", None), ("面积补差结清", None), ("契税完税", None), ("维修资金缴存", None),
    ("收齐资料", None), ("网签备案核对", None), ("递件", None), ("受理回执", None), ("出证", 30), ("通知", None),
    ("领取", None),
)  # fmt: skip
"""domain_facts 5; the registry has 30 working days from acceptance."""

KEY_NODES: Final[tuple[tuple[str, str, str, int | None, str], ...]] = (
    ("预售前综合风险评估", "预售前风险", "presale", 900, "评估报告"),
    ("项目事务部销售公示资料评审", "销售公示", "presale", 880, "评审表"),
    ("对外宣传资料评审", "对外宣传", "presale", 870, "评审表"),
    ("销售说辞评审", "销售说辞", "presale", 860, "评审表"),
    ("示范单位展示评审", "示范单位", "presale", 840, "评审表"),
    ("认购书条款评审", "认购书", "sales", 830, "评审表"),
    ("合同附图评审", "合同附图", "sales", 810, "评审表"),
    ("销售合同评审", "销售合同", "sales", 800, "评审表、会议纪要"),
    ("销售合同设计变更评审", "设计变更", "sales", 540, "评审表"),
    ("施工样板评审", "施工样板", "building", 420, "评审表"),
    ("交房评审", "交房", "handover", 120, "评审表、会议纪要"),
    ("房地产（住宅）质量保证书评审", "质量保证书", "handover", 90, "评审表"),
    ("房地产（住宅）使用说明书评审", "使用说明书", "handover", 90, "评审表"),
    ("物业管理公司提交业主资料评审", "物业资料", "handover", 60, "评审表"),
    ("项目事务入伙公示资料评审", "入伙公示", "handover", 45, "评审表"),
)
"""S02 ch. 3: name, short name, phase, days before the contract handover date, files."""

CITIES: Final = (
    ("110000", "北京", "北京", "010"), ("310000", "上海", "上海", "021"), ("500000", "重庆", "重庆", "023"),
    ("440300", "深圳", "广东", "0755"), ("440100", "广州", "广东", "020"), ("330100", "杭州", "浙江", "0571"),
    ("320100", "南京", "江苏", "025"), ("320500", "苏州", "江苏", "0512"), ("350200", "厦门", "福建", "0592"),
    ("360100", "南昌", "江西", "0791"), ("370100", "济南", "山东", "0531"), ("370200", "青岛", "山东", "0532"),
    ("420100", "武汉", "湖北", "027"), ("430100", "长沙", "湖南", "0731"), ("510100", "成都", "四川", "028"),
    ("210200", "大连", "辽宁", "0411"),
)  # fmt: skip

BANKS: Final = (
    ("ICBC", "中国工商银行"), ("ABC", "中国农业银行"), ("BOC", "中国银行"), ("CCB", "中国建设银行"), ("BOCOM", "交通银行"),
    ("PSBC", "中国邮政储蓄银行"), ("CMB", "招商银行"), ("CIB", "兴业银行"), ("SPDB", "上海浦东发展银行"),
    ("CITIC", "中信银行"), ("CEB", "中国光大银行"), ("CMBC", "中国民生银行"), ("PAB", "平安银行"), ("HPF", "住房公积金管理中心"),
)  # fmt: skip

QUESTIONNAIRES: Final[tuple[tuple[str, str, str, tuple[tuple[str, str, str | None], ...]], ...]] = (
    (
        "handover",
        "交付满意度问卷",
        "handover",
        (
            ("您对交付现场的接待与引导是否满意？", "five", "empathy"),
            ("您对办理手续的效率是否满意？", "five", "response"),
            ("您对陪同验房人员的专业程度是否满意？", "five", "competence"),
            ("您对房屋质量是否满意？", "five", "reliability"),
            ("您对小区环境与公共区域是否满意？", "five", "tangibles"),
            ("您有多大可能向亲友推荐我们的项目？", "nps", None),
            ("您还有什么意见或建议？", "text", None),
        ),
    ),
    (
        "repair",
        "维修回访问卷",
        "repair",
        (
            ("您对响应速度是否满意？", "five", "response"),
            ("您对维修人员的服务是否满意？", "five", "empathy"),
            ("您对维修质量是否满意？", "five", "reliability"),
            ("问题是否已彻底解决？", "one", None),
            ("您还有什么意见或建议？", "text", None),
        ),
    ),
    (
        "complaint",
        "投诉回访问卷",
        "complaint",
        (
            ("您对投诉处理的及时性是否满意？", "five", "response"),
            ("您对处理人员的态度是否满意？", "five", "empathy"),
            ("您对处理结果是否满意？", "five", "reliability"),
            ("您还有什么意见或建议？", "text", None),
        ),
    ),
)
