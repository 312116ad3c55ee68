"""Personal data in the audit is encrypted, whichever way it was written (design 4)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.customer.customer import Customer
from models.kernel import entry
from models.kernel.audit import AuditLog
from models.kernel.bulk import insert_rows, update_rows
from models.kernel.clock import frozen
from models.kernel.secret import cipher
from models.kernel.session import act
from tests.databases import BOTH
from tests.world import NOW, World

NUMBER, MOBILE = "110101199003074258", "13900001111"


def _add(session: Session, world: World) -> int:
    values = {"node_id": world.nodes["hangzhou"][0], "name": "孙一", "cert_no": NUMBER, "mobile": MOBILE}
    return entry.add(session, Customer, values).id


def _change(session: Session, world: World) -> int:
    key = world.id("customer", "chen")
    entry.change(session, session.get_one(Customer, key), {"cert_no": NUMBER, "mobile": MOBILE}, None)
    return key


def _set(session: Session, world: World) -> int:
    row: Any = session.get_one(Customer, world.id("customer", "chen"))
    row.cert_no, row.mobile = NUMBER, MOBILE
    session.flush()
    return int(row.id)


def _bulk_add(session: Session, world: World) -> int:
    values = {"node_id": world.nodes["hangzhou"][0], "name": "孙一", "cert_no": NUMBER, "mobile": MOBILE}
    return insert_rows(session, Customer, [values])[0]


def _bulk_change(session: Session, world: World) -> int:
    key = world.id("customer", "chen")
    row = session.get_one(Customer, key)
    update_rows(session, Customer, [(key, {"cert_no": (row.cert_no, NUMBER), "mobile": (row.mobile, MOBILE)})])
    return key


@pytest.mark.parametrize("backend", BOTH)
@pytest.mark.parametrize("way", [_add, _change, _set, _bulk_add, _bulk_change])
def test_what_was_written_stands_encrypted(session: Session, world: World, way: Any) -> None:
    act(session, world.actor("service_manager"), frozen(NOW))
    key = way(session, world)
    session.commit()
    lines = session.scalars(
        select(AuditLog.changes).where(AuditLog.table_name == "customer", AuditLog.row_id == key).order_by(AuditLog.id)
    ).all()
    assert NUMBER not in lines[-1] and MOBILE not in lines[-1]
    written = json.loads(lines[-1])
    assert cipher().decrypt(written["cert_no"][1]["masked"]) == NUMBER
    assert cipher().decrypt(written["mobile"][1]["masked"]) == MOBILE
    session.expire_all()
    row = session.get_one(Customer, key)
    assert (row.mobile.plain(), str(row.mobile)) == (MOBILE, "139****1111")
