"""The keys of the settings with their types and defaults; a default stands here and nowhere else."""

from __future__ import annotations

import datetime
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from ..errors import ConfigError
from .checks import check
from .reading import did_you_mean, overlay, struct_of


class Enforcement(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``pinned`` roles must have a second factor. ``starts``: at the next log-in, or at once for running sessions."""

    starts: Literal["next-login", "now"] = "next-login"
    pinned: tuple[str, ...] = ()


class Administration(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who may use the administrators' pages, which apps with ``admin = true`` have.

    ``roles``: whoever has one of them, and has shown a factor within ``fresh_minutes``. ``after_reset``: after an
    administrator has switched somebody's two-factor authentication off, the next set-up is "open" to whoever has the
    password, or needs the one-time "code" that the act made.
    """

    roles: tuple[str, ...] = ()
    fresh_minutes: int = 60
    after_reset: Literal["open", "code"] = "open"


class Events(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where audit events go besides the store. ``sinks``: plugins, each with its options.

    ``carry``: this server takes part in carrying events to the realm's list and to sinks; at least one has to.
    """

    sinks: tuple[dict[str, Any], ...] = ({"use": "log"},)
    carry: bool = True


class Acknowledge(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What has to be true of a change that matters before it counts as made: Redis and Valkey only.

    ``replicas``: so many of them have it (WAIT). ``fsync``: the primary, and those replicas, have it on their disks
    (WAITAOF; Redis 7.2 or Valkey, with ``appendonly yes``). ``milliseconds``: how long that is waited for; then the
    request is refused with 503.
    """

    replicas: int = 0
    fsync: bool = False
    milliseconds: int = 200


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the state lives. A text in its place is the ``url``."""

    url: str = "sqlite:///var/twofa.db"
    """``sqlite:///``, ``redis://``, ``rediss://``, ``unix://``, ``redis+sentinel://``, ``redis+cluster://``; with an ``s``
    after ``redis`` over TLS. ``docs/stores.md`` shows each."""
    password: str = ""
    """Where the password is, so that it need not stand in ``url``: ``env:NAME`` or ``file:path``."""
    ca: str = ""
    """For TLS: the file of the authorities that are believed. Not set: those of the system."""
    certificate: str = ""
    """For TLS: the file of the client's certificate, if the server wants one."""
    certificate_key: str = ""
    """For TLS: the file of its key, which only its owner can read."""
    acknowledge: Acknowledge | None = None
    stale_seconds: int = 0
    """So long, 60 at most, passes that this process has seen go on while the store does not answer; all else is refused.
    Within it nobody can end a pass: not a log-out elsewhere, not an administrator."""
    witness: str = ""
    """A file in which servers remember how far the store had come, so that an older copy of it is refused also after they
    were restarted. Keep it where no backup puts it back. Not set: only running servers notice; see docs/stores.md."""

    def __repr__(self) -> str:
        """Without the address, which may hold a password."""
        return f"StoreSettings({self.scheme!r})"

    @property
    def scheme(self) -> str:
        return self.url.partition(":")[0]


class ServiceAccount(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A login that passes without a factor, visibly: who, in which apps, by which resolver, why, and until which day."""

    user: str
    apps: tuple[str, ...]
    by: str
    reason: str
    until: datetime.date


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
    """Path rules of the requests that log somebody in."""
    login_answer: Literal["hold", "pass"] = "hold"
    """"pass": the answer of a log-in rule to a fetch holds no data and may go through before the second factor."""
    logout: tuple[str, ...] = ()
    """Path rules of the requests that log out; they end the pass."""
    login_page: str = "/"
    """Where people log in to the app."""
    home: str = "/"
    """Where people land who were on their way to nowhere else."""
    logout_cookies: tuple[str, ...] | None = None
    """The app's cookies that our own log-out expires. Not set: those that the resolvers read."""
    exempt: tuple[str, ...] = ()
    """Path rules for GET and HEAD that pass unseen, without cookies and Authorization."""
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


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a realm. ``folder`` is where relative paths start: the folder of the file."""

    realm: str
    """The short name of the directory of users that the apps share; part of every name in the store."""
    name: str
    """What people see, in the phone's app and on the pages."""
    apps: dict[str, AppSettings]
    support: str = ""
    """Whom to ask for help, such as "Service desk, ext. 4711"."""
    mode: Literal["off", "report", "enforce"] = "enforce"
    """"report": decide, record what would have been refused, and let everybody by. "off": decide nothing."""
    profile: Literal["classic", "strict"] = "classic"
    """"strict": a pass ends after an hour without use, no browser is remembered, no code of the next step is accepted."""
    store: StoreSettings = StoreSettings()
    """A URL, or a table ``[store]``."""
    store_id: str = ""
    """The id that `twofa init` printed; a store with another one is refused."""
    keys: str = "file:var/keys.toml"
    """The key ring: ``file:path``, ``env:NAME``, or ``callable:module:function``, which returns its text or a dict. Servers
    take up a changed file within a second; see docs/keys.md."""
    roles: dict[str, Any] = msgspec.field(default_factory=lambda: {"use": "static"})
    """The resolver of roles: ``use`` and its options."""
    directory: dict[str, Any] | None = None
    """The plugin that lists people and roles for administrators: ``use`` and its options. Not set: those last seen."""
    enforcement: Enforcement = Enforcement()
    admin: Administration = Administration()
    events: Events = Events()
    service_accounts: tuple[ServiceAccount, ...] = ()
    prefix: str = "/2fa"
    """Where the own pages lie, below the app's mount."""
    pass_hours: int = 24
    idle_minutes: int | None = None
    """Minutes without use after which a pass ends; 0: never. Not set: as the profile says (60 in strict, else never)."""
    remember_days: int | None = None
    """Days for which a browser may be remembered; 0: not at all. Not set: as the profile says (0 in strict, else 90)."""
    insecure_http: bool = False
    """Allow http:// origins other than this machine's own. Cookies then go over the wire in clear text."""
    folder: Path = Path()
    source: str = "settings"

    def __repr__(self) -> str:
        """Without the store's address and the options of plugins, among which a secret may stand."""
        return f"Settings({self.source!r}, realm={self.realm!r}, apps={list(self.apps)!r})"

    @property
    def is_strict(self) -> bool:
        return self.profile == "strict"

    @property
    def idle_seconds(self) -> int:
        minutes = self.idle_minutes
        return (60 if self.is_strict else 0) * 60 if minutes is None else minutes * 60

    @property
    def remembered_days(self) -> int:
        days = self.remember_days
        return (0 if self.is_strict else 90) if days is None else days

    @property
    def window(self) -> tuple[int, int]:
        """How many TOTP steps before and after the present one are accepted."""
        return (1, 0) if self.is_strict else (1, 1)

    def mode_of(self, name: str) -> Literal["off", "report", "enforce"]:
        """The mode of an app of the realm."""
        return self.apps[name].mode or self.mode

    def app(self, name: str) -> AppSettings:
        if name not in self.apps:
            raise ConfigError(f"{self.source}: there is no [apps.{name}]{did_you_mean(name, self.apps)}")
        return self.apps[name]

    @classmethod
    def load(cls, path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> Settings:
        """Read a settings file and the environment over it; ConfigError names the file, the key and the remedy."""
        file = Path(path)
        try:
            document = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(f"{file}: there is no such file; `twofa init` writes a first one") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{file}: cannot be read: {error}") from None
        variables = overlay(document, os.environ if environ is None else environ)
        source = f"{file} with {', '.join(variables)}" if variables else str(file)
        return cls.of(document, source=source, folder=file.resolve().parent)

    @classmethod
    def of(cls, document: Mapping[str, Any], *, source: str = "settings", folder: Path | None = None) -> Settings:
        """Settings out of a plain dict, checked like a file."""
        rest = dict(document)
        apps = rest.pop("apps", None)
        if isinstance(rest.get("store"), str):
            rest["store"] = {"url": rest["store"]}
        if not isinstance(apps, Mapping) or not apps:
            raise ConfigError(f"{source}: at least one app is needed, as a table [apps.NAME]")
        for key in ("folder", "source"):
            if key in rest:
                raise ConfigError(f'{source}: unknown key "{key}"')
        settings = struct_of({**rest, "apps": {}}, cls, source, "")
        made = {name: struct_of(app, AppSettings, source, f"apps.{name}") for name, app in apps.items()}
        settings = msgspec.structs.replace(settings, apps=made, folder=folder or Path.cwd(), source=source)
        check(settings)
        return settings
