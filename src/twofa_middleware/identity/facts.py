"""What a signed session says: facts of its JSON by dotted paths, such as ``user.id``."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

FactPath = Annotated[str, Meta(pattern=r"^[^.]+(\.[^.]+)*\Z", description="keys of the session, joined by dots")]


def fact(facts: dict[str, Any], path: str) -> object:
    """What stands at the dotted path; None where there is nothing, ValueError where the path cannot be walked."""
    found: object = facts
    for key in path.split("."):
        if found is None:
            return None
        if not isinstance(found, dict):
            raise ValueError(f"{path} leads through {type(found).__name__}")
        found = found.get(key)
    return found


def text_for_people(facts: dict[str, Any], path: str | None) -> str:
    """A label or an address for people: nobody is told apart by it, so an odd one is left out."""
    try:
        value = fact(facts, path) if path else None
    except ValueError:
        return ""
    return value if isinstance(value, str) and value.isprintable() else ""
