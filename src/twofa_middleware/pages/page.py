"""What an own page is: what it shows, what its form does, and which methods it takes for that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..http import Answer, Request
from ..protocol import Flow
from ..site import Site
from .notices import said
from .visit import Form, Visit

Show: TypeAlias = Callable[[Visit], Flow[Answer]]
Submit: TypeAlias = Callable[[Visit, Form], Flow[Answer]]


@dataclass(frozen=True, slots=True)
class OwnPage:
    """``before_passing``: those may see it who have not shown their second factor yet, or have still to set it up."""

    show: Show | None
    submit: Submit | None
    before_passing: bool = False


def wrong_method(site: Site, request: Request, show: object, submit: object) -> Answer | None:
    """405 for a method that a page does not take, which shows something if ``show`` and has a form if ``submit``."""
    methods = ("GET", "HEAD") * bool(show) + ("POST",) * bool(submit)
    if request.method in methods:
        return None
    refusal = said(site, request, 405, "method", "This address does not take that.")
    return refusal.adding((b"allow", ", ".join(methods).encode()))
