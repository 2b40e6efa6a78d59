"""How a page looks: narrow and wide, light and dark, by axe's rules and without scrolling sideways."""

from __future__ import annotations

from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (320, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def in_every_look(page: Page) -> list[str]:
    """What is wrong with the page, in each width and colour scheme."""
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # axe would see the colours on their way
            found = Axe().run(page)
            if found.violations_count:
                wrong.append(f"{width} px, {scheme}: {found.generate_report()}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wrong.append(f"{width} px: it scrolls sideways")
    return wrong
