"""Manage with the gate in front of it."""

from __future__ import annotations

from pathlib import Path

from twofa_middleware.asgi import TwoFactorMiddleware

from .app import app as manage

application = TwoFactorMiddleware(manage, Path(__file__).parents[1] / "twofa.toml", name="manage")
