"""Values of option lists (业务参数, D1 11): owned by a place, in force in its subtree, the nearest place wins."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Mapped, Session

from models.kernel.actor import Actor
from models.kernel.clock import today
from models.kernel.columns import choice, day, flag, integer, prose, ref, text
from models.kernel.inherited import Inherited
from models.kernel.node import Node
from models.kernel.option_list import LISTS
from models.kernel.options import TONES, Declared, Options
from models.kernel.owned import by_node
from models.kernel.owning import owner_column, path_of
from models.kernel.refusal import Refusal
from models.kernel.registry import infos, tables
from models.kernel.roles import ALL, Rights
from models.kernel.screen import Screen, section
from models.kernel.session import clock_of
from models.kernel.table import Table
from models.kernel.words import Words, _


class ListName(Declared):
    """The declared option lists; none is named here."""

    @classmethod
    def named(cls) -> dict[str, Words]:
        """Returns the lists with what people call them."""
        return {each.name: each.label for each in LISTS.values()}


_COLOURS = {
    "grey": "灰",
    "blue": "蓝",
    "teal": "青",
    "green": "绿",
    "lime": "黄绿",
    "amber": "琥珀",
    "orange": "橙",
    "red": "红",
    "purple": "紫",
}
_TONE_OPTIONS: Any = [(tone.upper(), (tone, _(tone.capitalize(), _COLOURS[tone]), tone)) for tone in TONES]
Tone: type[Options] = Options("Tone", _TONE_OPTIONS)  # type: ignore[assignment]  # enum's functional way


class DictItem(Inherited, Table):
    """A value of an option list at a place: its code, its words in both languages, from when until when."""

    area_name = "system"
    owned = by_node(inherited=True)
    screen = Screen(
        label=_("List value", "选项"),
        plural=_("List values", "选项明细"),
        icon="list-details",
        key=("dict_code", "code", "node_id", "from_day"),
        title=("label_zh",),
        listed=("dict_code", "code", "label_zh", "label_en", "node", "enabled", "overridable", "from_day", "until_day"),
        searched=("code", "label_zh"),
        sections=(
            section(
                _("Value", "选项"),
                "dict_code",
                "node_id",
                "code",
                "label_zh",
                "label_en",
                "sort",
                "tone",
                "parent_id",
                "remark",
            ),
            section(_("In force", "生效"), "enabled", "overridable", "from_day", "until_day"),
        ),
        rights=Rights(read=ALL),
        noted=_(
            "What people may choose in lists. The value of the nearest place above a record holds.",
            "维护各下拉列表的选项，以离单据最近的上级单位的选项为准。",
        ),
        menu=False,
    )

    dict_code: Mapped[str] = choice(_("List", "选项列表"), ListName)
    code: Mapped[str] = text(
        _("Code", "编码"),
        40,
        hint=_("What records keep; never changed afterwards.", "单据中保存的值，保存后不可修改。"),
    )
    label_zh: Mapped[str] = text(_("Chinese", "中文名称"), 60)
    label_en: Mapped[str] = text(_("English", "英文名称"), 60)
    sort: Mapped[int] = integer(_("Order", "排序"), default=0)
    tone: Mapped[str | None] = choice(_("Colour of its dot", "标记颜色"), Tone)
    parent_id: Mapped[int | None] = ref("dict_item", _("Belongs under", "上级选项"))
    enabled: Mapped[bool] = flag(_("May be chosen", "启用"), default=True)
    overridable: Mapped[bool] = flag(_("Lower levels may change it", "下级可调整"), default=True)
    from_day: Mapped[date] = day(_("From", "生效日期"), hint=_("The first day it holds.", "生效的第一天。"))
    until_day: Mapped[date | None] = day(_("Until", "失效日期"), hint=_("The last day it holds.", "有效的最后一天。"))
    remark: Mapped[str | None] = prose(_("Remarks", "备注"))

    @property
    def variant(self) -> str:
        """Codes of different lists stand beside each other."""
        return self.dict_code or ""

    def derive(self, session: Session, actor: Actor) -> None:
        """What is remembered of the lists in this session is read again."""
        session.info.pop("option_items", None)

    def faults(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """Codes stay, what is not overridable above stays, no value belongs under itself, dates have an order."""
        stands = self.closed(session, actor)
        if stands is not None:
            yield stands
            return
        if self.until_day and self.until_day < self.from_day:
            yield Refusal(_("It ends before it begins.", "失效日期早于生效日期。"), "until_day")
        if "," in self.code or self.code != self.code.strip():
            yield Refusal(_("A code has no comma in it.", "编码中不能有逗号。"), "code")
        if self.id is not None:
            for column in ("dict_code", "code", "node_id"):
                if inspect(self).attrs[column].history.has_changes():
                    yield Refusal(
                        _(
                            "List, code and place of a value stay as they are: records keep the code. Add another value.",
                            "选项的列表、编码和所属单位不可修改（单据中已保存该编码），请新增一个选项。",
                        ),
                        column,
                        code="kept_code",
                        status=409,
                    )
                    return
        yield from self._held_above(session)
        if self.parent_id is not None:
            yield from self._under(session)

    def _held_above(self, session: Session) -> Iterable[Refusal]:
        """What a higher place does not leave to lower ones is not changed by them."""
        path = path_of(session, "node", self.node_id) or "/"
        items, nodes = DictItem.__table__.c, Node.__table__.c
        above = session.execute(
            select(nodes.path, nodes.name)
            .join(DictItem.__table__, items.node_id == nodes.id)
            .where(
                items.dict_code == self.dict_code,
                items.code == self.code,
                items.overridable.is_(False),
                items.deleted_at.is_(None),
                items.node_id != self.node_id,
            )
        )
        for there, name in above:
            if path.startswith(there):
                yield Refusal(
                    _(
                        "“{code}” is kept by {place}, which leaves it to no lower level. Ask there.",
                        "“{code}”由{place}统一维护，不允许下级调整，请联系上级管理员。",
                    ).fill(code=self.code, place=name),
                    "code",
                    code="not_overridable",
                    status=409,
                )
                return

    def _under(self, session: Session) -> Iterable[Refusal]:
        """The value above is of the same list, here or higher up, and does not itself belong under this one."""
        items = DictItem.__table__.c
        rows = {
            row.id: row
            for row in session.execute(
                select(items.id, items.code, items.parent_id, items.node_id).where(
                    items.dict_code == self.dict_code, items.deleted_at.is_(None)
                )
            )
        }
        path = path_of(session, "node", self.node_id) or "/"
        over = rows.get(self.parent_id or 0)
        if over is None or not path.startswith(path_of(session, "node", over.node_id) or "?"):
            yield Refusal(
                _(
                    "The value above must be of the same list, at this place or a higher one.",
                    "上级选项必须属于同一列表，且属于本单位或上级单位。",
                ),
                "parent_id",
            )
            return
        above: dict[str, set[str]] = {}
        for row in rows.values():
            if row.id != self.id and row.parent_id in rows:
                above.setdefault(row.code, set()).add(rows[row.parent_id].code)
        seen, open_ = set(), [over.code]
        while open_:
            code = open_.pop()
            if code == self.code:
                yield Refusal(
                    _(
                        "“{code}” cannot belong under “{over}”: that belongs under it already.",
                        "“{code}”不能归于“{over}”之下：后者已在其下级，会形成循环。",
                    ).fill(code=self.code, over=over.code),
                    "parent_id",
                    code="cycle",
                    status=409,
                )
                return
            seen.add(code)
            open_.extend(above.get(code, set()) - seen)

    def leaving(self, session: Session, actor: Actor) -> Iterable[Refusal]:
        """A value that records use is switched off, not deleted; unless another row of the same code covers them."""
        session.info.pop("option_items", None)
        yield from super().leaving(session, actor)
        here = path_of(session, "node", self.node_id) or "/"
        items = DictItem.__table__.c
        others = session.execute(
            select(items.node_id).where(
                items.dict_code == self.dict_code,
                items.code == self.code,
                items.id != self.id,
                items.deleted_at.is_(None),
            )
        ).scalars()
        if any(here.startswith(path_of(session, "node", node) or "?") for node in others):
            return
        for cls in tables().values():
            for column, known in infos(cls).items():
                if known.list == self.dict_code and used(session, cls, column, self.code, here):
                    count = used(session, cls, column, self.code, here, seen=True)
                    sentence = (
                        _(
                            "“{name}” cannot be deleted: {count} {table} use it. Switch it off instead: records keep it, "
                            "and nobody chooses it any more.",
                            "“{name}”无法删除：有 {count} 条{table}正在使用。可改为停用：已有单据保留该值，新单据不再可选。",
                        )
                        if count
                        else _(
                            "“{name}” cannot be deleted: it is still used outside of your part of the tree. "
                            "Switch it off instead.",
                            "“{name}”无法删除：您权限范围以外仍有记录在使用它，可改为停用。",
                        )
                    )
                    yield Refusal(
                        sentence.fill(name=self.label_zh, count=count, table=cls.screen.name),
                        code="in_use",
                        status=409,
                    )
                    return


def used(session: Session, cls: type[Table], column: str, code: str, path: str, *, seen: bool = False) -> int:
    """Counts the living rows below a place that hold a code, up to 1000, those out of scope included: they keep it too.

    Args:
        seen: only those the actor may read, which is as many as a person is told.
    """
    bare: Any = cls if seen else cls.__table__.c
    query = select(bare.id).where(getattr(bare, column) == code, bare.deleted_at.is_(None))
    owner = owner_column(cls)
    if owner is not None and "." not in owner[0]:
        nodes = Node.__table__.c
        below = nodes.path.startswith(path, autoescape=True)
        key = nodes.id if owner[1] == "node" else nodes.ref_id
        places = select(key).where(below) if owner[1] == "node" else select(key).where(below, nodes.kind == owner[1])
        query = query.where(getattr(bare, owner[0]).in_(places))
    return len(session.execute(query.limit(1000)).all())


def is_current(item: DictItem, session: Session) -> bool:
    """Returns whether a value is in force today."""
    now = today(clock_of(session))
    return item.from_day <= now and (item.until_day is None or item.until_day >= now)
