"""The sentences that depend on what happened; those that stand still are in the templates."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ..accounts.attempts import FEW_CODES, Used, Wrong
from ..accounts.enrol import WrongReset
from ..asks import FIRST_WAIT_SECONDS, Moved, Ready, Stopped, Waiting
from ..factors.totp import Ahead, Past
from ..settings import Settings

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]

FORGOTTEN = {"forgotten": "The browser is forgotten.", "all-forgotten": "All browsers are forgotten."}
"""What is said after that, by what stands in the address as ``done``."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a page says first. ``kind`` is a word for the style sheet; ``status`` the page's HTTP status."""

    kind: str
    text: str
    status: int = 422
    retry_after: int | None = None

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"retry-after", str(self.retry_after).encode()),) if self.retry_after is not None else ()


def refused_totp(outcome: Wrong | Used | Waiting | Stopped | Moved, settings: Settings, now: int) -> Message:
    """Why a code of the authenticator app was not accepted, and what to do next."""
    match outcome:
        case Wrong(hint=Past(seconds)):
            return Message(
                "past",
                f"That code is about {_minutes(seconds)} old. Check that the clock of your phone is set automatically."
                f"{_tries(outcome, now)}",
            )
        case Wrong(hint=Ahead(seconds)):
            return Message(
                "past",
                f"The clock of your phone is about {_minutes(seconds)} ahead. Check that it is set automatically."
                f"{_tries(outcome, now)}",
            )
        case Wrong(left=0):
            return Message("wrong", f"That code isn’t right.{_tries(outcome, now)}")
        case Wrong():
            return Message(
                "wrong",
                f"That code isn’t right. Check that you read the entry {settings.name}, and wait for a new code."
                f"{_tries(outcome, now)}",
            )
        case Used(next_in):
            return Message("used", f"That code has been used already. A new one comes in about {next_in} seconds.")
        case Waiting() | Stopped():
            return waiting(outcome, settings, now)
        case Moved():
            return Message("expired", "Your account was changed in the meantime. Please start again.")


def refused_reset(outcome: WrongReset, settings: Settings, now: int) -> Message:
    """Why the one-time code of an administrator was not accepted."""
    helper = settings.support or "your administrator"
    tries = (
        f" {_count(outcome.left, 'try', 'tries')} left before a pause of {FIRST_WAIT_SECONDS} seconds."
        if outcome.left
        else f" Try again at {clock(outcome.waits_until, seconds=True)}."
    )
    return Message("reset-wrong", f"The one-time code isn’t the one that {helper} gave you.{tries}")


def needs_code(settings: Settings) -> Message:
    """Nobody sets anything up here without a one-time code, and none was made yet."""
    helper = settings.support or "your administrator"
    return Message(
        "code-needed",
        f"You need a one-time code before you can set this up. Ask {helper} for one, then try again.",
        403,
    )


def waiting(outcome: Waiting | Stopped, settings: Settings, now: int, status: int = 429) -> Message:
    """No code of the app is looked at."""
    helper = settings.support or "your administrator"
    if isinstance(outcome, Stopped):
        return Message(
            "stopped",
            "Codes are switched off for this account after too many tries. "
            f"Use a recovery code, or ask {helper} to help.",
            status,
        )
    return Message(
        "waiting",
        f"Too many tries. Try again at {clock(outcome.until, seconds=outcome.until - now < 600)}. "
        f"If this wasn’t you, somebody knows your password: change it, and tell {helper}.",
        status,
        outcome.until - now,
    )


def before_trying(state: Ready | Waiting | Stopped, settings: Settings, now: int) -> Message | None:
    """What a page that is only looked at says about the tries."""
    return None if isinstance(state, Ready) else waiting(state, settings, now, status=200)


def refused_recovery(outcome: Wrong | Used | Waiting | Stopped | Moved, settings: Settings, now: int) -> Message:
    """Why a recovery code was not accepted."""
    match outcome:
        case Wrong(left=left):
            tries = f" {_count(left, 'try', 'tries')} left in this hour." if left else ""
            return Message("recovery-wrong", f"That isn’t one of your recovery codes, or it has been used.{tries}")
        case Used():
            return Message("recovery-wrong", "That recovery code has been used already. Take another one.")
        case Waiting(until):
            return Message(
                "recovery-waiting",
                f"Too many tries with recovery codes. Try again at {clock(until)}.",
                429,
                until - now,
            )
        case Stopped() | Moved():
            return Message("expired", "Your account was changed in the meantime. Please start again.")


def few_codes(left: int, dead: int) -> str:
    """What the account page says of recovery codes that are few; empty if they are not. ``dead`` ones cannot be used."""
    if left == 0 and dead:
        return "Your recovery codes no longer work. Make new ones before you need them."
    if left == 0:
        return "You have no recovery code left. Make new ones before you need them."
    return "Few recovery codes are left. Make new ones before you need them." if left <= FEW_CODES else ""


def _tries(outcome: Wrong, now: int) -> str:
    if outcome.left:
        return f" {_count(outcome.left, 'try', 'tries')} left before a pause of {FIRST_WAIT_SECONDS} seconds."
    return f" Try again at {clock(outcome.waits_until, seconds=outcome.waits_until - now < 600)}."


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _minutes(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 60 else _count(round(seconds / 60), "minute", "minutes")


def clock(at: int, *, seconds: bool = False) -> str:
    """A time of day such as ``10:42 (UTC)``."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%H:%M:%S (UTC)" if seconds else "%H:%M (UTC)")


def day(at: int) -> str:
    """A day such as ``3 May 2026``."""
    date = datetime.datetime.fromtimestamp(at, datetime.UTC)
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def short_day(at: int, now: int) -> str:
    """``today``, ``yesterday``, or a day such as ``3 May``; with its year where that is another one."""
    date, today = (datetime.datetime.fromtimestamp(when, datetime.UTC).date() for when in (at, now))
    if (today - date).days in (0, 1):
        return "yesterday" if date < today else "today"
    return f"{date.day} {_MONTHS[date.month - 1]}" + (f" {date.year}" if date.year != today.year else "")
