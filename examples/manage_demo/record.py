"""The page that shows Manage's own record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

from portal_people import SEE_AUDIT, database, like

from .listing import PAGE_SIZE, Listing
from .web import Visit


@dataclass(frozen=True)
class Entry:
    at: datetime
    who: str
    what: str


def audit(visit: Visit) -> Response:
    visit.need(SEE_AUDIT)
    text = visit.asked("q")
    listing = Listing.of(visit, text, count_entries(text))
    return visit.page("audit.html", here="audit", listing=listing, entries=entries(text, listing.offset, PAGE_SIZE))


def entries(text: str, offset: int, limit: int) -> list[Entry]:
    """Newest first, those that hold the text; `%` stands for any run of characters in it."""
    with database() as db:
        rows = db.execute(
            "SELECT * FROM audit WHERE folded(user_name || ' ' || what) LIKE ? ESCAPE '\\'"
            " ORDER BY id DESC LIMIT ? OFFSET ?",
            (f"%{like(text)}%", limit, offset),
        )
        return [
            Entry(datetime.fromtimestamp(row["at"], UTC).astimezone(), row["user_name"], row["what"]) for row in rows
        ]


def count_entries(text: str) -> int:
    with database() as db:
        query = "SELECT COUNT(*) FROM audit WHERE folded(user_name || ' ' || what) LIKE ? ESCAPE '\\'"
        count: int = db.execute(query, (f"%{like(text)}%",)).fetchone()[0]
    return count
