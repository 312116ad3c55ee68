"""The thirteen roles (S02 and Part C 7) and the rights there are.

A role is granted at a node of the tree and holds in the subtree below it. Rights are stated by areas and tables in code
and default to none.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.kernel.words import Words, _

READ, WRITE, DELETE, EXPORT, IMPORT, REVEAL, MATCH, PURGE = (
    "read",
    "write",
    "delete",
    "export",
    "import",
    "reveal",
    "match",
    "purge",
)
RIGHTS = (READ, WRITE, DELETE, EXPORT, IMPORT, REVEAL, MATCH, PURGE)
"""`write` adds and changes; `delete` puts in the recycle bin and takes out again; `reveal` shows masked values in full;
`match` finds a row by the exact masked value; `purge` takes a row out of the bin for good."""

RIGHT_WORDS = {
    READ: _("Read", "查看"),
    WRITE: _("Add and change", "新增与修改"),
    DELETE: _("Delete", "删除"),
    EXPORT: _("Export", "导出"),
    IMPORT: _("Import", "导入"),
    REVEAL: _("Show in full", "查看完整信息"),
    MATCH: _("Find by exact number", "按号码精确查找"),
    PURGE: _("Delete for good", "彻底删除"),
}


@dataclass(frozen=True, slots=True)
class Role:
    """A role: its stable name, its words, its class (`admin`, `clerk`, `leader`, `outside`) and what it may grant on.

    `party` is for those outside: the column of a person that says whom they act for. Of tables whose rows concern such
    a party (`owned.Party`) they reach that party's own, and none where the person acts for nobody.
    """

    name: str
    words: Words
    kind: str
    level: str
    may_grant: tuple[str, ...] = ()
    party: str = ""


_CLERKS = ("project_clerk", "request_clerk", "inspection_clerk", "title_clerk", "compensation_clerk")
_COMPANY = (*_CLERKS, "company_leader", "project_leader", "contractor", "service_manager", "finance")

ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(
            "group_admin",
            _("Group CRM administrator", "集团CRM管理员"),
            "admin",
            "group",
            ("group_admin", "regional_admin", "group_leader", *_COMPANY),
        ),
        Role(
            "regional_admin",
            _("Regional CRM administrator", "地区CRM管理员"),
            "admin",
            "region",
            _COMPANY,
        ),
        Role("project_clerk", _("Project CRM clerk", "项目CRM专员"), "clerk", "project"),
        Role("request_clerk", _("Request CRM clerk", "诉求CRM专员"), "clerk", "company"),
        Role("inspection_clerk", _("Inspection CRM clerk", "验房CRM专员"), "clerk", "project"),
        Role("title_clerk", _("Title CRM clerk", "产权CRM专员"), "clerk", "company"),
        Role("compensation_clerk", _("Compensation CRM clerk", "赔付CRM专员"), "clerk", "company"),
        Role("group_leader", _("Group leader", "集团领导"), "leader", "group"),
        Role("company_leader", _("Company leader", "地区公司领导"), "leader", "company"),
        Role("project_leader", _("Project leader", "项目领导"), "leader", "project"),
        Role("contractor", _("Contractor", "承建商"), "outside", "project", party="contractor_id"),
        Role("service_manager", _("Customer service manager", "客户服务部经理"), "clerk", "company"),
        Role("finance", _("Finance", "财务"), "clerk", "company"),
    )
}

TOP = "group_admin"
"""The role that gives every other one; at the top of the tree somebody always holds it."""

ADMINS = (TOP, "regional_admin")
CLERKS = (*_CLERKS, "service_manager", "finance")
LEADERS = ("group_leader", "company_leader", "project_leader")
INSIDE = (*ADMINS, *CLERKS, *LEADERS)
"""Everyone but the contractor, who is not of the house."""
ALL = tuple(ROLES)


class Rights(dict[str, tuple[str, ...]]):
    """Right -> names of the roles that hold it. What is not named is held by nobody.

    `Rights(read=INSIDE, write=ADMINS)`; `area_rights | Rights(write=...)` overrides single rights.
    """

    def __init__(self, other: dict[str, tuple[str, ...]] | None = None, /, **rights: tuple[str, ...]) -> None:
        super().__init__(other or {})
        for right, roles in rights.items():
            self[right.rstrip("_")] = tuple(roles)

    def __or__(self, other: object) -> Rights:  # type: ignore[override]  # narrower than dict's: both sides are Rights
        if not isinstance(other, dict):
            return NotImplemented
        return Rights({**self, **other})

    def roles(self, right: str) -> tuple[str, ...]:
        """Returns the names of the roles that hold `right`."""
        return self.get(right, ())
