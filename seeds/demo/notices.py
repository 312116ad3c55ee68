"""What the people of the demo company were told: their roles, in their mailboxes; and how notices are set up there."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.bulk import insert_rows
from models.kernel.grant import GIVEN, Grant
from models.kernel.notice.event import Channel, Language
from models.kernel.notice.log import DeliveryState, NotifyLog
from models.kernel.notice.mailbox import Mailbox
from models.kernel.notice.preference import NotifyPreference, NotifySetting
from models.kernel.notice.template import NotifyTemplate, own_words
from models.kernel.notice.webhook import Webhook
from models.kernel.notice.wordings import worded
from models.kernel.roles import ROLES
from models.kernel.secret import MaskedValue
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.system.user_profile import UserProfile
from seeds.demo.staff import ACCOUNTS, Nodes

_QUIET: Final = ("project_leader", "company_leader", "group_leader")
"""Who wants no mail at night."""


def notices(session: Session, nodes: Nodes) -> dict[str, int]:
    """Writes messages, settings, a template, a webhook that is off, and the delivery log. Returns rows by table."""
    now = clock_of(session)()
    people = {one.login: one for one in session.scalars(select(UserProfile).where(UserProfile.login.in_(ACCOUNTS)))}
    words = own_words(GIVEN, "zh")
    box: list[dict[str, Any]] = []
    log: list[dict[str, Any]] = []
    for login in ACCOUNTS:
        one = people[login]
        for grant in session.scalars(select(Grant).where(Grant.profile_id == one.id).order_by(Grant.id)):
            role = ROLES[grant.role].words.zh
            values = {
                "role": role,
                "place": grant.node.name,
                "until": "长期",
                "actor": "系统",
                "record": "",
                "when": "",
            }
            said = worded(words, values)
            box.append({"user_id": one.user_id, "title": said.subject, "body": said.body, "event": GIVEN.name})
            token = hashlib.sha256(f"{login} {grant.role} {grant.node_id}".encode()).hexdigest()[:32]
            log.append(
                {
                    "node_id": one.node_id,
                    "event": GIVEN.name,
                    "channel": Channel.MAILBOX.value,
                    "recipient": one.name,
                    "state": DeliveryState.SENT.value,
                    "tries": 1,
                    "sent_at": now,
                    "token": token,
                    "user_id": one.user_id,
                }
            )
    quiet = [
        {"user_id": people[login].user_id, "language": "zh", "quiet_from": "21:30", "quiet_until": "07:30"}
        for login in _QUIET
    ]
    wish = {"user_id": people["project_clerk"].user_id, "event": GIVEN.name, "channel": "mail", "wanted": False}
    here = nodes["company", "hangzhou"]
    template = {
        "node_id": here,
        "event": GIVEN.name,
        "channel": Channel.MAIL.value,
        "language": Language.ZH.value,
        "enabled": True,
        "subject": "【杭州公司】您已成为{place}的{role}",
        "body": "您好：\n{actor}授予您“{place}”的“{role}”角色，有效期至{until}。\n如有疑问请联系公司客户服务部。",
    }
    hook = {
        "node_id": here,
        "address": "https://hooks.chengjiang.example/doorbook",
        "secret": MaskedValue.of("secret", "demo-webhook-secret"),
        "active": False,
        "events": GIVEN.name,
        "remark": "对接集团消息平台，联调完成后启用。",
    }
    rows: dict[type[Table], list[dict[str, Any]]] = {
        Mailbox: box, NotifyLog: log, NotifySetting: quiet, NotifyPreference: [wish], NotifyTemplate: [template], Webhook: [hook],
    }  # fmt: skip
    for cls, wanted in rows.items():
        insert_rows(session, cls, wanted, audited=False)
    return {cls.__tablename__: len(wanted) for cls, wanted in rows.items()}
