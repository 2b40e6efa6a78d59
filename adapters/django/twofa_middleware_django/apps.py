"""``"twofa_middleware_django"`` in ``INSTALLED_APPS``: ``manage.py check`` then says what stops the start, too."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register

from twofa_middleware.errors import ConfigError

from .place import refuse_unless_first


class TwoFactorConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    name = "twofa_middleware_django"
    verbose_name = "Two-factor authentication"

    def ready(self) -> None:
        register(first_in_middleware)


def first_in_middleware(app_configs: Any, **_: object) -> list[Any]:
    """``twofa.E001``: the entry has to be there, and first."""
    try:
        refuse_unless_first()
    except ConfigError as error:
        return [Error(str(error), id="twofa.E001")]
    return []
