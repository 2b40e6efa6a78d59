"""How the test log-in comes in: by the app's own form, as JSON, by Basic on each request, or by what somebody pasted."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Literal

from ..errors import TwoFactorError
from ..settings import AppSettings
from .browsing import Browser
from .forms import log_in_form
from .serving import Page

Kind = Literal["form", "json", "basic", "bearer", "cookie"]
WRONG = "not-the-password"


class NoWayIn(TwoFactorError):
    """It cannot be seen how to log in; the message says what to name."""


@dataclass(frozen=True, slots=True)
class Means:
    """``secret`` is the password, the token or the cookies. ``fields``: the names of the log-in's two fields, where they
    cannot be read off the page."""

    kind: Kind
    secret: str = field(repr=False)
    user: str = ""
    fields: tuple[str, str] | None = None

    @property
    def types_password(self) -> bool:
        return self.kind in ("form", "json", "basic")

    @property
    def begins_log_ins(self) -> bool:
        """Whether each use of it is a log-in of its own; what was pasted is one log-in, whoever sends it."""
        return self.kind in ("form", "json")

    def use(self, browser: Browser, app: AppSettings, *, wrong: bool = False) -> Page | None:
        """Log in; the answer of the app, where the log-in is a request. ``wrong``: with another password."""
        secret = f"{self.secret}{WRONG}" if wrong else self.secret
        match self.kind:
            case "cookie":
                browser.paste(secret)
                return None
            case "bearer":
                browser.authorization = b"Bearer " + secret.encode()
                return None
            case "basic":
                browser.authorization = b"Basic " + b64encode(f"{self.user}:{secret}".encode())
                return None
            case "json":
                user_field, password_field = self.fields or ("username", "password")
                return browser.send_json(_posts_to(app), {user_field: self.user, password_field: secret})
            case "form":
                return self._send_form(browser, app, secret)

    def _send_form(self, browser: Browser, app: AppSettings, secret: str) -> Page:
        page = browser.go(app.login_page)
        form = log_in_form(page.text)
        if form is None or form.password is None:
            if self.fields is None:
                raise NoWayIn(
                    f"login_page {app.login_page} answers {page.status} and has no form with a password; name the page in "
                    "`login_page`, the two fields with --fields, or log in by --json-body, --basic, --bearer or --cookie"
                )
            return browser.send_form(_posts_to(app), {self.fields[0]: self.user, self.fields[1]: secret})
        named = self.fields or (next(iter(form.typed), ""), form.password)
        if not named[0]:
            raise NoWayIn(
                f"the form on {app.login_page} has no field for a name; name both with --fields NAME,PASSWORD"
            )
        target = browser.own(form.action or app.login_page, app.login_page)
        if target is None:
            raise NoWayIn(f"the form on {app.login_page} is sent to another origin: {form.action}")
        return browser.send_form(target, {**form.fields, named[0]: self.user, named[1]: secret}, form.method)


def _posts_to(app: AppSettings) -> str:
    """The path of the first log-in rule that is posted to."""
    for rule in app.login:
        methods, _, rest = rule.partition(" ")
        path = rest.partition(" ")[0]
        if methods in ("POST", "ANY") and not set(path) & {"{", "*"}:
            return path
    raise NoWayIn('no log-in rule names one path that is posted to; write such as login = ["POST /login"]')
