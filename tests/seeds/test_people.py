"""Demo people: valid numbers that belong to nobody, the same for the same seed, no two alike."""

from __future__ import annotations

import re
from datetime import date
from random import Random

import pytest

from seeds.demo.people import PREFIXES, People, citizen_id, credit_code, organisation_code


def is_citizen_id(number: str) -> bool:
    """Checks an id by the weights as powers of two modulo 11, another way than the generator does it."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    date.fromisoformat(f"{number[6:10]}-{number[10:12]}-{number[12:14]}")
    values = [10 if character == "X" else int(character) for character in number]
    return sum(value << (17 - place) for place, value in enumerate(values)) % 11 == 1


def is_credit_code(code: str) -> bool:
    """Checks a unified social credit code: the weighted sum with the check character is a multiple of 31."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1]
    if len(code) != 18 or any(character not in alphabet for character in code):
        return False
    return sum(alphabet.index(c) * w for c, w in zip(code, weights, strict=True)) % 31 == 0


def test_the_checks_agree_with_the_published_vectors() -> None:
    assert all(map(is_citizen_id, ("11010519491231002X", "440524188001010014", "632123198209270518")))
    assert not is_citizen_id("110105194912310021")
    assert is_credit_code("91350100M000100Y43") and is_credit_code("91440300MA50029X00")
    assert not is_credit_code("91310115MA1H8R7C6D")


def test_check_digits_of_single_numbers() -> None:
    assert citizen_id(date(1949, 12, 31), 2, "110105") == "11010519491231002X"
    assert citizen_id(date(1985, 4, 9), 522, "310112") == "310112198504095227"
    assert organisation_code("D2143569") == "D2143569X"
    assert all(is_credit_code(credit_code(number)) for number in range(0, 31**4, 4099))


def test_a_hundred_thousand_people_have_ids_and_mobiles_of_their_own() -> None:
    people = People(Random(20261121))
    ids: set[str] = set()
    mobiles: set[str] = set()
    for _turn in range(100_000):
        person = people.person()
        ids.add(person.cert_no)
        mobiles.add(person.mobile)
        assert person.cert_no[6:14] == f"{person.birthday:%Y%m%d}"
        assert int(person.cert_no[16]) % 2 == (person.gender == "男")
    assert len(ids) == len(mobiles) == 100_000
    assert all(map(is_citizen_id, ids))
    assert all(number.startswith("440398") for number in ids)
    assert all(re.fullmatch(r"1[3-9]\d{9}", mobile) and mobile[:3] in PREFIXES for mobile in mobiles)


def test_crowded_birthdays_run_over_into_the_next_days() -> None:
    people = People(Random(1))
    ids = [people.person("女", (1990, 1990)).cert_no for _turn in range(3000)]
    crowd = [people._free(5, "女") for _turn in range(1200)]
    assert len(set(ids)) == 3000
    assert len(set(crowd)) == 1200 and {day for day, _sequence in crowd} == {5, 6, 7}


def test_the_same_seed_gives_the_same_people() -> None:
    first, second, other = (People(Random(seed)) for seed in (7, 7, 8))
    families = [first.family() for _turn in range(500)]
    assert families == [second.family() for _turn in range(500)]
    assert families != [other.family() for _turn in range(500)]
    assert [first.firm() for _turn in range(50)] == [second.firm() for _turn in range(50)]


def test_parts_share_nothing() -> None:
    parts = [People(Random(part), part, 3) for part in range(3)]
    people = [people.person(born=(1985, 1986)) for people in parts for _turn in range(5000)]
    firms = [people.firm() for people in parts for _turn in range(500)]
    assert len({person.cert_no for person in people}) == len({person.mobile for person in people}) == 15_000
    assert len({firm.usci for firm in firms}) == 1500
    with pytest.raises(ValueError, match="parts"):
        People(Random(1), 3, 3)


def test_companies_and_families_are_believable() -> None:
    people = People(Random(3))
    for firm in (people.firm("苏州", "0512") for _turn in range(300)):
        assert is_credit_code(firm.usci) and firm.name.startswith("苏州") and firm.name.endswith("有限公司")
        assert re.fullmatch(r"0\d{2,3}-?\d{7,8}", firm.landline)
    families = [people.family() for _turn in range(4000)]
    couples = [family for family in families if family.spouse]
    assert 0.26 < len(couples) / len(families) < 0.34
    assert all(family.spouse and family.spouse.gender != family.owner.gender for family in couples)
    assert all(2 <= len(family.owner.name) <= 4 for family in families)
    assert sum(family.owner.name[0] in "王李张刘陈" for family in families) > 1000
