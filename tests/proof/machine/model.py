"""What the gate has to decide, in as few words as there are: no store, no cookies' bytes, no keys, and no line of the product.

Each move is a generator. It yields before each change that the store has to make as one, so a move that is broken off
after so many of them is a store that has failed there; what the browser gets is kept apart, for then it gets nothing.
Moves answer in the words of ``sides.word_of``.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator
from dataclasses import dataclass, field

STEP, DAY, FOREVER = 30, 86400, 10**12
PASS_SECONDS, BROWSER_SECONDS, SETUP_SECONDS, FORM_SECONDS = DAY, 90 * DAY, 600, 3600
SESSION_SECONDS, FRESH_SECONDS = 30 * DAY, 3600
ROLES = {"erin": "Chef", "ada": "Boss"}
Move = Generator[None, None, str]
Slot = tuple[str, str]
"""A kind of cookie (session, pass, flow, browser), and the app or the user that its name says."""


@dataclass(eq=False)
class Token:
    """The value of a cookie. ``user``: whose it says it is, a made-up one too."""

    number: int
    kind: str
    user: str = ""
    app: str = ""
    session: int = 0
    generation: int = 0
    method: str = ""
    opened: int = 0
    expires: int = FOREVER


@dataclass(eq=False)
class Setup:
    flow: int
    secret: int
    opened: int


@dataclass(eq=False)
class Account:
    """``secret`` is 0 where nothing is on. ``passes`` and ``browsers`` are what the store has; all else is dead."""

    generation: int = 0
    secret: int = 0
    last_step: int = 0
    codes: set[tuple[int, int]] = field(default_factory=set)
    dead_codes: set[tuple[int, int]] = field(default_factory=set)
    in_a_row: int = 0
    wait_until: int = 0
    tries: list[int] = field(default_factory=list)
    recovery_tries: list[int] = field(default_factory=list)
    passes: list[Token] = field(default_factory=list)
    browsers: list[Token] = field(default_factory=list)
    setups: list[Setup] = field(default_factory=list)

    def changes(self) -> None:
        """The factors are others: whatever was issued under those before is dead."""
        self.generation += 1
        self.passes, self.browsers, self.setups = [], [], []

    def clear(self) -> None:
        self.in_a_row = self.wait_until = 0


class Model:
    def __init__(self, now: int) -> None:
        self.now, self.is_enforced = now, False
        self.accounts: dict[str, Account] = {}
        self.jars: dict[str, dict[Slot, Token]] = {}
        self.sets: dict[Slot, Token | None] = {}
        self.numbers = itertools.count(1)

    def token(self, kind: str, **facts: object) -> Token:
        return Token(next(self.numbers), kind, **facts)  # type: ignore[arg-type]

    def login(self, jar: str, app: str) -> Token | None:
        found = self.jars[jar].get(("session", app))
        is_good = found is not None and found.user and -60 <= self.now - found.opened <= SESSION_SECONDS
        return found if is_good else None

    # ---- what stands in the store --------------------------------------------------------------------------------------

    def end(self, token: Token | None) -> None:
        if token is not None and token.user in self.accounts:
            account = self.accounts[token.user]
            account.passes = [one for one in account.passes if one.number != token.number]

    def opens(self, login: Token, app: str, method: str) -> Token:
        account = self.accounts[login.user]
        made = self.token("pass", user=login.user, app=app, session=login.session, method=method)
        made.generation, made.opened, made.expires = account.generation, self.now, self.now + PASS_SECONDS
        account.passes = [one for one in account.passes if one.expires > self.now]
        if method in ("none", "remembered"):
            unproven = [one for one in account.passes if one.method in ("none", "remembered")]
            for one in sorted(unproven, key=lambda one: -one.opened)[19:]:
                account.passes.remove(one)
        account.passes.append(made)
        self.sets["pass", app] = made
        return made

    def cookie(self, jar: str, app: str, user: str) -> Token | None:
        found = self.jars[jar].get(("pass", app))
        return found if found is not None and found.user == user else None

    def valid_pass(self, jar: str, app: str, login: Token) -> Token | None:
        found, account = self.cookie(jar, app, login.user), self.accounts[login.user]
        live = [one for one in account.passes if found is not None and one.number == found.number]
        for one in live:
            fits = (one.app, one.session, one.generation) == (app, login.session, account.generation)
            if fits and one.opened <= self.now + 60 and self.now < one.expires:
                return one
        return None

    def remembered(self, jar: str, user: str) -> Token | None:
        found, account = self.jars[jar].get(("browser", user)), self.accounts[user]
        for one in account.browsers:
            fits = found is not None and one.number == found.number and one.generation == account.generation
            if fits and one.opened <= self.now + 60 and self.now < one.expires:
                return one
        return None

    def decide(self, jar: str, app: str, login: Token, *, begins: bool = False) -> str:
        """pass: it has passed; remembered, none: it may, and a pass of this kind is opened; or where it has to go."""
        if not begins and self.valid_pass(jar, app, login):
            return "pass"
        if self.accounts[login.user].secret:
            return "remembered" if self.remembered(jar, login.user) else "verify"
        return "setup" if self.demands(login.user) else "none"

    def demands(self, user: str) -> bool:
        return self.is_enforced and ROLES.get(user.partition("-")[0]) == "Chef"

    def administer(self, user: str, act: str) -> None:
        """disable, unlock, or forget (all sessions and browsers)."""
        account = self.accounts[user]
        if act == "disable" and not account.secret:
            return
        if act == "forget":
            account.passes, account.browsers = [], []
            return
        account.tries, account.recovery_tries = [], []
        account.clear()
        if act == "disable":
            account.changes()
            account.secret, account.codes, account.dead_codes = 0, set(), set()

    # ---- requests for the app -----------------------------------------------------------------------------------------

    def visit(self, jar: str, app: str, how: str = "go", app_says: str = "secret") -> Move:
        """how: go (a navigation), fetch (a script), or post (a form)."""
        login, cookie = self.login(jar, app), self.jars[jar].get(("pass", app))
        if login is None:
            if cookie is not None and how != "fetch":
                yield
                self.end(cookie)
                self.sets["pass", app] = None
            return f"called {app_says}"
        decision = self.decide(jar, app, login)
        if decision in ("verify", "setup"):
            return refusal(decision, how)
        if decision != "pass" and how != "fetch":
            yield
            self.end(self.cookie(jar, app, login.user))
            self.opens(login, app, decision)
        return f"called {app_says}"

    def log_in(self, jar: str, app: str, user: str, session: int) -> Move:
        """The app's own log-in, whoever was logged in before."""
        before, cookie = self.login(jar, app), self.jars[jar].get(("pass", app))
        if before is not None and (decision := self.decide(jar, app, before)) in ("verify", "setup"):
            return refusal(decision, "post")
        if cookie is not None:
            yield
            self.end(cookie)
            self.sets["pass", app] = None
        login = self.token("session", user=user, app=app, session=session, opened=self.now)
        decision = self.decide(jar, app, login, begins=True)
        if decision not in ("verify", "setup"):
            yield
            self.opens(login, app, decision)
        self.sets["session", app] = login
        return f"called /2fa/{decision}" if decision in ("verify", "setup") else "called /home"

    def log_out(self, jar: str, app: str) -> Move:
        login, cookie = self.login(jar, app), self.jars[jar].get(("pass", app))
        decision = self.decide(jar, app, login) if login is not None else "pass"
        if decision in ("verify", "setup"):
            return refusal(decision, "post")
        if cookie is not None:
            yield
            self.end(cookie)
        self.sets["session", app] = self.sets["pass", app] = None
        return "called /login"

    # ---- own pages ----------------------------------------------------------------------------------------------------

    def page(self, jar: str, app: str, name: str) -> Move:
        """Look at an own page."""
        login = self.login(jar, app)
        if login is None:
            return "/login"
        account, decision = self.accounts[login.user], self.decide(jar, app, login)
        if name in ("account", "disable", "codes") and decision in ("verify", "setup"):
            return f"/2fa/{decision}"
        if name == "verify":
            found = self.valid_pass(jar, app, login)
            if not account.secret or (found and found.method in ("totp", "recovery")):
                return "/home"
        if (name == "setup") == bool(account.secret) and name not in ("account", "verify"):
            return "/2fa/account"
        flow = self.jars[jar].get(("flow", app))
        if flow is None:
            flow = self.sets["flow", app] = self.token("flow")
        if name == "setup" and self.may_try(account):
            yield from self.begin(account, flow)
        return f"page {name}"

    def begin(self, account: Account, flow: Token) -> Generator[None, None, None]:
        if self.setup_of(account, flow) is None:
            yield
            live = [one for one in account.setups if self.now < one.opened + SETUP_SECONDS]
            account.setups = sorted(live, key=lambda one: -one.opened)[:2]
            account.setups.append(Setup(flow.number, next(self.numbers), self.now))

    def setup_of(self, account: Account, flow: Token | None) -> Setup | None:
        found = [one for one in account.setups if flow and one.flow == flow.number]
        return next((one for one in found if self.now < one.opened + SETUP_SECONDS), None)

    def may_try(self, account: Account) -> bool:
        return len(account.tries) < 50 and self.now >= min(account.wait_until, self.now + 3600)

    def count(self, account: Account) -> None:
        """A failure, until the code turns out to be right."""
        account.tries = [min(at, self.now) if at > self.now + 30 * DAY else at for at in account.tries]
        account.tries = [*(at for at in account.tries if at > self.now - 30 * DAY), self.now]
        account.in_a_row += 1
        late = min(30 << min(account.in_a_row - 5, 16), 3600) if account.in_a_row >= 5 else 0
        account.wait_until = self.now + late

    def prove(self, account: Account, code: tuple[str, int, int]) -> Generator[None, None, str]:
        """``code``: totp, with the secret that made it and its step; or recovery, with its batch and its number."""
        kind, first, second = code
        if kind == "totp":
            if not self.may_try(account):
                return " 429"
            yield
            at = self.now
            self.count(account)
            if first != account.secret or abs(second - at // STEP) > 1:
                return " refused"
            yield
            if second <= account.last_step:
                return " used"
            account.last_step = second
            account.tries.remove(at)
            account.clear()
            return ""
        tries = [at for at in account.recovery_tries if at > self.now - 3600]
        if len(tries) >= 10:
            return " 429"
        yield
        account.recovery_tries = [*tries, self.now]
        if (first, second) not in account.codes:
            return " refused"
        yield
        account.codes.remove((first, second))
        account.recovery_tries.remove(self.now)
        account.tries = [at for at in account.tries if at == self.now]
        account.clear()
        return ""

    def submit(self, jar: str, app: str, form: Form, code: tuple[str, int, int], *, remember: bool = False) -> Move:
        """Send a form of an own page with a code."""
        name, login = form.page, self.login(jar, app)
        if login is None:
            return "/login"
        account, decision = self.accounts[login.user], self.decide(jar, app, login)
        if name in ("disable", "codes") and decision in ("verify", "setup"):
            return f"/2fa/{decision}"
        flow = self.jars[jar].get(("flow", app))
        fits = flow is not None and (form.app, form.user, form.flow) == (app, login.user, flow.number)
        if not fits or not self.now < form.drawn + FORM_SECONDS <= self.now + FORM_SECONDS:
            return "403"
        if (name == "setup") == bool(account.secret):
            return "/home" if name == "verify" else "/2fa/account"
        if name == "setup":
            assert flow is not None
            return (yield from self.confirm(app, login, account, flow, code))
        ends = self.cookie(jar, app, login.user)
        verdict = yield from self.prove(account, code)
        if verdict:
            return f"page {name}{verdict}"
        self.end(ends)
        if name == "verify":
            self.opens(login, app, code[0])
            if remember:
                self.remember(account, login.user)
            self.sets["flow", app] = None
            return "/home"
        account.changes()
        if name == "disable":
            account.secret, account.codes, account.dead_codes = 0, set(), set()
            if not self.demands(login.user):
                self.opens(login, app, "none")
            return "/2fa/account"
        self.new_codes(account)
        self.opens(login, app, code[0])
        return "page saved"

    def remember(self, account: Account, user: str) -> None:
        made = self.token("browser", user=user, generation=account.generation, opened=self.now)
        made.expires = self.now + BROWSER_SECONDS
        live = [one for one in account.browsers if one.expires > self.now]
        account.browsers = [*sorted(live, key=lambda one: -one.opened)[:19], made]
        self.sets["browser", user] = made

    def new_codes(self, account: Account) -> None:
        batch = next(self.numbers)
        account.codes, account.dead_codes = {(batch, number) for number in range(10)}, set()

    def confirm(self, app: str, login: Token, account: Account, flow: Token, code: tuple[str, int, int]) -> Move:
        if not self.may_try(account):
            return "page setup 429"
        yield
        self.count(account)
        at, setup = self.now, self.setup_of(account, flow)
        if setup is None or code[:2] != ("totp", setup.secret) or abs(code[2] - at // STEP) > 1:
            if self.may_try(account):
                yield from self.begin(account, flow)
            return "page setup refused"
        yield
        account.tries.remove(at)
        account.clear()
        account.changes()
        account.secret, account.last_step = setup.secret, max(account.last_step, code[2])
        self.new_codes(account)
        self.opens(login, app, "totp")
        return "page saved"


@dataclass(frozen=True)
class Form:
    """A form as it was drawn: for this page, app and user, in a browser with this flow cookie, at this time."""

    page: str
    app: str
    user: str
    flow: int
    drawn: int


def refusal(decision: str, how: str) -> str:
    return f"/2fa/{decision}" if how == "go" else f"403 {decision}"
