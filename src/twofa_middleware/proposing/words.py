"""What is found out about an app, in the words of the settings, and the first lines of every new settings file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import ConfigError
from ..plugins import CHOOSE
from ..policy.paths import PathRule

NO_NAME = "My Portal"
"""What a new settings file calls the site until a person has named it."""
HEAD = f"""\
# Every key stands in docs/settings.md; what is not written here has its default.
realm = "main"                        # in a Redis that others use too, a name of its own
name = "{NO_NAME}"                    # what people call the site: shown in the authenticator app and on the pages
support = ""                          # whom to ask for help, such as "Service desk, ext. 4711"
store = "sqlite:///var/twofa.db"
keys = "file:var/keys.toml"
"""
ORIGINS = (
    'origins = ["http://localhost:8000", "http://127.0.0.1:8000"]   # scheme and host of each address of the app\n'
)
UNCHOSEN = f'identity = [{{ use = "{CHOOSE}" }}]'
"""No app starts until a person has put a resolver in this place."""

_LOGS_IN = re.compile(r"(?:log|sign)[-_]?[io]n|logon", re.IGNORECASE)
_LOGS_OUT = re.compile(r"(?:log|sign)[-_]?(?:out|off)", re.IGNORECASE)
_PUTS = re.compile(r"""session\[\s*["']([A-Za-z_]\w{0,40})["']\s*\]\s*=(?!=)""")
_NAMES_SOMEBODY = re.compile(r"uid|user|account|member", re.IGNORECASE)
_OF_ONE_LOG_IN = re.compile(r"(?:log[-_]?in|session)[-_]?(?:id|key|nonce|token)", re.IGNORECASE)
_OF_NO_FORM = frozenset({"HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Route:
    """A path of the app, as path rules write it, and its methods."""

    path: str
    methods: frozenset[str]


@dataclass(slots=True)
class Found:
    """What an app is found to be, and what is proposed for it. Texts of TOML end without a line break.

    ``identity`` is the whole value, None where only a person can choose; ``advice`` stands above it as comments, then
    ``notes`` above everything else of the app. ``realm`` are further keys of the realm.
    """

    framework: str
    identity: str | None = None
    advice: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    login: list[str] = field(default_factory=list)
    logout: list[str] = field(default_factory=list)
    login_page: str = "/login"
    home: str = "/"
    cookie_path: str = "/"
    static: list[str] = field(default_factory=list)
    admin: bool = False
    realm: list[str] = field(default_factory=list)


def fill_from_routes(found: Found, routes: list[Route]) -> None:
    """Log-in and log-out rules by what paths are called, where nothing better tells."""
    for route in routes:
        name = route.path.rstrip("/").rpartition("/")[2]
        methods = sorted(route.methods - _OF_NO_FORM)
        if _LOGS_OUT.search(name) and methods:
            _add(found.logout, f"{','.join(methods)} {route.path}")
        elif _LOGS_IN.search(name) and "POST" in methods:
            _add(found.login, f"POST {route.path}")
    pages = [r.path for r in routes if "GET" in r.methods and _LOGS_IN.search(r.path.rpartition("/")[2])]
    if pages and found.login_page == "/login" and "{" not in pages[0]:
        found.login_page = pages[0]
    if not any(route.path == "/" for route in routes):
        found.notes.append('home: the app has no page "/"; say where people land')


def add_rule(rules: list[str], methods: str, path: str) -> None:
    _add(rules, f"{methods} {path}")


def _add(rules: list[str], text: str) -> None:
    try:
        PathRule.parse(text)
    except ConfigError:
        return
    if text not in rules:
        rules.append(text)


def advise_of_session(found: Found, what: str, options: list[str], sources: list[str]) -> None:
    """How a signed session is read, with what code seems to put into it."""
    keys = sorted(set(_PUTS.findall("\n".join(sources))))
    session = next((key for key in keys if _OF_ONE_LOG_IN.search(key)), None)
    named = [key for key in keys if _NAMES_SOMEBODY.search(key) and not _OF_ONE_LOG_IN.search(key)]
    # An id before a name: people change names.
    user = min(named, key=lambda key: not key.lower().endswith("id"), default="user_id")
    read = [f'user = "{user}"', *([f'session = "{session}"'] if session else [])]
    found.advice += [
        f"The code puts into the session: {', '.join(keys)}." if keys else f"Look what your log-in puts into `{what}`.",
        "`user` is where in it the account's own id stands, which never changes:",
        f'identity = [{{ use = "signed_cookie", {", ".join([*options, *read])} }}]',
    ]
