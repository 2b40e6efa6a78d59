"""The prompt at log-in: a right code opens a proven pass, and may have the browser remembered."""

from __future__ import annotations

from ..browser.agent import browser_name
from ..http import Request
from ..protocol import Flow, Login
from ..site import Site
from .account import Account
from .attempts import Prepared, Proof, Verdict, prove
from .passes import Method, new_pass
from .remembered import new_browser


def verify(
    site: Site, login: Login, proof: Proof, request: Request, *, remember: bool, ends: bytes | None
) -> Flow[Verdict]:
    """``ends`` is the digest of the unproven pass that the new one replaces."""

    def prepare(account: Account, method: Method) -> Flow[Prepared]:
        row, cookie = yield from new_pass(site, login, account.generation, method, request.now)
        if not remember or not site.settings.remembered_days:
            return Prepared(row, cookie)
        name = browser_name(request.header(b"user-agent"))
        browser, token = yield from new_browser(site, account.user, account.generation, name, request.now)
        return Prepared(row, cookie, browser, token)

    return (yield from prove(site, login, proof, prepare, ends=ends, now=request.now))
