"""What the settings name, taken from the plugins: their options first, and then what is made of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .errors import ConfigError
from .factors.codes import Codes
from .pages.themes import checked
from .plugins import options_of
from .protocol import Directory, Look, PluginContext
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Plugged:
    """A plugin as the settings name it, before it is made: only one's own app needs the secrets that making takes."""

    where: str
    use: str
    kind: type[Any]
    options: Any


def plugged(settings: Settings, kind: str, table: dict[str, Any], where: str) -> Plugged:
    """The plugin that a table of the settings names, with its options."""
    return Plugged(where, *options_of(kind, table, settings.source_of(where), where))


def made(one: Plugged, context: PluginContext, settings: Settings) -> Any:
    """The plugin itself; what it refuses is told with its place in the settings."""
    with named(settings, place=one.where):
        return one.kind(one.options, context)


@contextmanager
def named(settings: Settings, said: str = "", *, place: str = "") -> Iterator[None]:
    """What is wrong in here is told with the name of the settings file in which the place stands."""
    try:
        yield
    except ConfigError as error:
        source = settings.source_of(place) if place else settings.source
        raise type(error)(f"{source}: {said}{error}") from error.__cause__


# ---- who is logged in -----------------------------------------------------------------------------------------------


def identity_of(settings: Settings, app: str) -> list[Plugged]:
    """The resolvers of an app."""
    tables = settings.apps[app].identity
    return [plugged(settings, "identity", one, f"[apps.{app}] identity {n}") for n, one in enumerate(tables, 1)]


def cookies_of(identity: list[Plugged]) -> frozenset[bytes]:
    """The cookies that the resolvers of an app read."""
    return frozenset[bytes]().union(*(one.options.reads.cookies for one in identity))


def refuse_shared_cookies(settings: Settings, identity: dict[str, list[Plugged]]) -> None:
    """Cookies do not tell ports apart: two apps of one host may not name their sessions alike."""
    owners: dict[tuple[str, bytes], str] = {}
    for app, ones in identity.items():
        hosts = {urlsplit(origin).hostname or "" for origin in settings.apps[app].origins}
        for place in ((host, cookie) for host in hosts for cookie in cookies_of(ones)):
            other = owners.setdefault(place, app)
            if other != app:
                raise ConfigError(
                    f'{settings.source}: [apps.{other}] and [apps.{app}] both read the cookie "{place[1].decode()}" on '
                    f"{place[0]}; give one app's session cookie another name"
                )


# ---- of the realm ---------------------------------------------------------------------------------------------------


def roles_of(settings: Settings, context: PluginContext) -> Any:
    """What says which roles somebody has."""
    return made(plugged(settings, "roles", settings.roles, "roles"), context, settings)


def refuse_roles_of_nobody(settings: Settings, roles: Any) -> None:
    """A pinned role that nobody can have would demand nothing of anybody, without a word."""
    known = getattr(roles, "all_roles", None)
    missing = sorted(set(settings.enforcement.pinned) - known) if known is not None else []
    if missing:
        raise ConfigError(
            f'{settings.source}: enforcement: pinned role "{missing[0]}" is nobody\'s: `roles` of {settings.roles["use"]} '
            f"lists {', '.join(sorted(known or ())) or 'no role at all'}"
        )


def directory_of(settings: Settings, context: PluginContext) -> Directory | None:
    """The list of the realm's people, None if the settings name none."""
    if settings.directory is None:
        return None
    directory: Directory = made(plugged(settings, "directory", settings.directory, "directory"), context, settings)
    return directory


def factor_of(settings: Settings, context: PluginContext) -> Codes:
    """The factor that the settings name, checked."""
    one = plugged(settings, "factor", settings.factor, "factor")
    with named(settings, "factor: ", place="factor"):
        return Codes.of(one.use, made(one, context, settings))


def look_of(settings: Settings, context: PluginContext) -> Look:
    """What the theme that the settings name brings, checked."""
    one = plugged(settings, "theme", settings.theme, "theme")
    theme = made(one, context, settings)
    with named(settings, "theme: ", place="theme"):
        return checked(one.use, theme.look())
