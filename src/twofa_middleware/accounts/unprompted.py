"""A pass that nobody was prompted for: decided when a request comes in, written before the answer goes out."""

from __future__ import annotations

from dataclasses import dataclass

from ..asks import Done, OpenPass
from ..protocol import Flow, Login
from ..site import Site
from .audit import noted
from .passes import Method, new_pass

_EVENTS = {Method.REMEMBERED: "remembered browser used", Method.PUT_OFF: "set-up put off"}


@dataclass(frozen=True, slots=True)
class Opening:
    """The pass to open, the generation that it was decided under, the remembered browser that it rests on, the pass
    that it replaces, and the roles of the login, where they were asked for."""

    login: Login
    method: Method
    generation: int
    browser: bytes | None
    ends: bytes | None
    roles: frozenset[str] | None = None


def open_unprompted(site: Site, opening: Opening, now: int) -> Flow[tuple[bytes, bytes] | None]:
    """The Set-Cookie header of the pass; None if the account has moved since the decision, so that nothing is opened."""
    row, cookie = yield from new_pass(site, opening.login, opening.generation, opening.method, now)
    user = site.user_key(opening.login)
    name = _EVENTS.get(opening.method)
    told = [site.desk.event(name, opening.login, now)] if name else []
    done = yield from noted(
        site.desk,
        {"done": told},
        lambda notes: OpenPass(user, opening.generation, row, opening.browser, opening.ends, now, notes),
        login=opening.login,
        roles=opening.roles,
    )
    if not isinstance(done, Done):
        return None
    return site.cookies.write(site.cookies.passes, cookie.dump(), site.settings.pass_hours * 3600)
