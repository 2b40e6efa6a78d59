"""The keys of an app: its addresses, who is logged in, path rules, and controls in its own pages."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct


class Accepted(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the app answers once it has saved a form: ``status``, and ``location``, the path that it sends on to."""

    status: int = 303
    location: str = ""


class Insert(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A control of the product's in the app's own pages. ``docs/inserts.md`` shows each with an example."""

    path: str
    """The path of the page, whose segments may have names: "/manage/users/{row}/edit". Forms are sent there too."""
    selector: str
    """Where in the page: tag, #id, .class, [attr=value]; descendants (space) and children (>)."""
    position: Literal["before", "after", "prepend", "append"] = "append"
    what: Literal["profile-link", "user-checkbox", "role-checkbox", "role-mark", "template"]
    target: str = ""
    """Whom or which role it is about: "path:NAME" of the path, "field:NAME" of the form, "attr:NAME" of the element."""
    resolve: str = ""
    """``module:function`` that makes a user id, or the name of a role, of what ``target`` found. Not set: it is one."""
    accepted: Accepted | None = None
    """By what the app shows that it has saved the form; check boxes need it."""
    template: str = ""
    """For ``what = "template"``: a Jinja2 file of yours; it gets the variables of a profile link."""
    wrap: str = ""
    """An element to put round it, such as "li"."""
    classes: str = ""
    """Class names of the app's own style for it."""
    every: bool = False
    """Whether each place that fits gets one, such as each row of a list; else the first alone."""


class AppSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One app of the realm. Path rules: see ``policy/paths.py``."""

    origins: tuple[str, ...]
    """Scheme and host of every address of the app, such as "https://produce.example.org"."""
    identity: tuple[dict[str, Any], ...]
    """The resolvers that say who is logged in: ``use`` names one, the other keys are its options."""
    label: str = ""
    """What people call the app; empty: its name in the settings with a capital."""
    mode: Literal["off", "report", "enforce"] | None = None
    """As the realm's ``mode``, for this app alone. Not set: the realm's."""
    admin: bool = False
    """Whether the app has the administrators' pages, at ``<prefix>/admin``."""
    login: tuple[str, ...] = ()
    """Rules of the requests that log somebody in: path rules, or with a field of the query or the form behind them, such as
    "POST /index ?do=login" (see resolvers.md)."""
    login_answer: Literal["hold", "pass"] = "hold"
    """"pass": the answer of a log-in rule to a fetch holds no data and may go through before the second factor."""
    logout: tuple[str, ...] = ()
    """The same for the requests that log out, such as "POST /account form action=logout"; they end the pass."""
    login_page: str = "/"
    """Where people log in to the app."""
    home: str = "/"
    """Where people land who were on their way to nowhere else."""
    logout_cookies: tuple[str, ...] | None = None
    """The app's cookies that our own log-out expires. Not set: those that the resolvers read."""
    exempt: tuple[str, ...] = ()
    """Path rules for GET and HEAD that pass unseen, without cookies and Authorization."""
    strict: tuple[str, ...] = ()
    """Path rules, such as "ANY /admin/**", of requests for which the store is asked each time: nothing that this process
    remembers of a pass counts there, not even within `stale_seconds`."""
    anonymous_websockets: tuple[str, ...] = ()
    """Path rules, such as "GET /live/**", of WebSockets that may be open while nobody is logged in, where a resolver depends
    on the app's state: no other may be then. Elsewhere all may."""
    streams: tuple[str, ...] = ()
    """Path rules of long answers that are broken off when their pass ends. Answers of text/event-stream always are."""
    credential_cookies: tuple[str, ...] = ()
    """Cookies that could log somebody in, such as remember-me; the app gets them only if a resolver has read them."""
    inserts: tuple[Insert, ...] = ()
    """Controls of the product's in the app's own pages."""
    form_limit_bytes: int = 1024 * 1024
    """How large a form with a control of ours may be; it is read as a whole before the app gets it."""
    scan_limit_bytes: int = 64 * 1024
    """How much of a page is looked through for the place of a control."""
    cookie_path: str = "/"
    """The path of the app's session cookie; an anonymous navigation outside it says nothing about a log-out."""

    def __repr__(self) -> str:
        """Without the options of plugins, among which a secret may stand."""
        return f"AppSettings(origins={self.origins!r})"
