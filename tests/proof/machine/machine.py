"""All that users, administrators and attackers may do, in any order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from proof.machine.faults import Fault
from proof.machine.model import DAY, STEP, Token
from proof.machine.moves import Code, Model
from proof.machine.sides import APPS, Side
from proof.machine.walk import JARS, WRONG, Walk
from support.realm import Clock
from support.stage import ADA
from twofa_middleware.accounts.administer import disable, enforce, forget, look_at, unlock
from twofa_middleware.accounts.rules import read_flags
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow, Person

Act = Callable[[Desk], Flow[object]]
WHO = ("erin", "frank", "ada")
jars = st.sampled_from(JARS)
apps = st.sampled_from(APPS)
who = st.integers(0, 2)
whose = st.sampled_from((None, None, None, 0, 1, 2))
rights = st.sampled_from(("right", "right", "right", "next", "before", "saved", "wrong", "spent", "other"))
hows = st.sampled_from(("go", "go", "fetch", "post"))
kinds = st.sampled_from(
    ("right", "right", "right", "right", "next", "before", "old", "spent", "other", "retired", "wrong", "saved", "used")
)


class Machine(RuleBasedStateMachine):
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
                side.administer(self._act_on_role(False))

    @initialize(begins=st.sampled_from((WHO, WHO, WHO, WHO[:1], WHO[1:], ())), is_enforced=st.booleans())
    def everybody_has_come_once(self, begins: tuple[str, ...], is_enforced: bool) -> None:
        """Each with a browser of their own, the administrator at the office."""
        for number, jar in enumerate(JARS):
            self.walk.goes_on()
            app = "office" if number == 2 else "shop"
            self.walk.log_in(jar, app, self.walk.users[number])
            if WHO[number] in begins:
                self._sets_up(jar, app)
        if is_enforced:
            self._enforce(True)

    def _sets_up(self, jar: str, app: str) -> None:
        self.walk.look_at(jar, app, "setup")
        self.walk.send(jar, self.walk.last_form("setup"), self._code(jar, app, "right", "setup"))
        self.walk.goes_on(STEP)

    # ---- people ---------------------------------------------------------------------------------------------------------

    @rule(jar=jars, app=apps, number=whose)
    def logs_in(self, jar: str, app: str, number: int | None) -> None:
        self.walk.goes_on()
        self.walk.log_in(jar, app, self._user(jar, number))

    @rule(jar=jars, app=apps, number=whose, kind=rights, remember=st.booleans())
    def comes_again(self, jar: str, app: str, number: int | None, kind: str, remember: bool) -> None:
        """The session is over, and a new one begins; whoever is asked then, answers."""
        self.walk.goes_on(STEP)
        self.walk.drop(jar, ("session", app))
        self.walk.visit(jar, app)
        self.walk.log_in(jar, app, self._user(jar, number))
        page = self._natural(jar, app)
        if page in ("verify", "setup") and self.walk.look_at(jar, app, page) == f"page {page}":
            if (form := self.walk.last_form(page)) >= 0:
                self.walk.send(jar, form, self._code(jar, app, kind, page), remember=remember)
            self.walk.visit(jar, app)

    def _user(self, jar: str, number: int | None) -> str:
        """Somebody by their number; without one, whose browser it is."""
        return self.walk.users[JARS.index(jar) if number is None else number]

    def _at(self, jar: str, app: str) -> str:
        """An app in which somebody is logged in there, if there is one."""
        other = "office" if app == "shop" else "shop"
        return other if self.model.login(jar, app) is None and self.model.login(jar, other) is not None else app

    @rule(jar=jars, app=apps, number=whose)
    def comes_by_another_door(self, jar: str, app: str, number: int | None) -> None:
        self.walk.goes_on()
        self.walk.arrives(jar, app, self._user(jar, number))

    @rule(jar=jars, app=apps)
    def logs_out(self, jar: str, app: str) -> None:
        self.walk.goes_on()
        self.walk.log_out(jar, app)

    @rule(jar=jars, app=apps)
    def loses_the_session(self, jar: str, app: str) -> None:
        self.walk.drop(jar, ("session", app))

    @rule(jar=jars, app=apps, how=hows)
    def visits(self, jar: str, app: str, how: str) -> None:
        self.walk.goes_on()
        self.walk.visit(jar, app, how)

    @rule(jar=jars, app=apps, page=st.sampled_from(("verify", "setup", "account", "disable", "codes")))
    def looks_at(self, jar: str, app: str, page: str) -> None:
        self.walk.goes_on()
        self.walk.look_at(jar, app, page)

    @rule(
        jar=jars,
        app=apps,
        page=st.sampled_from(("natural", "natural", "natural", "natural", "verify", "setup", "disable", "codes")),
        kind=kinds,
        remember=st.booleans(),
        waits=st.sampled_from((True, True, False)),
    )
    def proves(self, jar: str, app: str, page: str, kind: str, remember: bool, waits: bool) -> None:
        self.walk.goes_on(STEP if waits else 1)
        app = self._at(jar, app)
        page = self._natural(jar, app) if page == "natural" else page
        if self.walk.look_at(jar, app, page) == f"page {page}" and (form := self.walk.last_form(page)) >= 0:
            self.walk.send(jar, form, self._code(jar, app, kind, page), remember=remember)

    def _natural(self, jar: str, app: str) -> str:
        login = self.model.login(jar, app)
        if login is None:
            return "verify"
        decision = self.model.decide(jar, app, login)
        if not self.model.accounts[login.user].secret:
            return "setup"
        return "verify" if decision == "verify" else ("codes", "disable", "codes")[self.walk.steps % 3]

    def _code(self, jar: str, app: str, kind: str, page: str) -> Code:
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
            "other": ("totp", max(others) or WRONG, step),
            "retired": ("totp", past[-1] if past else WRONG, step),
            "wrong": ("totp", WRONG, step),
            "saved": ("recovery", *(min(account.codes) if account.codes else (WRONG, 0))),
            "used": ("recovery", *(gone[0] if gone else (WRONG, 0))),
        }
        code = codes[kind]
        return ("totp", WRONG, step) if page == "setup" and code[0] == "recovery" else code

    @rule(jar=jars, app=apps)
    def logs_out_by_our_page(self, jar: str, app: str) -> None:
        self.walk.goes_on()
        app = self._at(jar, app)
        login = self.model.login(jar, app)
        decision = self.model.decide(jar, app, login) if login else "pass"
        page = decision if decision in ("verify", "setup") else "account"
        if self.walk.look_at(jar, app, page) == f"page {page}":
            self.walk.own_log_out(jar, self.walk.last_form("logout"))

    @rule(data=st.data(), jar=jars, app=apps, all_of_them=st.booleans())
    def forgets_browsers(self, data: Any, jar: str, app: str, all_of_them: bool) -> None:
        self.walk.goes_on()
        app = self._at(jar, app)
        if self.walk.look_at(jar, app, "account") != "page account":
            return
        form = self.walk.last_form("browsers")
        known = [token for token in self.walk.tokens if token.kind == "browser"]
        if form >= 0:
            self.walk.forget_browser(
                jar, form, data.draw(st.sampled_from(known)) if known and not all_of_them else None
            )

    # ---- the clock ------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((1, 29, STEP, STEP, 61, 600, 3600, 7200, DAY, 2 * DAY, 31 * DAY, 91 * DAY)))
    def time_passes(self, seconds: int) -> None:
        self.walk.goes_on(seconds)

    @rule(seconds=st.sampled_from((1, 20, 45)))
    def the_clock_is_put_back(self, seconds: int) -> None:
        self.walk.turns_the_clock_back(seconds)

    # ---- administrators -------------------------------------------------------------------------------------------------

    @rule()
    def a_role_is_enforced_or_not(self) -> None:
        self._enforce(not self.model.is_enforced)

    def _enforce(self, is_enforced: bool) -> None:
        def change(model: Model) -> None:
            model.is_enforced = is_enforced

        self.walk.administers(lambda side: side.administer(self._act_on_role(is_enforced)), change)
        self.walk.goes_on(3)

    def _act_on_role(self, is_enforced: bool) -> Act:
        now = self.clock.now

        def act(desk: Desk) -> Flow[object]:
            flags = yield from read_flags(desk)
            version = flags["Chef"].version if "Chef" in flags else 0
            return (yield from enforce(desk, ADA, "Chef", version, is_enforced=is_enforced, grace_days=0, now=now))

        return act

    @rule(number=who, act=st.sampled_from((disable, unlock, forget)))
    def an_administrator_acts(self, number: int, act: Any) -> None:
        user, now = self.walk.users[number], self.clock.now

        def acts(desk: Desk) -> Flow[object]:
            if act is disable:
                seen = yield from look_at(desk, Person(user), now)
                return (yield from disable(desk, ADA, seen, "lost phone", now))
            return (yield from act(desk, ADA, Person(user), "asked for", now))

        self.walk.administers(
            lambda side: side.administer(acts), lambda model: model.administer(user, act.__name__), user
        )

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

    # ---- attackers ------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.walk.tokens)
    @rule(data=st.data(), jar=jars, moves_to=st.sampled_from((None, None, None, *APPS)), other=who)
    def copies_a_cookie(self, data: Any, jar: str, moves_to: str | None, other: int) -> None:
        token = data.draw(st.sampled_from(self.walk.tokens[-24:]))
        slot = (token.kind, moves_to or token.app or "shop")
        if token.kind == "session":
            slot = ("session", token.app)
        if token.kind == "browser":
            slot = ("browser", self.walk.users[other] if moves_to else token.user)
        self.walk.copy(token, jar, slot)

    @rule(data=st.data(), jar=jars, waits=st.booleans())
    def tries_what_has_ended(self, data: Any, jar: str, waits: bool) -> None:
        """The strongest replay: the session of then, and a pass or a browser that lets in no more."""
        ended = [token for token in self.walk.tokens if token.kind in ("pass", "browser") and not self._lives(token)]
        if not ended:
            return
        token = data.draw(st.sampled_from(ended[-12:]))
        sessions = [one for one in self.walk.tokens if one.kind == "session" and one.user == token.user]
        sessions = [one for one in sessions if not token.app or one.session == token.session] or sessions
        if sessions:
            self.walk.goes_on(STEP if waits else 1)
            app = sessions[-1].app
            self.walk.copy(sessions[-1], jar, ("session", app))
            self.walk.copy(token, jar, (token.kind, token.app or token.user))
            self.walk.visit(jar, app)

    def _lives(self, token: Token) -> bool:
        account = self.model.accounts[token.user]
        return any(one.number == token.number for one in account.passes + account.browsers)

    @rule(
        jar=jars,
        app=apps,
        method=st.sampled_from(("GET", "GET", "HEAD", "OPTIONS", "DELETE", "PUT", "POST", "PATCH", "TRACE")),
        path=st.sampled_from(
            (
                "/home",
                "//home",
                "/./home",
                "/static/app.css",
                "/static/app.css?next=/home",
                "/static/../home",
                "/static/%2e%2e/home",
                "/static/..%2fhome",
                "/static//app.css",
                "/STATIC/app.css",
                "/static/app.css;a=1",
                "/home?to=/static/app.css",
                "/2fa/../home",
                "/2fa/static/../../home",
            )
        ),
        is_navigation=st.booleans(),
    )
    def asks_oddly(self, jar: str, app: str, method: str, path: str, is_navigation: bool) -> None:
        self.walk.goes_on()
        self.walk.strange(jar, app, method, path, is_navigation or method == "HEAD")

    @rule(jar=jars, app=apps, number=who, kind=st.sampled_from(("pass", "browser", "flow")))
    def makes_up_a_cookie(self, jar: str, app: str, number: int, kind: str) -> None:
        user = self.walk.users[number]
        self.walk.make_up(jar, (kind, user if kind == "browser" else app), user)

    @precondition(lambda self: self.walk.forms)
    @rule(data=st.data(), jar=jars, app=st.sampled_from(("", "", *APPS)), kind=kinds)
    def sends_an_old_form(self, data: Any, jar: str, app: str, kind: str) -> None:
        self.walk.goes_on()
        number = data.draw(st.integers(max(0, len(self.walk.forms) - 8), len(self.walk.forms) - 1))
        form = self.walk.forms[number][0]
        match form.page:
            case "logout":
                self.walk.own_log_out(jar, number, app)
            case "browsers":
                self.walk.forget_browser(jar, number, None, app)
            case _:
                self.walk.send(jar, number, self._code(jar, app or form.app, kind, form.page), app)

    @rule(jar=jars, app=apps, times=st.sampled_from((1, 2, 4, 4, 6, 6, 6, 9, 9, 55)), patient=st.booleans())
    def guesses(self, jar: str, app: str, times: int, patient: bool) -> None:
        app = self._at(jar, app)
        page = self._natural(jar, app)
        for _ in range(times):
            login = self.model.login(jar, app)
            if login is None or self.walk.look_at(jar, app, page) != f"page {page}":
                return
            if patient:
                self.walk.goes_on(max(0, self.model.accounts[login.user].wait_until - self.clock.now))
            if (form := self.walk.last_form(page)) >= 0:
                self.walk.send(jar, form, ("totp", WRONG, self.clock.now // STEP))

    # ---- the store fails ------------------------------------------------------------------------------------------------

    @rule(
        jar=jars,
        app=apps,
        what=st.sampled_from(("visit", "log in", "look", "prove", "prove", "prove")),
        number=st.integers(1, 7),
        is_done=st.booleans(),
        kind=kinds,
        user=who,
    )
    def the_store_fails(self, jar: str, app: str, what: str, number: int, is_done: bool, kind: str, user: int) -> None:
        self.walk.goes_on(STEP)
        app = self._at(jar, app)
        page = self._natural(jar, app)
        if what == "prove" and self.walk.look_at(jar, app, page) != f"page {page}":
            return
        form = self.walk.last_form(page)
        fault = Fault(number, is_done)
        match what:
            case "visit":
                self.walk.visit(jar, app, fault=fault)
            case "log in":
                self.walk.log_in(jar, app, self.walk.users[user], fault)
            case "look":
                self.walk.look_at(jar, app, page, fault)
            case _ if form >= 0:
                self.walk.send(jar, form, self._code(jar, app, kind, page), fault=fault)
