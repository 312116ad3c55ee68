"""Personal data at rest: the `Masked` column type and the value it gives (design 4, R17, domain_facts 6.4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from models.kernel.masking import Cipher, mask_certificate, mask_mobile


def _hidden(_plain: str) -> str:
    """A secret is shown by nothing, not even its length."""
    return "********"


_MASKS = {"certificate": mask_certificate, "mobile": mask_mobile, "secret": _hidden}
_cipher: list[Cipher] = []


def use_cipher(cipher: Cipher) -> None:
    """Sets the cipher of this process. Called once by the assembly, before the first row is read."""
    _cipher[:] = [cipher]


def cipher() -> Cipher:
    """Returns the cipher of this process.

    Raises:
        RuntimeError: no secret was configured; personal data is never stored in the clear instead.
    """
    if not _cipher:
        raise RuntimeError(
            "No secret is configured: call models.kernel.secret.use_cipher before touching masked columns."
        )
    return _cipher[0]


class MaskedValue:
    """A personal value: shown masked wherever it is turned into text, in full only where `plain()` is called."""

    __slots__ = ("_kind", "_plain", "stored")

    def __init__(self, kind: str, stored: str, plain: str | None = None) -> None:
        self._kind = kind
        self.stored = stored
        self._plain = plain

    @classmethod
    def of(cls, kind: str, plain: str) -> MaskedValue:
        """Returns the value for `plain`, encrypted now."""
        return cls(kind, cipher().encrypt(plain), plain)

    def plain(self) -> str:
        """Returns the value in full. Only behind the `reveal` right, which is logged, and inside the kernel."""
        if self._plain is None:
            self._plain = cipher().decrypt(self.stored)
        return self._plain

    def __str__(self) -> str:
        return _MASKS[self._kind](self.plain())

    def __repr__(self) -> str:
        return f"<masked {self._kind}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, MaskedValue):
            return self.plain() == other.plain()
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.plain())


class Masked(TypeDecorator[MaskedValue]):
    """Ciphertext in the database, a `MaskedValue` in Python. `kind` is 'certificate', 'mobile' or 'secret'."""

    impl = String
    cache_ok = True

    def __init__(self, kind: str = "certificate") -> None:
        super().__init__(255)
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or value == "":
            return None
        return value.stored if isinstance(value, MaskedValue) else cipher().encrypt(str(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> MaskedValue | None:
        return None if value is None else MaskedValue(self.kind, value)

    def compare_values(self, x: Any, y: Any) -> bool:
        plain = [v.plain() if isinstance(v, MaskedValue) else v for v in (x, y)]
        return bool(plain[0] == plain[1])


def encrypted(column: Any, value: MaskedValue | str | None) -> MaskedValue | None:
    """Returns a value as a masked column keeps it: encrypted once, so that row and audit hold the same.

    Args:
        column: the column's type, which says how the value is shown.
    """
    if value is None or value == "":
        return None
    return value if isinstance(value, MaskedValue) else MaskedValue.of(column.kind, str(value))


def shadows(value: MaskedValue | str | None) -> tuple[str | None, str | None]:
    """Returns the blind index and the tail index that stand beside a masked value (both None for an empty one)."""
    if value is None or value == "":
        return None, None
    plain = value.plain() if isinstance(value, MaskedValue) else value
    return cipher().blind(plain), cipher().tail(plain)
