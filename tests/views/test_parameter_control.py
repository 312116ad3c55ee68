"""Where the group says that parameters change by sheet only, nothing else changes them: no form, import, bulk change, REST."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel import bulk_change
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen, utc_now
from models.kernel.dict_item import DictItem
from models.kernel.parameter_control import ParameterControl
from models.kernel.registry import tables
from models.kernel.session import act
from models.parameter.parameter_sheet import ParameterSheet, ParameterSheetLine, content_of
from models.parameter.registers import Bank
from seeds.reference import numbers, options, parameters
from tests.console import Console
from tests.views.test_import import csv, imported
from tests.world import NOW, World

BANK = {"code": "HZB", "name": "杭州银行", "lends": "y", "enabled": "y", "overridable": "y", "sort": "9"}
SENTENCE = "只能凭审批通过的参数申请单调整"


@pytest.fixture
def locked(session: Session, world: World) -> Session:
    """The reference at the group; a bank of the company Hangzhou's own, whose parameters then change by sheet only."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    options.seed(session)
    numbers.seed(session)
    here = world.nodes["hangzhou"][0]
    session.add(Bank(node_id=here, code="OWN", name="本地银行"))
    session.add(
        DictItem(
            node_id=here, dict_code="visit_purpose", code="tea", label_zh="茶叙", label_en="Tea", from_day=NOW.date()
        )
    )
    session.add(ParameterControl(node_id=here, by_sheet=True, from_day=NOW.date()))
    session.commit()
    return act(session, SYSTEM, utc_now)


def bank(session: Session, code: str) -> Any:
    session.rollback()
    found = session.scalars(select(Bank).where(Bank.code == code)).all()
    session.expunge_all()  # as they were read: looking at them opens no transaction
    session.rollback()
    return found[0] if found else None


def test_no_form_writes_a_locked_parameter_and_the_refusal_leads_to_the_sheet(
    app: Flask, locked: Session, world: World
) -> None:
    admin, here = Console(app, "regional_admin", "zh"), world.nodes["hangzhou"][0]
    answer = admin.send("/bank/add", node_id=here, **BANK)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and SENTENCE in page and "/parameter_sheet/add" in page and "杭州银行" in page
    own = bank(locked, "OWN")
    answer = admin.send(f"/bank/edit/{own.id}", node_id=here, _version="1", **{**BANK, "code": "OWN"})
    assert answer.status_code == 409 and SENTENCE in answer.get_data(as_text=True)
    moved = admin.send(f"/bank/edit/{own.id}", node_id=world.nodes["east"][0], _version="1", **{**BANK, "code": "OWN"})
    assert moved.status_code == 409  # nor does it leave for a place above
    admin.send(f"/bank/delete/{own.id}", _version="1")
    assert bank(locked, "OWN").name == "本地银行" and bank(locked, "HZB") is None
    icbc = bank(locked, "ICBC")
    admin.send(f"/parameters/bank/{icbc.id}", node=here, off="1")
    assert not [row for row in locked.scalars(select(Bank)) if row.node_id == here and row.code == "ICBC"]
    locked.rollback()
    free = admin.send("/bank/add", node_id=world.nodes["east"][0], **{**BANK, "code": "EAST"})
    assert free.status_code == 302  # the region above is not locked


def test_neither_rest_nor_import_nor_a_change_of_many_nor_a_line_writes_it(
    app: Flask, locked: Session, world: World
) -> None:
    admin, here, own = Console(app, "regional_admin", "zh"), world.nodes["hangzhou"][0], bank(locked, "OWN")
    answers = [
        admin.call("POST", "/api/v1/bank/", json={"node_id": here, "code": "X", "name": "x"}),
        admin.call("PUT", f"/api/v1/bank/{own.id}", json={"name": "x"}, headers={"If-Match": '"1"'}),
        admin.call("DELETE", f"/api/v1/bank/{own.id}", headers={"If-Match": '"1"'}),
    ]
    assert [answer.status_code for answer in answers] == [409] * 3
    assert [answer.get_json()["code"] for answer in answers] == ["by_sheet"] * 3
    assert answers[0].get_json()["url"] == "/parameter_sheet/add"
    line = admin.send(f"/bank/line/{own.id}?_cols=name&_parent=node_id&node_id={here}", _version="1", name="x")
    assert line.status_code in (404, 409)
    page = csv(("编码", "银行名称", "所属单位", "生效日期"), ("OWN", "改名", "杭州公司", "2000-01-01"))
    found = imported(locked, world, "regional_admin", Bank, page, "a.csv")
    assert not found.added and not found.changed and "申请单" in found.faults[0].sentence.zh
    locked.rollback()
    act(locked, world.actor("regional_admin"), utc_now)
    asked = bulk_change.prepare(locked, Bank, [(own.id, 1)], "change", values={"name": "批量"})
    assert bulk_change.apply(locked, Bank, asked, whole=False).refused == 1
    gone = bulk_change.prepare(locked, Bank, [(own.id, 1)], "delete")
    assert bulk_change.apply(locked, Bank, gone, whole=False).refused == 1
    act(locked, SYSTEM, utc_now)
    assert bank(locked, "OWN").name == "本地银行"


def test_pages_offer_the_sheet_and_nothing_else(app: Flask, locked: Session, world: World) -> None:
    admin, here, own = Console(app, "regional_admin", "zh"), world.nodes["hangzhou"][0], bank(locked, "OWN")
    page = admin.get(f"/parameters/bank/?node={here}").get_data(as_text=True)
    assert "仅凭审批通过的申请单调整" in page and "由杭州公司设定" in page and "申请调整" in page
    assert "在此覆盖" not in page and ">停用</button>" not in page and f"/bank/edit/{own.id}" not in page
    record = admin.get(f"/bank/show/{own.id}").get_data(as_text=True)
    assert f"/bank/edit/{own.id}" not in record and f"/parameter_sheets/apply/bank?row={own.id}" in record
    begun = admin.send(f"/parameter_sheets/apply/bank?row={own.id}")
    assert begun.status_code == 303 and "本地银行" in admin.get(begun.location).get_data(as_text=True)
    item = locked.scalars(select(DictItem.id).where(DictItem.code == "tea")).one()
    locked.rollback()
    lists = admin.get(f"/options/?list=visit_purpose&node={here}").get_data(as_text=True)
    assert "申请调整" in lists and f"/dict_item/edit/{item}" not in lists
    above = admin.get(f"/options/?list=visit_purpose&node={world.nodes['east'][0]}").get_data(as_text=True)
    assert "在本单位调整" in above


def test_only_the_group_says_how_parameters_change(app: Flask, locked: Session, world: World) -> None:
    admin, group = Console(app, "regional_admin"), Console(app, "group_admin")
    here, key = world.nodes["hangzhou"][0], locked.scalars(select(ParameterControl.id)).one()
    locked.rollback()
    assert (
        admin.send(f"/parameter_control/edit/{key}", node_id=here, _version="1", from_day="2025-06-02").status_code
        == 403
    )
    assert (
        group.send(f"/parameter_control/edit/{key}", node_id=here, _version="1", from_day="2025-06-02").status_code
        == 302
    )
    assert admin.send("/bank/add", node_id=here, **BANK).status_code == 302
    lake = group.send("/parameter_control/add", node_id=world.nodes["group"][0], by_sheet="y", from_day="2025-06-02")
    assert lake.status_code == 302  # the nearest place holds: the company said otherwise
    assert admin.send("/bank/add", node_id=here, **{**BANK, "code": "H2"}).status_code == 302
    assert admin.send("/bank/add", node_id=world.nodes["east"][0], **{**BANK, "code": "H3"}).status_code == 409


def test_a_sheet_writes_what_is_locked_and_values_of_option_lists_too(locked: Session, world: World) -> None:
    here = world.nodes["hangzhou"][0]
    act(locked, world.actor("regional_admin"), frozen(NOW))
    sheet = ParameterSheet(node_id=here, title="x", from_day=date(2025, 7, 1))
    locked.add(sheet)
    locked.flush()
    for name, said in (
        ("bank", {"code": "OWN", "name": "本地银行更名"}),
        ("dict_item", {"dict_code": "visit_purpose", "code": "tea", "label_zh": "品茗", "label_en": "Fine tea"}),
        ("dict_item", {"dict_code": "customer_tag", "code": "tea", "label_zh": "爱茶", "label_en": "Likes tea"}),
    ):
        if name == "dict_item" and said["dict_code"] not in _lists():
            continue
        locked.add(ParameterSheetLine(sheet_id=sheet.id, table_name=name, content=content_of(said)))
        locked.flush()
    from models.parameter.parameter_sheet import _enter

    _enter(locked, world.actor("regional_admin"), sheet, NOW)
    locked.commit()
    assert {row.from_day: row.name for row in locked.scalars(select(Bank).where(Bank.code == "OWN"))} == {
        date(2000, 1, 1): "本地银行",
        date(2025, 7, 1): "本地银行更名",
    }
    items = locked.scalars(select(DictItem).where(DictItem.code == "tea", DictItem.dict_code == "visit_purpose"))
    assert {(row.from_day, row.label_zh) for row in items} == {(NOW.date(), "茶叙"), (date(2025, 7, 1), "品茗")}


def _lists() -> set[str]:
    from models.kernel.option_list import LISTS

    return set(LISTS)


def test_a_value_says_which_places_below_switched_it_off_or_changed_it(
    app: Flask, session: Session, world: World
) -> None:
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    options.seed(session)
    hz, lake, east = (world.nodes[name][0] for name in ("hangzhou", "lake", "east"))
    session.add_all(
        [
            Bank(node_id=hz, code="ICBC", name="工行杭州", enabled=False),
            Bank(node_id=lake, code="ABC", name="农行湖畔"),
            DictItem(
                node_id=hz, dict_code="visit_purpose", code="care", label_zh="关怀", label_en="Care",
                enabled=False, from_day=date(2025, 1, 1),
            ),
        ]
    )  # fmt: skip
    session.commit()
    admin = Console(app, "regional_admin", "zh")
    page = admin.get(f"/parameters/bank/?node={east}").get_data(as_text=True)
    assert "下级停用： 杭州公司" in page and "下级调整： 湖畔花园" in page
    assert "下级停用： 杭州公司" in admin.get(f"/options/?list=visit_purpose&node={east}").get_data(as_text=True)
    own = admin.get(f"/options/?list=visit_purpose&node={hz}").get_data(as_text=True)
    assert "下级停用" not in own and "2025-01-01" in own
    other = Console(app, "bay_clerk", "zh").get(f"/parameters/bank/?node={world.nodes['group'][0]}")
    assert "杭州公司" not in other.get_data(as_text=True)


def test_every_table_a_sheet_covers_is_held(locked: Session) -> None:
    from models.kernel.inherited import Inherited
    from models.kernel.parameter import sheet_tables

    assert {"bank", "dict_item", "sla_rule", "key_node_def"} <= sheet_tables().keys()
    for cls in tables().values():
        if issubclass(cls, Inherited) and "leaving" in vars(cls):
            assert "super().leaving" in __import__("inspect").getsource(cls.leaving), cls
