"""Forms, tasks and what people have filled in."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from portal_people import database


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    kind: str  # text, long, date, amount, email or choice
    choices: list[str]
    required: bool

    def fault(self, answer: str) -> str | None:
        """What is wrong with a given answer, in words for the page."""
        if not answer:
            return "Please fill this in." if self.required else None
        if self.kind == "choice" and answer not in self.choices:
            return "Please choose one of the list."
        if self.kind == "date":
            try:
                date.fromisoformat(answer)
            except ValueError:
                return "Please give a date, like 2026-03-12."
        if self.kind == "amount" and not answer.replace(".", "", 1).isdecimal():
            return "Please give an amount, like 12.50."
        return None


@dataclass(frozen=True)
class Form:
    slug: str
    title: str
    about: str
    offered: str  # to "everybody", with a "task" only, or to a "guest" without a log-in
    fields: list[Field]

    def answers(self, sent: Mapping[str, str]) -> dict[str, str]:
        return {field.name: sent.get(field.name, "").strip()[:4000] for field in self.fields}

    def faults(self, answers: Mapping[str, str]) -> dict[str, str]:
        found = ((field.name, field.fault(answers[field.name])) for field in self.fields)
        return {name: fault for name, fault in found if fault}


@dataclass(frozen=True)
class Task:
    task_id: int
    form: str
    title: str
    due: date

    @property
    def overdue(self) -> bool:
        return self.due < date.today()


def _form(row: sqlite3.Row) -> Form:
    fields = []
    for line in row["fields"].strip().splitlines():
        name, label, kind, *choices = (part.strip() for part in line.split("|"))
        listed = [choice.strip() for choice in choices[0].split(",")] if choices else []
        fields.append(Field(name.rstrip("?"), label, kind, listed, required=not name.endswith("?")))
    return Form(row["slug"], row["title"], row["about"], row["offered"], fields)


def form(slug: str) -> Form | None:
    with database() as db:
        row = db.execute("SELECT * FROM forms WHERE slug = ?", (slug,)).fetchone()
    return _form(row) if row else None


def forms_for_everybody() -> list[Form]:
    with database() as db:
        return [_form(row) for row in db.execute("SELECT * FROM forms WHERE offered = 'everybody' ORDER BY title")]


def tasks_of(user_id: int) -> list[Task]:
    """The user's open tasks, the most urgent first."""
    with database() as db:
        rows = db.execute("SELECT * FROM tasks WHERE user_id = ? AND NOT done ORDER BY due, id", (user_id,))
        return [Task(row["id"], row["form"], row["title"], date.fromisoformat(row["due"])) for row in rows]


def draft_of(form: Form, user_id: int, task: Task | None) -> dict[str, str]:
    """What the user has saved of this form and not sent yet."""
    with database() as db:
        row = db.execute(
            "SELECT answers FROM submissions WHERE form = ? AND user_id = ? AND task_id IS ? AND NOT submitted",
            (form.slug, user_id, task and task.task_id),
        ).fetchone()
    return form.answers(json.loads(row["answers"]) if row else {})


def keep(form: Form, user_id: int | None, task: Task | None, answers: Mapping[str, str], *, submitted: bool) -> int:
    """Save a draft, or submit it (which ends its task). Returns the submission's number."""
    task_id = task and task.task_id
    with database(write=True) as db:
        db.execute(
            "DELETE FROM submissions WHERE form = ? AND user_id = ? AND task_id IS ? AND NOT submitted",
            (form.slug, user_id, task_id),
        )
        row = db.execute(
            "INSERT INTO submissions (form, user_id, task_id, answers, submitted, changed) VALUES (?, ?, ?, ?, ?, ?)",
            (form.slug, user_id, task_id, json.dumps(answers), submitted, int(time.time())),
        )
        if submitted and task:
            db.execute("UPDATE tasks SET done = 1 WHERE id = ?", (task_id,))
        return int(row.lastrowid or 0)
