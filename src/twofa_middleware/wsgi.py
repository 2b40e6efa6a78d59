"""The door to the WSGI adapter: ``from twofa_middleware.wsgi import TwoFactorMiddleware``.

Or without a line of code: ``TWOFA_TARGET=shop:app waitress-serve twofa_middleware.wsgi:application``.
"""

from functools import cache

from twofa_middleware_wsgi import TwoFactorMiddleware

__all__ = ["TwoFactorMiddleware", "create_application"]


@cache
def create_application() -> TwoFactorMiddleware:
    """The app that TWOFA_TARGET names, behind the gate: for servers that take a factory. The process ends, with a line that
    says why, where the settings or the app cannot be used."""
    from .target import served_or_ended  # it reads settings, which who imports the class alone has no use for yet

    application: TwoFactorMiddleware = served_or_ended("wsgi", TwoFactorMiddleware)
    return application


def __getattr__(name: str) -> TwoFactorMiddleware:
    """``application`` is made when it is asked for: who imports the class alone needs no TWOFA_TARGET (PEP 562)."""
    if name == "application":
        return create_application()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
