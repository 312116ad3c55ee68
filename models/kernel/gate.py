"""The one gate: every statement that reads or changes declared tables is cut down to what the actor may reach.

Listens to every ORM session of the process. No actor means no rows. `unscoped` sessions act as the system and pass.
Execution options: `right` (what the rows are wanted for; 'read' where nothing is said), `deleted` ('hide', 'with', 'only')
and `keyed` (the table whose rows the statement names by their keys, so that they are not looked for by their owners).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Table as SchemaTable
from sqlalchemy import and_, event, true
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, Session
from sqlalchemy.orm.strategy_options import _AbstractLoad
from sqlalchemy.sql import visitors

from models.kernel.actor import Actor
from models.kernel.registry import infos, tables
from models.kernel.roles import DELETE, READ, WRITE
from models.kernel.scope import criterion, reach
from models.kernel.search import sources
from models.kernel.session import actor_of, clock_of
from models.kernel.table import Table


class Criterion(LoaderCriteriaOption):
    """A loader criterion that also holds where SQLAlchemy's own does not (2.1: tried, both leaked).

    Over an alias joined by an ON clause that was written out, it is put in terms of the alias, not of the table. And
    `joinedload` obeys it, although it is not handed on to lazy loads, which meet the gate by themselves.
    """

    __slots__ = ()
    _traverse_internals = LoaderCriteriaOption._traverse_internals  # so that statements with it are still cached

    def _resolve_where_criteria(self, ext_info: Any) -> Any:
        found = super()._resolve_where_criteria(ext_info)
        return ext_info._adapter.traverse(found) if ext_info.is_aliased_class else found

    def get_global_criteria(self, attributes: dict[Any, Any]) -> None:
        """Registers a twin that joined loads heed; this one itself stays out of what rows remember for lazy loads."""
        twin = Criterion.__new__(Criterion)
        for name in LoaderCriteriaOption.__slots__:
            setattr(twin, name, getattr(self, name))
        twin.propagate_to_loaders = True
        super(Criterion, twin).get_global_criteria(attributes)


def criteria(
    session: Session, actor: Actor, right: str, deleted: str, names: Collection[str], keyed: str = ""
) -> list[Any]:
    """Returns the loader criteria of `actor` for `right` on the tables `names`, each built once a session."""
    known: dict[Any, Any] = session.info.setdefault("criteria", {})
    found = []
    for name in sorted(names):  # always in one order, so that equal statements are compiled once
        key = (id(actor), right, deleted, name, name == keyed)
        if key not in known:
            known[key] = _build(session, actor, right, deleted, tables()[name], name == keyed)
        if known[key] is not None:
            found.append(known[key])
    return found


def _build(session: Session, actor: Actor, right: str, deleted: str, cls: type[Table], keyed: bool) -> Any:
    parts = []
    if not actor.system:
        scope = criterion(cls, reach(session, actor, cls, right), right, keyed=keyed)
        if scope is not true() and str(scope) != "true":
            parts.append(scope)
    if deleted == "hide":
        parts.append(cls.deleted_at.is_(None))
    elif deleted == "only":
        parts.append(cls.deleted_at.is_not(None))
    return Criterion(cls, and_(*parts), include_aliases=True, propagate_to_loaders=False) if parts else None


def _mentioned(state: ORMExecuteState) -> Collection[str]:
    """The declared tables that a statement can read: those in it, at any depth, and those its loader options may join.

    What an option joins is not in the statement yet, so one with a loader option is judged for every table.
    """
    statement: Any = state.statement
    declared = tables()
    if any(isinstance(option, _AbstractLoad) for option in statement._with_options):
        return declared
    found = {element.name for element in visitors.iterate(statement) if isinstance(element, SchemaTable)}
    for mapper in state.all_mappers:
        found.add(mapper.class_.__tablename__)
    return found & declared.keys()


def _refuse_unseen(statement: Any) -> None:
    """A statement of bare tables is the kernel's own affair, but one that holds a mapped class must not slip through.

    `select(exists().where(Room.id == 5))` is such a one: SQLAlchemy does not see that it is about Room.
    """
    for element in visitors.iterate(statement):
        entity = element._annotations.get("parententity") if hasattr(element, "_annotations") else None
        if entity is not None and issubclass(entity.mapper.class_, Table):
            raise RuntimeError(
                f"The gate cannot see that this statement reads {entity.mapper.class_.__tablename__}; "
                "begin it with select(<the class or a column of it>)."
            )


def _gate(state: ORMExecuteState) -> None:
    if not state.is_orm_statement:
        _refuse_unseen(state.statement)
        return
    if state.is_column_load:
        return
    session = state.session
    actor = actor_of(session)
    options = state.execution_options
    if state.is_insert:
        if not session.info.get("bulk") and _mapped(state):
            raise RuntimeError("Rows are inserted by the session or by models.kernel.bulk, never by a statement.")
        return
    deleted = options.get("deleted", "with" if state.is_relationship_load else "hide")
    if state.is_select:
        right = options.get("right", READ)
    else:
        right = options.get("right", DELETE if state.is_delete else WRITE)
        if state.is_delete and not session.info.get("purge"):
            raise RuntimeError(
                "Rows are put in the recycle bin by models.kernel.guard.remove, never deleted by a statement."
            )
    state.statement = state.statement.options(
        *criteria(session, actor, right, deleted, _mentioned(state), options.get("keyed", ""))
    )
    if state.is_update and _mapped(state):
        cls: Any = state.bind_mapper.class_ if state.bind_mapper else None
        _refuse_kept(cls, state)
        state.statement = state.statement.values(  # type: ignore[attr-defined]
            version=cls.version + 1, changed_at=clock_of(session)(), changed_by_id=actor.user_id
        )


def _refuse_kept(cls: type[Table], state: ORMExecuteState) -> None:
    """A statement changes plain values only. Owners, refs, personal data, stamps and life need the guard, row by row."""
    if isinstance(state.parameters, list):
        raise RuntimeError(
            "Rows are changed by key through the session or models.kernel.bulk, never by a list of keys."
        )
    statement: Any = state.statement
    found_by = sources(cls)  # whose tokens would be left behind
    for column in [*(statement._values or ()), *(state.parameters or ())]:
        name = str(getattr(column, "key", column))
        known = infos(cls).get(name)
        if known is None or known.system or known.kind in ("ref", "masked", "option") or name in found_by:
            raise RuntimeError(f"{cls.__tablename__}.{name} is not changed by a statement; change the rows one by one.")


def _mapped(state: ORMExecuteState) -> bool:
    mapper = state.bind_mapper
    return mapper is not None and issubclass(mapper.class_, Table)


event.listen(Session, "do_orm_execute", _gate)
