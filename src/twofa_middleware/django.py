"""The door to the Django adapter: ``"twofa_middleware.django.TwoFactorMiddleware"``, the first entry of ``MIDDLEWARE``."""

from twofa_middleware_django.middleware import TwoFactorMiddleware

__all__ = ["TwoFactorMiddleware"]
