"""What people do who want to get in, and what their clocks do."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from proof.machine.base import Base, apps, hows, jars, kinds, rights, whose
from proof.machine.model import DAY, STEP


class Users(Base):
    """Log-ins, codes, set-ups, log-outs."""

    @rule(jar=jars, app=apps, number=whose)
    def logs_in(self, jar: str, app: str, number: int | None) -> None:
        self.walk.goes_on()
        self.walk.log_in(jar, app, self.user_of(jar, number))

    @rule(jar=jars, app=apps, number=whose, kind=rights, remember=st.booleans())
    def comes_again(self, jar: str, app: str, number: int | None, kind: str, remember: bool) -> None:
        """The session is over, and a new one begins; whoever is asked then, answers."""
        self.walk.goes_on(1 if kind == "earlier" else STEP)
        self.walk.drop(jar, ("session", app))
        self.walk.visit(jar, app)
        self.walk.log_in(jar, app, self.user_of(jar, number))
        page = self.natural_page(jar, app)
        if page in ("verify", "setup") and self.walk.look_at(jar, app, page) == f"page {page}":
            if (form := self.walk.last_form(page)) >= 0:
                self.walk.send(jar, form, self.code_of(jar, app, kind, page), remember=remember)
            self.walk.visit(jar, app)

    @rule(jar=jars, app=apps, number=whose)
    def comes_by_another_door(self, jar: str, app: str, number: int | None) -> None:
        self.walk.goes_on()
        self.walk.arrives(jar, app, self.user_of(jar, number))

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
        self.walk.visit(jar, self.app_of(jar, app) if how != "go" else app, how)

    @rule(jar=jars, app=apps, page=st.sampled_from(("verify", "setup", "account", "disable", "codes")))
    def looks_at(self, jar: str, app: str, page: str) -> None:
        self.walk.goes_on()
        self.walk.look_at(jar, self.app_of(jar, app), page)

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
        app = self.app_of(jar, app)
        page = self.natural_page(jar, app) if page == "natural" else page
        if self.walk.look_at(jar, app, page) == f"page {page}" and (form := self.walk.last_form(page)) >= 0:
            self.walk.send(jar, form, self.code_of(jar, app, kind, page), remember=remember)

    @rule(jar=jars, app=apps)
    def logs_out_by_our_page(self, jar: str, app: str) -> None:
        self.walk.goes_on()
        app = self.app_of(jar, app)
        login = self.model.login(jar, app)
        decision = self.model.decide(jar, app, login) if login else "pass"
        page = decision if decision in ("verify", "setup") else "account"
        if self.walk.look_at(jar, app, page) == f"page {page}":
            self.walk.own_log_out(jar, self.walk.last_form("logout"))

    @rule(data=st.data(), jar=jars, app=apps, all_of_them=st.booleans())
    def forgets_browsers(self, data: Any, jar: str, app: str, all_of_them: bool) -> None:
        self.walk.goes_on()
        app = self.app_of(jar, app)
        if self.walk.look_at(jar, app, "account") != "page account":
            return
        form = self.walk.last_form("browsers")
        known = [token for token in self.walk.tokens if token.kind == "browser"]
        if form >= 0:
            self.walk.forget_browser(
                jar, form, data.draw(st.sampled_from(known)) if known and not all_of_them else None
            )

    @rule(seconds=st.sampled_from((1, 29, STEP, STEP, 61, 600, 3600, 7200, DAY, 2 * DAY, 31 * DAY, 91 * DAY)))
    def time_passes(self, seconds: int) -> None:
        self.walk.goes_on(seconds)

    @rule(seconds=st.sampled_from((1, 20, 45)))
    def the_clock_is_put_back(self, seconds: int) -> None:
        self.walk.turns_the_clock_back(seconds)
