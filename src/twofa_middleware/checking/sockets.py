"""The WebSockets of an app: which there are, and who may open them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from .step import Step

if TYPE_CHECKING:
    from .browsing import Browser
    from .house import House

_FILLED = {"int": "1", "float": "1.0", "uuid": "00000000-0000-4000-8000-000000000000"}


def sockets_of(app: object, below: str = "") -> list[str]:
    """The WebSockets that an app of Starlette, or of what is built on it, lists: paths with something for each part."""
    found: list[str] = []
    for route in getattr(app, "routes", None) or ():
        path = getattr(route, "path", "")
        if not isinstance(path, str):
            continue
        filled = below + re.sub(r"\{[^{}:]*(?::(\w+))?\}", lambda part: _FILLED.get(part[1] or "", "x"), path)
        if any(kind.__name__ == "WebSocketRoute" for kind in type(route).__mro__):
            found.append(quote(filled, safe="/:@!$&'()*+,;=~"))
        else:
            found += sockets_of(route, filled.rstrip("/"))
    return found


def sockets(house: House, half: Browser) -> Iterator[Step]:
    """The WebSockets that the app lists: half verified none may get to the app, and nobody may open one that the settings
    do not list. Where the app itself refuses nobody, it is asked."""
    paths = sockets_of(house.target)
    if not paths:
        return
    house.spy.is_armed = True
    reached: list[str] = []
    try:
        for path in paths:
            house.spy.calls.clear()
            if half.opens(path) or house.spy.calls:
                reached.append(f"WebSocket {path} got to the app")
    finally:
        house.spy.is_armed = False
    name, tried = "half verified, no WebSocket opens", f"tried: {', '.join(paths)}"
    if reached:
        yield Step(name, "problem", (tried, *reached[:20]), "these open without the second factor")
    else:
        yield Step(name, "good", (tried,))
    nobody = house.browser()
    opened = [path for path in paths if nobody.opens(path)]
    unlisted = [f"WebSocket {path} opens" for path in opened if not house.may_anybody_open(path)]
    name = "nobody opens a WebSocket that is not listed"
    if unlisted:
        remedy = (
            "the app accepts it from nobody, and who logs in over it later is not seen: if everybody may open it, name it "
            "in `anonymous_websockets`, such as GET and its path; else the app has to refuse it"
        )
        yield Step(name, "problem", tuple(unlisted[:20]), remedy)
    else:
        yield Step(name, "good", tuple(f"WebSocket {path} opens, as listed" for path in opened) or (tried,))
