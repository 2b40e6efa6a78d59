"""Moves that need no code: to forget a browser, to log out by our page, to act as an administrator, to ask oddly."""

from __future__ import annotations

from proof.machine.model import BOSSES, FRESH_SECONDS, Form, Token
from proof.machine.moves import Move, Moves


class Model(Moves):
    """The whole model."""

    def forget(self, jar: str, app: str, form: Form, which: Token | None) -> Move:
        """Forget one browser, or all."""
        login, refused = self.login(jar, app), self.refused(jar, app, form)
        if login is None or refused:
            return refused
        account, here = self.accounts[login.user], self.remembered(jar, login.user)
        found = self.valid_pass(jar, app, login)
        is_proven = found is not None and found.is_proven
        yield
        account.browsers = [one for one in account.browsers if which and one.number != which.number]
        account.passes = [one for one in account.passes if one.is_proven]
        if here is None or (which and which.number != here.number):
            return "/2fa/account"
        self.sets["browser", login.user] = None
        return "/2fa/account" if is_proven else "/2fa/verify"

    def own_log_out(self, jar: str, app: str, form: Form) -> Move:
        refused, cookie = self.refused(jar, app, form), self.jars[jar].get(("pass", app))
        if refused:
            return refused
        if cookie is not None:
            yield
            self.end(cookie)
        for kind in ("session", "pass", "flow"):
            self.sets[kind, app] = None
        return "/login"

    def door(self, jar: str) -> str:
        """Who may not come to an administrators' page, and where to he is sent; empty for who may."""
        login = self.login(jar, "office")
        if login is None:
            return "/login"
        if not login.user.startswith(BOSSES):
            return "403"
        found = self.valid_pass(jar, "office", login)
        if found is not None and found.is_proven and self.now - found.opened <= FRESH_SECONDS:
            return ""
        return "/2fa/verify" if self.accounts[login.user].secret else "/2fa/setup"

    def looks_at_a_user(self, jar: str) -> Move:
        refused = self.door(jar)
        if not refused and ("flow", "office") not in self.jars[jar]:
            self.sets["flow", "office"] = self.token("flow")
        return refused or "page user 200"
        yield

    def acts_on_a_user(self, jar: str, form: Form, user: str, act: str, generation: int) -> Move:
        """``form`` was drawn for the user while he had this generation."""
        refused = self.door(jar) or self.refused(jar, "office", form)
        login = self.login(jar, "office")
        if refused or login is None:
            return refused
        if login.user == user:
            return "page user 403"
        account = self.accounts[user]
        if generation != account.generation or (act == "disable" and not account.secret):
            return "page user 409"
        yield
        self.administer(user, act)
        return "/2fa/admin/user"

    def strange(self, jar: str, app: str, method: str, target: str, is_navigation: bool) -> Move:
        """A request of an odd method or to an odd path: it is gated as any other, but for what is exempt."""
        if target.partition("?")[0] == "/static/app.css" and method in ("GET", "HEAD"):
            return "called secret"
        if target.startswith("/2fa"):
            if self.login(jar, app) is None:
                return "/login" if is_navigation else "403 not-logged-in"
            return "404" if is_navigation else "404 not-found"
        how = ("go" if method in ("GET", "HEAD") else "post") if is_navigation else "fetch"
        return (yield from self.visit(jar, app, how))
