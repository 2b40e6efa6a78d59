"""What can be done on a walk: each request with what the model has for it, and what nobody asks the gate for."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from proof.machine.faults import Fault
from proof.machine.model import STEP, Form, Slot, Token
from proof.machine.moves import Code
from proof.machine.other_moves import Model
from proof.machine.sides import Side
from proof.machine.steps import Steps
from proof.machine.words import fields_of
from support.exchange import Reply
from support.realm import code_at, session_cookie
from support.visitor import Visitor, codes_of, key_of


class Walk(Steps):
    """People with their browsers at both apps, on both sides."""

    # ---- requests -------------------------------------------------------------------------------------------------------

    def visit(self, jar: str, app: str, how: str = "go", target: str = "/home", fault: Fault | None = None) -> str:
        def request(side: Side, visitor: Visitor) -> Reply:
            if how == "post":
                return visitor.post(target, {"a": "1"})
            return visitor.fetch(target) if how == "fetch" else visitor.go(target)

        return self.makes(jar, app, lambda model: model.visit(jar, app, how), request, fault)[0]

    def log_in(self, jar: str, app: str, user: str, fault: Fault | None = None) -> str:
        self.sessions += 1
        session = self.sessions
        target = f"/login?user={user}&login={session}"
        return self.makes(
            jar,
            app,
            lambda model: model.log_in(jar, app, user, session),
            lambda side, visitor: visitor.post(target, {"password": "right"}),
            fault,
        )[0]

    def log_out(self, jar: str, app: str) -> str:
        return self.makes(
            jar, app, lambda model: model.log_out(jar, app), lambda side, visitor: visitor.post("/logout", {})
        )[0]

    def look_at(self, jar: str, app: str, page: str, fault: Fault | None = None) -> str:
        """Look at an own page, and keep its form."""
        query = {"verify": "?with=recovery&next=/home", "setup": "?next=/home"}.get(page, "?with=recovery")
        word, replies = self.makes(
            jar,
            app,
            lambda model: model.page(jar, app, page),
            lambda side, visitor: visitor.go(f"/2fa/{page}{query}"),
            fault,
        )
        if word == f"page {page}":
            self._learn(jar, app, page, replies)
        return word

    def _learn(self, jar: str, app: str, page: str, replies: list[Reply]) -> None:
        """What a page shows: its form, and the secret of a set-up."""
        login, flow = self.model.login(jar, app), self.model.jars[jar]["flow", app]
        assert login is not None
        account = self.model.accounts[login.user]
        setup = self.model.setup_of(account, flow) if page == "setup" and self.model.may_try(account) else None
        if setup is not None:
            for side, reply in zip(self.sides, replies, strict=True):
                key = key_of(reply.text)
                assert side.keys.get(setup.secret, key) == key, f"{side.name}: another secret than was shown"
                side.keys[setup.secret] = key
            if setup.secret not in self.secrets[login.user]:
                self.secrets[login.user].append(setup.secret)
        self._keep_form(page, app, login.user, flow.number, replies)
        if page == "account":
            self._keep_form("browsers", app, login.user, flow.number, replies)
        self._keep_form("logout", app, login.user, flow.number, replies)

    def _keep_form(self, page: str, app: str, user: str, flow: int, replies: list[Reply], action: str = "") -> None:
        drawn = [fields for reply in replies if (fields := fields_of(reply, action or page)) is not None]
        assert len(drawn) in (0, len(replies)), f"one side shows the form {page}, and the other does not"
        if drawn:
            self.forms.append((Form(page, app, user, flow, self.model.now, self.model.key), drawn))

    def last_form(self, page: str) -> int:
        """The number of the form of this page that was drawn last; -1 if there is none."""
        return max((number for number, (form, _) in enumerate(self.forms) if form.page == page), default=-1)

    def last_form_of(self, jar: str, app: str, page: str) -> int:
        """The same, of those that are good there now."""
        found = (number for number, (form, _) in enumerate(self.forms) if form.page == page)
        return max((one for one in found if not self.model.refused(jar, app, self.forms[one][0])), default=-1)

    def send(
        self, jar: str, form: int, code: Code, app: str = "", *, remember: bool = False, fault: Fault | None = None
    ) -> str:
        """Send a form that was drawn, be it in another browser or for somebody else."""
        drawn, fields = self.forms[form]
        app = app or drawn.app
        login = self.model.login(jar, app)

        def request(side: Side, visitor: Visitor) -> Reply:
            more = {"remember": "1"} if remember and drawn.page == "verify" else {}
            typed = {"code" if code[0] == "totp" else "recovery": self.text(side, code, login)}
            return visitor.post(f"/2fa/{drawn.page}", fields[self.sides.index(side)] | typed | more)

        before = copy.deepcopy(self.model)
        word, replies = self.makes(
            jar, app, lambda model: model.submit(jar, app, drawn, code, remember=remember), request, fault
        )
        if login is not None:
            self._has_sent(jar, app, drawn, code, word, replies, login.user, before)
        return word

    def _has_sent(
        self, jar: str, app: str, drawn: Form, code: Code, word: str, replies: list[Reply], user: str, before: Model
    ) -> None:
        account, was = self.model.accounts[user], before.accounts[user]
        spent = account.last_step != was.last_step or (account.secret != was.secret and account.secret)
        if spent and code[0] == "totp":
            assert (user, *code[1:]) not in self.accepted, "a step was accepted twice"
            self.accepted.add((user, *code[1:]))
        if word == "page saved":
            batch = next(iter(account.codes))[0]
            for side, reply in zip(self.sides, replies, strict=True):
                side.codes[batch] = codes_of(reply.text)
                assert len(side.codes[batch]) == 10
            self.recovery[user] += sorted(account.codes)
        if word.startswith("page setup"):
            self._learn(jar, app, "setup", replies)

    def own_log_out(self, jar: str, form: int, app: str = "") -> str:
        drawn, fields = self.forms[form]
        app = app or drawn.app
        return self.makes(
            jar,
            app,
            lambda model: model.own_log_out(jar, app, drawn),
            lambda side, visitor: visitor.post("/2fa/logout", fields[self.sides.index(side)]),
        )[0]

    def forget_browser(self, jar: str, form: int, which: Token | None, app: str = "") -> str:
        """Forget this browser, or with None all of them."""
        drawn, fields = self.forms[form]
        app = app or drawn.app

        def request(side: Side, visitor: Visitor) -> Reply:
            value = side.values[which.number].encode() if which else b""
            named = {"browser": sha256(value).digest()[:16].hex() if which else "all"}
            return visitor.post("/2fa/browsers", fields[self.sides.index(side)] | named)

        word, _ = self.makes(jar, app, lambda model: model.forget(jar, app, drawn, which), request)
        return word

    def administers_by_page(self, jar: str, user: str, act: str, sender: str) -> str:
        """An administrators' page is drawn in one browser, and its form sent in another, or the same."""
        page = f"/2fa/admin/user?id={user}"
        word, replies = self.makes(
            jar, "office", lambda model: model.looks_at_a_user(jar), lambda side, visitor: visitor.go(page)
        )
        if word != "page user 200":
            return word
        login, flow = self.model.login(jar, "office"), self.model.jars[jar]["flow", "office"]
        assert login is not None
        before = len(self.forms)
        self._keep_form(f"user {user}", "office", login.user, flow.number, replies, f"user?id={user}")
        if len(self.forms) == before:
            assert login.user == user, "there is nothing to be done about somebody else"
            return word
        form, fields = self.forms.pop()
        generation = int(fields[0]["generation"]) & 0xFFFFF
        said = {"act": {"disable": "off", "unlock": "unlock", "forget": "end"}[act], "reason": "asked for"}
        word, _ = self.makes(
            sender,
            "office",
            lambda model: model.acts_on_a_user(sender, form, user, act, generation),
            lambda side, visitor: visitor.post(page, fields[self.sides.index(side)] | said),
        )
        return word

    def strange(self, jar: str, app: str, method: str, target: str, is_navigation: bool) -> str:
        return self.makes(
            jar,
            app,
            lambda model: model.strange(jar, app, method, target, is_navigation),
            lambda side, visitor: (visitor.go if is_navigation else visitor.fetch)(target, method),
        )[0]

    def text(self, side: Side, code: Code, login: Token | None) -> str:
        kind, first, second = code
        if kind == "recovery":
            return side.codes[first][second] if first in side.codes else "0000-0000-0000-0000"
        if first in side.keys:
            return code_at(side.keys[first], second * STEP)
        mine = [side.keys[one] for one in self.secrets[login.user][-4:] if one in side.keys] if login else []
        near = {code_at(key, self.clock.now + STEP * away) for key in mine for away in (-1, 0, 1)}
        return next(text for text in (f"{number:06}" for number in range(1000)) if text not in near)

    # ---- what nobody asks the gate for ----------------------------------------------------------------------------------

    def copy(self, token: Token, jar: str, slot: Slot) -> None:
        """Put a cookie's value under a name in a browser."""
        self.model.jars[jar][slot] = copy.copy(token)
        for side in self.sides:
            side.jars.setdefault(jar, {})[side.cookie_name(*slot)] = side.values[token.number]

    def drop(self, jar: str, slot: Slot) -> None:
        if self.model.jars[jar].pop(slot, None):
            for side in self.sides:
                del side.jars[jar][side.cookie_name(*slot)]

    def make_up(self, jar: str, slot: Slot, user: str) -> None:
        """A value of the right shape that nobody has issued."""
        token = self.model.token(slot[0], user=user)
        for side in self.sides:
            random = secrets.token_urlsafe(32)
            side.values[token.number] = f"{side.user_key(user)}.{random}" if slot[0] == "pass" else random
        self.copy(token, jar, slot)

    def arrives(self, jar: str, app: str, user: str) -> None:
        """Logged in to the app by a door that no rule names."""
        self.sessions += 1
        token = self.model.token("session", user=user, app=app, session=self.sessions, opened=self.clock.now)
        value = session_cookie(user, str(self.sessions), at=self.clock.now)
        for side in self.sides:
            side.values[token.number] = value
        self.tokens.append(token)
        self.copy(token, jar, ("session", app))

    def fails_before(self, user: str, times: int) -> None:
        """So many wrong codes, each as soon as it is looked at."""
        for _ in range(times):
            self.goes_on(max(1, self.model.accounts[user].wait_until - self.clock.now))
            self.model.now = self.clock.now
            self.model.count(self.model.accounts[user])
            for side in self.sides:
                side.fail(user)
        self.goes_on(max(0, self.model.accounts[user].wait_until - self.clock.now))

    def turns_the_clock_back(self, seconds: int) -> None:
        """Not over the end of anything: whether that ends for good is a matter of the store's own tidying."""
        ends = [one.expires for account in self.model.accounts.values() for one in account.passes + account.browsers]
        ends += [one.opened + 600 for account in self.model.accounts.values() for one in account.setups]
        if not any(self.clock.now - seconds < at <= self.clock.now for at in ends):
            self.goes_on(-seconds)

    def rotates_the_keys(self, *, reseals: bool, retires: bool) -> None:
        """A new key; with ``retires`` the older ones go, once all is sealed anew."""
        self.model.now, self.model.key = self.clock.now, self.model.key + 1
        for side in self.sides:
            ring = side.ring.with_new_key()
            side.use_ring(ring.made_current(list(ring.keys)[-1]))
            if reseals or retires:
                side.reseal(self.users)
            while retires and side.ring.older:
                side.use_ring(side.ring.without(side.ring.older[0]))
        if retires:
            self.model.retire()
        self.same_store()

    def administers(self, act: Callable[[Side], Any], change: Callable[[Model], object]) -> None:
        """What is done at the command line, and becomes of it."""
        self.model.now, self.steps, lived = self.clock.now, self.steps + 1, self.living()
        for side in self.sides:
            act(side)
        change(self.model)
        self.same_store()
        self.hears_of(lived)
