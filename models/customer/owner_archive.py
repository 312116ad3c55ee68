"""The owner's archive (业主档案, S06): which paper of which home lies where."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped

from models.kernel import Options, Screen, Table, _, choice, day, integer, ref, section, text, through


class DocumentKind(Options):
    """Papers kept for a home."""

    IDENTITY = "identity", _("Identity papers", "身份证明")
    CONTRACT = "contract", _("Purchase contract", "购房合同")
    PAYMENT = "payment", _("Payment receipts", "付款凭证")
    MORTGAGE = "mortgage", _("Mortgage contract", "按揭合同")
    HANDOVER = "handover", _("Handover papers", "交付资料")
    POWER = "power", _("Power of attorney", "授权委托书")
    DECORATION = "decoration", _("Decoration agreement", "装修管理协议")
    OTHER = "other", _("Other", "其他")


class OwnerArchive(Table):
    """A paper in the archive of a home."""

    owned = through("room_id")
    screen = Screen(
        label=_("Archive entry", "业主档案"),
        plural=_("Owner archives", "业主档案"),
        icon="archive",
        key=("room_id", "archive_no"),
        title=("archive_no",),
        listed=("project", "room", "archive_no", "kind", "received_on", "copies", "place", "keeper"),
        searched=("archive_no",),
        sections=(
            section(
                _("Archive", "档案"),
                "room_id",
                "customer_id",
                "archive_no",
                "kind",
                "received_on",
                "copies",
                "place",
                "keeper",
                "remark",
            ),
        ),
    )

    room_id: Mapped[int] = ref("room", _("Room", "房间"))
    customer_id: Mapped[int | None] = ref("customer", _("Customer", "业主"))
    archive_no: Mapped[str] = text(_("Archive number", "档案编号"), 40)
    kind: Mapped[str] = choice(_("Paper", "资料类别"), DocumentKind)
    received_on: Mapped[date | None] = day(_("Received on", "接收日期"))
    copies: Mapped[int | None] = integer(_("Copies", "份数"))
    place: Mapped[str | None] = text(_("Kept at", "存放位置"), 100)
    keeper: Mapped[str | None] = text(_("Keeper", "保管人"), 40)
    remark: Mapped[str | None] = text(_("Remarks", "备注"), 200)
