"""The Django project that runs in this process: loaded where nobody has yet, and asked with its database looked after.

Django is imported here only when a plugin that needs it is used.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from .errors import ConfigError

SETTINGS_VARIABLE = "DJANGO_SETTINGS_MODULE"

_in_app = threading.local()


def set_up(settings_module: str | None, where: str) -> None:
    """Load the project, unless it is there already; ``where`` names the place in the settings. Raises ConfigError."""
    try:
        import django
        from django.apps import apps
        from django.conf import settings
    except ModuleNotFoundError as error:
        raise ConfigError(f"{where}: Django cannot be imported ({error}); install it where the app runs") from error
    named = os.environ.get(SETTINGS_VARIABLE) or settings_module
    if settings_module and named != settings_module:
        raise ConfigError(
            f'{where}: settings_module = "{settings_module}", but {SETTINGS_VARIABLE} says "{named}"; leave out one'
        )
    if named is None and not settings.configured:
        raise ConfigError(f'{where}: set {SETTINGS_VARIABLE}, or settings_module = "PROJECT.settings"')
    if named is not None:
        os.environ[SETTINGS_VARIABLE] = named
    if not apps.ready:
        try:
            django.setup()
        except Exception as error:  # whatever the project's own modules raise
            raise ConfigError(
                f"{where}: the project of {named} cannot be loaded: {type(error).__name__}: {error}; its folder has to be "
                "on PYTHONPATH"
            ) from error
    if not apps.is_installed("django.contrib.auth"):
        raise ConfigError(
            f"{where}: django.contrib.auth is not in INSTALLED_APPS, so no user of the project can be read"
        )
    _know_when_the_app_runs()


def _know_when_the_app_runs() -> None:
    from django.core.signals import request_finished, request_started

    request_started.connect(_app_runs, dispatch_uid="twofa_middleware")
    request_finished.connect(_app_ended, dispatch_uid="twofa_middleware")


def _app_runs(**_: object) -> None:
    _in_app.runs = True


def _app_ended(**_: object) -> None:
    _in_app.runs = False


def asked(function: Callable[..., Any], *arguments: object) -> Any:
    """Call a function that asks the database, in a thread that may have no connection yet, or a dead one.

    Django itself looks after the connections of a thread when a request begins and when it ends. Before and after it we
    do the same. In between the app may be in the midst of reading from one, so it is left alone.
    """
    if getattr(_in_app, "runs", False):
        return function(*arguments)
    from django.db import close_old_connections

    close_old_connections()
    try:
        return function(*arguments)
    finally:
        close_old_connections()


def users() -> Any:
    """All users of the project, as a QuerySet."""
    from django.contrib.auth import get_user_model

    return get_user_model()._default_manager.all()


def user_by_id(users: Any, user: str) -> Any:
    """The one of these users with the id as a Login has it, or None."""
    from django.core.exceptions import ValidationError

    key = users.model._meta.pk
    try:
        found = users.filter(pk=key.to_python(user)).first()
    except (ValidationError, ValueError, OverflowError):
        return None
    return found if found is not None and key.value_to_string(found) == user else None


def refuse_without_groups(where: str) -> None:
    """ConfigError where the project's users cannot be in groups."""
    from django.core.exceptions import FieldDoesNotExist

    model = users().model
    try:
        model._meta.get_field("groups")
    except FieldDoesNotExist:
        raise ConfigError(
            f"{where}: {model.__name__}, the AUTH_USER_MODEL of the project, has no groups (PermissionsMixin); "
            'say by use = "callable" who has which role'
        ) from None
