"""The WSGI adapter: it translates, drives the gate, and passes on. It decides nothing."""

from .middleware import TwoFactorMiddleware

__all__ = ["TwoFactorMiddleware"]
