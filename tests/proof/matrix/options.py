"""Every option there is, and settings with which the states are walked; or why it cannot touch a decision.

An option that has no row here fails ``test_every_option_has_a_row``: who adds one says what it has to do with the gate.
Options that the ways of ``ways.py`` set themselves are walked there. Keys are as in the settings file.
"""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from typing import Any, TypeAlias

from support.realm import NOW, SIGNED_COOKIE

SUBSET = (
    "not enrolled in an enforced role",
    "enrolled",
    "waiting",
    "pass revoked",
    "pass of another user",
    "record unreadable",
    "flags unreadable",
    "store down",
    "pass expired",
)
USERS = ("chef", "erin", "walt", "rita", "olga", "una", "wilma", "dora", "xena")
"""Who comes in these states."""
YESTERDAY = datetime.datetime.fromtimestamp(NOW - 86400, datetime.UTC).date()


@dataclass(frozen=True)
class Walked:
    """Settings to walk with: ``changes`` of the realm's, where ``shop`` is merged into its app, or of the resolver that
    ``way`` uses. ``states``: those that this option leaves as they are. ``exempt``: the paths that the app gets."""

    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    resolver: dict[str, Any] = dataclasses.field(default_factory=dict)
    way: str = "signed_cookie"
    states: tuple[str, ...] = SUBSET
    exempt: tuple[str, ...] = ("/static/site.css",)
    prefix: str = "/2fa"
    page: str = "/api/tasks"


@dataclass(frozen=True)
class Untouched:
    """``reason`` why no decision can depend on it."""

    reason: str


Row: TypeAlias = Walked | Untouched


def shop(**changes: Any) -> Walked:
    return Walked({"shop": changes})


def by(way: str, **options: Any) -> Walked:
    """With these options of the way's resolver."""
    return Walked(resolver=options, way=way)


def without(row: Walked, *states: str) -> Walked:
    return dataclasses.replace(row, states=tuple(state for state in row.states if state not in states))


SECOND_DOOR = [SIGNED_COOKIE, {"use": "remote_user"}]


def service_accounts(**over: Any) -> Walked:
    """Everybody of the states has an account that does not fit."""
    fits = {"apps": ["shop"], "by": "remote_user", "reason": "mail", "until": YESTERDAY + datetime.timedelta(days=30)}
    accounts = [{"user": user} | fits | over for user in USERS]
    return Walked({"service_accounts": accounts, "shop": {"identity": SECOND_DOOR}})


SHOWN = Untouched("only shown, on pages of our own")
AT_START = Untouched("used at the start alone, which fails where it does not fit")
LOCATED = Untouched("says where the same thing is found")
OF_FORM = Untouched("used only once a form or a page of somebody who may pass is at hand")
ASKED_HOW = Untouched(
    "says how the same question is put to the app; what is not understood is 503, tests/contract/test_probe.py"
)

INSERT = {"path": "/home", "selector": "body", "what": "profile-link"}

ROWS: dict[str, tuple[Row, ...] | Row] = {
    # ---- the realm
    "realm": LOCATED,
    "name": SHOWN,
    "support": SHOWN,
    "mode": (
        Walked({"mode": "report", "shop": {"mode": "enforce"}, "office": {"mode": None}}),
        Walked({"mode": "off", "shop": {"mode": "enforce"}}),
    ),
    "profile": without(Walked({"profile": "strict"}), "not enrolled in an enforced role"),
    "store_id": AT_START,
    "keys": LOCATED,
    "factor": AT_START,
    "theme": SHOWN,
    "directory": SHOWN,
    "prefix": Walked({"prefix": "/-/second"}, states=("not enrolled in an enforced role",), prefix="/-/second"),
    "pass_hours": Walked({"pass_hours": 1}),
    "idle_minutes": Walked({"idle_minutes": 5}),
    "remember_days": Walked({"remember_days": 0}),
    "next_step": Walked({"next_step": False}),
    "insecure_http": Walked({"insecure_http": True, "shop": {"origins": ["http://shop.example"]}}),
    "folder": LOCATED,
    "source": SHOWN,
    "layers": SHOWN,
    "roles": (
        Walked({"roles": {"use": "static", "users": {"chef": ["Chef"]}}}),
        Walked({"roles": {"use": "static", "users": {"chef": ["Kitchen"]}, "groups": {"Kitchen": ["Chef"]}}}),
    ),
    # ---- its sections
    "store.url": LOCATED,
    "store.password": LOCATED,
    "store.ca": AT_START,
    "store.certificate": AT_START,
    "store.certificate_key": AT_START,
    "store.acknowledge": Untouched("of changes alone; one that is not acknowledged is 503, tests/core/stores"),
    "store.acknowledge.replicas": Untouched("as acknowledge"),
    "store.acknowledge.fsync": Untouched("as acknowledge"),
    "store.acknowledge.milliseconds": Untouched("as acknowledge"),
    # who has passed goes on for that long: tests/contract/test_outages.py
    "store.stale_seconds": without(Walked({"store": {"stale_seconds": 60}}), "store down"),
    "store.witness": Walked({"store": {"witness": "var/witness"}}),
    "enforcement.starts": Walked({"enforcement": {"starts": "now", "pinned": ["Chef"]}}),
    "enforcement.pinned": Walked({"enforcement": {"pinned": ["Waiter", "Chef", "Boss"]}}),
    "admin.roles": Walked({"admin": {"roles": ["Chef", "Boss"]}, "shop": {"admin": True}}),
    "admin.fresh_minutes": Walked({"admin": {"roles": ["Chef"], "fresh_minutes": 1440}, "shop": {"admin": True}}),
    "admin.first_setup": Walked({"admin": {"first_setup": "code"}}),
    "admin.after_reset": Walked({"admin": {"after_reset": "code"}}),
    "events.sinks": Walked({"events": {"sinks": [{"use": "log"}], "carry": False}}),
    "events.carry": Walked({"events": {"sinks": [], "carry": True}}),
    "service_accounts": service_accounts(),
    "service_accounts.user": service_accounts(user="somebody-else"),
    "service_accounts.apps": service_accounts(apps=["office"], by="signed_cookie"),
    "service_accounts.by": service_accounts(by="remote_user"),
    "service_accounts.until": service_accounts(by="signed_cookie", until=YESTERDAY),
    "service_accounts.reason": SHOWN,
    # ---- an app
    "apps.origins": shop(origins=["https://shop.example"]),
    "apps.identity": shop(identity=SECOND_DOOR),
    "apps.label": SHOWN,
    "apps.mode": shop(mode="enforce"),
    "apps.admin": Walked({"admin": {"roles": ["Chef"]}, "shop": {"admin": True}}),
    "apps.login": (shop(login=["ANY /home"]), shop(login=[])),
    "apps.login_answer": shop(login=["ANY /home"], login_answer="pass"),
    "apps.logout": (shop(logout=["ANY /home"]), shop(logout=[])),
    "apps.login_page": shop(login_page="/home"),
    "apps.home": shop(home="/home"),
    "apps.logout_cookies": shop(logout_cookies=[]),
    "apps.exempt": (
        Walked({"shop": {"exempt": []}}, exempt=()),
        Walked({"shop": {"exempt": ["GET /{part}/site.css", "HEAD /nothing/**"]}}),
    ),
    "apps.strict": (shop(strict=["ANY /**"]), shop(strict=["POST /home"])),
    "apps.anonymous_websockets": shop(anonymous_websockets=["GET /**"]),
    "apps.streams": shop(streams=["ANY /**"]),
    "apps.credential_cookies": shop(credential_cookies=["remember_me"]),
    "apps.inserts": shop(inserts=[INSERT]),
    "apps.form_limit_bytes": shop(inserts=[INSERT], form_limit_bytes=1),
    "apps.scan_limit_bytes": shop(inserts=[INSERT], scan_limit_bytes=1),
    "apps.cookie_path": shop(cookie_path="/elsewhere"),
    **{
        f"apps.inserts.{field}": OF_FORM
        for field in (
            *("path", "selector", "position", "what", "target", "resolve", "accepted", "template", "wrap", "classes"),
            *("every", "accepted.status", "accepted.location"),
        )
    },
    # ---- resolvers, besides what the ways set
    "identity.signed_cookie.email": by("signed_cookie", email="mail"),
    "identity.flask_login.cookie": by("flask_login", cookie="session"),
    "identity.flask_login.remember_cookie": by("flask_login", remember_cookie=""),
    "identity.flask_login.label": by("flask_login", label="name"),
    "identity.flask_login.email": by("flask_login", email="mail"),
    "identity.flask_login.max_age_seconds": by("flask_login", max_age_seconds=2 * 86400),
    "identity.remote_user.variable": by("remote_user", variable="REMOTE_USER"),
    "identity.header.label": by("header", label="X-Name"),
    "identity.header.email": by("header", email="X-Mail"),
    "identity.basic.user": Untouched("tests/contract/test_basic.py: another way to the id that names also gives"),
    "identity.basic.user_of": Untouched("as user"),
    "identity.bearer.scheme": Untouched(
        "another word is a header that nobody has read: 403, tests/contract/test_codes.py"
    ),
    **{
        f"identity.{use}.{option}": ASKED_HOW
        for use in ("basic", "bearer", "probe")
        for option in ("method", "accept", "sends", "timeout_seconds", "format", "session", "label", "email")
    },
    "identity.probe.keep_cookies": by("probe", keep_cookies=["fresh"]),
    "identity.probe.cache_seconds": by("probe", cache_seconds=30),
    "identity.watch.format": Untouched("how the same field is read: tests/contract/test_watch.py"),
    "identity.watch.resolve": Untouched("in the place of case"),
    "identity.watch.anonymous": by("watch", anonymous=["GET /home"]),
    "identity.watch.login_gets_cookie": by("watch", login_gets_cookie=True),
    "identity.watch.hours": by("watch", hours=48),
    "identity.callable.headers": by("callable", headers=["X-Portal"]),
    "identity.callable.server": by("callable", server=["portal.user"]),
    "identity.callable.pure": by("callable", pure=True),
    "identity.django.settings_module": Untouched("tests/apps/django"),
    "identity.django.cookie": Untouched("tests/apps/django"),
    "identity.django.session": Untouched("tests/apps/django"),
    "identity.django.cache_seconds": Untouched("tests/apps/django"),
}
