"""Who works in the demo company's console: an account for each role, and the clerks of every company and project."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Final

from sqlalchemy.orm import Session

from models.kernel.grant import Grant
from models.kernel.roles import ROLES
from models.kernel.tokens import romanised
from models.system.user_profile import UserProfile
from seeds.demo.people import People
from seeds.demo.places import Places
from seeds.demo.story import Story

SKIPPED: Final = 500_000_000
"""Staff carry mobile numbers from here on; customers count from the beginning."""

_HANGZHOU: Final = ("company", "hangzhou")
_FIRST: Final = ("project", "hushu")

PLACES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "group_admin": (("group", "group"),),
    "regional_admin": (("region", "east"),),
    "project_clerk": (_FIRST, ("project", "qiantang")),
    "request_clerk": (_HANGZHOU,),
    "inspection_clerk": (_HANGZHOU,),
    "title_clerk": (_HANGZHOU,),
    "compensation_clerk": (_HANGZHOU,),
    "group_leader": (("group", "group"),),
    "company_leader": (_HANGZHOU,),
    "project_leader": (_FIRST,),
    "contractor": (_FIRST,),
    "service_manager": (_HANGZHOU,),
    "finance": (_HANGZHOU,),
}
"""Role -> where the account of that name holds it: (kind, key) of places of the demo company."""

STRANGER: Final = ("request_clerk2", "request_clerk", ("company", "nanjing"))
"""The clerk of another company, who shows that a company sees its own rows only: login, role, place."""

ACCOUNTS: Final = (*PLACES, STRANGER[0])
"""The logins a demo start prints."""

_OFFICE: Final = {"finance": "财务部"}
_PER_COMPANY: Final = ("service_manager", "request_clerk", "request_clerk", "title_clerk", "compensation_clerk")

Nodes = dict[tuple[str, str], int]
"""(kind, key) -> node; a department by the key of its unit and its name: ('department', 'hangzhou/财务部')."""


@dataclass(slots=True)
class Staff:
    """The people of the console.

    Attributes:
        advisers: company -> (profile, name) of those who look after its customers.
        clerks: project -> name of its clerk.
        users, grants: how many were made.
    """

    advisers: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    clerks: dict[str, str] = field(default_factory=dict)
    users: int = 0
    grants: int = 0


def hire(session: Session, whole: Places, story: Story, nodes: Nodes) -> Staff:
    """Makes everybody's profile and grants; accounts come with the profiles, without passwords."""
    office = _Office(session, whole, story, nodes)
    for role, places in PLACES.items():
        profile = office.hire(role, role, places)
        if role in ("request_clerk", "service_manager"):
            office.staff.advisers.setdefault("hangzhou", []).append((profile.id, profile.name))
    office.hire(STRANGER[0], STRANGER[1], (STRANGER[2],))
    for region in whole.regions[1:]:
        office.hire(None, "regional_admin", (("region", region.key),))
    for company in whole.companies:
        for role in _PER_COMPANY:
            profile = office.hire(None, role, (("company", company.key),))
            if role == "request_clerk":
                office.staff.advisers.setdefault(company.key, []).append((profile.id, profile.name))
    for project in whole.projects:
        office.staff.clerks[project.key] = office.hire(None, "project_clerk", (("project", project.key),)).name
    return office.staff


class _Office:
    """Gives people names, logins, a desk and their grants."""

    def __init__(self, session: Session, whole: Places, story: Story, nodes: Nodes) -> None:
        self.session, self.story, self.nodes = session, story, nodes
        self.people = People(Random(f"{whole.seed}:staff"), skipped=SKIPPED)
        self.staff = Staff()
        self.companies = {project.key: project.company for project in whole.projects}
        self.logins: set[str] = set()

    def hire(self, login: str | None, role: str, places: tuple[tuple[str, str], ...]) -> UserProfile:
        """Adds a person with `role` at `places`; without a login they sign in with their name in pinyin."""
        person = self.people.person(born=(1976, 1999))
        login = login or self._free(romanised(person.name))
        self.logins.add(login)
        profile = UserProfile(
            node_id=self._desk(role, *places[0]), login=login, name=person.name, mobile=person.mobile,
            email=f"{login}@chengjiang.example",
        )  # fmt: skip
        self.session.add(profile)
        self.session.flush()
        for place in places:
            self.session.add(
                Grant(profile_id=profile.id, role=role, node_id=self.nodes[place], from_day=self.story.opening,
                      reason=f"任{ROLES[role].words.zh}")
            )  # fmt: skip
        self.session.flush()
        self.staff.users += 1
        self.staff.grants += len(places)
        return profile

    def _free(self, login: str) -> str:
        number = 1
        while (free := login if number == 1 else f"{login}{number}") in self.logins:
            number += 1
        return free

    def _desk(self, role: str, kind: str, key: str) -> int:
        """Returns the node a person belongs to: a department of the company for its clerks, else where the role is."""
        if ROLES[role].kind != "clerk":
            return self.nodes[kind, key]
        company = self.companies[key] if kind == "project" else key
        return self.nodes["department", f"{company}/{_OFFICE.get(role, '客户服务部')}"]
