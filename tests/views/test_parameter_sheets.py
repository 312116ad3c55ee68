"""Parameter sheets: filled in, reviewed, approved, entered, and compared with what the console works with (S02, R02)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen, utc_now
from models.kernel.parameter import effective, standing
from models.kernel.refusal import Refusal
from models.kernel.session import act
from models.parameter.parameter_sheet import (
    Match,
    ParameterSheet,
    ParameterSheetLine,
    compared,
    content_of,
    lines_of,
)
from models.parameter.registers import Bank
from models.parameter.step_defs import HandoverDocDef
from seeds.reference import numbers, parameters
from tests.console import Console
from tests.world import NOW, World

LATER = date.today() + timedelta(days=30)


@pytest.fixture
def seeded(session: Session, world: World) -> Session:
    """The reference parameters at the group."""
    act(session, SYSTEM, frozen(NOW))
    parameters.seed(session)
    numbers.seed(session)
    session.commit()
    return act(session, SYSTEM, utc_now)


def fresh(session: Session) -> Session:
    session.rollback()
    session.expunge_all()
    return session


def version(session: Session, key: int) -> str:
    found = fresh(session).get(ParameterSheet, key)
    assert found is not None
    value = str(found.version)
    session.rollback()
    return value


def fields(**values: Any) -> dict[str, Any]:
    return {"code": "DOC-HZ", "name": "杭州补充资料", "enabled": "y", "overridable": "y", **values}


def doc_fields(session: Session) -> dict[str, Any]:
    """What the form of a document is filled with: that of the first default, under a code of its own."""
    from models.parameter.parameter_sheet import line_columns

    row = session.scalars(select(HandoverDocDef).order_by(HandoverDocDef.id)).first()
    found = {name: getattr(row, name) for name in line_columns(HandoverDocDef)}
    session.rollback()
    return {name: value for name, value in {**found, **fields()}.items() if value not in (None, False)}


def test_a_sheet_goes_from_the_form_through_review_and_group_into_the_console(
    app: Flask, seeded: Session, world: World
) -> None:
    """The whole chain through the pages: apply, fill in, submit, review, approve, enter; it holds from its day, as on the form."""
    admin, hz = Console(app, "regional_admin", "zh"), world.nodes["hangzhou"][0]
    doc = doc_fields(seeded)
    page = admin.get(f"/parameters/handover_doc_def/?node={hz}").get_data(as_text=True)
    assert "申请调整" in page
    begun = admin.send("/parameter_sheets/apply/bank", node=hz, code="ICBC")
    assert begun.status_code == 303
    sheet = fresh(seeded).scalars(select(ParameterSheet)).one()
    key, number = sheet.id, sheet.number
    assert sheet.node_id == hz and number.startswith("CS")
    seeded.rollback()
    page = admin.get(begun.location).get_data(as_text=True)
    assert "中国工商银行" in page and "from_day" not in page  # what holds now; the sheet says the day
    answer = admin.send(
        begun.location, code="ICBC", name="工行杭州分行", lends="y", enabled="y", overridable="y", sort="3"
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)
    answer = admin.send(f"/parameter_sheets/{key}/line?table=handover_doc_def", **doc)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = admin.get(f"/parameter_sheets/{key}").get_data(as_text=True)
    assert "工行杭州分行" in page and "中国工商银行" in page and "系统中无" in page and "不一致" in page
    again = admin.send(f"/parameter_sheets/{key}/line?table=handover_doc_def", **doc)
    assert again.status_code == 409 and "已在本单中" in again.get_data(as_text=True)

    manager, group = Console(app, "service_manager", "zh"), Console(app, "group_admin", "zh")
    url = f"/parameter_sheet/{key}/move/"
    assert manager.send(f"{url}submit").status_code == 403
    assert admin.send(f"{url}submit", _version=version(seeded, key)).status_code in (302, 303)
    late = admin.send(f"/parameter_sheets/{key}/line?table=bank", code="X", name="x", sort="1")
    assert late.status_code == 409 and "已提交，不能修改" in late.get_data(as_text=True)
    first = fresh(seeded).scalars(select(ParameterSheetLine.id)).first()
    seeded.rollback()
    for gone in (f"/parameter_sheet_line/delete/{first}", f"/parameter_sheet/delete/{key}"):
        admin.send(gone)  # what others are deciding on neither loses a line nor goes
    assert len(fresh(seeded).scalars(select(ParameterSheetLine)).all()) == 2
    assert seeded.get(ParameterSheet, key) is not None
    seeded.rollback()
    assert number in manager.get("/approval/list/").get_data(as_text=True)
    assert group.send(f"{url}approve", _version=version(seeded, key)).status_code in (
        403,
        409,
    )  # the review comes first
    assert manager.send(f"{url}approve", _version=version(seeded, key), opinion="同意").status_code in (302, 303)
    assert admin.send(f"{url}enter", _version=version(seeded, key)).status_code in (302, 409)
    assert fresh(seeded).get(ParameterSheet, key).state == "pending"  # type: ignore[union-attr]
    seeded.rollback()
    assert group.send(f"{url}approve", _version=version(seeded, key), opinion="同意").status_code in (302, 303)
    assert admin.send(f"{url}enter", _version=version(seeded, key)).status_code in (302, 303)

    own = fresh(seeded)
    sheet = own.scalars(select(ParameterSheet)).one()
    assert sheet.state == "entered"
    day = sheet.from_day
    names = {row.code: row.name for row in effective(own, Bank, hz, day)}
    assert names["ICBC"] == "工行杭州分行"
    assert {row.code: row.name for row in effective(own, Bank, hz, day - timedelta(days=1))}["ICBC"] == "中国工商银行"
    assert "DOC-HZ" in {row.code for row in effective(own, HandoverDocDef, hz, day)}
    assert {one.match for one in compared(own, sheet)} == {Match.SAME}
    row = next(one.row for one in standing(own, Bank, hz, day) if one.row.code == "ICBC")
    row.name = "别的名称"  # changed past the sheet: the comparison says so
    own.commit()
    matches = {one.line.code: one.match for one in compared(own, own.scalars(select(ParameterSheet)).one())}
    assert matches == {"ICBC": Match.DIFFERS, "DOC-HZ": Match.SAME}
    own.rollback()
    paper = group.get(f"/parameter_sheets/{key}/print").get_data(as_text=True)
    assert "业务参数申请表" in paper and "工行杭州分行" in paper and "地区CRM管理员" in paper


def draft(session: Session, node: int, **values: Any) -> ParameterSheet:
    row = ParameterSheet(node_id=node, title="测试", from_day=LATER, **values)
    session.add(row)
    session.flush()
    return row


def line(session: Session, sheet: ParameterSheet, table: str, **values: Any) -> ParameterSheetLine:
    row = ParameterSheetLine(sheet_id=sheet.id, table_name=table, content=content_of(values))
    session.add(row)
    session.flush()
    return row


def refused(session: Session, work: Any) -> Refusal:
    nested = session.begin_nested()
    with pytest.raises(Refusal) as caught:
        work()
        session.flush()
    nested.rollback()
    session.expunge_all()
    return caught.value.all()[0]


def test_bad_lines_are_refused_with_the_words_of_the_parameters_own_form(seeded: Session, world: World) -> None:
    sheet = draft(seeded, world.nodes["hangzhou"][0])
    seeded.commit()
    key = sheet.id

    def put(content: str, table: str = "bank") -> Refusal:
        return refused(seeded, lambda: seeded.add(ParameterSheetLine(sheet_id=key, table_name=table, content=content)))

    assert put("not json").code == "no_json" and put("[1]").code == "no_json"
    assert put(json.dumps({"code": "A", "name": "B", "node_id": 1})).code == "unknown_field"
    assert put(json.dumps({"code": "A"})).field == "name"
    assert put(json.dumps({"code": "A", "name": "B", "phone": "12"})).field == "phone"
    assert put(json.dumps({"code": "A", "name": "B", "sort": "many"})).field == "sort"
    assert "[" * 100_000 and put("[" * 9_000).code == "no_json"


def test_an_empty_or_late_sheet_is_not_submitted(app: Flask, seeded: Session, world: World) -> None:
    sheet = draft(seeded, world.nodes["hangzhou"][0])
    key = sheet.id
    seeded.commit()
    admin = Console(app, "regional_admin", "zh")
    url = f"/parameter_sheet/{key}/move/submit"
    page = admin.send(url, _version=version(seeded, key))
    assert fresh(seeded).get(ParameterSheet, key).state == "draft"  # type: ignore[union-attr]
    shown = page.get_data(as_text=True) + admin.get(f"/parameter_sheet/show/{key}").get_data(as_text=True)
    assert "申请单没有明细" in shown
    found = fresh(seeded).get(ParameterSheet, key)
    assert found is not None
    line(seeded, found, "bank", code="NEW", name="新银行")
    found.from_day = date.today() - timedelta(days=3)
    seeded.commit()
    page = admin.send(url, _version=version(seeded, key))
    shown = page.get_data(as_text=True) + admin.get(f"/parameter_sheet/show/{key}").get_data(as_text=True)
    assert "生效日期不能早于今天" in shown


def test_sheets_are_seen_in_their_part_of_the_tree_only(app: Flask, seeded: Session, world: World) -> None:
    sheet = draft(seeded, world.nodes["shenzhen"][0])
    key = sheet.id
    seeded.commit()
    for login in ("regional_admin", "service_manager", "contractor"):
        assert Console(app, login).get(f"/parameter_sheets/{key}").status_code in (403, 404), login
        assert Console(app, login).send("/parameter_sheets/apply/bank", node=world.nodes["bay"][0]).status_code in (
            403,
            404,
        )
    assert Console(app, "group_admin").get(f"/parameter_sheets/{key}").status_code == 200
    assert fresh(seeded).scalars(select(ParameterSheet)).all() == [seeded.get(ParameterSheet, key)]
    seeded.rollback()


def test_a_warranty_line_for_another_area_stands_beside_the_first(seeded: Session, world: World) -> None:
    """Rows of one code for several areas are different lines; one code of one area is there once."""
    from models.parameter.parameter_sheet import line_columns
    from models.parameter.warranty_item import WarrantyItem

    row = seeded.scalars(select(WarrantyItem).order_by(WarrantyItem.id)).first()
    said = {name: getattr(row, name) for name in line_columns(WarrantyItem)}
    said = {name: value for name, value in said.items() if value is not None}
    sheet = draft(seeded, world.nodes["hangzhou"][0])
    line(seeded, sheet, "warranty_item", **said)
    line(seeded, sheet, "warranty_item", **{**said, "area": "3301"})
    assert len(lines_of(seeded, sheet)) == 2
    seeded.commit()
    again = refused(seeded, lambda: line(seeded, sheet, "warranty_item", **said))
    assert again.code == "duplicate"
