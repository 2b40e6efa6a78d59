"""What no type says: which values can be used together, and by whom they would be misread."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigError
from .reading import did_you_mean

if TYPE_CHECKING:
    from .apps import AppSettings
    from .model import Settings

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)+", re.ASCII)
_PATH = re.compile(r"/(?!/)[!-\[\]-~]*", re.ASCII)
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_USUAL_PORTS = {"http": 80, "https": 443}


def check(settings: Settings) -> None:
    """ConfigError for the first value that cannot be used, with its place and what may stand there."""
    for key, word in (("realm", settings.realm), *((f"[apps.{name}]", name) for name in settings.apps)):
        if not _NAME.fullmatch(word):
            _refuse(settings, key, f'"{word}" is no name; use up to 32 small letters, digits, "-" and "_"')
    if not settings.name.strip():
        _refuse(settings, "name", "say what people shall see in their authenticator app")
    if not _PREFIX.fullmatch(settings.prefix):
        _refuse(settings, "prefix", f'"{settings.prefix}" is no path; write for example "/2fa"')
    if not 1 <= settings.pass_hours <= 24:
        _refuse(settings, "pass_hours", f"{settings.pass_hours} is not between 1 and 24 (NIST SP 800-63B-4 §2.2.3)")
    if (settings.remembered_days and settings.is_strict) or not 0 <= settings.remembered_days <= 90:
        _refuse(settings, "remember_days", "between 0 and 90, and 0 in the profile strict")
    if settings.idle_seconds < 0 or (settings.is_strict and not 0 < settings.idle_seconds <= 3600):
        _refuse(settings, "idle_minutes", "0 (never) or more, and between 1 and 60 in the profile strict")
    if settings.is_strict and settings.next_step:
        _refuse(settings, "next_step", "not true in the profile strict")
    _check_setup(settings)
    if not 1 <= settings.admin.fresh_minutes <= 1440:
        _refuse(settings, "[admin] fresh_minutes", f"{settings.admin.fresh_minutes} is not between 1 and 1440")
    _check_store(settings)
    _check_service_accounts(settings)
    for name, app in settings.apps.items():
        _check_app(settings, name, app)


def _refuse(settings: Settings, place: str, remedy: str) -> NoReturn:
    """One line, whatever the value is."""
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in remedy)
    raise ConfigError(f"{settings.source_of(place)}: {place}: {shown}")


def _check_setup(settings: Settings) -> None:
    """An "open" that the profile, or the other key, takes back would mislead whoever reads it."""
    for key in ("first_setup", "after_reset"):
        if settings.is_strict and getattr(settings.admin, key) == "open":
            _refuse(
                settings,
                f"[admin] {key}",
                '"code" in the profile strict; for "open", take profile = "classic" and set what else you want of strict',
            )
    if settings.first_setup_needs_code and not settings.reset_makes_code:
        _refuse(settings, "[admin] after_reset", '"code", or leave it out, where first_setup = "code"')


def _check_store(settings: Settings) -> None:
    store, wanted = settings.store, settings.store.acknowledge
    if not 0 <= store.stale_seconds <= 60:
        _refuse(settings, "[store] stale_seconds", f"{store.stale_seconds} is not between 0 and 60")
    if bool(store.certificate) != bool(store.certificate_key):
        _refuse(settings, "[store]", "certificate and certificate_key go together")
    if wanted is None:
        return
    if not 0 <= wanted.replicas <= 16 or not (wanted.replicas or wanted.fsync):
        _refuse(settings, "[store] acknowledge", "say how many replicas (16 at most), or fsync = true, or both")
    if not 1 <= wanted.milliseconds <= 200:
        _refuse(settings, "[store] acknowledge", f"milliseconds: {wanted.milliseconds} is not between 1 and 200")


def _check_service_accounts(settings: Settings) -> None:
    for number, account in enumerate(settings.service_accounts, 1):
        place = f"service_accounts {number}"
        for unknown in set(account.apps) - set(settings.apps):
            _refuse(settings, place, f"there is no [apps.{unknown}]{did_you_mean(unknown, settings.apps)}")
        if not account.reason.strip():
            _refuse(settings, place, "reason: say why this account passes without a second factor")


def _check_app(settings: Settings, name: str, app: AppSettings) -> None:
    place = f"[apps.{name}]"
    if not app.origins:
        _refuse(settings, f"{place} origins", 'name the addresses of the app, such as "https://produce.example.org"')
    schemes = {_check_origin(settings, f"{place} origins", origin) for origin in app.origins}
    if len(schemes) > 1:
        _refuse(settings, f"{place} origins", "http and https are mixed; cookies can be protected for one of them only")
    if not app.identity:
        _refuse(settings, f"{place} identity", "name at least one resolver that says who is logged in")
    own = settings.prefix + "/"
    for key, path in (("login_page", app.login_page), ("home", app.home)):
        if f"{path}/".startswith(own):
            _refuse(
                settings, f"{place} {key}", f'"{path}" lies below prefix = "{settings.prefix}", where our own pages are'
            )
    for key, path in (("login_page", app.login_page), ("home", app.home), ("cookie_path", app.cookie_path)):
        if not _PATH.fullmatch(path):
            _refuse(settings, f"{place} {key}", f'"{path}" is no path of the app; it starts with one slash')


def _check_origin(settings: Settings, place: str, origin: str) -> str:
    """The scheme of an origin that is written just as browsers send it (RFC 6454 §6.2): it is compared as text."""
    parts, port = _split(origin)
    if parts is None or parts.scheme not in _USUAL_PORTS or origin != f"{parts.scheme}://{parts.netloc}":
        _refuse(settings, place, f'"{origin}" is not scheme and host alone, such as "https://example.org"')
    if "@" in parts.netloc or origin != origin.lower() or not origin.isascii():
        _refuse(settings, place, f'write "{origin}" in small letters, in ASCII, and without user')
    if parts.netloc.endswith(":") or port == _USUAL_PORTS[parts.scheme]:
        _refuse(settings, place, f'leave the port out of "{origin}", as browsers do')
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(parts.hostname or "") and not settings.insecure_http:
        _refuse(
            settings,
            place,
            f'"{origin}" is not encrypted: use https://, or set insecure_http = true if you know what it costs',
        )
    return parts.scheme


def _split(origin: str) -> tuple[SplitResult | None, int | None]:
    """The parts of an origin and its port; None for what is no URL or has no host."""
    try:
        parts = urlsplit(origin)
        return (parts, parts.port) if parts.hostname else (None, None)
    except ValueError:
        return None, None
