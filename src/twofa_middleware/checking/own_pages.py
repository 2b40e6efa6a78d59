"""The gate's own pages, gone through as somebody with a phone would."""

from __future__ import annotations

import re
from base64 import b32decode
from typing import TYPE_CHECKING

from ..factors.totp import code_at, step_at
from .forms import Form, forms_of

if TYPE_CHECKING:
    from .browsing import Browser
    from .house import House
    from .serving import Page

_KEY = re.compile(r'<code class="key">([A-Z2-7 ]+)</code>')


def set_up(house: House, browser: Browser) -> Page | None:
    """Turn a second factor on; the page that did not let it, or None."""
    page = browser.go(f"{house.prefix}/setup")
    key = _KEY.search(page.text)
    form = _form_with(page.text, "code")
    if key is None or form is None:
        return page
    letters = key[1].replace(" ", "")
    house.secret = b32decode(letters + "=" * (-len(letters) % 8))
    answer = _send(house, browser, form, page)
    return None if _is_right(answer) else answer


def verify(house: House, browser: Browser) -> Page | None:
    """Show the code at the prompt; the page that did not take it, or None. A code is good once, so time goes on first."""
    house.clock.on(30)
    page = browser.go(f"{house.prefix}/verify")
    form = _form_with(page.text, "code")
    if form is None:
        return page
    answer = _send(house, browser, form, page)
    return None if answer.status == 303 else answer


def send_log_out(house: House, browser: Browser) -> Page | None:
    """Press the log-out of the own pages; the page that did not let it, or None."""
    page = browser.go(f"{house.prefix}/account")
    form = next((form for form in forms_of(page.text) if form.action.endswith("/logout")), None)
    if form is None:
        return page
    answer = browser.send_form(form.action, form.fields)
    return None if answer.status == 303 else answer


def _send(house: House, browser: Browser, form: Form, page: Page) -> Page:
    code = code_at(house.secret, step_at(int(house.clock())))
    return browser.send_form(form.action, {**form.fields, "code": code})


def _form_with(html: str, name: str) -> Form | None:
    return next((form for form in forms_of(html) if name in form.typed), None)


def _is_right(page: Page) -> bool:
    """Turn On answers with the recovery codes, which are shown this once."""
    return page.status in (200, 303)
