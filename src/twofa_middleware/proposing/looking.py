"""Which framework an app is of, and what is proposed for it."""

from __future__ import annotations

from typing import Any

from ..target import Colour
from . import django, flask, other, starlette
from .seen import layers
from .words import Found

_BY_FRAMEWORK = (django.look, flask.look, starlette.look, other.look)


def look(app: Any, module: str, colour: Colour | None) -> Found:
    """What is proposed for an app. Where it is wrapped in middleware, what lies inside is looked at too."""
    for layer in layers(app):
        for look_at in _BY_FRAMEWORK:
            found = look_at(layer, module)
            if found is not None:
                return found
    return other.look_at_any({"wsgi": "a WSGI app", "asgi": "an ASGI app", None: "an app"}[colour])
