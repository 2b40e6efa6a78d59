"""A pass that nobody was prompted for: decided when a request comes in, written before the answer goes out."""

from __future__ import annotations

from dataclasses import dataclass

from ..asks import Done, OpenPass
from ..protocol import Flow, Login
from ..site import Site
from .passes import Method, new_pass


@dataclass(frozen=True, slots=True)
class Opening:
    """The pass to open, the generation that it was decided under, the remembered browser that it rests on, and the
    pass that it replaces."""

    login: Login
    method: Method
    generation: int
    browser: bytes | None
    ends: bytes | None


def open_unprompted(site: Site, opening: Opening, now: int) -> Flow[tuple[bytes, bytes] | None]:
    """The Set-Cookie header of the pass; None if the account has moved since the decision, so that nothing is opened."""
    row, cookie = yield from new_pass(site, opening.login, opening.generation, opening.method, now)
    user = site.user_key(opening.login)
    done = yield from OpenPass(user, opening.generation, row, opening.browser, opening.ends, now)
    if not isinstance(done, Done):
        return None
    if opening.method is Method.REMEMBERED:
        yield from site.emit("remembered browser used", opening.login, now)
    return site.cookies.write(site.cookies.passes, cookie.dump(), site.settings.pass_hours * 3600)
