"""What an account signs in with beside its password, and what it must do first: change that password, set up a second step.

One row an account, made when there is something to keep. Not a declared table: nobody reads it but what signs people in.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.kernel.columns import Moment
from models.kernel.secret import Masked, MaskedValue
from models.kernel.table import Base


class Credential(Base):
    """Of one account: whether its password was set by somebody else, and the second step of its sign-in."""

    __tablename__ = "credential"

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"), primary_key=True, autoincrement=False)
    must_change: Mapped[bool] = mapped_column(Boolean, default=False)
    password_at: Mapped[datetime | None] = mapped_column(Moment)
    secret: Mapped[MaskedValue | None] = mapped_column(Masked("secret"))
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    recovery: Mapped[str] = mapped_column(Text, default="[]")


def credential_of(session: Session, user_id: int) -> Any:
    """Returns the row of an account, whose fields are those of `Credential`; None where nothing is kept yet."""
    kept: Any = Credential.__table__
    return session.execute(select(kept).where(kept.c.user_id == user_id)).first()


def keep(session: Session, user_id: int, **values: Any) -> None:
    """Writes values into the row of an account, which is made where there is none. Does not commit."""
    kept: Any = Credential.__table__
    written: Any = session.execute(update(kept).where(kept.c.user_id == user_id).values(**values))
    if not written.rowcount:
        row = {"must_change": False, "recovery": "[]", **values, "user_id": user_id}
        session.execute(kept.insert().values(**row))
