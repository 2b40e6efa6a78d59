"""docs/performance.md: what people wrote stays, and the figures between the marks are those of the last whole run."""

from __future__ import annotations

BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of the figures -->"


def with_figures(page: str, figures: str) -> str:
    """The page with these figures between its marks. Raises ValueError if the marks are not there once, in order."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"the page has to have {BEGIN} and, behind it, {END}, once each")
    return f"{before}{BEGIN}\n\n{figures.strip()}\n\n{END}{after}"
