"""Looking at objects of frameworks that are never imported here."""

from __future__ import annotations

import importlib.metadata
import inspect
import os
import sys
from collections.abc import Iterator
from typing import Any

_INNER = ("app", "application", "wsgi_app", "asgi_app", "_app")
MOST_LAYERS = 8


def is_a(app: object, module: str, name: str) -> bool:
    """Whether an object is of a class of this name, from this package."""
    return any(
        cls.__name__ == name and (cls.__module__ == module or cls.__module__.startswith(module + "."))
        for cls in type(app).__mro__
    )


def layers(app: Any) -> Iterator[Any]:
    """The app, and what lies inside where it is wrapped in middleware, the outermost first."""
    seen: list[int] = []
    waiting = [app]
    while waiting and len(seen) < MOST_LAYERS:
        layer = waiting.pop(0)
        if id(layer) in seen or layer is None or inspect.isroutine(layer):
            continue
        seen.append(id(layer))
        yield layer
        # Only what the object itself holds: a lazy object would make up whatever it is asked for.
        held = getattr(layer, "__dict__", {})
        waiting += [held[name] for name in _INNER if callable(held.get(name))]


def version(distribution: str) -> str:
    """``Name 1.2.3``, or the name alone."""
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        return distribution


def variable_of(secret: object) -> str | None:
    """The environment variable that holds the app's secret, if there is one."""
    text = secret.decode("latin-1") if isinstance(secret, bytes) else secret
    if not isinstance(text, str) or len(text) < 8:
        return None
    return next((name for name in sorted(os.environ) if os.environ[name] == text), None)


def source_of(module: str) -> list[str]:
    """The text of the module that was named, and of its neighbours in the same package that are loaded."""
    root = module.partition(".")[0]
    texts = []
    for name, loaded in sorted(sys.modules.items()):
        if name == root or name.startswith(root + "."):
            try:
                texts.append(inspect.getsource(loaded))
            except (OSError, TypeError):
                continue
    return texts


def secret_lines(secret: object, what: str) -> tuple[str, list[str]]:
    """The reference to write for a secret, and what has to be said about it; the secret itself is never repeated."""
    name = variable_of(secret)
    if isinstance(secret, bytes):
        try:
            secret.decode("utf-8")
        except UnicodeDecodeError:
            return "env:SECRET_KEY", [
                f"{what} is bytes that are no text, which no variable or file can hold for both: give the app a text"
            ]
    if name:
        return f"env:{name}", [f"The app's {what} is what the variable {name} holds: set it for the gate as well."]
    return "env:SECRET_KEY", [
        f"Put the app's own {what} into the variable SECRET_KEY where the app starts, or into a file that only its owner "
        'can read (secret = "file:var/secret"). It must be the same value; a new one at each start is no use.'
    ]
