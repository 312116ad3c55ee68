"""A customer all round: what is known, what is missing and where it is mended, in the reader's rights."""

from __future__ import annotations

import re
from datetime import date

from flask import Flask
from sqlalchemy.orm import Session

from models.customer.completeness import completeness
from models.customer.customer import Customer, CustomerKind
from models.customer.customer_tag import CustomerTag
from models.customer.ownership import Ownership
from models.kernel.actor import SYSTEM
from models.kernel.clock import frozen
from models.kernel.dict_item import DictItem
from models.kernel.session import act
from tests.console import Console, engine_of
from tests.world import NOW, World


def text_of(app: Flask, login: str, key: int) -> str:
    answer = Console(app, login, "zh").get(f"/customer/{key}/360")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def test_homes_people_tags_and_visits_stand_on_one_page(app: Flask, world: World) -> None:
    chen = world.id("customer", "chen")
    with Session(engine_of(app)) as own:
        act(own, SYSTEM, frozen(NOW))
        group, _path = world.nodes["group"]
        own.add(
            DictItem(
                dict_code="customer_tag",
                code="investor",
                label_zh="投资置业",
                label_en="Investor",
                node_id=group,
                enabled=True,
                from_day=date(2000, 1, 1),
            )
        )
        own.flush()
        own.add_all([CustomerTag(customer_id=chen, tag="老<b>业主"), CustomerTag(customer_id=chen, tag="investor")])
        old = world.id("room", "lake-1-1-201")
        own.add(Ownership(room_id=old, customer_id=chen, from_day=date(2019, 1, 1), until_day=date(2020, 1, 1)))
        own.commit()
    page = text_of(app, "group_admin", chen)
    assert "陈一鸣" in page and "142****0000" in page and "14200000000" not in page
    homes = page.partition('id="homes"')[2].partition("</section>")[0]
    for room in ("lake-1-1-101", "river-1-1-101"):
        assert f'href="/room/{world.id("room", room)}/book"' in homes
    assert "2019-01-01 – 2020-01-01" in homes.partition("曾经的房产")[2]
    assert "陈美玲" in page and "配偶" in page and "老&lt;b&gt;业主" in page and "一切正常" in page
    assert "投资置业" in page and "investor" not in page, "a tag is called by its words, not by its code"


def test_a_reader_of_one_company_sees_the_homes_of_that_company_only(app: Flask, world: World) -> None:
    page = text_of(app, "request_clerk", world.id("customer", "chen"))
    assert f"/room/{world.id('room', 'lake-1-1-101')}/book" in page
    assert f"/room/{world.id('room', 'river-1-1-101')}/book" not in page and "南京" not in page


def test_what_is_missing_is_said_with_the_way_to_mend_it(app: Flask, world: World) -> None:
    chen = world.id("customer", "chen")
    page = text_of(app, "project_clerk", chen)
    gaps = page.partition('class="missing"')[2].partition("</ul>")[0]
    assert f'href="/customer/edit/{chen}#f-address"' in gaps and "联系地址" in gaps
    assert "1 套房产的合同编号" in gaps and "联系人" not in gaps
    (said,) = re.findall(r'<progress max="100" value="(\d+)"', page)
    assert 0 < int(said) < 100 and f"{said} %" in page
    for url in re.findall(r'href="(/[^"#]+)', gaps):
        assert Console(app, "project_clerk", "zh").get(url).status_code == 200, url
    leader = text_of(app, "project_leader", chen)
    assert 'class="missing"' not in leader and "/customer/edit/" not in leader


def test_nothing_is_counted_as_missing_that_the_reader_may_not_know() -> None:
    person = Customer(kind=CustomerKind.PERSON, name="甲")
    assert (completeness(person, None, None).there, completeness(person, None, None).wanted) == (0, 8)
    whole = Customer(
        kind=CustomerKind.COMPANY, name="乙", cert_no="x", mobile="x", address="x", preferred_channel="x", advisor_id=1,
        source="desk",
    )  # fmt: skip
    assert completeness(whole, 1, ["A", "B"]).percent == 100
    assert [gap.table for gap in completeness(whole, 0, ["A", None]).gaps] == ["customer_contact", "ownership"]
    assert completeness(whole, 0, []).wanted == 7


def test_a_mangled_address_is_a_sentence(app: Flask, world: World) -> None:
    admin = Console(app, "group_admin", "zh")
    for bad in ("x", "0", "9" * 30, "%3Cb%3E", "1'"):
        answer = admin.get(f"/customer/{bad}/360")
        assert answer.status_code == 404 and "404" in answer.get_data(as_text=True)
    assert Console(app, "contractor", "zh").get(f"/customer/{world.id('customer', 'chen')}/360").status_code == 403
