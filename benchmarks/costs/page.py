"""A page of docs/ with figures: what people wrote stays, and what stands between the marks is of the last whole run."""

from __future__ import annotations

BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of the figures -->"


def with_figures(page: str, figures: str, mark: str = BEGIN) -> str:
    """The page with these figures between its marks. Raises ValueError if the marks are not there once, in order."""
    before, begin, rest = page.partition(mark)
    _, end, after = rest.partition(END)
    if not begin or not end or mark in rest or END in after:
        raise ValueError(f"the page has to have {mark} and, behind it, {END}, once each")
    return f"{before}{mark}\n\n{figures.strip()}\n\n{END}{after}"
