"""How a request goes on to the app: with what taken out of it, and with what to be asked about the app's answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .browser.cookies import is_ours
from .http import Allow, Request, always, never, set_cookies
from .release import Admitted, watched_heads

if TYPE_CHECKING:
    from .gate import Gate


def let_on(
    gate: Gate,
    request: Request,
    admitted: Admitted,
    changes: Mapping[bytes, bytes | None],
    watches_body: bool = False,
    *,
    may_last: bool = False,
) -> Allow:
    """It goes on as whom ``admitted`` says. ``may_last``: its connection, if it stays open, is watched."""
    look_at = always if admitted.needs_release else partial(_sets_watched_cookie, gate.cookies_read)
    return Allow(
        request,
        admitted.login,
        changes,
        look_at,
        admitted,
        watches_body,
        is_watched=watched_heads(gate.site, request) if may_last else never,
        asks_each=gate.depends_on_state,
    )


def let_on_unseen(gate: Gate, request: Request) -> Allow:
    """An exempt request passes unseen, and so without anything by which the app could know somebody."""
    names = {b"cookie", b"authorization"} | gate.headers_read
    sent = {name for name, _ in request.headers}
    # With "_" for "-" the app may take a header for the one that is read.
    twins = {name.replace(b"_", b"-") for name in gate.headers_read}
    names |= {name for name in sent if name.replace(b"_", b"-") in twins}
    bare = request.with_headers(dict.fromkeys(names))
    server = {key: value for key, value in bare.server.items() if key not in gate.server_read}
    changes = dict.fromkeys(names & sent)
    return replace(let_on(gate, replace(bare, server=server), Admitted(None, None), changes), forgets=gate.server_read)


def _sets_watched_cookie(cookies_read: frozenset[bytes], headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(name in cookies_read or is_ours(name) for name, _ in set_cookies(headers))
