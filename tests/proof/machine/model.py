"""What the gate has to decide, in as few words as there are: no store, no cookies' bytes, no keys, and no line of the product.

This is what stands in the store and the browsers, and what is decided by it; ``moves`` has what anybody can do.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

STEP, DAY, FOREVER = 30, 86400, 10**12
PASS_SECONDS, BROWSER_SECONDS, SETUP_SECONDS, FORM_SECONDS = DAY, 90 * DAY, 600, 3600
SESSION_SECONDS, FRESH_SECONDS = 30 * DAY, 3600
CHEFS, BOSSES = "erin", "ada"
"""How the names of those begin who have a role."""
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

    @property
    def is_proven(self) -> bool:
        return self.method in ("totp", "recovery")


@dataclass(eq=False)
class Setup:
    flow: int
    secret: int
    opened: int
    key: int


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


@dataclass(frozen=True)
class Form:
    """A form as it was drawn: for this page, app and user, in a browser with this flow cookie, at this time,
    under this key of the ring."""

    page: str
    app: str
    user: str
    flow: int
    drawn: int
    key: int = 0


class State:
    """``sets``: the cookies of the answer to the present move, None for one that goes. ``key``: the number of the key that
    signs now; those up to ``retired`` are gone."""

    def __init__(self, now: int) -> None:
        self.now, self.is_enforced = now, False
        self.key, self.retired = 1, 0
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
        if not made.is_proven:
            unproven = [one for one in account.passes if not one.is_proven]
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
        return self.is_enforced and user.startswith(CHEFS)

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

    # ---- what is done to an account ------------------------------------------------------------------------------------

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
        account.wait_until = self.now + late if late else 0

    def remember(self, account: Account, user: str) -> None:
        made = self.token("browser", user=user, generation=account.generation, opened=self.now)
        made.expires = self.now + BROWSER_SECONDS
        live = [one for one in account.browsers if one.expires > self.now]
        account.browsers = [*sorted(live, key=lambda one: -one.opened)[:19], made]
        self.sets["browser", user] = made

    def new_codes(self, account: Account) -> None:
        batch = next(self.numbers)
        account.codes, account.dead_codes = {(batch, number) for number in range(10)}, set()

    def retire(self) -> None:
        """The older keys are gone: what was sealed anew lives on, and hashes of recovery codes cannot be made anew."""
        self.retired = self.key - 1
        for account in self.accounts.values():
            account.dead_codes |= account.codes
            account.codes = set()
