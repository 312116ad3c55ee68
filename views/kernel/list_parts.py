"""The parts of a list page: its chips, filters, columns, pager and buttons, as the template takes them."""

from __future__ import annotations

from typing import Any

from models.kernel.option_values import words_of
from models.kernel.registry import infos, table
from models.kernel.roles import EXPORT
from models.kernel.scope import may, may_enter
from models.kernel.table import Table
from models.kernel.words import _, amid
from views.kernel import record
from views.kernel.listing import COUNT_CAP, Listing, known_column
from views.kernel.lookup import text_of
from views.kernel.operators import OPERATORS, Operator, operator
from views.kernel.option_fields import option_filter
from views.kernel.parameters import SIZES, Wanted
from views.kernel.request import actor, say
from views.kernel.request import session as database
from views.kernel.selection import selection

Dicts = list[dict[str, Any]]


def _comma() -> str:
    return str(say(_(", ", "、")))


class ListParts:
    """What a list page of `table` is made of.

    `list_name` is the framework's name of the list in URL arguments, `base` the page's own path, where it is not the list.
    """

    def __init__(self, table: type[Table], list_name: str, base: str | None = None) -> None:
        self.table = table
        self.name = str(table.__tablename__)
        self.list_name = list_name
        self.base = base or f"/{self.name}/list/"
        self.unseen: list[Any] = []
        """What was found in filters that this reader cannot see; told above the list."""

    def count_words(self, count: int) -> Any:
        """Says how many rows there are, up to the cap."""
        if count > COUNT_CAP:
            return _("more than {n} rows", "{n}+ 条").fill(n=f"{COUNT_CAP:,}")
        return _("{n} rows", "{n} 条").fill(n=f"{count:,}")

    def add_action(self) -> dict[str, Any] | None:
        """The button that adds a row, for those who may."""
        if not may_enter(actor(), self.table):
            return None
        label = _("Add {name}", "新增{name}").fill(name=amid(self.table.screen.label))
        return {"label": label, "url": f"/{self.name}/add", "icon": "plus"}

    def exports(self, asked: Wanted) -> Dicts:
        """The export links, with the list's own arguments."""
        if not may(actor(), self.table, EXPORT):
            return []
        return [
            {"label": _("Excel (XLSX)", "Excel（XLSX）"), "url": asked.url(f"/{self.name}/export.xlsx")},
            {"label": _("CSV", "CSV"), "url": asked.url(f"/{self.name}/export.csv")},
            {"label": _("More choices", "更多选项"), "url": asked.url(f"/{self.name}/export")},
        ]

    def quick(self, asked: Wanted) -> dict[str, Any] | None:
        """The quick search, where the table has one."""
        searched = self.table.screen.searched
        if not searched:
            return None
        labels = [record.column_label(self.table, path) for path in searched[:3]]
        comma = str(say(_(", ", "、")))
        hint = _("Search {fields}", "搜索{fields}").fill(fields=comma.join(say(amid(label)) for label in labels))
        return {"name": "q", "value": asked.asked.search, "placeholder": hint}

    def chips(self, asked: Wanted) -> Dicts:
        """One chip per filter that is on, each with the address without it, and what its editor begins with."""
        chips: Dicts = []
        if asked.asked.of:
            found = selection(database(), self.table, asked.asked.of)
            chips.append(
                {
                    "label": found.label,
                    "text": found.text,
                    "remove_url": asked.url(self.base, drop=("_of",)),
                    "name": None,
                    "field": "",
                    "operator": "",
                    "value": "",
                    "chosen": [],
                }
            )
        for one in asked.asked.filters:
            known = known_column(self.table, one.path)
            how = operator(known.kind, one.operator)
            rows = self.rows_named(known, one.raw) if known.kind == "ref" and how.takes else []
            value = _comma().join(text for _key, text in rows) if rows else self.filter_text(known, one.raw, how)
            own = one.path in infos(self.table)  # a filter through another table comes from a link, and is only removed
            chips.append(
                {
                    "label": record.column_label(self.table, one.path),
                    "text": f"{say(how.words)} {value}" if how.takes else say(how.words),
                    "remove_url": asked.url(self.base, drop=(one.name,)),
                    "name": one.name if own and known.kind != "masked" else None,
                    "field": one.path,
                    "operator": str(OPERATORS[known.kind].index(how)),
                    "value": one.raw,
                    "chosen": [{"id": key, "text": text} for key, text in rows],
                }
            )
        if asked.asked.ids is not None:
            chips.append(
                {
                    "label": _("Chosen rows", "所选记录"),
                    "text": f"{len(asked.asked.ids):,}",
                    "remove_url": asked.url(f"/{self.name}/list/", drop=("ids",)),
                }
            )
        return chips

    def filter_text(self, known: Any, raw: str, how: Operator | None = None) -> str:
        """What a chip says its filter's value is."""
        if how is not None and how.two:
            low, _sep, high = (part.strip() for part in raw.partition(","))
            return f"{low or '…'} – {high or '…'}"
        if known.options is not None:
            members = [known.options.member(part.strip()) for part in raw.split(",")]
            return _comma().join(say(member.words) if member else "?" for member in members)
        if known.kind == "option":
            return _comma().join(str(say(words_of(database(), known.list, part.strip()))) for part in raw.split(","))
        if known.kind == "flag":
            return str(say(_("Yes", "是") if raw in ("1", "y", "true") else _("No", "否")))
        return "****" if known.kind == "masked" else raw

    def rows_named(self, known: Any, raw: str) -> list[tuple[int, str]]:
        """The rows a filter by a ref names, as this reader sees them; what cannot be seen is noted in `unseen`."""
        keys = [int(part) for part in raw.split(",")[:3] if part.strip().isdecimal() and len(part) < 19]
        found = [(key, text_of(database(), table(known.target), key)) for key in keys]
        if not all(text for _key, text in found):
            self.unseen.append(
                _(
                    "A filter by {label} names a record that is not in your part of the tree, or was deleted.",
                    "筛选条件“{label}”所指的记录不在您的权限范围内，或已被删除。",
                ).fill(label=known.label)
            )
        hidden = str(say(_("(not visible to you)", "（您看不到）")))
        return [(key, text or hidden) for key, text in found]

    def filter_fields(self) -> Dicts:
        """What may be filtered by, with the operators that fit."""

        fields = []
        for name, known in infos(self.table).items():
            ways = [(place, how) for place, how in enumerate(OPERATORS[known.kind]) if self._offered(how)]
            if not ways:
                continue
            operators = [
                {
                    "key": str(place),
                    "label": how.words,
                    "needs": "two" if how.two else "many" if how.name == "in" else None if how.takes else "none",
                }
                for place, how in ways
            ]
            options = [{"value": o.value, "label": o.words} for o in known.options.options()] if known.options else None
            if known.kind == "option":
                fields.append({"key": name, "label": known.label, "operators": operators, **option_filter(known)})
                continue
            kind = "number" if known.kind in ("integer", "decimal") else known.kind
            fields.append(
                {
                    "key": name,
                    "label": known.label,
                    "kind": kind,
                    "operators": operators,
                    "options": options,
                    "lookup_url": f"/{known.target}/lookup" if known.target else None,
                }
            )
        return fields

    def _offered(self, how: Operator) -> bool:
        return how.right is None or may(actor(), self.table, how.right)

    def column_choice(self, shown: tuple[str, ...], widths: dict[str, int]) -> Dicts:
        """What the column chooser offers: first what is shown, in its order."""
        offered = list(dict.fromkeys([*shown, *self.table.screen.listed, *infos(self.table)]))
        known = {path.removesuffix("_id") for path in self.table.screen.listed}
        return [
            {
                "key": path,
                "label": record.column_label(self.table, path),
                "shown": path in shown,
                "width": widths.get(path, ""),
            }
            for path in offered
            if path in shown or path in self.table.screen.listed or path.removesuffix("_id") not in known
        ]

    def columns(self, asked: Wanted, listing: Listing) -> Dicts:
        """The head of the list, with sort links."""
        order = asked.asked.order
        head = record.columns(self.table, listing.columns)
        for column in head:
            path = column["key"]
            now = None if order is None or order.lstrip("-") != path else ("desc" if order.startswith("-") else "asc")
            column["sort"] = now
            column["width_class"] = ""
            column["width"] = asked.widths.get(path, "")
            column["sort_url"] = (
                None
                if column["kind"] == "masked"
                else asked.url(
                    f"/{self.name}/list/",
                    {f"_oc_{self.list_name}": path, f"_od_{self.list_name}": "desc" if now == "asc" else "asc"},
                )
            )
        return head

    def pager(self, asked: Wanted, before: str | None, after: str | None, shown: int, count: int) -> dict[str, Any]:
        """Where one is in the list, and the way on and back."""
        here, base = asked.asked, self.base
        page_name = f"page_{self.list_name}"
        start = here.page * here.size
        last = f"{min(count, COUNT_CAP):,}" + ("+" if count > COUNT_CAP else "")
        text = _("{from_} – {to} of {n}", "第 {from_}–{to} 条，共 {n} 条").fill(
            from_=f"{start + 1:,}" if shown else "0", to=f"{start + shown:,}", n=last
        )
        return {
            "text": text,
            "size": here.size,
            "sizes": [
                {"n": n, "url": asked.url(base, {f"psize_{self.list_name}": n}), "active": n == here.size}
                for n in SIZES
            ],
            "first_url": asked.url(base, drop=("_after", "_before", page_name)) if before else None,
            "prev_url": asked.url(base, {"_before": before, page_name: max(here.page - 1, 0)}) if before else None,
            "next_url": asked.url(base, {"_after": after, page_name: here.page + 1}) if after else None,
        }

    def empty(self, asked: Wanted, clear_url: str) -> dict[str, Any] | None:
        """What an empty list says, and what to do next."""
        here = asked.asked
        if here.filters or here.search or here.of or here.ids is not None:
            return {
                "sentence": _("No row fits these filters.", "没有符合筛选条件的记录。"),
                "action": {"label": _("Clear filters", "清除筛选"), "url": clear_url, "icon": "filter-off"},
            }
        noted = self.table.screen.noted
        return {"sentence": noted or _("Nothing here yet.", "暂无记录。"), "action": self.add_action()}
