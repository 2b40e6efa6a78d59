"""The door to the WSGI adapter: ``from twofa_middleware.wsgi import TwoFactorMiddleware``."""

try:
    from twofa_middleware_wsgi import TwoFactorMiddleware
except ModuleNotFoundError as error:
    if error.name and error.name.partition(".")[0] == "werkzeug":
        raise ModuleNotFoundError(
            'The WSGI adapter needs werkzeug: pip install "twofa-middleware[wsgi]"', name=error.name
        ) from error
    raise

__all__ = ["TwoFactorMiddleware"]
