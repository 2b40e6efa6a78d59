"""An app of Starlette, or of what is built on it, that brings its own gate by ``add_middleware``: whether it is outermost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .step import Step


def order_of(app: Any, is_gate: Callable[[type], bool]) -> Step | None:
    """Whether the app's own gate is outermost, None where it has none. That gate is taken out: the check brings another."""
    layers = getattr(app, "user_middleware", None)
    kinds = [getattr(layer, "cls", None) for layer in layers] if isinstance(layers, list) else []
    places = [place for place, kind in enumerate(kinds) if isinstance(kind, type) and is_gate(kind)]
    if not places:
        return None
    outside = [getattr(kind, "__name__", str(kind)) for kind in kinds[: places[0]]]
    app.user_middleware = [layer for place, layer in enumerate(app.user_middleware) if place not in places]
    app.middleware_stack = None  # it is built anew
    name = "the app's own gate is outermost"
    if not outside:
        return Step(name, "good", ("added last",))
    remedy = "add the gate last, so that it is outermost: what stands outside sees requests that nobody has let in"
    return Step(name, "problem", (f"outside of it: {', '.join(outside)}",), remedy)
