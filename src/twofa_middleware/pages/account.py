"""The account page (S1, S4): on or off, recovery codes, remembered browsers."""

from __future__ import annotations

from dataclasses import dataclass

from ..accounts.access import required_by
from ..accounts.remembered import read_browser
from ..asks import ReadBrowsers
from ..factors.recovery import CODES
from ..http import Answer
from ..protocol import Flow
from .admin.door import is_administrator
from .texts import FORGOTTEN, day, few_codes, short_day
from .visit import Visit

_NOTICES = FORGOTTEN | {
    "disabled": "It is done. All remembered browsers are forgotten. Whoever is logged in to the app elsewhere stays logged in.",
}


@dataclass(frozen=True, slots=True)
class _Shown:
    id: str
    name: str
    since: str
    last_used: str
    current: bool


def show(visit: Visit) -> Flow[Answer]:
    account = visit.access.account
    left = account.codes_left(visit.site.sealer)
    browsers = yield from _browsers(visit)
    demand = yield from required_by(visit.site, visit.login, visit.request)
    return visit.page(
        "account.html",
        enrolled=account.is_enrolled,
        since=day(account.since) if account.is_enrolled else "",
        codes_left=left,
        few_codes=few_codes(left, len(account.codes) - left),
        codes_total=CODES,
        browsers=browsers,
        required_by=demand.role if demand else "",
        administers=(yield from is_administrator(visit.site, visit.login, visit.request)),
        notice=_NOTICES.get(visit.query("done"), ""),
        token=visit.token("browsers"),
    )


def _browsers(visit: Visit) -> Flow[list[_Shown]]:
    access, now = visit.access, visit.request.now
    rows = yield from ReadBrowsers(access.user, now)
    found = [read_browser(visit.site, access.user, access.account.generation, row, now) for row in rows]
    here = access.browser.digest if access.browser else None
    return [
        _Shown(
            browser.digest.hex(),
            browser.name,
            short_day(browser.opened_at, now),
            short_day(browser.used_at, now),
            browser.digest == here,
        )
        for browser in found
        if browser is not None
    ]
