"""Whether the apps of a realm start with these settings, from here: what ``twofa doctor`` and ``twofa status`` tell."""

from __future__ import annotations

import logging

from ..errors import ConfigError
from ..settings import Settings
from ..wiring import build


def refusals(settings: Settings) -> dict[str, str]:
    """Why each app that does not start does not, by its name."""
    found = {}
    logger = logging.getLogger("twofa_middleware")
    was_off, logger.disabled = logger.disabled, True
    try:
        for name in settings.apps:
            try:
                build(settings, name, asynchronous=True).close()
            except ConfigError as error:
                found[name] = str(error)
    finally:
        logger.disabled = was_off
    return found
