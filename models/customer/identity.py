"""Certificates and phones: which kinds there are, how each is checked, and how it is stored.

The certificate type decides the check (seed_systems Part C 19). Citizen numbers follow GB 11643-1999, credit codes
GB 32100-2015 (domain_facts 6.1 and 6.2). A sentence of refusal never repeats the number: it is personal data.
"""

from __future__ import annotations

import re
from datetime import date

from models.kernel.reading import read_code
from models.kernel.refusal import Refusal
from models.kernel.words import Words, _

CITIZEN = "citizen"
CITIZEN_15 = "citizen_15"
CREDIT_CODE = "credit_code"
PASSPORT = "passport"
FOREIGN_PASSPORT = "foreign_passport"
HK_MACAU_PERMIT = "hk_macau_permit"
TAIWAN_PERMIT = "taiwan_permit"
RESIDENCE_PERMIT = "residence_permit"
FOREIGN_RESIDENT = "foreign_resident"
OFFICER = "officer"
LICENCE_15 = "licence_15"
OTHER = "other"

CERTIFICATES: dict[str, Words] = {
    CITIZEN: _("Citizen ID", "居民身份证"),
    CITIZEN_15: _("Old 15-digit citizen ID", "居民身份证（旧15位）"),
    CREDIT_CODE: _("Unified social credit code", "统一社会信用代码"),
    PASSPORT: _("Chinese passport", "中国护照"),
    FOREIGN_PASSPORT: _("Foreign passport", "外国护照"),
    HK_MACAU_PERMIT: _("Mainland travel permit for Hong Kong and Macau", "港澳居民来往内地通行证（回乡证）"),
    TAIWAN_PERMIT: _("Mainland travel permit for Taiwan", "台湾居民来往大陆通行证（台胞证）"),
    RESIDENCE_PERMIT: _("Residence permit for Hong Kong, Macau and Taiwan", "港澳台居民居住证"),
    FOREIGN_RESIDENT: _("Foreign permanent resident ID", "外国人永久居留身份证"),
    OFFICER: _("Military officer ID", "军官证"),
    LICENCE_15: _("Old 15-digit business licence", "营业执照（旧15位）"),
    OTHER: _("Other", "其他证件"),
}
"""Kinds of certificate in the order of a drop-down: stored key -> label."""

MALE = "male"
FEMALE = "female"

_PROVINCES = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71")
_SPECIAL_REGIONS = frozenset(("81", "82", "83"))
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)

# What each of the simpler kinds looks like once it is stored, and an example of it.
_PATTERNS: dict[str, tuple[re.Pattern[str], str]] = {
    PASSPORT: (
        re.compile(
            r"[EGDSP][0-9]{8}|[DSP][0-9]{7}|E[A-HJ-NP-Z][0-9]{7}|[DSP]E[0-9]{7}|1[45][0-9]{7}"
            r"|[HK][0-9]{8}|K[A-Z][0-9]{7}|M[A-Z][0-9]{7}"
        ),
        "E12345678",
    ),
    FOREIGN_PASSPORT: (re.compile(r"(?=.*[0-9])[A-Z0-9]{5,15}"), "X1234567"),
    HK_MACAU_PERMIT: (re.compile(r"[HM](?:[0-9]{8}|[0-9]{10})"), "H12345678"),
    TAIWAN_PERMIT: (re.compile(r"[0-9]{8}|[0-9]{10}"), "12345678"),
    OFFICER: (re.compile(r"[\u4e00-\u9fff]{0,4}(?:字第)?[A-Z]?[0-9]{4,8}号?"), "军字第2001988号"),
    LICENCE_15: (re.compile(r"[0-9]{15}"), "110108000000016"),
}
_LONGEST = 40

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})([0-9]{7,8})")
_SERVICE = re.compile(r"([48]00)([0-9]{3})([0-9]{4})")
_ABROAD = re.compile(r"\+[1-9][0-9]{6,14}")
_EXTENSION = re.compile(r"(?:-|转|#|ext\.?|x)\s*([0-9]{1,5})$", re.IGNORECASE)


def check_certificate(kind: str, number: object, today: date | None = None) -> str:
    """Checks a certificate number by the rules of its kind.

    Args:
        kind: one of `CERTIFICATES`.
        number: as written; width, blanks, case and hyphens do not matter.
        today: the day no birthday may lie behind; the machine's own when left out.

    Returns:
        The number as it is stored: ordinary width, upper case, no blanks (those of 'other' stay).

    Raises:
        Refusal: empty, of an unknown kind, or not such a number; says what is wrong with it, without repeating it.
    """
    written = read_code(number, 200)
    if written is None:
        raise _wrong(_("The certificate number is empty.", "证件号码为空，请填写。"), "empty")
    if kind == OTHER:
        if len(written) > _LONGEST:
            raise _wrong(
                _("A certificate number has at most {length} characters.", "证件号码最多 {length} 个字符。").fill(
                    length=_LONGEST
                ),
                "too_long",
            )
        return written.upper()
    bare = re.sub(r"[\s\-·.]", "", written).upper()
    if kind in (CITIZEN, RESIDENCE_PERMIT, FOREIGN_RESIDENT, CITIZEN_15):
        return _check_person(kind, bare, today or date.today())
    if kind == CREDIT_CODE:
        return _check_credit_code(bare)
    if kind not in _PATTERNS:
        raise _wrong(
            _("There is no certificate type {kind}.", "不存在证件类型“{kind}”。").fill(kind=kind), "unknown_kind"
        )
    pattern, example = _PATTERNS[kind]
    if not pattern.fullmatch(bare):
        raise _wrong(
            _(
                "This is not the number of a certificate of type {kind}, such as {example}.",
                "号码不符合“{kind}”的格式，例如 {example}。",
            ).fill(kind=CERTIFICATES[kind], example=example)
        )
    return bare


def certificate_kind(number: object) -> str | None:
    """Guesses the kind of a number whose type nobody wrote, for ledgers without that column.

    Args:
        number: as written.

    Returns:
        The kind its shape speaks for (its check digit may still be wrong), or None where several are possible.
    """
    bare = re.sub(r"[\s\-·.]", "", read_code(number) or "").upper()
    if re.fullmatch(r"[0-9]{17}[0-9X]", bare):
        if bare[:2] in _SPECIAL_REGIONS:
            return RESIDENCE_PERMIT
        if bare[0] != "9":
            return CITIZEN
        return FOREIGN_RESIDENT if _person_check(bare) == bare[17] and _day(bare[6:14]) else CREDIT_CODE
    if re.fullmatch(r"[0-9A-Z]{18}", bare):
        return CREDIT_CODE
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", bare):
        return FOREIGN_RESIDENT
    if re.fullmatch(r"[0-9]{15}", bare):
        return CITIZEN_15 if _PROVINCES.match(bare) and _day("19" + bare[6:12]) else LICENCE_15
    fitting = [kind for kind in (HK_MACAU_PERMIT, TAIWAN_PERMIT, PASSPORT) if _PATTERNS[kind][0].fullmatch(bare)]
    return fitting[0] if len(fitting) == 1 else None


def birthday_and_gender(citizen_id: str) -> tuple[date, str]:
    """Returns the birthday and `MALE` or `FEMALE` that a checked number carries.

    Args:
        citizen_id: a citizen ID of 18 or 15, a residence permit, or a foreign permanent resident ID of 18.

    Raises:
        Refusal: a number of another kind, or without a real date.
    """
    if re.fullmatch(r"[0-9]{15}", citizen_id):
        born, sequence = _day("19" + citizen_id[6:12]), citizen_id[14]
    elif re.fullmatch(r"[0-9]{17}[0-9Xx]", citizen_id):
        born, sequence = _day(citizen_id[6:14]), citizen_id[16]
    else:
        born, sequence = None, ""
    if born is None:
        raise _wrong(_("This number carries no birthday.", "该号码中不含有效的出生日期。"))
    return born, MALE if int(sequence) % 2 else FEMALE


def check_mobile(number: object) -> str:
    """Checks a mobile number of mainland China, `1[3-9]` and nine digits (domain_facts 6.3).

    Args:
        number: as written; +86, 0086, blanks and hyphens are tolerated.

    Returns:
        The eleven digits.

    Raises:
        Refusal: empty, or no such number; says how many digits there are.
    """
    digits = _home(_phone(number))
    if not _MOBILE.fullmatch(digits):
        raise _wrong(
            _(
                "This is not a mobile number: it has {count} digits. 11 are expected, such as 13800138000.",
                "手机号码不正确：共 {count} 位，应为以 13–19 开头的 11 位数字，例如 13800138000。",
            ).fill(count=len(digits)),
            "not_a_mobile",
        )
    return digits


def check_landline(number: object) -> str:
    """Checks a landline with its area code, and an extension where there is one; or a 400/800 number.

    Args:
        number: as written, such as (0755)1234 5678 转 123.

    Returns:
        `0755-12345678-123`, or `400-123-4567`.

    Raises:
        Refusal: empty, or no such number (domain_facts 6.3).
    """
    text = _phone(number)
    base, extension = text, ""
    found = _EXTENSION.search(text)
    if found and len(re.sub("[^0-9]", "", text[: found.start()])) >= 10:
        base, extension = text[: found.start()], "-" + found[1]
    digits = _home(base)
    service, fixed = _SERVICE.fullmatch(digits), _LANDLINE.fullmatch(digits)
    if service:
        return "-".join(service.groups()) + extension
    if not fixed:
        raise _wrong(
            _(
                "This is not a landline number with its area code, such as 0755-12345678.",
                "固定电话不正确，请填写区号和号码，例如 0755-12345678。",
            ),
            "not_a_landline",
        )
    return f"{fixed[1]}-{fixed[2]}{extension}"


def check_phone(number: object) -> str:
    """Checks a phone of either kind; one from abroad begins with + and its country (not 86).

    Args:
        number: as written.

    Returns:
        As `check_mobile` or `check_landline`, or `+85291234567`.

    Raises:
        Refusal: empty, or none of these.
    """
    text = _phone(number)
    abroad = "+" + re.sub("[^0-9]", "", text)
    if text.startswith("+") and not abroad.startswith("+86") and _ABROAD.fullmatch(abroad):
        return abroad
    digits = _home(text)
    # What begins like a mobile is told as one: '10 digits, 11 expected' helps more than 'no area code'.
    return check_landline(text) if digits.startswith(("0", "4", "8")) else check_mobile(text)


def _wrong(sentence: Words, code: str = "wrong_number") -> Refusal:
    return Refusal(sentence, code=code)


def _check_person(kind: str, bare: str, today: date) -> str:
    """Checks the kinds of number that carry a birthday."""
    if kind == FOREIGN_RESIDENT and re.fullmatch(r"[A-Z]{3}[0-9]{12}", bare):
        return bare  # cards issued before 2023: nationality and twelve digits
    size = 15 if kind == CITIZEN_15 else 18
    if len(bare) != size:
        if kind == CITIZEN and len(bare) == 15:
            raise _wrong(
                _(
                    "This is a citizen ID of 15 digits. Write the one of 18, or choose the type “{kind}”.",
                    "这是 15 位旧身份证号，请填写 18 位新号码，或将证件类型选为“{kind}”。",
                ).fill(kind=CERTIFICATES[CITIZEN_15]),
                "wrong_length",
            )
        raise _wrong(
            _("The number has {count} characters, {size} are expected.", "号码共 {count} 位，应为 {size} 位。").fill(
                count=len(bare), size=size
            ),
            "wrong_length",
        )
    if not re.fullmatch(r"[0-9]{15}" if size == 15 else r"[0-9]{17}[0-9X]", bare):
        raise _wrong(
            _(
                "The number may only have digits, and X in place 18.",
                "号码只能由数字组成，仅第 18 位可以是 X。",
            ),
            "wrong_character",
        )
    _check_region(kind, bare)
    born = _day(bare[6:14] if size == 18 else "19" + bare[6:12])
    if born is None or born > today:
        raise _wrong(
            _("The birthday in the number is no real day of the past.", "号码中的出生日期不是真实的过往日期，请核对。"),
            "wrong_birthday",
        )
    if size == 18 and _person_check(bare) != bare[17]:
        raise _mistyped()
    return bare


def _check_region(kind: str, bare: str) -> None:
    region = bare[:2]
    if kind == CITIZEN and region in _SPECIAL_REGIONS:
        raise _wrong(
            _(
                "This is a residence permit. Choose the type “{kind}”.", "这是居住证号码，请将证件类型选为“{kind}”。"
            ).fill(kind=CERTIFICATES[RESIDENCE_PERMIT]),
            "wrong_kind",
        )
    if kind == RESIDENCE_PERMIT:
        right, expected = region in _SPECIAL_REGIONS, "81, 82, 83"
    elif kind == FOREIGN_RESIDENT:
        right, expected = region[0] == "9", "9"
    else:
        right, expected = _PROVINCES.fullmatch(region) is not None, "11–65, 71"
    if not right:
        raise _wrong(
            _(
                "The number does not begin with a known region ({expected}).",
                "号码开头的地区代码无效（应为 {expected}）。",
            ).fill(expected=expected),
            "wrong_region",
        )


def _mistyped() -> Refusal:
    return _wrong(
        _("The check digit does not match: a character is mistyped.", "校验位不符，号码中有字符填写错误，请核对。"),
        "wrong_check",
    )


def _person_check(bare: str) -> str:
    """Returns the check character that the first 17 digits ask for (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(bare, _WEIGHTS, strict=False)) % 11]


def _check_credit_code(bare: str) -> str:
    if len(bare) != 18:
        raise _wrong(
            _(
                "A credit code has 18 characters; this has {count}.", "统一社会信用代码应为 18 位，当前为 {count} 位。"
            ).fill(count=len(bare)),
            "wrong_length",
        )
    if not set(bare) <= set(_CREDIT_ALPHABET):
        raise _wrong(
            _(
                "A credit code has digits and capitals but I, O, S, V, Z.",
                "统一社会信用代码由数字和大写字母组成，不含 I、O、S、V、Z。",
            ),
            "wrong_character",
        )
    total = sum(_CREDIT_ALPHABET.index(sign) * weight for sign, weight in zip(bare, _CREDIT_WEIGHTS, strict=False))
    if _CREDIT_ALPHABET[-total % 31] != bare[17]:  # a remainder of 0 asks for 0
        raise _mistyped()
    return bare


def _day(digits: str) -> date | None:
    """Returns the day of `yyyymmdd` from 1800 on (GB 11643 has an example of 1880), or None where there is none."""
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    return day if day.year >= 1800 else None


def _phone(number: object) -> str:
    text = read_code(number, 60)
    if text is None:
        raise _wrong(_("The phone number is empty.", "电话号码为空，请填写。"), "empty")
    return text


def _home(text: str) -> str:
    """Returns the digits of a phone without the country code of China; anything but digits stays and is refused."""
    return re.sub(r"^(?:\+86|0086|86(?=1[3-9][0-9]{9}$))", "", re.sub(r"[\s\-()·.]", "", text))
