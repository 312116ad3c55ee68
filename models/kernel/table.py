"""The base of every declared table: common columns, derived relations, indexes, and hooks for the table's own rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from flask_appbuilder import Model
from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, Session, declared_attr, mapped_column, relationship

from models.kernel.columns import INFO, BigId, ColumnInfo, Moment
from models.kernel.flow import Flow
from models.kernel.owned import Owned
from models.kernel.refusal import Refusal
from models.kernel.screen import Screen
from models.kernel.words import Words, _

if TYPE_CHECKING:
    from models.kernel.actor import Actor

Model.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Our declarative base over the framework's metadata: one history of migrations for `ab_*` and business tables."""

    metadata = Model.metadata


def class_name(table: str) -> str:
    """Returns the class name that belongs to a table name: 'house_type' -> 'HouseType'."""
    return "".join(part.capitalize() for part in table.split("_"))


def table_name(name: str) -> str:
    """Returns the table name that belongs to a class name: 'HouseType' -> 'house_type'."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


LIVING = "deleted_at IS NULL"


class Table(Base):
    """A declared business table. The table name follows from the class name; `screen` and `owned` are the declaration.

    Subclasses may override `derive` (fill what follows from other columns) and `faults` (rules over the whole row).
    """

    __abstract__ = True
    if not TYPE_CHECKING:
        __allow_unmapped__ = True

    screen: ClassVar[Screen]
    owned: ClassVar[Owned]
    area_name: ClassVar[str]
    flow: ClassVar[Flow | None] = None

    id: Mapped[int] = mapped_column(BigId, primary_key=True, sort_order=-10)
    created_at: Mapped[datetime] = mapped_column(
        Moment, sort_order=90, info={INFO: ColumnInfo(_("Created", "创建时间"), "moment", system=True)}
    )
    changed_at: Mapped[datetime] = mapped_column(
        Moment, sort_order=92, info={INFO: ColumnInfo(_("Changed", "修改时间"), "moment", system=True)}
    )
    version: Mapped[int] = mapped_column(Integer, default=1, sort_order=94, active_history=True)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment, sort_order=95, active_history=True)

    @declared_attr
    def created_by_id(cls) -> Mapped[int | None]:
        """The account that entered the row; None for the system."""
        return mapped_column(ForeignKey("ab_user.id"), sort_order=91)

    @declared_attr
    def changed_by_id(cls) -> Mapped[int | None]:
        """The account that changed the row last."""
        return mapped_column(ForeignKey("ab_user.id"), sort_order=93)

    @declared_attr
    def deleted_by_id(cls) -> Mapped[int | None]:
        """The account that put the row in the recycle bin."""
        return mapped_column(ForeignKey("ab_user.id"), sort_order=96)

    if TYPE_CHECKING:
        # relations are derived from the ref columns, so the type checker cannot see them
        def __getattr__(self, name: str) -> Any: ...

        state_since: Any  # of a table with a flow
        state_due_at: Any
        project_id: Mapped[int]  # of a table owned by projects
        node_id: Mapped[int]  # of a table owned by places

    def __init_subclass__(cls, **kwargs: Any) -> None:
        flow: Flow | None = cls.__dict__.get("flow")
        if flow is not None:
            _derive_state(cls)
        if "__tablename__" not in cls.__dict__ and not cls.__dict__.get("__abstract__"):
            cls.__tablename__ = table_name(cls.__name__)
            _derive_columns(cls)
            cls.__table_args__ = (*_indexes(cls), *cls.__dict__.get("__table_args__", ()))
        super().__init_subclass__(**kwargs)

    def derive(self, session: Session, actor: Actor) -> None:
        """Fills what follows from other columns. Called before each write of the row, before its checks."""

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Yields what is wrong with the row as a whole. Called before each write of the row."""
        return ()

    def cautions(self, session: Session, actor: Actor) -> Iterable[Words]:
        """Yields what whoever enters or changes the row is told besides: it is saved all the same."""
        return ()

    def closed(self, session: Session, actor: Actor) -> Refusal | None:
        """Returns why the row takes no change at all any more, so that pages offer none; None where it takes them.

        It says so to pages. What refuses the change is `faults` and `leaving`.
        """
        return None

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Yields why the row may not go to the recycle bin, and does what its going means elsewhere."""
        return ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__dict__.get('id')}>"


def _derive_state(cls: type[Table]) -> None:
    """Adds what the kernel keeps of a row in a flow: since when it is in its state, and until when it may be."""
    for name, label in (
        ("state_since", _("In this state since", "进入当前状态时间")),
        ("state_due_at", _("Due", "办理期限")),
    ):
        cls.__annotations__[name] = Mapped[datetime | None]
        info = ColumnInfo(label, "moment", system=True)
        setattr(cls, name, mapped_column(Moment, nullable=True, info={INFO: info}, sort_order=85))


def _declared(cls: type[Table]) -> dict[str, ColumnInfo]:
    return {
        name: value.column.info[INFO]
        for name, value in cls.__dict__.items()
        if isinstance(value, MappedColumn) and INFO in value.column.info
    }


def _derive_columns(cls: type[Table]) -> None:
    """Adds the owner column where it is kept by the kernel, the shadows of masked columns, and the relations."""
    owned: Owned = cls.owned
    if owned.kind == "project" and "project_id" not in cls.__dict__:
        info = ColumnInfo(_("Project", "项目"), "ref", target="project", system=owned.through is not None)
        cls.__annotations__["project_id"] = Mapped[int]
        cls.project_id = mapped_column(
            BigId, ForeignKey("project.id"), nullable=False, info={INFO: info}, sort_order=-5, active_history=True
        )
    if owned.kind == "node" and "node_id" not in cls.__dict__:
        info = ColumnInfo(owned.label or _("Belongs to", "所属单位"), "ref", target="node")
        cls.__annotations__["node_id"] = Mapped[int]
        cls.node_id = mapped_column(
            BigId, ForeignKey("node.id"), nullable=False, info={INFO: info}, sort_order=-5, active_history=True
        )
    if owned.kind == "person" and "user_id" not in cls.__dict__:
        info = ColumnInfo(_("Person", "人员"), "integer", system=True)
        cls.__annotations__["user_id"] = Mapped[int]
        cls.user_id = mapped_column(
            ForeignKey("ab_user.id"), nullable=False, info={INFO: info}, sort_order=-5, active_history=True
        )
    for name, info in _declared(cls).items():
        if info.kind == "ref":
            relation = name.removesuffix("_id")
            setattr(
                cls,
                relation,
                relationship(
                    class_name(info.target or ""),
                    foreign_keys=[cls.__dict__[name].column],
                    remote_side=f"{class_name(info.target or '')}.id",  # else a ref to one's own table gives its children
                    viewonly=True,
                ),
            )
        elif info.kind == "masked":
            for shadow in ("blind", "tail"):
                setattr(cls, f"{name}_{shadow}", mapped_column(String(64), index=True, sort_order=80))


def _indexes(cls: type[Table]) -> list[Index]:
    """The indexes every table has: newest first, newest first within an owner, and the natural key.

    All of them over living rows only: a deep page then skips along the index without looking at the rows.
    """
    table = cls.__tablename__
    living: dict[str, Any] = {"sqlite_where": text(LIVING), "postgresql_where": text(LIVING)}
    found = [Index(f"ix_{table}_created_at_id", "created_at", "id", **living)]
    owner = cls.owned.column
    if owner:
        found.append(Index(f"ix_{table}_{owner}_created_at_id", owner, "created_at", "id", **living))
    for column in cls.screen.searched:
        if column in cls.__dict__:  # a prefix search is then a range of this index on either database
            found.append(Index(f"ix_{table}_{column}_prefix", column, postgresql_ops={column: "text_pattern_ops"}))
            if owner:  # and within an owner, for those who see a few of them
                name = f"ix_{table}_{owner}_{column}_prefix"[:63]
                found.append(Index(name, owner, column, postgresql_ops={column: "text_pattern_ops"}))
    if cls.screen.key:
        name = f"uq_{table}_" + "_".join(cls.screen.key)
        columns = key_columns(cls)
        found.append(Index(name[:63], *columns, unique=True, **living))
    return found


def key_columns(cls: type[Table]) -> tuple[str, ...]:
    """Returns the natural key as the database holds it: a masked column is keyed by its blind index."""
    known = _declared(cls)
    return tuple(f"{name}_blind" if name in known and known[name].kind == "masked" else name for name in cls.screen.key)
