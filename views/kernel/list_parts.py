"""The parts of a list page: its chips, filters, columns, pager and buttons, as the template takes them."""

from __future__ import annotations

from typing import Any

from models.kernel.registry import infos, table
from models.kernel.roles import EXPORT, WRITE
from models.kernel.scope import may
from models.kernel.table import Table
from models.kernel.words import _
from views.kernel import record
from views.kernel.listing import COUNT_CAP, Listing, known_column
from views.kernel.lookup import text_of
from views.kernel.operators import OPERATORS, Operator, operator
from views.kernel.parameters import SIZES, Wanted, read_filter
from views.kernel.request import actor, say
from views.kernel.request import session as database

Dicts = list[dict[str, Any]]


class ListParts:
    """What a list page of `table` is made of.

    `list_name` is the framework's name of the list in URL arguments, `base` the page's own path, where it is not the list.
    """

    def __init__(self, table: type[Table], list_name: str, base: str | None = None) -> None:
        self.table = table
        self.name = str(table.__tablename__)
        self.list_name = list_name
        self.base = base or f"/{self.name}/list/"

    def count_words(self, count: int) -> Any:
        """Says how many rows there are, up to the cap."""
        if count > COUNT_CAP:
            return _("more than {n} rows", "{n}+ 条").fill(n=f"{COUNT_CAP:,}")
        return _("{n} rows", "{n} 条").fill(n=f"{count:,}")

    def add_action(self) -> dict[str, Any] | None:
        """The button that adds a row, for those who may."""
        if not may(actor(), self.table, WRITE):
            return None
        label = _("Add {name}", "新增{name}").fill(name=self.table.screen.label)
        return {"label": label, "url": f"/{self.name}/add", "icon": "plus"}

    def exports(self, asked: Wanted) -> Dicts:
        """The export links, with the list's own arguments."""
        if not may(actor(), self.table, EXPORT):
            return []
        return [
            {"label": _("Excel (XLSX)", "Excel（XLSX）"), "url": asked.url(f"/{self.name}/export.xlsx")},
            {"label": _("CSV", "CSV"), "url": asked.url(f"/{self.name}/export.csv")},
        ]

    def quick(self, asked: Wanted) -> dict[str, Any] | None:
        """The quick search, where the table has one."""
        searched = self.table.screen.searched
        if not searched:
            return None
        labels = [record.column_label(self.table, path) for path in searched[:3]]
        comma = str(say(_(", ", "、")))
        hint = _("Search {fields}", "搜索{fields}").fill(fields=comma.join(say(label) for label in labels))
        return {"name": "q", "value": asked.asked.search, "placeholder": hint}

    def chips(self, asked: Wanted) -> Dicts:
        """One chip per filter that is on, each with the address without it."""

        chips = []
        for one in asked.asked.filters:
            known = known_column(self.table, one.path)
            how = operator(known.kind, one.operator)
            names = tuple(n for n, _v in asked.arguments if read_filter(n) and read_filter(n)[1] == one.path)  # type: ignore[index]
            text = say(how.words) if not how.takes else f"{say(how.words)} {self.filter_text(known, one.raw)}"
            chips.append(
                {
                    "label": record.column_label(self.table, one.path),
                    "text": text,
                    "remove_url": asked.url(f"/{self.name}/list/", drop=names),
                }
            )
        return chips

    def filter_text(self, known: Any, raw: str) -> str:
        """What a chip says its filter's value is."""
        comma = str(say(_(", ", "、")))
        if known.options is not None:
            members = [known.options.member(part.strip()) for part in raw.split(",")]
            return comma.join(say(member.words) if member else "?" for member in members)
        if known.kind == "flag":
            return str(say(_("Yes", "是") if raw in ("1", "y", "true") else _("No", "否")))
        if known.kind == "ref":
            found = [
                text_of(database(), table(known.target), int(part))
                for part in raw.split(",")[:3]
                if part.strip().isdecimal() and len(part) < 19
            ]
            return comma.join(text or "?" for text in found)
        if known.kind == "masked":
            return "****"
        return raw

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
                    "needs": "many" if how.name == "in" else None if how.takes else "none",
                }
                for place, how in ways
            ]
            options = [{"value": o.value, "label": o.words} for o in known.options.options()] if known.options else None
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

    def column_choice(self, shown: tuple[str, ...]) -> Dicts:
        """What the column chooser offers."""
        offered = list(dict.fromkeys([*shown, *self.table.screen.listed, *infos(self.table)]))
        known = {path.removesuffix("_id") for path in self.table.screen.listed}
        return [
            {"key": path, "label": record.column_label(self.table, path), "shown": path in shown}
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

    def empty(self, asked: Wanted) -> dict[str, Any] | None:
        """What an empty list says, and what to do next."""
        if asked.asked.filters or asked.asked.search:
            return {
                "sentence": _("No row fits these filters.", "没有符合筛选条件的记录。"),
                "action": {"label": _("Clear filters", "清除筛选"), "url": f"/{self.name}/list/", "icon": "filter-off"},
            }
        noted = self.table.screen.noted
        return {"sentence": noted or _("Nothing here yet.", "暂无记录。"), "action": self.add_action()}
