"""What the demo company's papers call a thing -> the code the tables keep."""

from __future__ import annotations

from typing import Final

from models.customer.customer import CertificateKind, CustomerKind, Gender, Level
from models.customer.customer_contact import Relation
from models.customer.customer_tag import TagSource
from models.customer.owner_archive import DocumentKind
from models.customer.ownership import Use
from models.kernel.option_list import LISTS
from models.property.building_progress import Stage
from models.property.project_permit import PermitKind
from models.property.room import HandoverState, SaleState, TitleState
from seeds.demo import remarks
from seeds.demo.papers import PERMIT_KINDS

SALE: Final = {
    "待售": SaleState.FOR_SALE.value,
    "保留": SaleState.HELD.value,
    "认购": SaleState.SUBSCRIBED.value,
    "签约": SaleState.SIGNED.value,
}

HANDOVER: Final = {
    "未通知": HandoverState.NOT_NOTIFIED.value,
    "已通知": HandoverState.NOTIFIED.value,
    "先接收须调整": HandoverState.ACCEPTED_WITH_DEFECTS.value,
    "拒绝接收": HandoverState.REFUSED.value,
    "待定": HandoverState.PENDING.value,
    "手续完成": HandoverState.ACCEPTED.value,
}

TITLE: Final = {state.words.zh: state.value for state in TitleState}

FIELD: Final = {"sale_status": ("sale_state", SALE)}
"""Of a change: the column it is a change of, and the codes of its values."""

KIND: Final = {"个人": CustomerKind.PERSON.value, "企业": CustomerKind.COMPANY.value}

CERTIFICATE: Final = {
    "身份证": CertificateKind.CITIZEN.value,
    "统一社会信用代码": CertificateKind.CREDIT_CODE.value,
}

GENDER: Final = {None: None, "男": Gender.MALE.value, "女": Gender.FEMALE.value}

LEVEL: Final = {"普通": Level.NORMAL.value, "重要": Level.IMPORTANT.value, "VIP": Level.VIP.value}

SENSITIVE: Final = "投诉敏感"
"""The tag that makes its customer one to be handled with care."""

RELATION: Final = {
    "父亲": Relation.PARENT.value,
    "母亲": Relation.PARENT.value,
    "配偶": Relation.SPOUSE.value,
    "儿子": Relation.CHILD.value,
    "女儿": Relation.CHILD.value,
    "朋友": Relation.OTHER.value,
    "经办人": Relation.STAFF.value,
}

TAG: Final = {item.words.zh: item.code for item in LISTS["customer_tag"].first}

TAG_SOURCE: Final = {"系统": TagSource.RULE.value, "人工": TagSource.MANUAL.value}

USE: Final = {"自住": Use.LIVES.value, "投资": Use.INVESTS.value, "租赁": Use.LETS.value}

DOCUMENT: Final = {
    **dict.fromkeys(remarks.PAPERS_AT_HANDOVER, DocumentKind.HANDOVER.value),
    "身份证复印件": DocumentKind.IDENTITY.value,
    "商品房买卖合同": DocumentKind.CONTRACT.value,
    "付款凭证": DocumentKind.PAYMENT.value,
    "装修管理协议": DocumentKind.DECORATION.value,
    "授权委托书": DocumentKind.POWER.value,
}

PURPOSE: Final = {
    "工程进度通报": "care",
    "工地开放日邀约": "handover",
    "交付前关怀": "handover",
    "按揭进度沟通": "other",
    "合同条款说明": "other",
    "产权办理说明": "other",
    "节日问候": "care",
    "交付后回访": "care",
    "入住关怀": "care",
    "维修后回访": "complaint",
    "满意度访谈": "survey",
}

PERMIT: Final = dict(zip(PERMIT_KINDS, (kind.value for kind in PermitKind), strict=True))

STAGE: Final = {
    "桩基与基坑": Stage.FOUNDATION.value,
    "地下室结构": Stage.FOUNDATION.value,
    "主体结构": Stage.STRUCTURE.value,
    "主体封顶": Stage.TOPPED_OUT.value,
    "二次结构与砌筑": Stage.FITTING.value,
    "外墙与门窗": Stage.FITTING.value,
    "机电安装": Stage.FITTING.value,
    "装修与公区": Stage.FITTING.value,
    "园林与市政": Stage.SITE_WORKS.value,
    "竣工验收": Stage.ACCEPTED.value,
}
