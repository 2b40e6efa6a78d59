"""The settings of a realm: every key, its default, and where it comes from (defaults < file < environment).

One file serves all apps of a realm. ``TWOFA__SECTION__KEY`` in the environment goes over the file; its value is read as
TOML, and as plain text where it is none. What cannot be used stops the start, and the error says what to do.
"""

from __future__ import annotations

import datetime
import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from .errors import ConfigError

_Struct = TypeVar("_Struct", bound=Struct)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+", re.ASCII)
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
ENVIRONMENT_PREFIX = "TWOFA__"


class Enforcement(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``pinned`` roles must have a second factor. ``starts``: at the next log-in, or at once for running sessions."""

    starts: Literal["next-login", "now"] = "next-login"
    pinned: tuple[str, ...] = ()


class ServiceAccount(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A login that passes without a factor, visibly: who, in which apps, by which resolver, why, and until which day."""

    user: str
    apps: tuple[str, ...]
    by: str
    reason: str
    until: datetime.date


class AppSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One app of the realm. Path rules: see ``policy/paths.py``."""

    origins: tuple[str, ...]
    """Scheme and host of every address of the app, such as "https://produce.example.org"."""
    identity: tuple[dict[str, Any], ...]
    """The resolvers that say who is logged in: ``use`` names one, the other keys are its options."""
    label: str = ""
    """What people call the app; empty: its name in the settings with a capital."""
    admin: bool = False
    """Reserved for the administrators' pages, which do not exist yet."""
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
    logout_cookies: tuple[str, ...] = ()
    """The app's cookies that our own log-out expires."""
    exempt: tuple[str, ...] = ()
    """Path rules for GET and HEAD that pass unseen, without cookies and Authorization."""
    credential_cookies: tuple[str, ...] = ()
    """Cookies that could log somebody in; the app gets them only if a resolver has read them."""
    cookie_path: str = "/"
    """The path of the app's session cookie; an anonymous navigation outside it says nothing about a log-out."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of a realm. ``folder`` is where relative paths start: the folder of the file."""

    realm: str
    """The short name of the directory of users that the apps share; part of every name in the store."""
    name: str
    """What people see, in the phone's app and on the pages."""
    apps: dict[str, AppSettings]
    support: str = ""
    """Whom to ask for help, such as "Service desk, ext. 4711"."""
    profile: Literal["classic", "strict"] = "classic"
    """"strict": a pass ends after an hour without use, no browser is remembered, no code of the next step is accepted."""
    store: str = "sqlite:///var/twofa.db"
    store_id: str = ""
    """The id that `twofa init` printed; a store with another one is refused."""
    keys: str = "file:var/keys.toml"
    roles: dict[str, Any] = msgspec.field(default_factory=lambda: {"use": "static"})
    """The resolver of roles: ``use`` and its options."""
    enforcement: Enforcement = Enforcement()
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

    def app(self, name: str) -> AppSettings:
        if name not in self.apps:
            raise ConfigError(f"{self.source}: there is no [apps.{name}]{_did_you_mean(name, self.apps)}")
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
        overlay(document, os.environ if environ is None else environ)
        return cls.of(document, source=str(file), folder=file.resolve().parent)

    @classmethod
    def of(cls, document: Mapping[str, Any], *, source: str = "settings", folder: Path | None = None) -> Settings:
        """Settings out of a plain dict, checked like a file."""
        rest = dict(document)
        apps = rest.pop("apps", None)
        if not isinstance(apps, Mapping) or not apps:
            raise ConfigError(f"{source}: at least one app is needed, as a table [apps.NAME]")
        for key in ("folder", "source"):
            if key in rest:
                raise ConfigError(f'{source}: unknown key "{key}"')
        settings = struct_of({**rest, "apps": {}}, cls, source, "")
        made = {name: struct_of(app, AppSettings, source, f"apps.{name}") for name, app in apps.items()}
        settings = msgspec.structs.replace(settings, apps=made, folder=folder or Path.cwd(), source=source)
        _check(settings)
        return settings


_SECTIONS: dict[str, type[Struct]] = {"enforcement": Enforcement, "service_accounts": ServiceAccount}


def overlay(document: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Put ``TWOFA__SECTION__KEY`` variables over a document read from a file."""
    for variable, text in sorted(environ.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX):
            continue
        *sections, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        table = document
        for section in sections:
            table = table.setdefault(section, {})
            if not isinstance(table, dict):
                raise ConfigError(f"environment variable {variable}: {section} is no section of the settings")
        try:
            table[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            table[key] = text


def struct_of(values: object, kind: type[_Struct], source: str, section: str) -> _Struct:
    """A Struct out of plain values; ConfigError says which key of which section is wrong, and what may stand there."""
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        place = place.rstrip("`").lstrip(".")
        inner = ".".join(filter(None, (section, place)))
        unknown = re.search(r"unknown field `(.*)`", message)
        if unknown:
            known = _SECTIONS.get(place.partition("[")[0], kind).__struct_fields__
            raise ConfigError(
                f'{source}: unknown key "{unknown[1]}"{_in(inner)}{_did_you_mean(unknown[1], known)}'
            ) from None
        missing = re.search(r"missing required field `(.*)`", message)
        if missing:
            raise ConfigError(f'{source}: the key "{missing[1]}" is missing{_in(inner)}') from None
        raise ConfigError(f'{source}: "{place or section}"{_in(section)}: {message[:1].lower()}{message[1:]}') from None


def _in(section: str) -> str:
    return f" in [{section}]" if section else ""


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known := list(known), n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; known are: {', '.join(known)}" if known else ""


def _check(settings: Settings) -> None:
    def refuse(key: str, remedy: str) -> NoReturn:
        raise ConfigError(f"{settings.source}: {key}: {remedy}")

    for key, word in (("realm", settings.realm), *((f"[apps.{name}]", name) for name in settings.apps)):
        if not _NAME.fullmatch(word):
            refuse(key, f'"{word}" is no name; use up to 32 small letters, digits, "-" and "_"')
    if not settings.name.strip():
        refuse("name", "say what people shall see in their authenticator app")
    if not _PREFIX.fullmatch(settings.prefix):
        refuse("prefix", f'"{settings.prefix}" is no path; write for example "/2fa"')
    if not 1 <= settings.pass_hours <= 24:
        refuse("pass_hours", f"{settings.pass_hours} is not between 1 and 24 (NIST SP 800-63B-4 §2.2.3)")
    if (settings.remembered_days and settings.is_strict) or not 0 <= settings.remembered_days <= 90:
        refuse("remember_days", "between 0 and 90, and 0 in the profile strict")
    if settings.idle_seconds < 0 or (settings.is_strict and not 0 < settings.idle_seconds <= 3600):
        refuse("idle_minutes", "0 (never) or more, and between 1 and 60 in the profile strict")
    for number, account in enumerate(settings.service_accounts, 1):
        for unknown in set(account.apps) - set(settings.apps):
            refuse(f"service_accounts {number}", f"there is no [apps.{unknown}]{_did_you_mean(unknown, settings.apps)}")
        if not account.reason.strip():
            refuse(f"service_accounts {number}", "reason: say why this account passes without a second factor")
    for name, app in settings.apps.items():
        _check_app(settings, name, app, refuse)


def _check_app(settings: Settings, name: str, app: AppSettings, refuse: Callable[[str, str], NoReturn]) -> None:
    if not app.origins:
        refuse(f"[apps.{name}] origins", 'name the addresses of the app, such as "https://produce.example.org"')
    schemes = set()
    for origin in app.origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or origin != f"{parts.scheme}://{parts.netloc}":
            refuse(f"[apps.{name}] origins", f'"{origin}" is not scheme and host alone, such as "https://example.org"')
        if "@" in parts.netloc or origin != origin.lower():
            refuse(f"[apps.{name}] origins", f'write "{origin}" in small letters and without user')
        schemes.add(parts.scheme)
        if parts.scheme == "http" and not _LOOPBACK.fullmatch(parts.hostname or "") and not settings.insecure_http:
            refuse(
                f"[apps.{name}] origins",
                f'"{origin}" is not encrypted: use https://, or set insecure_http = true if you know what it costs',
            )
    if len(schemes) > 1:
        refuse(f"[apps.{name}] origins", "http and https are mixed; cookies can be protected for one of them only")
    if not app.identity:
        refuse(f"[apps.{name}] identity", "name at least one resolver that says who is logged in")
    for key, path in (("login_page", app.login_page), ("home", app.home), ("cookie_path", app.cookie_path)):
        if not path.startswith("/") or path.startswith("//") or not path.isascii() or not path.isprintable():
            refuse(f"[apps.{name}] {key}", f'"{path}" is no path of the app; it starts with one slash')
