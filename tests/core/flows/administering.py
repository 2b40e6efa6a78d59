"""An administrator's desk: who acts, on whom, and what the store says of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from core.flows.people import SITE, USER, site
from core.flows.stepping import step
from support.realm import NOW
from twofa_middleware.accounts.account import changed
from twofa_middleware.accounts.administer import Actor, Overview, look_at
from twofa_middleware.accounts.people import person_record, roles_record
from twofa_middleware.accounts.reset import new_reset_code
from twofa_middleware.asks import AccountRow, Call, PersonRow, ReadSummary, Ready, Summary
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Directory, Flow, Login, Member, Person, UserKey

NONCE = b"n" * 12
ADA = Actor("1", "ada")
PERSON = Person("5", "erin", "Erin Example", "erin@example.org")
DESK = SITE.desk
CODED = site(admin={"after_reset": "code"}).desk


def desk(directory: Directory | None = None, **changes: Any) -> Desk:
    """The command line's desk: at no app."""
    return Desk(site(**changes).settings, SITE.sealer, directory=directory)


def summary(
    account: AccountRow | None = None, person: PersonRow | None = None, met: Mapping[str, int] = MappingProxyType({})
) -> Summary:
    return Summary(account, person, Ready(5), failures=0, browsers=1, passes=2, used_at=NOW - 60, met=met)


def person_row(user: str, label: str = "", email: str = "", roles: frozenset[str] | None = None) -> PersonRow:
    """Somebody as they were last seen; without ``roles`` nobody has asked for them yet."""
    login = Login(user, None, label, email)
    kept = None if roles is None else roles_record(SITE.sealer, login, roles, NONCE)
    return PersonRow(SITE.user_key(login), person_record(SITE.sealer, login, NONCE), kept)


def overview(account: AccountRow | None, at: Desk = DESK) -> Overview:
    """What the administrator has seen of Erin."""
    return step(look_at(at, PERSON, NOW), (ReadSummary, summary(account))).result


def reset_row(user: UserKey = USER, generation: int = 9) -> tuple[AccountRow, str]:
    """An account that was reset, and the one-time code without which nobody sets it up again."""
    code, kept = step(new_reset_code(SITE.sealer, user)).result
    change = changed(SITE.sealer, user, generation, since=0, kinds={}, sealed={}, codes=frozenset(), reset=kept)
    return AccountRow(change.generation, 0, change.roster, change.authenticators, change.codes), code


COOKS = (
    person_row("1", "ada", roles=frozenset({"Cook"})),
    person_row("2", "bo", roles=frozenset({"Cook", "Chef"})),
    person_row("3", "cy"),
)


class AskedDirectory:
    """A directory whose every look is a question, so that the script shows what it is asked."""

    Options = dict

    def find(self, pattern: str, offset: int, limit: int) -> Flow[tuple[Person, ...]]:
        found: tuple[Person, ...] = yield from Call(self.find, (pattern, offset, limit))
        return found

    def person(self, user: str) -> Flow[Person | None]:
        found: Person | None = yield from Call(self.person, (user,))
        return found

    def roles(self) -> Flow[tuple[str, ...]]:
        found: tuple[str, ...] = yield from Call(self.roles, ())
        return found

    def members(self, role: str) -> Flow[tuple[Member, ...]]:
        found: tuple[Member, ...] = yield from Call(self.members, (role,))
        return found


LISTED = desk(AskedDirectory())
