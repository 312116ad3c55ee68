"""Rules of numbers: which pattern the numbers of an object follow, in which part of the tree (S08 文件编码规则)."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.columns import choice, prose, text
from models.kernel.options import Declared
from models.kernel.owned import by_node
from models.kernel.pattern import Cycle, overlap, read_pattern
from models.kernel.refusal import Refusal
from models.kernel.registry import numbers_of, tables
from models.kernel.screen import Screen, section
from models.kernel.table import Table
from models.kernel.words import Words, _


class Numbered(Declared):
    """The objects that are numbered: as many as the declared tables have numbered columns, none is listed here."""

    @classmethod
    def named(cls) -> dict[str, Words]:
        """Returns the objects with the labels of their tables."""
        return _objects()


def _objects() -> dict[str, Words]:
    return {name: table.screen.label for table in tables().values() for name in numbers_of(table).values()}


class NumberRule(Table):
    """How the rows of an object are numbered at a place and below it; the rule of the nearest place holds."""

    area_name = "system"
    owned = by_node(inherited=True)
    screen = Screen(
        label=_("Number rule", "编码规则"),
        plural=_("Number rules", "编码规则"),
        icon="hash",
        key=("object", "node_id"),
        title=("object", "pattern"),
        listed=("object", "pattern", "cycle", "node", "changed_at"),
        searched=("pattern",),
        sections=(section(_("Number rule", "编码规则"), "object", "node_id", "pattern", "cycle", "remark"),),
        noted=_(
            "How new records are numbered. The rule of the nearest place above a record holds.",
            "设置新单据的编号方式，以离单据最近的上级单位的规则为准。",
        ),
    )

    object: Mapped[str] = choice(_("Object", "编码对象"), Numbered)
    pattern: Mapped[str] = text(
        _("Pattern", "规则"),
        60,
        hint=_(
            "Such as JD{yyyy}{mm}{dd}-{seq:04d}; {company} and {project} give their codes.",
            "例如 JD{yyyy}{mm}{dd}-{seq:04d}；{company}、{project} 为公司、项目编码。",
        ),
    )
    cycle: Mapped[str] = choice(_("Begins again", "流水号重置"), Cycle, default=Cycle.DAY)
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A pattern must be readable and never give a number that another rule of the same object can give."""
        try:
            mine = read_pattern(self.pattern, self.cycle)
        except Refusal as refusal:
            yield refusal
            return
        rules = NumberRule.__table__
        others = session.execute(
            select(rules.c.id, rules.c.pattern, rules.c.cycle).where(
                rules.c.object == self.object, rules.c.deleted_at.is_(None), rules.c.id != (self.id or 0)
            )
        )
        for key, pattern, cycle in others:
            if overlap(mine, read_pattern(pattern, cycle)):
                yield Refusal(self._overlapping(session, key, pattern), "pattern", code="overlap", status=409)
                return

    def _overlapping(self, session: Session, key: int, pattern: str) -> Words:
        """Says which rule is in the way; of one the actor cannot read only that there is one."""
        if session.scalar(select(NumberRule.id).where(NumberRule.id == key)) is None:
            return _(
                "A rule of another place, outside of your part of the tree, could give the same numbers. "
                "Tell yours apart, for instance by other letters at the beginning.",
                "您权限范围以外已有规则，可能产生相同编号，请用不同的前缀等加以区分。",
            )
        return _(
            "Rule “{pattern}” of the same object could give the same numbers. "
            "Tell them apart, for instance by other letters at the beginning.",
            "该对象已有规则“{pattern}”，可能产生相同编号，请用不同的前缀等加以区分。",
        ).fill(pattern=pattern)
