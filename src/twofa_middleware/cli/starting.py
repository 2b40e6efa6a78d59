"""Whether the apps of a realm start with these settings: what ``twofa doctor`` and ``twofa status`` tell."""

from __future__ import annotations

import logging

from ..errors import ConfigError
from ..plugins import options_of
from ..settings import Settings
from ..wiring import build


def refusals(settings: Settings) -> dict[str, str]:
    """Why each app that does not start from here does not, by its name; with all the secrets and functions it needs."""
    found = {}
    logger = logging.getLogger("twofa_middleware")
    was_off, logger.disabled = logger.disabled, True
    try:
        for name in settings.apps:
            try:
                build(settings, name, asynchronous=True).close()
            except ConfigError as error:
                found[name] = _without_source(settings, error)
    finally:
        logger.disabled = was_off
    return found


def unresolved(settings: Settings) -> dict[str, str]:
    """Why it cannot be told who is logged in to an app, by its name, as far as the settings alone show it: an operator's
    shell need not have the secrets of the apps."""
    found = {}
    for name, app in settings.apps.items():
        try:
            for number, table in enumerate(app.identity, 1):
                where = f"[apps.{name}] identity {number}"
                options_of("identity", table, settings.source_of(where), where)
        except ConfigError as error:
            found[name] = _without_source(settings, error)
    return found


def _without_source(settings: Settings, error: ConfigError) -> str:
    """The message; a fragment or variable stays named in it."""
    return str(error).removeprefix(f"{settings.source}: ").removeprefix(f"{settings.layers.file}: ")
