"""Finding plugins by entry point. Installed is not enabled: only what the settings name is loaded, and then loudly."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from .errors import PluginError
from .settings import struct_of

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
    point = next(iter(found.values()))
    try:
        loaded: type[Any] = point.load()
    except Exception as error:
        raise PluginError(f'{kind} plugin "{name}" of {_origin(point)} is broken: {error}') from error
    return loaded


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
