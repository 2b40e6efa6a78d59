"""What every page that asks for a code has in common: why the last one was refused, and whether another may be tried."""

from __future__ import annotations

from typing import Any

from ..accounts.attempts import Proof, TotpCode, Used, Wrong
from ..asks import Moved, ReadAttempts, Stopped, Waiting
from ..http import Answer
from ..protocol import Flow
from .texts import Message, before_trying, refused_recovery, refused_totp
from .visit import Visit


def again(
    visit: Visit, template: str, proof: Proof, verdict: Wrong | Used | Waiting | Stopped | Moved, **variables: Any
) -> Flow[Answer]:
    """The page once more, with the reason why the code was refused."""
    settings, now = visit.site.settings, visit.request.now
    if isinstance(proof, TotpCode):
        return (yield from draw(visit, template, "code", refused_totp(verdict, settings, now), **variables))
    return (yield from draw(visit, template, "recovery", refused_recovery(verdict, settings, now), **variables))


def draw(visit: Visit, template: str, mode: str, message: Message | None = None, **variables: Any) -> Flow[Answer]:
    """The page. In mode code it says so by itself when no code of the app may be tried."""
    state = yield from ReadAttempts(visit.access.user, visit.request.now)
    stop = before_trying(state, visit.site.settings, visit.request.now)
    if mode == "code" and message is None:
        message = stop
    return visit.page(template, message=message, mode=mode, can_try=stop is None, **variables)
