"""Who is logged in, where that takes no question: what is asked of the app or the store goes the long way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .http import Request
from .identify import Known
from .protocol import Flow, Login, Result

if TYPE_CHECKING:
    from .gate import Gate


def known_at_once(gate: Gate, request: Request) -> Known | None:
    """Who is logged in, if that takes no question and no header has to be taken out for it."""
    flow: Flow[Any] = gate.identify(request)
    found = _without_asking(flow)
    return found if isinstance(found, Known) and not (found.headers_out or found.refused) else None


def login_of_line(gate: Gate, line: bytes, now: int) -> Login | None:
    """Whose log-in a Cookie header shows beyond doubt: each cookie that matters is in it once at most, and nothing else
    that has its name in it; and all resolvers say the same."""
    for name in gate.cookies_that_matter:
        if line.count(name) != (name in gate.cookies_read):
            return None
    request = Request("http", "GET", "", "/", None, b"", ((b"cookie", line),), {}, now)
    logins = [_without_asking(resolver.resolve(request)) for _, resolver in gate.resolvers]
    first = logins[0]
    if not isinstance(first, Login) or any(login != first for login in logins):
        return None
    return first


def _without_asking(flow: Flow[Result]) -> Result | None:
    """What a flow comes to that asks nothing; None for one that asks."""
    try:
        next(flow)
    except StopIteration as end:
        result: Result = end.value
        return result
    except Exception:
        return None  # the long way tells what it is
    flow.close()
    return None
