"""The WSGI adapter: it translates, drives the gate, and passes on. It decides nothing."""

from importlib.util import find_spec

if (
    find_spec("werkzeug") is None
):  # it is imported with the first form that is read; who lacks it hears of it at the start
    raise ModuleNotFoundError('The WSGI adapter needs werkzeug: pip install "twofa-middleware[wsgi]"', name="werkzeug")

from .middleware import TwoFactorMiddleware

__all__ = ["TwoFactorMiddleware"]
