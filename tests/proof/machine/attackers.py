"""What attackers do, and stores that fail."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from proof.machine.base import Base, apps, jars, kinds, who
from proof.machine.faults import Fault
from proof.machine.model import STEP, Token
from proof.machine.sides import APPS
from proof.machine.steps import WRONG


class Attackers(Base):
    """Copied, ended and made-up cookies, old forms, guesses, and odd requests."""

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
        app = self.app_of(jar, app)
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
                self.walk.send(jar, number, self.code_of(jar, app or form.app, kind, form.page), app)

    @rule(jar=jars, app=apps, times=st.sampled_from((2, 6, 6, 11)), is_patient=st.booleans(), recovers=st.booleans())
    def guesses(self, jar: str, app: str, times: int, is_patient: bool, recovers: bool) -> None:
        app = self.app_of(jar, app)
        page = self.natural_page(jar, app)
        kind = "recovery" if recovers and page != "setup" else "totp"
        for _ in range(times):
            login = self.model.login(jar, app)
            form = self.walk.last_form_of(jar, app, page)
            if login is None or (form < 0 and self.walk.look_at(jar, app, page) != f"page {page}"):
                return
            if is_patient:
                self.walk.goes_on(max(0, self.model.accounts[login.user].wait_until - self.clock.now))
            if (form := self.walk.last_form_of(jar, app, page)) >= 0:
                self.walk.send(jar, form, (kind, WRONG, self.clock.now // STEP))

    @rule(data=st.data(), jar=jars, victim=jars, app=apps, kind=kinds, swaps=st.booleans())
    def sends_the_form_of_another(self, data: Any, jar: str, victim: str, app: str, kind: str, swaps: bool) -> None:
        """The same user in another browser with a flow of its own, or another user in the same browser."""
        self.walk.goes_on(STEP)
        app = self.app_of(victim, app)
        page = self.natural_page(victim, app)
        if self.walk.look_at(victim, app, page) != f"page {page}" or (form := self.walk.last_form(page)) < 0:
            return
        login = self.model.login(victim, app)
        if swaps or login is None or jar == victim:
            jar = victim
            self.walk.arrives(jar, app, data.draw(st.sampled_from(self.walk.users)))
        else:
            self.walk.arrives(jar, app, login.user)
            self.walk.look_at(jar, app, self.natural_page(jar, app))
        self.walk.send(jar, form, self.code_of(jar, app, kind, page))

    @rule(
        jar=jars,
        app=apps,
        what=st.sampled_from(("visit", "visit", "log in", "look", "prove", "prove", "prove")),
        number=st.sampled_from((1, 1, 2, 3, 4, 5, 6)),
        is_done=st.booleans(),
        kind=kinds,
        user=who,
    )
    def the_store_fails(self, jar: str, app: str, what: str, number: int, is_done: bool, kind: str, user: int) -> None:
        self.walk.goes_on(STEP)
        app = self.app_of(jar, app) if what != "log in" else app
        page = self.natural_page(jar, app)
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
                self.walk.send(jar, form, self.code_of(jar, app, kind, page), fault=fault)
