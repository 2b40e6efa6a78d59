"""The door to the ASGI adapter: ``from twofa_middleware.asgi import TwoFactorMiddleware``.

Or without a line of code: ``TWOFA_TARGET=shop:app uvicorn twofa_middleware.asgi:application``.
"""

from functools import cache

try:
    from twofa_middleware_asgi import TwoFactorMiddleware
except ModuleNotFoundError as error:
    if error.name and error.name.partition(".")[0] == "starlette":
        raise ModuleNotFoundError(
            'The ASGI adapter needs starlette: pip install "twofa-middleware[asgi]"', name=error.name
        ) from error
    raise

__all__ = ["TwoFactorMiddleware", "create_application"]


@cache
def create_application() -> TwoFactorMiddleware:
    """The app that TWOFA_TARGET names, behind the gate: for servers that take a factory. The process ends, with a line that
    says why, where the settings or the app cannot be used."""
    from .target import served_or_ended  # it reads settings, which who imports the class alone has no use for yet

    application: TwoFactorMiddleware = served_or_ended("asgi", TwoFactorMiddleware)
    return application


def __getattr__(name: str) -> TwoFactorMiddleware:
    """``application`` is made when it is asked for: who imports the class alone needs no TWOFA_TARGET (PEP 562)."""
    if name == "application":
        return create_application()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
