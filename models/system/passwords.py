"""How passwords are kept and which are taken: scrypt with the parameters OWASP names, old hashes renewed at sign-in (S04)."""

from __future__ import annotations

from werkzeug.security import check_password_hash, generate_password_hash

from models.kernel.refusal import Refusal
from models.kernel.words import _

SHORTEST, LONGEST = 10, 200
FEWEST_DIFFERENT = 5
"""A password of fewer different characters is one key held down."""

METHOD = "scrypt:32768:8:3"
"""N=2^15, r=8, p=3: 32 MB and some 0.2 s a try (OWASP password storage sheet). Raised here, all hashes follow at sign-in."""

DECOY = (
    "scrypt:32768:8:3$bYjrpqI6oxXGbnOV$0ca47888db4c336f1029ab8c654d4a939b17e13e0783fee0dc69e8fbae29d3dfb6"
    "63f640b32cbb37c7db3b1386a1d691d56936fbdd4f18e5a8f602d709a5276f"
)
"""What a try is compared with where there is no account: it takes as long, and nothing fits it."""

_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn")
_FIRST_TRIED = (
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "letmein",
    "iloveyou",
    "welcome",
    "admin",
    "doorbook",
    "mima",
)


def hashed(password: str) -> str:
    """Returns a password as it is kept."""
    return generate_password_hash(password, method=METHOD)


def fits(kept: str | None, password: str) -> bool:
    """Returns whether a password is the one that is kept; nothing fits an account without one."""
    return bool(kept) and check_password_hash(kept or "", password)


def is_old(kept: str) -> bool:
    """Returns whether a hash was made otherwise than hashes are made today, and is renewed when its password is given."""
    return not kept.startswith(f"{METHOD}$")


def check(password: str, login: str) -> None:
    """Refuses a password that is short, endless, of the sign-in name, or among the first that are tried.

    Raises:
        Refusal: at `password`.
    """
    small, name = password.strip().lower(), login.lower()
    if not SHORTEST <= len(password) <= LONGEST or small == name:
        raise Refusal(
            _(
                "A password has {shortest} to {longest} characters and is not the sign-in name.",
                "密码长度为 {shortest} 至 {longest} 个字符，且不能与登录名相同。",
            ).fill(shortest=SHORTEST, longest=LONGEST),
            "password",
        )
    if len(set(small)) < FEWEST_DIFFERENT or _left_of(small, name) < FEWEST_DIFFERENT:
        raise Refusal(
            _(
                "This password is among the first that are tried: it repeats, counts on, or is a usual word."
                " Take several words.",
                "该密码过于常见（重复、连号或常用词），容易被猜中，请改用多个词语组合。",
            ),
            "password",
            code="common",
        )


def _left_of(small: str, login: str) -> int:
    """How many characters are left when usual words, the sign-in name and runs of keys are taken out."""
    left = small
    for word in (*_FIRST_TRIED, *([login] if len(login) > 3 else [])):
        left = left.replace(word, "\0")
    for run in _RUNS:
        for keys in (run, run[::-1]):
            for length in range(len(keys), 3, -1):
                for start in range(len(keys) - length + 1):
                    left = left.replace(keys[start : start + length], "\0")
    return len(left.replace("\0", ""))
