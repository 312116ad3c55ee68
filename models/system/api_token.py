"""Tokens of the interface that a person makes for a program (接口令牌): what it may do, until when, when it was last used.

Shown once, kept as a hash. A token never gives more than its person holds: its scope is cut with their rights at each request.
Not a declared table: a token belongs to its person alone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.kernel.columns import BigId, Moment
from models.kernel.table import Base


class ApiToken(Base):
    """A token. `rights` and `tables` are its scope, joined by commas; no tables means all that the person reaches."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    start: Mapped[str] = mapped_column(String(12))
    secret: Mapped[str] = mapped_column(String(64), unique=True)
    rights: Mapped[str] = mapped_column(String(100))
    tables: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    used_from: Mapped[str] = mapped_column(String(64), default="")
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
