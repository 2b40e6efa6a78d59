"""The walk itself, step by step: nobody, a wrong password, the test log-in twice, a second factor, half verified, verified,
logged out. Each step says what was seen and whether it is as it has to be."""

from __future__ import annotations

from collections.abc import Iterator

from ..protocol import Login
from .browsing import Browser
from .house import House
from .means import Means
from .own_pages import set_up, verify
from .paths import forms_of_path, to_walk
from .serving import AppFailed, Page
from .sockets import sockets
from .spying import SWALLOWED
from .step import Step


def walk(house: House, means: Means) -> Iterator[Step]:
    """All steps. It stops after the first that leaves nothing to go on with; AppFailed and NoWayIn end it, too."""
    yield _nobody(house)
    if means.types_password:
        yield _wrong_password(house, means)
    browser, step = _logged_in(house, means)
    yield step
    login = house.words(browser).login
    if login is None:
        return
    yield from _asked_twice(house, browser, login)
    if means.begins_log_ins:
        yield _second_log_in(house, means, login)
    target, step = _second_factor(house, browser)
    yield step
    if target is None:
        return
    half = house.browser()
    yield _half_verified(house, means, half)
    yield _walked(house, half, browser)
    yield from sockets(house, half)
    yield _verified(house, half, target)
    yield _logged_out(house, half)


def _nobody(house: House) -> Step:
    browser, seen, found = house.browser(), [], []
    for target in dict.fromkeys((house.app.home, house.app.login_page)):
        words = house.words(browser, target)
        page = browser.go(target)
        seen += [f"GET {target} without a log-in: {_answered(page)}", *words.told()]
        found.append(words)
    if all(words.is_nobody for words in found):
        return Step("nobody is logged in", "good", tuple(seen))
    remedy = "a request without cookies has to be nobody's; check the resolver that says otherwise"
    return Step("nobody is logged in", "problem", tuple(seen), remedy)


def _wrong_password(house: House, means: Means) -> Step:
    browser = house.browser()
    page = means.use(browser, house.app, wrong=True)
    words = house.words(browser)
    seen = (*_of_log_in(page, browser), *words.told())
    if words.is_nobody:
        return Step("a wrong password logs nobody in", "good", seen)
    remedy = (
        "a refused log-in is taken for one that succeeded: what tells the one from the other (the sign of success of "
        "`watch`, the page or the sign of nobody of `probe`, the function of `callable`) fits both"
    )
    return Step("a wrong password logs nobody in", "problem", seen, remedy)


def _logged_in(house: House, means: Means) -> tuple[Browser, Step]:
    browser = house.browser()
    page = means.use(browser, house.app)
    words = house.words(browser)
    seen = (*_of_log_in(page, browser), *words.told())
    if words.login is not None:
        return browser, Step("the test log-in is seen", "good", seen)
    if not words.is_nobody:
        remedy = "who is logged in cannot be told, so everybody would be refused"
    elif page is not None and page.status >= 400:
        remedy = "the app has refused this log-in: check the name and the password, or name the fields with --fields"
        if any(watcher.withholds for watcher in house.runtime.gate.watchers):
            remedy += "; if the form's token lies in the session, see login_gets_cookie of `watch` in docs/resolvers.md"
    else:
        remedy = (
            "nobody is seen. Either the password is wrong (the app may answer that with 200), or this app is NOT "
            "protected: a resolver has to read what the log-in set"
        )
    return browser, Step("the test log-in is seen", "problem", seen, remedy)


def _asked_twice(house: House, browser: Browser, login: Login) -> Iterator[Step]:
    """What resolvers ask of the app must change nothing there: not the session cookie, nor what the app says next."""
    before = [house.ask_bare(browser, house.app.home).body for _ in range(2)]
    house.asked.clear()
    again = [house.words(browser).login for _ in range(2)]
    after = house.ask_bare(browser, house.app.home).body
    if not house.asked:
        return
    name = "the page that says who is logged in changes nothing"
    seen = tuple(dict.fromkeys(f"{asked.method} {asked.path}: {asked.status}" for asked in house.asked))
    sets = sorted(cookie.decode("latin-1") for asked in house.asked for cookie in asked.sets)
    if sets:
        remedy = "name a page that leaves the session cookie as it is, or name the cookie in `keep_cookies`"
        yield Step(name, "problem", (*seen, f"it sets {', '.join(dict.fromkeys(sets))} anew"), remedy)
    elif any(one is None or one.user != login.user or one.session != login.session for one in again):
        remedy = "name a page that changes nothing"
        yield Step(name, "problem", (*seen, "after it was asked, this log-in is no longer seen"), remedy)
    elif before[0] == before[1] != after:
        remedy = f"after it was asked, {house.app.home} is another page than before: name a page that changes nothing"
        yield Step(name, "problem", seen, remedy)
    else:
        yield Step(name, "good", seen)


def _second_log_in(house: House, means: Means, first: Login) -> Step:
    browser = house.browser()
    means.use(browser, house.app)
    second = house.words(browser).login
    name = "a second log-in is told from the first"
    if second is None or second.user != first.user:
        told = "nobody" if second is None else f"user {second.user!r}"
        return Step(name, "problem", (f"the second log-in is {told}",), "`user` has to be the account's own id")
    if first.session is None or not house.shows_session:
        rules = bool(house.app.login and house.app.logout)
        seen = ("no resolver tells log-ins apart by a session, so log-in and log-out rules end passes",)
        return Step(
            name, "good" if rules else "problem", seen, "" if rules else "name `session`, or both `login` and `logout`"
        )
    if second.session == first.session:
        return Step(
            name,
            "problem",
            ("both log-ins show the same session",),
            "`session` has to change with each log-in; without such a thing leave it out and name `login` and `logout`",
        )
    return Step(name, "good", ("each has a session of its own",))


def _second_factor(house: House, browser: Browser) -> tuple[str | None, Step]:
    name = "a second factor can be set up"
    page = set_up(house, browser)
    if page is not None:
        return None, Step(name, "problem", (f"{house.prefix}/setup: {_answered(page)}",), "see what the page says")
    home = browser.go(house.app.home)
    seen = (f"turned on at {house.prefix}/setup, in a realm of this check alone", f"then the app: {_answered(home)}")
    if house.is_own(home):
        return None, Step(name, "problem", seen, "whoever has just turned it on should be let in")
    return house.app.home, Step(name, "good", seen)


def _half_verified(house: House, means: Means, half: Browser) -> Step:
    """The log-in again, with a second factor that is not shown yet."""
    name = "the next log-in is asked for a code"
    page = means.use(half, house.app)
    seen = _of_log_in(page, half) if page is not None else ["the log-in was sent without a pass"]
    home = half.go(house.app.home)
    seen = [*seen, f"GET {house.app.home}: {_answered(home)}"]
    if f"{house.prefix}/verify" not in home.location:
        return Step(name, "problem", tuple(seen), "the gate does not see this log-in; this app is NOT protected")
    return Step(name, "good", tuple(seen))


def _walked(house: House, half: Browser, verified: Browser) -> Step:
    """Every address that is known of the app, in several spellings: half verified, nothing of it may answer."""
    name = "half verified, nothing of the app answers"
    paths = to_walk(house, verified)
    house.spy.is_armed = True
    reached: list[str] = []
    tried = 0
    try:
        for path in paths:
            for method, target in forms_of_path(path):
                house.spy.calls.clear()
                tried += 1
                try:
                    page = half.go(target, method, navigates=tried % 2 == 0)
                except AppFailed as error:
                    reached.append(f"{method} {target}: {error}")
                    continue
                if any(call.has_credential for call in house.spy.calls) or (
                    page.status == SWALLOWED and not house.is_exempt(method, target)
                ):
                    reached.append(f"{method} {target} got to the app")
    finally:
        house.spy.is_armed = False
    seen = (f"{tried} requests to {len(paths)} addresses, with a log-in whose second factor was not shown",)
    if reached:
        remedy = "these answer without the second factor"
        return Step(name, "problem", (*seen, *reached[:20]), remedy)
    return Step(name, "good", seen)


def _verified(house: House, half: Browser, target: str) -> Step:
    name = "with the code the app answers"
    refusal = verify(house, half)
    if refusal is not None:
        return Step(name, "problem", (f"{house.prefix}/verify: {_answered(refusal)}",), "see what the page says")
    page = half.go(target)
    seen = (f"GET {target}: {_answered(page)}",)
    return Step(name, "problem" if house.is_own(page) else "good", seen)


def _logged_out(house: House, browser: Browser) -> Step:
    """Our own log-out: what it leaves in the browser, and what a copy of the cookies is still good for."""
    name = "log-out ends it"
    copies = house.browser()
    copies.cookies = {key: value for key, value in browser.cookies.items() if not house.is_ours(key)}
    copies.authorization = browser.authorization
    refusal = house.log_out(browser)
    if refusal is not None:
        return Step(name, "problem", (f"{house.prefix}/logout: {_answered(refusal)}",))
    after, copied = house.words(browser), house.words(copies)
    if after.login is not None and browser.authorization is None:
        return Step(name, "problem", tuple(after.told()), "name the app's session cookies in `logout_cookies`")
    if copied.login is not None:
        seen = (
            "the browser is logged out; a copy of the app's cookies would still be logged in to the app, and asked for a "
            "code at its next request",
        )
        return Step(name, "note", seen)
    return Step(name, "good", ("the browser is logged out, and a copy of the app's cookies is nobody's",))


def _of_log_in(page: Page | None, browser: Browser) -> list[str]:
    lines = [f"the log-in: {_answered(page)}"] if page is not None else []
    if browser.cookies:
        lines.append(f"cookies: {', '.join(sorted(name.decode('latin-1') for name in browser.cookies))}")
    return lines


def _answered(page: Page) -> str:
    return f"{page.status}{f' to {page.location}' if page.location else ''}"
