"""What administrators see of one user, and what they change without a code."""

from __future__ import annotations

from sqlite3 import Connection

from ...asks import Acknowledge, Done, EndPasses, Moved, Note, ReadSummary, ResetAccount, Summary, Unlock
from . import attempts
from .accounts import change_account, read_account, read_generation
from .browsers import count_browsers, forget_all_browsers
from .passes import count_passes, end_all_passes
from .people import find_person
from .rules import read_met


def summary(db: Connection, ask: ReadSummary) -> Summary:
    """All of it from one read transaction, so that the parts fit each other."""
    passes, pass_used_at = count_passes(db, ask.user, ask.now)
    browsers, browser_used_at = count_browsers(db, ask.user, ask.now)
    return Summary(
        account=read_account(db, ask.user),
        person=find_person(db, ask.user),
        attempts=attempts.state_of(db, ask.user, ask.now),
        failures=attempts.count_failures(db, ask.user, ask.now),
        browsers=browsers,
        passes=passes,
        used_at=max(pass_used_at, browser_used_at),
        met=read_met(db, ask.user),
    )


def reset(db: Connection, ask: ResetAccount) -> Done | Moved:
    """The factors are changed under what the administrator saw, or not at all."""
    if read_generation(db, ask.user) != ask.generation:
        return Moved()
    change_account(db, ask.user, ask.change)
    attempts.clear(db, ask.user)
    return Done()


def unlock(db: Connection, ask: Unlock) -> Done:
    """The user starts afresh with codes of both kinds."""
    attempts.clear(db, ask.user)
    return Done()


def acknowledge(db: Connection, ask: Acknowledge) -> Done:
    """What was committed is on the disk."""
    return Done()


def end_passes(db: Connection, ask: EndPasses) -> Done:
    """Every log-in of the user has to pass again, by a factor."""
    end_all_passes(db, ask.user)
    forget_all_browsers(db, ask.user)
    return Done()


def note(db: Connection, ask: Note) -> Done:
    """Its notes are all there is to write, and they are written as those of any question."""
    return Done()
