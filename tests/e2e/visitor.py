"""What people do in a browser again and again: log in, set up, confirm, log out."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from playwright.sync_api import Locator, Page, expect

from e2e.portals import Demo, Person, Phone, plain


@dataclass
class Visitor:
    """A person at a page of a browser."""

    page: Page
    demo: Demo
    person: Person

    def origin(self, app: str) -> str:
        return self.demo.produce if app == "produce" else self.demo.manage

    def open(self, path: str, app: str = "produce") -> None:
        self.page.goto(self.origin(app) + path)

    # ---- in the portals

    def log_in(self, app: str = "produce", to: str = "") -> None:
        self.open(f"/{app}/login" + (f"?next={quote(to, safe='')}" if to else ""), app)
        self.page.get_by_label("User name").fill(self.person.name)
        self.page.get_by_label("Password").fill(self.person.password)
        self.press("Log in")

    def log_out(self, app: str = "produce") -> None:
        self.open(f"/{app}/", app)
        self.page.locator("details.menu summary").click()
        self.press("Log out")

    # ---- on the pages of the gate

    def set_up(self, app: str = "produce") -> None:
        """From the account page of somebody who is logged in, to the page with the recovery codes."""
        self.open("/2fa/account", app)
        self.page.get_by_role("link", name="Enable Two-Factor Authentication").click()
        self.person.phone = Phone(self.shown_key())
        self.give(self.person.code(), "Turn On")
        self.heading("Save your 10 recovery codes")
        self.person.codes = self.page.locator(".codes code").all_inner_texts()

    def set_up_and_go_on(self, app: str = "produce") -> None:
        self.set_up(app)
        self.page.get_by_label("I have saved these codes").check()
        self.page.get_by_role("button", name="Continue to").click()

    def shown_key(self) -> str:
        return plain(self.page.locator("code.key").inner_text())

    def give(self, code: str, button: str = "Continue", *, remember: bool = False) -> None:
        self.page.get_by_role("textbox").fill(code)
        if remember:
            self.page.get_by_label("Remember this browser?").check()
        self.press(button)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    # ---- what is to be seen

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def is_asked(self) -> None:
        self.heading("Enter the code from your authenticator app")

    def is_at(self, path: str, app: str = "produce") -> None:
        expect(self.page).to_have_url(self.origin(app) + path)

    def is_inside(self, app: str = "produce") -> None:
        self.is_at(f"/{app}/", app)
        expect(self.page.locator("details.menu")).to_be_visible()

    @property
    def message(self) -> Locator:
        return self.page.get_by_role("alert")

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path
