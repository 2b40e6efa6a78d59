"""Whom the machine walks with, and what is needed to choose what they do next."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from proof.machine.model import STEP
from proof.machine.moves import Code
from proof.machine.other_moves import Model
from proof.machine.sides import APPS, Side
from proof.machine.steps import JARS, WRONG
from proof.machine.walk import Walk
from support.realm import Clock
from support.stage import ADA
from twofa_middleware.accounts.administer import enforce
from twofa_middleware.accounts.rules import read_flags
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow

Act = Callable[[Desk], Flow[object]]
WHO = ("erin", "frank", "ada")
jars = st.sampled_from(JARS)
apps = st.sampled_from(APPS)
who = st.integers(0, 2)
whose = st.sampled_from((None, None, None, 0, 1, 2))
rights = st.sampled_from(
    ("right", "right", "right", "right", "next", "before", "earlier", "saved", "wrong", "spent", "other")
)
hows = st.sampled_from(("go", "go", "fetch", "post"))
kinds = st.sampled_from(
    (
        *("right", "right", "right", "right", "next", "before", "old", "old"),
        *("spent", "earlier", "earlier", "other", "retired", "wrong", "saved", "used"),
    )
)


class Base(RuleBasedStateMachine):
    """``sides`` and ``clock`` are set by the test that runs it; each walk has people of its own there."""

    sides: ClassVar[list[Side]]
    clock: ClassVar[Clock]
    numbers: ClassVar[Any] = itertools.count(1)
    walked: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.walk = Walk(self.sides, self.clock, next(self.numbers))

    @property
    def model(self) -> Model:
        return self.walk.model

    def teardown(self) -> None:
        type(self).walked += self.walk.steps
        if self.model.is_enforced:  # the next walk is in the same realm
            for side in self.sides:
                side.administer(self.act_on_role(False))

    @initialize(
        begins=st.sampled_from((WHO, WHO, WHO, WHO[:1], WHO[1:], ())),
        is_enforced=st.booleans(),
        tried=st.sampled_from((0, 0, 0, 47)),
    )
    def everybody_has_come_once(self, begins: tuple[str, ...], is_enforced: bool, tried: int) -> None:
        """Each with a browser of their own, the administrator at the office. ``tried``: failures of erin's before that."""
        self.walk.fails_before(self.walk.users[0], tried)
        for number, jar in enumerate(JARS):
            self.walk.goes_on()
            app = "office" if number == 2 else "shop"
            self.walk.log_in(jar, app, self.walk.users[number])
            if WHO[number] in begins:
                self.sets_up(jar, app)
        if is_enforced:
            self.sets_the_flag(True)

    def sets_up(self, jar: str, app: str) -> None:
        self.walk.look_at(jar, app, "setup")
        self.walk.send(jar, self.walk.last_form("setup"), self.code_of(jar, app, "right", "setup"))
        self.walk.goes_on(STEP)

    def user_of(self, jar: str, number: int | None) -> str:
        """Somebody by their number; without one, whose browser it is."""
        return self.walk.users[JARS.index(jar) if number is None else number]

    def app_of(self, jar: str, app: str) -> str:
        """An app in which somebody is logged in there; if there is none, its owner comes by a door that no rule names."""
        if self.model.login(jar, app) is None:
            other = "office" if app == "shop" else "shop"
            if self.model.login(jar, other) is not None:
                return other
            self.walk.arrives(jar, app, self.user_of(jar, None))
        return app

    def natural_page(self, jar: str, app: str) -> str:
        login = self.model.login(jar, app)
        if login is None:
            return "verify"
        decision = self.model.decide(jar, app, login)
        if not self.model.accounts[login.user].secret:
            return "setup"
        return "verify" if decision == "verify" else ("codes", "disable", "codes")[self.walk.steps % 3]

    def code_of(self, jar: str, app: str, kind: str, page: str) -> Code:
        """A code of some kind for whoever is logged in there."""
        login = self.model.login(jar, app)
        step = self.clock.now // STEP
        if login is None:
            return "totp", WRONG, step
        walk, account = self.walk, self.model.accounts[login.user]
        flow = self.model.jars[jar].get(("flow", app))
        setup = self.model.setup_of(account, flow) if page == "setup" else None
        mine = setup.secret if setup is not None else account.secret or WRONG
        others = [self.model.accounts[user].secret for user in walk.users if user != login.user]
        past = [one for one in walk.secrets[login.user] if one != mine]
        gone = [one for one in walk.recovery[login.user] if one not in account.codes]
        gone += [one for user in walk.users if user != login.user for one in walk.recovery[user]]
        codes: dict[str, Code] = {
            "right": ("totp", mine, step),
            "next": ("totp", mine, step + 1),
            "before": ("totp", mine, step - 1),
            "old": ("totp", mine, step - 2),
            "spent": ("totp", mine, account.last_step or step),
            "earlier": ("totp", mine, account.last_step - 1 if account.last_step else step - 2),
            "other": ("totp", max(others) or WRONG, step),
            "retired": ("totp", past[-1] if past else WRONG, step),
            "wrong": ("totp", WRONG, step),
            "saved": ("recovery", *(min(account.codes) if account.codes else (WRONG, 0))),
            "used": ("recovery", *(gone[0] if gone else (WRONG, 0))),
        }
        code = codes[kind]
        return ("totp", WRONG, step) if page == "setup" and code[0] == "recovery" else code

    def sets_the_flag(self, is_enforced: bool) -> None:
        def change(model: Model) -> None:
            model.is_enforced = is_enforced

        self.walk.administers(lambda side: side.administer(self.act_on_role(is_enforced)), change)
        self.walk.goes_on(3)

    def act_on_role(self, is_enforced: bool) -> Act:
        now = self.clock.now

        def act(desk: Desk) -> Flow[object]:
            flags = yield from read_flags(desk)
            version = flags["Chef"].version if "Chef" in flags else 0
            return (yield from enforce(desk, ADA, "Chef", version, is_enforced=is_enforced, grace_days=0, now=now))

        return act
