"""What administrators do, at the command line and by their pages, and who would like to be one."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from proof.machine.base import JARS, Base, who
from support.stage import ADA
from twofa_middleware.accounts.administer import disable, forget, look_at, unlock
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow, Person


class Administrators(Base):
    """Roles, resets, and keys."""

    @rule()
    def a_role_is_enforced_or_not(self) -> None:
        self.sets_the_flag(not self.model.is_enforced)

    @rule(number=who, act=st.sampled_from((disable, unlock, forget)))
    def an_administrator_acts(self, number: int, act: Any) -> None:
        user, now = self.walk.users[number], self.clock.now

        def acts(desk: Desk) -> Flow[object]:
            if act is disable:
                seen = yield from look_at(desk, Person(user), now)
                return (yield from disable(desk, ADA, seen, "lost phone", now))
            return (yield from act(desk, ADA, Person(user), "asked for", now))

        self.walk.administers(lambda side: side.administer(acts), lambda model: model.administer(user, act.__name__))

    @rule(
        jar=st.sampled_from(("desk", "desk", *JARS)),
        number=st.sampled_from((0, 0, 1, 1, 2)),
        act=st.sampled_from(("disable", "unlock", "forget")),
        sender=st.sampled_from((None, None, *JARS)),
    )
    def somebody_acts_as_administrator(self, jar: str, number: int, act: str, sender: str | None) -> None:
        self.walk.goes_on()
        self.walk.administers_by_page(jar, self.walk.users[number], act, sender or jar)

    @rule(reseals=st.booleans(), retires=st.sampled_from((False, False, True)))
    def the_keys_are_rotated(self, reseals: bool, retires: bool) -> None:
        self.walk.rotates_the_keys(reseals=reseals, retires=retires)
