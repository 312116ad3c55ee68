"""Believable people and companies that cannot exist: valid check digits on an unassigned area code, free prefixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Final, Literal

from seeds.demo.names import GIVEN, SURNAMES, TRADE_NAMES, TRADES

AREA_CODE: Final = "440398"
"""No place has this code (domain facts 6.4), so no person has such a number."""

PREFIXES: Final = ("142", "143", "154", "160", "161", "163", "164", "168", "169")
"""Mobile prefixes no operator uses; the form of the number is valid."""

Gender = Literal["男", "女"]

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_EPOCH: Final = date(1930, 1, 1)

_SURNAMES: Final = tuple(SURNAMES)
_SURNAME_WEIGHTS: Final = tuple(accumulate(SURNAMES.values()))
_GIVEN: Final = {year: {"男": men.split(), "女": women.split()} for year, (men, women) in GIVEN.items()}
_DECADES: Final = tuple(sorted(_GIVEN))


@dataclass(frozen=True, slots=True)
class Person:
    """A natural person; `ordinal` counts the people of one generator from 1."""

    ordinal: int
    name: str
    gender: Gender
    birthday: date
    cert_no: str
    mobile: str


@dataclass(frozen=True, slots=True)
class Firm:
    """A company that owns homes, builds or supplies; `contact` is whom one rings up."""

    ordinal: int
    name: str
    usci: str
    landline: str
    contact: str
    mobile: str


@dataclass(frozen=True, slots=True)
class Relative:
    """Somebody to ring when the owner does not answer; `channel` is how they like to be reached."""

    relation: str
    name: str
    mobile: str
    channel: str


@dataclass(frozen=True, slots=True)
class Family:
    """An owner, a spouse where there is one, and contacts."""

    owner: Person
    spouse: Person | None
    contacts: tuple[Relative, ...]


def citizen_id(birthday: date, sequence: int, area: str = AREA_CODE) -> str:
    """Returns an 18-character citizen id with its check character.

    Args:
        sequence: 0 to 999; odd for a man, even for a woman.
    """
    body = f"{area}{birthday:%Y%m%d}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def organisation_code(body: str) -> str:
    """Returns 8 characters and their check character (GB 11714)."""
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION, strict=True))
    return body + "0123456789X"[-total % 11]


def credit_code(number: int, area: str = AREA_CODE) -> str:
    """Returns the unified social credit code of the company with that number (GB 32100)."""
    digits = ""
    for _place in range(5):
        number, rest = divmod(number, 31)
        digits = _ALPHABET[rest] + digits
    body = f"91{area}{organisation_code('MAC' + digits)}"
    total = sum(_ALPHABET.index(character) * pow(3, i, 31) for i, character in enumerate(body))
    return body + _ALPHABET[-total % 31]


class People:
    """An endless supply of people and companies out of one random generator, no two with the same number.

    Its memory is bounded by the number of birthdays, not of people. The same seed and the same calls give the same
    people; two generators with different `part` never share an id, a mobile or a company code.

    Args:
        random: where the choices come from.
        part: which share of all numbers this generator may use, from 0 to `parts` - 1.
        parts: how many generators share the numbers.
        skipped: how many mobile numbers are left to others before the first.
    """

    def __init__(self, random: Random, part: int = 0, parts: int = 1, skipped: int = 0) -> None:
        if not 0 <= part < parts <= 50:
            raise ValueError(f"part {part} of {parts}: parts are counted from 0, and there are at most 50")
        self.random = random
        self._part, self._parts = part, parts
        self._people = self._firms = 0
        self._mobiles = skipped
        self._born: dict[int, int] = {}

    def person(
        self, gender: Gender | None = None, born: tuple[int, int] = (1952, 2003), surname: str | None = None
    ) -> Person:
        """Returns a new person.

        Args:
            gender: 男 or 女; None lets it fall.
            born: the first and last year of birth; the middle is likelier than the ends.
            surname: None takes one by its frequency.
        """
        random = self.random
        gender = gender or ("男" if random.random() < 0.53 else "女")
        first, last = (date(born[0], 1, 1) - _EPOCH).days, (date(born[1], 12, 31) - _EPOCH).days
        day, sequence = self._free(int(random.triangular(first, last + 1, first + (last - first) * 0.68)), gender)
        birthday = _EPOCH + timedelta(days=day)
        self._people += 1
        return Person(
            self._people, self.name(gender, birthday.year, surname), gender, birthday,
            citizen_id(birthday, sequence), self.mobile(),
        )  # fmt: skip

    def name(self, gender: Gender, year: int, surname: str | None = None) -> str:
        """Returns a name as parents gave it in that year."""
        random = self.random
        fashion = max((start for start in _DECADES if start <= year), default=_DECADES[0])
        family = surname or random.choices(_SURNAMES, cum_weights=_SURNAME_WEIGHTS)[0]
        given = random.choice(_GIVEN[fashion][gender])
        if len(given) == 1 and random.random() < 0.3:
            more = random.choice(_GIVEN[fashion][gender])
            given = given + more if len(more) == 1 and more != given else given
        return family + given

    def mobile(self) -> str:
        """Returns a mobile number nobody has, each once."""
        room = len(PREFIXES) * 10**8
        number = (self._mobiles * self._parts + self._part + 1_234_567) * 386_547_113 % room
        self._mobiles += 1
        prefix, rest = divmod(number, 10**8)
        return f"{PREFIXES[prefix]}{rest:08d}"

    def landline(self, area: str = "0571") -> str:
        """Returns a landline of eight digits in that dialling area."""
        return f"{area}-{self.random.choice('2568')}{self.random.randrange(10**7):07d}"

    def firm(self, city: str = "杭州", area: str = "0571", trades: Sequence[str] = TRADES) -> Firm:
        """Returns a new company of that city, in one of those trades."""
        random = self.random
        number = (self._firms * self._parts + self._part + 4_321) * 7_654_321 % 31**5
        self._firms += 1
        name = f"{city}{random.choice(TRADE_NAMES)}{random.choice(trades)}有限公司"
        gender: Gender = "男" if random.random() < 0.6 else "女"
        contact = self.name(gender, random.randint(1970, 1998))
        return Firm(self._firms, name, credit_code(number), self.landline(area), contact, self.mobile())

    def family(self, co_owner: float = 0.3, contacts: float = 0.6) -> Family:
        """Returns a household.

        Args:
            co_owner: how often a spouse owns too.
            contacts: how often somebody else is named to ring.
        """
        random = self.random
        owner = self.person()
        spouse = None
        if random.random() < co_owner and owner.birthday.year < 2003:
            year = owner.birthday.year
            years = (max(1950, year - 6), min(2003, year + 6))
            spouse = self.person("女" if owner.gender == "男" else "男", years)
        named: list[Relative] = []
        if random.random() < contacts:
            named.append(self._relative(owner, spouse))
            if random.random() < 0.2:
                named.append(self._relative(owner, spouse))
        return Family(owner, spouse, tuple(named))

    def _relative(self, owner: Person, spouse: Person | None) -> Relative:
        """Returns a contact whose name and age suit the relation."""
        year = owner.birthday.year
        ours = owner.name[:2] if owner.name[:2] in SURNAMES else owner.name[0]
        choices: list[tuple[str, Gender, int, str | None]] = [
            ("父亲", "男", year - 27, ours),
            ("母亲", "女", year - 25, None),
            ("朋友", owner.gender, year + 1, None),
        ]
        if spouse is None:
            choices += [("配偶", "女" if owner.gender == "男" else "男", year, None)] * 3
        if year < 1980:
            choices += [("儿子", "男", year + 27, ours if owner.gender == "男" else None)] * 2
            choices += [("女儿", "女", year + 27, ours if owner.gender == "男" else None)] * 2
        relation, gender, born, surname = self.random.choice(choices)
        channel = self.random.choices(("电话", "短信", "微信"), (6, 1, 3))[0]
        return Relative(relation, self.name(gender, born, surname), self.mobile(), channel)

    def _free(self, day: int, gender: Gender) -> tuple[int, int]:
        """Returns the next birthday from `day` on with a sequence number left for that gender, and that number."""
        share = 500 // self._parts
        while True:
            slot = day * 2 + (gender == "男")
            used = self._born.get(slot, 0)
            if used < share:
                self._born[slot] = used + 1
                place = (used * self._parts + self._part) * 137 + day * 61
                return day, place % 500 * 2 + (gender == "男")
            day += 1
