"""One app, one person with an account or without, and what the store answers about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from support.realm import NOW, code_at, document
from twofa_middleware.accounts.access import Access
from twofa_middleware.accounts.account import TOTP, changed, open_account
from twofa_middleware.accounts.passes import Method, Pass, new_pass
from twofa_middleware.accounts.remembered import Browser, new_browser
from twofa_middleware.asks import AccountRow, Attempt, Call, PassRow, SetupRow
from twofa_middleware.browser.cookies import PassCookie
from twofa_middleware.factors import recovery, totp
from twofa_middleware.http import Request
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Flow, Login
from twofa_middleware.sealing import Sealer
from twofa_middleware.settings import Settings
from twofa_middleware.site import Site

from .stepping import step

RING = KeyRing(b"n" * 32, b"key1", {b"key1": b"k" * 32})
RETIRED = KeyRing(b"n" * 32, b"key0", {b"key0": b"j" * 32})
"""The ring of before, whose key is retired."""
ERIN = Login("5", "session-1", "erin")
SECRET = b"12345678901234567890"  # RFC 6238, appendix B
GENERATION = 7 << 20 | 3
PHONE = "phone"
SINCE = NOW - 86400
CODES = tuple(recovery.from_random(bytes(range(100))))
STEP = totp.step_at(NOW)


class AskedRoles:
    """A roles plugin whose every look is a question, so that the script shows when it is asked."""

    Options = dict

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]:
        roles = yield from Call(frozenset, (login.user,))
        result: frozenset[str] = roles
        return result


def site(name: str = "shop", *, realm: str = "test", shows_session: bool = True, **changes: Any) -> Site:
    """The app ``name`` of the test realm; ``changes`` are settings."""
    settings = Settings.of(document(realm=realm, **changes))
    return Site.of(settings, name, Sealer(realm, RING), AskedRoles(), shows_session)


SITE = site()
ENFORCED = site(enforcement={"pinned": ["Manager"]})
STRICT = site(profile="strict")
USER = SITE.user_key(ERIN)
PASS_NAME, BROWSER_NAME = SITE.cookies.passes.decode(), SITE.cookies.browser(USER).decode()


def code(at: int = NOW) -> str:
    """What Erin's phone shows."""
    return code_at(totp.base32(SECRET), at)


def wrong_code() -> str:
    """Six digits that Erin's phone shows at no time near NOW."""
    near = {code(NOW + 30 * step) for step in range(-100, 100)}
    return next(text for text in (f"{number:06}" for number in range(98765, 99999)) if text not in near)


def account_row(
    *, generation: int = GENERATION, sealed: Mapping[str, bytes] | None = None, codes: tuple[str, ...] = CODES
) -> AccountRow:
    """Erin's account with her phone, as the store holds it."""
    if sealed is None:
        sealed = {PHONE: SITE.sealer.seal(TOTP, (USER, PHONE), SECRET, b"n" * 12)}
    hashes = frozenset(recovery.keyed_hash(SITE.sealer, USER, text.replace("-", "")) for text in codes)
    change = changed(
        SITE.sealer, USER, generation, since=SINCE, kinds=dict.fromkeys(sealed, TOTP), sealed=sealed, codes=hashes
    )
    return AccountRow(change.generation, STEP - 100, change.roster, change.authenticators, change.codes)


def with_dead_codes(row: AccountRow, codes: tuple[str, ...]) -> AccountRow:
    """The account with recovery codes more that were made with the retired key."""
    sealer = Sealer("test", RETIRED)
    return replace(row, codes=row.codes | {recovery.keyed_hash(sealer, USER, text.replace("-", "")) for text in codes})


def disabled_row() -> AccountRow:
    """Erin's account after Disable."""
    return account_row(sealed={}, codes=())


def unreadable_row() -> AccountRow:
    """An account whose secret does not open: whoever looks at it gets an UnreadableRecord."""
    return account_row(sealed={PHONE: bytes(53)})


def access(
    method: Method | None = None, *, enrolled: bool = False, browser: Browser | None = None, row: Any = None
) -> Access:
    """What a look at Erin has found: her pass by this method, and her account, with a phone or as its row has it."""
    account = open_account(SITE.sealer, USER, row or (account_row() if enrolled else None))
    return Access(USER, account, Pass(method, NOW, NOW + 60, NOW) if method else None, None, browser)


def attempt(account: AccountRow | None = None, setup: SetupRow | None = None, left: int = 4) -> Attempt:
    """A counted attempt."""
    return Attempt(NOW, left, 0 if left else NOW + 30, account, setup)


def pass_of(
    method: Method,
    *,
    login: Login = ERIN,
    at: Site = SITE,
    generation: int = GENERATION,
    opened: int = NOW,
) -> tuple[PassRow, PassCookie]:
    """A pass as it was opened, and its cookie."""
    return step(new_pass(at, login, generation, method, opened)).result


def browser_of(*, at: Site = SITE, generation: int = GENERATION, opened: int = NOW, login: Login = ERIN) -> Any:
    """A remembered browser's row, and its token."""
    return step(new_browser(at, at.user_key(login), generation, "Firefox on Linux", opened)).result


def request(*headers: tuple[bytes, bytes], now: int = NOW, method: str = "GET", path: str = "/") -> Request:
    return Request("http", method, "", path, path.encode(), b"", headers, {}, now)


def with_cookies(**cookies: bytes) -> Request:
    return request((b"cookie", b"; ".join(name.encode() + b"=" + value for name, value in cookies.items())))


def later(asked: Request, seconds: int) -> Request:
    return replace(asked, now=asked.now + seconds)
