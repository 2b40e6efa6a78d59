"""What Manage counts and lists of the work that goes on in Produce."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from portal_people import database


@dataclass(frozen=True)
class TaskCount:
    open: int
    overdue: int


@dataclass(frozen=True)
class Submission:
    title: str
    by: str
    at: datetime


def _local(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone()


def count_tasks() -> TaskCount:
    with database() as db:
        row = db.execute(
            "SELECT COUNT(*) AS open, COALESCE(SUM(due < ?), 0) AS overdue FROM tasks WHERE NOT done",
            (date.today().isoformat(),),
        ).fetchone()
    return TaskCount(open=row["open"], overdue=row["overdue"])


def latest_submissions(limit: int = 8) -> list[Submission]:
    with database() as db:
        rows = db.execute(
            "SELECT title, COALESCE(user_name, 'a visitor') AS by, changed FROM submissions"
            " JOIN forms ON form = slug LEFT JOIN users ON user_id = users.id"
            " WHERE submitted ORDER BY submissions.id DESC LIMIT ?",
            (limit,),
        )
        return [Submission(row["title"], row["by"], _local(row["changed"])) for row in rows]
