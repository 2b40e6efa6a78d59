"""Where the entry stands: what comes before it in ``MIDDLEWARE`` would see requests that nobody has let in yet."""

from __future__ import annotations

from django.conf import settings
from django.utils.module_loading import import_string

from twofa_middleware.errors import ConfigError

ENTRY = "twofa_middleware.django.TwoFactorMiddleware"


def refuse_unless_first() -> None:
    """ConfigError unless the first entry of ``MIDDLEWARE`` is ours, or a class made of it."""
    first, *others = settings.MIDDLEWARE or [""]
    if first != ENTRY:
        from .middleware import TwoFactorMiddleware

        made = import_string(first) if first else None
        if not (isinstance(made, type) and issubclass(made, TwoFactorMiddleware)):
            raise ConfigError(
                f'MIDDLEWARE: "{ENTRY}" has to be the first entry, and "{first}" is: what stands before it would see '
                "requests that nobody has let in, and could log people in unseen"
            )
    if ENTRY in others:
        raise ConfigError(f'MIDDLEWARE: "{ENTRY}" is there twice; leave one out')
