"""Tags of a customer (标签), by hand or by a rule."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Options, Screen, Table, _, choice, first, link, option, option_list, ref, section


class TagSource(Options):
    """Who put the tag on."""

    MANUAL = "manual", _("By hand", "手工")
    RULE = "rule", _("By rule", "规则")
    IMPORT = "import", _("Import", "导入")


TAGS = option_list(
    "customer_tag",
    _("Customer tag", "客户标签"),
    first("first_home", _("First home", "首次置业")),
    first("upgrade", _("Better home", "改善置业")),
    first("investor", _("Investor", "投资置业")),
    first("referral", _("Brought by an owner", "老带新")),
    first("mortgage", _("Mortgage", "按揭客户")),
    first("elderly", _("Elderly at home", "有老人同住")),
    first("pupils", _("Pupils at home", "有学龄儿童")),
    first("elsewhere", _("Lives elsewhere", "异地业主")),
    first("sensitive", _("Complaint-prone", "投诉敏感"), "red", overridable=False),
    first("opinion", _("Opinion leader", "意见领袖"), "purple"),
    first("holidays", _("Reach on holidays", "节假日方便联系")),
    first("company", _("Company owner", "企业业主")),
)
"""Groups of customers; administrators keep the list."""


class CustomerTag(Table):
    """A word that puts a customer in a group."""

    owned = link("customer_id")
    screen = Screen(
        label=_("Tag", "标签"),
        plural=_("Customer tags", "客户标签"),
        icon="tag",
        key=("customer_id", "tag"),
        title=("tag",),
        listed=("customer", "tag", "source", "created_at"),
        sections=(section(_("Tag", "标签"), "customer_id", "tag", "source"),),
        menu=False,
    )

    customer_id: Mapped[int] = ref("customer", _("Customer", "客户"))
    tag: Mapped[str] = option(_("Tag", "标签"), TAGS)
    source: Mapped[str] = choice(_("Source", "来源"), TagSource, default=TagSource.MANUAL)
