"""Finding plugins by entry point. Installed is not enabled: only what the settings name is loaded, and then loudly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .errors import PluginError
from .settings import Settings, struct_of

GROUPS = {
    "store": "twofa_middleware.stores",
    "identity": "twofa_middleware.identity",
    "roles": "twofa_middleware.roles",
    "directory": "twofa_middleware.directory",
    "factor": "twofa_middleware.factors",
    "events": "twofa_middleware.events",
    "theme": "twofa_middleware.themes",
}

CHOOSE = "CHOOSE"
"""Stands in the first settings file of ``twofa init`` where a person has to decide."""


@cache
def plugin(kind: str, name: str) -> type[Any]:
    """The class that a distribution offers under this name; PluginError if it is missing, there twice, or broken."""
    found = {(point.value, _origin(point)): point for point in entry_points(group=GROUPS[kind], name=name)}
    if not found:
        known = ", ".join(sorted({point.name for point in entry_points(group=GROUPS[kind])}))
        raise PluginError(f'there is no {kind} plugin "{name}"; installed are: {known or "none"}')
    if len(found) > 1:
        raise PluginError(
            f'{kind} plugin "{name}" is offered by {" and ".join(sorted(o for _, o in found))}; remove one'
        )
    return _loaded(kind, next(iter(found.values())))


def _loaded(kind: str, point: EntryPoint) -> type[Any]:
    name = f'{kind} plugin "{point.name}" of {_origin(point)}'
    try:
        loaded: Any = point.load()
    except Exception as error:
        raise PluginError(f"{name} is broken: {error}") from error
    if not isinstance(loaded, type) or (kind != "store" and not isinstance(getattr(loaded, "Options", None), type)):
        raise PluginError(f"{name} is broken: {point.value} is no class with Options")
    return loaded


@dataclass(frozen=True, slots=True)
class Offer:
    """A plugin that a distribution offers. ``error``: why it cannot be used, empty if it can."""

    kind: str
    name: str
    distribution: str
    version: str
    error: str = ""


def offers() -> Iterator[Offer]:
    """All that is installed, whether the settings name it or not. Each is loaded, to see whether it can be."""
    for kind, group in GROUPS.items():
        points = {(point.name, point.value, _origin(point)): point for point in entry_points(group=group)}
        for _, point in sorted(points.items()):
            others = sorted({_origin(one) for one in points.values() if one.name == point.name})
            error = f"offered by {' and '.join(others)}; remove one" if len(others) > 1 else ""
            try:
                _loaded(kind, point)
            except PluginError as broken:
                error = str(broken)
            dist = point.dist
            yield Offer(kind, point.name, dist.name if dist else "", dist.version if dist else "", error)


def named(settings: Settings) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The plugins that the settings name: kind, place, and the table with ``use`` and options. The store's is its scheme."""
    yield "store", "store", {"use": settings.store.scheme}
    for name, app in settings.apps.items():
        for number, table in enumerate(app.identity, 1):
            yield "identity", f"[apps.{name}] identity {number}", table
    yield "roles", "roles", settings.roles
    if settings.directory is not None:
        yield "directory", "directory", settings.directory
    yield "factor", "factor", settings.factor
    for number, table in enumerate(settings.events.sinks, 1):
        yield "events", f"[events] sinks {number}", table
    yield "theme", "theme", settings.theme


def options_of(kind: str, table: dict[str, Any], source: str, where: str) -> tuple[str, type[Any], Any]:
    """Name, class and checked options of a table such as ``{use = "signed_cookie", cookie = …}``."""
    values = dict(table)
    name = values.pop("use", None)
    if not isinstance(name, str):
        raise PluginError(f'{source}: {where}: `use` names the {kind} plugin, such as use = "callable"')
    if name == CHOOSE:
        raise PluginError(
            f'{source}: {where}: in place of use = "{CHOOSE}" say how the app tells who is logged in, by the plugin that '
            f"fits it: {', '.join(sorted({point.name for point in entry_points(group=GROUPS[kind])}))}"
        )
    try:
        found = plugin(kind, name)
    except PluginError as error:
        raise PluginError(f"{source}: {where}: {error}") from error.__cause__
    return name, found, struct_of(values, found.Options, source, f"{where} ({name})")


def _origin(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
