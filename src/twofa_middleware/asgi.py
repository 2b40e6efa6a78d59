"""The door to the ASGI adapter: ``from twofa_middleware.asgi import TwoFactorMiddleware``."""

try:
    from twofa_middleware_asgi import TwoFactorMiddleware
except ModuleNotFoundError as error:
    if error.name and error.name.partition(".")[0] == "starlette":
        raise ModuleNotFoundError(
            'The ASGI adapter needs starlette: pip install "twofa-middleware[asgi]"', name=error.name
        ) from error
    raise

__all__ = ["TwoFactorMiddleware"]
