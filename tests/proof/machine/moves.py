"""What anybody can do, as moves on the model: requests for the app, and forms of the gate's own pages.

Each move is a generator. It yields before each change that the store has to make as one, so a move that is broken off
after so many of them is a store that has failed there; what the browser gets is kept apart, for then it gets nothing.
Moves answer in the words of ``words.word_of``.
"""

from __future__ import annotations

from collections.abc import Generator

from proof.machine.model import (
    FORM_SECONDS,
    SETUP_SECONDS,
    STEP,
    Account,
    Form,
    Setup,
    State,
    Token,
)

Move = Generator[None, None, str]
Changes = Generator[None, None, None]
Code = tuple[str, int, int]
"""``totp``, the secret that made it, and its step; or ``recovery``, its batch, and its number."""


class Moves(State):
    """Log-ins, visits, and every form that asks for a code."""

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
            if not account.secret or (found and found.is_proven):
                return "/home"
        if (name == "setup") == bool(account.secret) and name not in ("account", "verify"):
            return "/2fa/account"
        if ("flow", app) not in self.jars[jar]:
            self.sets["flow", app] = self.token("flow")
        if name == "setup" and self.may_try(account):
            yield from self.begin(jar, app, account)
        return f"page {name}"

    def begin(self, jar: str, app: str, account: Account) -> Changes:
        """Show a set-up's secret: a new one, under a new flow cookie, where the old one's key is retired."""
        flow = self.sets.get(("flow", app)) or self.jars[jar]["flow", app]
        found = self.setup_of(account, flow)
        if found is not None and found.key <= self.retired:
            flow, found = self.token("flow"), None
            self.sets["flow", app] = flow
        if found is None:
            yield
            live = [one for one in account.setups if self.now < one.opened + SETUP_SECONDS]
            account.setups = sorted(live, key=lambda one: -one.opened)[:2]
            account.setups.append(Setup(flow.number, next(self.numbers), self.now, self.key))

    def prove(self, account: Account, code: Code) -> Move:
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

    def submit(self, jar: str, app: str, form: Form, code: Code, *, remember: bool = False) -> Move:
        """Send a form of an own page with a code."""
        name, login = form.page, self.login(jar, app)
        refused = self.refused(jar, app, form)
        if login is None or refused:
            return refused
        account = self.accounts[login.user]
        if (name == "setup") == bool(account.secret):
            return "/home" if name == "verify" else "/2fa/account"
        if name == "setup":
            return (yield from self.confirm(jar, app, login, account, code))
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

    def refused(self, jar: str, app: str, form: Form) -> str:
        """Why a form is not even read; empty if it is."""
        login, flow = self.login(jar, app), self.jars[jar].get(("flow", app))
        if login is None:
            return "/login"
        decision = self.decide(jar, app, login)
        if form.page in ("disable", "codes", "browsers") and decision in ("verify", "setup"):
            return f"/2fa/{decision}"
        fits = flow is not None and (form.app, form.user, form.flow) == (app, login.user, flow.number)
        is_fresh = self.now < form.drawn + FORM_SECONDS <= self.now + FORM_SECONDS and form.key > self.retired
        return "" if fits and is_fresh else "403"

    def confirm(self, jar: str, app: str, login: Token, account: Account, code: Code) -> Move:
        if not self.may_try(account):
            return "page setup 429"
        yield
        self.count(account)
        at, setup = self.now, self.setup_of(account, self.jars[jar]["flow", app])
        lives = setup is not None and setup.key > self.retired
        if setup is None or not lives or code[:2] != ("totp", setup.secret) or abs(code[2] - at // STEP) > 1:
            if self.may_try(account):
                yield from self.begin(jar, app, account)
            return "page setup refused"
        yield
        account.tries.remove(at)
        account.clear()
        account.changes()
        account.secret, account.last_step = setup.secret, max(account.last_step, code[2])
        self.new_codes(account)
        self.opens(login, app, "totp")
        return "page saved"


def refusal(decision: str, how: str) -> str:
    return f"/2fa/{decision}" if how == "go" else f"403 {decision}"
