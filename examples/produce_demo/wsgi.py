"""Produce with the gate in front of it."""

from __future__ import annotations

from pathlib import Path

from twofa_middleware.wsgi import TwoFactorMiddleware

from .app import application as produce

application = TwoFactorMiddleware(produce, Path(__file__).parents[1] / "twofa.toml", name="produce")
