"""What `why` says of a row is what the law says: each table, each right, each role; it explains the gate and decides nothing."""

from __future__ import annotations

import pytest

from models.kernel import why
from models.kernel.registry import tables
from tests.contract.conftest import Filled
from tests.contract.oracle import Oracle
from tests.contract.population import few
from tests.contract.test_reading import some

pytestmark = pytest.mark.usefixtures("only_reading")

HELD_BACK = (why.STATE, why.SETTING)
"""The right is held, and something else than rights keeps the transition back."""


def _compare(filled: Filled, law: Oracle, name: str, logins: tuple[str, ...], thorough: bool) -> None:
    cls = tables()[name]
    living = sorted(key for key, row in law.rows[name].items() if row["deleted_at"] is None)
    for login in logins:
        user = filled.full.users[login]
        lawful = {right: law.keys(user, name, right) for right in why.rights_on(cls)}
        mine = sorted(lawful["read"])
        keys = {*few(living, 2, thorough, login), *few(mine, 1, thorough, login)}
        with filled.acting(login) as session:
            held = session.info["actor"].grants
            for key in keys:
                for one in why.reasons(session, cls, key, held, user):
                    said = one.holds or one.why in HELD_BACK
                    assert said == (key in lawful[one.right]), (login, key, one)
                    if said:
                        decides = {(law.place_of_node[by.node_id], by.role) for by in one.by}
                        given = {(grant.place, grant.role) for grant in law.given(user)}
                        assert len(decides) == 1 and decides <= given, (login, key, one)
            session.rollback()


def test_why_says_what_the_law_says(name: str, shared: Filled, law: Oracle) -> None:
    _compare(shared, law, name, some(shared, name, 1), False)


@pytest.mark.deep
def test_why_says_what_the_law_says_of_everybody(name: str, shared: Filled, law: Oracle) -> None:
    _compare(shared, law, name, tuple(shared.full.users), True)
