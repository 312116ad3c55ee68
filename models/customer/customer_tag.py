"""Tags of a customer (标签), by hand or by a rule."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from models.kernel import Options, Screen, Table, _, choice, link, ref, section, text


class TagSource(Options):
    """Who put the tag on."""

    MANUAL = "manual", _("By hand", "手工")
    RULE = "rule", _("By rule", "规则")
    IMPORT = "import", _("Import", "导入")


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
        searched=("tag",),
        sections=(section(_("Tag", "标签"), "customer_id", "tag", "source"),),
        menu=False,
    )

    customer_id: Mapped[int] = ref("customer", _("Customer", "客户"))
    tag: Mapped[str] = text(_("Tag", "标签"), 40)
    source: Mapped[str] = choice(_("Source", "来源"), TagSource, default=TagSource.MANUAL)
