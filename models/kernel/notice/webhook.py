"""Addresses of other systems that are told of events in a part of the tree (Webhook 推送)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.columns import flag, masked, prose, text
from models.kernel.node import Node
from models.kernel.notice.event import EVENTS
from models.kernel.notice.outward import address_fault
from models.kernel.owned import by_node
from models.kernel.refusal import Refusal
from models.kernel.screen import Screen, section
from models.kernel.secret import MaskedValue
from models.kernel.table import Table
from models.kernel.words import _

_BETWEEN = re.compile(r"[\s,，、;；]+")
SHORTEST_SECRET = 8


class Webhook(Table):
    """An address that is sent the events of its place and below, signed with its secret."""

    area_name = "system"
    owned = by_node(label=_("Events of", "事件范围"))
    screen = Screen(
        label=_("Webhook", "Webhook"),
        plural=_("Webhooks", "Webhook 推送"),
        icon="webhook",
        key=("node_id", "address"),
        title=("address",),
        listed=("address", "node", "active", "events", "changed_at"),
        searched=("address",),
        sections=(
            section(_("Webhook", "Webhook 推送"), "node_id", "address", "secret", "active", "events", "remark"),
        ),
        noted=_(
            "Other systems hear of events here: a signed POST for each, tried again when it fails.",
            "将事件推送给其他系统：每个事件发送一次带签名的 POST 请求，失败后自动重试。",
        ),
    )  # fmt: skip

    address: Mapped[str] = text(
        _("Address", "推送地址"), 300, hint=_("https://…, reachable from this server.", "https:// 开头，服务器可访问。")
    )
    secret: Mapped[MaskedValue | None] = masked(
        _("Secret", "签名密钥"),
        "secret",
        hint=_(
            "Left empty, one is made. The receiver checks the signature with it.",
            "留空则自动生成，接收方用它校验签名。",
        ),
    )
    active: Mapped[bool] = flag(_("On", "启用"), default=True)
    events: Mapped[str | None] = prose(
        _("Events", "事件"),
        hint=_(
            "Names such as grant.given, one a line. Empty means all.", "事件名，如 grant.given，每行一个；留空为全部。"
        ),
    )
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def derive(self, session: Session, actor: Actor) -> None:
        """Makes a secret where none was given, and writes the names of events one a line."""
        if not self.secret:
            self.secret = MaskedValue.of("secret", secrets.token_urlsafe(32))
        self.address = (self.address or "").strip()
        self.events = "\n".join(self.wanted()) or None

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """The address must be one that is called at all; events must exist; a secret must be worth its name."""
        said = address_fault(self.address)
        if said is not None:
            yield Refusal(said, "address", code="address")
        strange = [name for name in self.wanted() if name not in EVENTS]
        if strange:
            yield Refusal(
                _("There is no event {names}. There are: {known}.", "没有事件 {names}。可用的事件：{known}。").fill(
                    names=", ".join(strange), known=", ".join(sorted(EVENTS))
                ),
                "events",
                code="unknown_event",
            )
        plain = self.secret.plain() if isinstance(self.secret, MaskedValue) else str(self.secret or "")
        if len(plain) < SHORTEST_SECRET:
            yield Refusal(
                _("A secret has at least {n} characters.", "签名密钥至少 {n} 个字符。").fill(n=SHORTEST_SECRET),
                "secret",
                code="short",
            )

    def wanted(self) -> list[str]:
        """Returns the names of the events that are sent; empty means all."""
        return list(dict.fromkeys(filter(None, _BETWEEN.split(self.events or ""))))


def wants(session: Session, event: str) -> list[Any]:
    """Returns the webhooks (id, address, node_id, path of their place) that are on and want an event, wherever they are."""
    hooks, nodes = Webhook.__table__.c, Node.__table__.c
    rows = session.execute(
        select(hooks.id, hooks.address, hooks.node_id, hooks.events, nodes.path)
        .join(Node.__table__, nodes.id == hooks.node_id)
        .where(hooks.active, hooks.deleted_at.is_(None), nodes.deleted_at.is_(None))
        .order_by(hooks.id)
    )
    return [row for row in rows if not row.events or event in row.events.split("\n")]
