"""Personal data half shown, and kept so that nobody reads it in the database (design 4, domain_facts 6.4).

`mask_*` give what a screen shows to whoever may not see the value. `Cipher` gives what the database keeps: the
ciphertext, and keyed fingerprints ('blind indexes') by which a value or its last four characters can be found.
"""

from __future__ import annotations

import hmac
import os
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_FORMAT = "1"
_NONCE = 12


def mask_certificate(number: str) -> str:
    """Returns a certificate number as it is shown by default: 6+4 of 18 characters, less of shorter ones.

    15 characters and more keep six and four; 8 to 14 keep two and two; 5 to 7 one and one; fewer nothing.
    """
    size = len(number)
    if size >= 15:
        return _starred(number, 6, 4)
    if size >= 8:
        return _starred(number, 2, 2)
    return _starred(number, 1, 1) if size >= 5 else "*" * size


def mask_mobile(number: str) -> str:
    """Returns a phone number as it is shown by default: 3+4 of a mobile, the area code and 3 of a landline."""
    area, dash, rest = number.partition("-")
    if dash and area.startswith("0") and len(rest) >= 7:
        return f"{area}-{_starred(rest, 0, 3)}"
    if len(number) >= 11:
        return _starred(number, 3, 4)
    return _starred(number, 1, 2) if len(number) >= 7 else "*" * len(number)


def mask_name(name: str) -> str:
    """Returns a name with all but the first character of every word starred: 张*, 欧***, J*** S****."""
    return " ".join(word[:1] + "*" * (len(word) - 1) if len(word) > 1 else "*" for word in name.split())


def is_masked(text: str) -> bool:
    """Returns whether `text` is a masked value, which in a form or an import means 'unchanged'."""
    return "*" in unicodedata.normalize("NFKC", text)


def _starred(text: str, head: int, tail: int) -> str:
    return text[:head] + "*" * (len(text) - head - tail) + text[len(text) - tail :]


class Undecipherable(Exception):
    """A stored value cannot be read: its secret is not known here, or it was changed outside of the console."""


@dataclass(frozen=True, slots=True)
class _Keys:
    """What is derived from one master secret; `name` is public and stands before every ciphertext."""

    name: str
    cipher: AESGCM
    blind: bytes
    tail: bytes

    @classmethod
    def of(cls, secret: str) -> _Keys:
        if not secret:
            raise ValueError("The secret for personal data is empty.")

        def derived(purpose: bytes, length: int = 32) -> bytes:
            return HKDF(SHA256(), length, b"doorbook", b"personal-data/" + purpose).derive(secret.encode())

        cipher = AESGCM(derived(b"encrypt"))
        return cls(derived(b"name", 4).hex(), cipher, derived(b"blind"), derived(b"tail"))


class Cipher:
    """Encrypts short strings with AES-256-GCM and finds them again by keyed fingerprints.

    Args:
        secret: the master secret, long and random; a derivation (HKDF) makes no weak one strong. Three keys come of it,
            for encrypting, for the blind index and for the tail index.
        older: secrets used before. They decrypt and are searched, and nothing new is written with them.
    """

    def __init__(self, secret: str, older: Sequence[str] = ()) -> None:
        self._keys = [_Keys.of(each) for each in (secret, *older)]
        self._by_name = {keys.name: keys for keys in reversed(self._keys)}

    def encrypt(self, plain: str) -> str:
        """Returns `plain` as URL-safe text `1.<key name>.<nonce and ciphertext>`, different at every call."""
        keys = self._keys[0]
        head = f"{_FORMAT}.{keys.name}."
        nonce = os.urandom(_NONCE)
        sealed = nonce + keys.cipher.encrypt(nonce, plain.encode(), head.encode())
        return head + urlsafe_b64encode(sealed).decode().rstrip("=")

    def decrypt(self, token: str) -> str:
        """Returns what `encrypt` was given.

        Raises:
            Undecipherable: written with a secret that is not among ours, or damaged; says which.
        """
        form, _, rest = token.partition(".")
        name, dot, body = rest.partition(".")
        if form != _FORMAT or not dot:
            raise Undecipherable("This is no encrypted value: it does not begin with '1.<key name>.'.")
        keys = self._by_name.get(name)
        if keys is None:
            known = ", ".join(self._by_name)
            raise Undecipherable(
                f"This value was encrypted with key {name}; the secrets known here give {known}."
                " Put the secret used before into the list of older secrets."
            )
        try:
            sealed = urlsafe_b64decode(body + "=" * (-len(body) % 4))
            head = f"{form}.{name}."
            return keys.cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], head.encode()).decode()
        except (InvalidTag, ValueError):
            raise Undecipherable(f"This value, encrypted with key {name}, was cut or changed.") from None

    def is_current(self, token: str) -> bool:
        """Returns whether `token` was written with the present secret; if not, a rotation has to write it again."""
        return token.startswith(f"{_FORMAT}.{self._keys[0].name}.")

    def blind(self, plain: str) -> str:
        """Returns the fingerprint for exact match, 32 hex digits; case, width and blanks do not count."""
        return _fingerprint(self._keys[0].blind, _folded(plain))

    def tail(self, plain: str) -> str:
        """Returns the fingerprint of the last four characters (of all, if fewer), 32 hex digits."""
        return _fingerprint(self._keys[0].tail, _folded(plain)[-4:])

    def blinds(self, plain: str) -> list[str]:
        """Returns `blind` under the present and every older secret: what to search by while rows are rotated."""
        return [_fingerprint(keys.blind, _folded(plain)) for keys in self._keys]

    def tails(self, plain: str) -> list[str]:
        """Returns `tail` under the present and every older secret."""
        return [_fingerprint(keys.tail, _folded(plain)[-4:]) for keys in self._keys]


def _folded(plain: str) -> str:
    return "".join(unicodedata.normalize("NFKC", plain).upper().split())


def _fingerprint(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]
