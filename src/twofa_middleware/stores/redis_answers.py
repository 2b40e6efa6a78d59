"""From Redis's reply to the answer of a question: once for both clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import asks
from ..errors import UnreadableRecord
from ..protocol import Ask, UserKey
from .redis_look import browser_of, pass_of
from .redis_rows import (
    Reply,
    account_of,
    browser_row,
    browser_rows,
    met_of,
    pairs,
    pass_row,
    person_row,
    present,
    setup_row,
    tries_of,
)

UNREADABLE = (IndexError, KeyError, TypeError, ValueError)


def decode(ask: Ask[Any], reply: Reply) -> Any:
    """The answer; UnreadableRecord if there is something that no script of ours wrote."""
    try:
        return seen(ask, reply) if isinstance(ask, asks.Look) else ANSWERS[type(ask)](reply)
    except UNREADABLE as error:
        raise UnreadableRecord(f"the store holds something unreadable: {type(error).__name__}") from error


# ---- of one user ----------------------------------------------------------------------------------------------------


def seen(ask: asks.Look, reply: Reply) -> asks.Seen:
    """What a decision has read; ValueError or its like for what no script of ours wrote."""
    account, (own, browser), (used_at, browser_used_at) = reply
    return asks.Seen(account_of(account), pass_of(ask, own, used_at), browser_of(ask, browser, browser_used_at))


def _records(reply: Reply) -> asks.Records:
    account, passes, browsers, person, roles, failures, recovery_tries, (in_a_row, wait_until), met, log = reply
    parts = [iter(log)] * 4
    return asks.Records(
        account=account_of(account),
        passes=tuple(row for row in map(pass_row, passes) if row is not None),
        browsers=tuple(row for row in map(browser_row, browsers) if row is not None),
        person=person,
        roles=roles,
        failures=tries_of(failures),
        recovery_tries=tries_of(recovery_tries),
        in_a_row=int(in_a_row or 0),
        wait_until=int(wait_until or 0),
        met=met_of(met),
        log=tuple(asks.LogRow(name, int(at), int(ready), row) for name, at, ready, row in zip(*parts, strict=True)),
    )


def _binding(reply: Reply) -> bytes | None:
    if reply is not None and not isinstance(reply, bytes):
        raise ValueError
    return reply


def _summary(reply: Reply) -> asks.Summary:
    account, user, person, roles, attempts, failures, browsers, passes, used_at, met = reply
    return asks.Summary(
        account=account_of(account),
        person=person_row((user, person, roles)),
        attempts=_outcome(attempts),
        failures=int(failures),
        browsers=int(browsers),
        passes=int(passes),
        used_at=int(used_at),
        met=met_of(met),
    )


def _outcome(reply: Reply) -> Any:
    """A script that decides answers with the name of its outcome first."""
    match reply:
        case [b"attempt", at, left, waits_until, account, setup]:
            return asks.Attempt(int(at), int(left), int(waits_until), account_of(account), setup_row(setup))
        case [b"ready", left]:
            return asks.Ready(int(left))
        case [b"waiting", until]:
            return asks.Waiting(int(until))
        case [b"stopped"]:
            return asks.Stopped()
        case [b"spent", codes_left]:
            return asks.Spent(int(codes_left))
        case [b"spent before"]:
            return asks.SpentBefore()
        case [b"moved"]:
            return asks.Moved()
        case [b"begun", setup]:
            return asks.Begun(present(setup_row(setup)), is_new=True)
        case [b"found", setup]:
            return asks.Begun(present(setup_row(setup)), is_new=False)
        case [b"done"]:
            return asks.Done()
        case [b"absent"]:
            return asks.Absent()
        case [b"met", *times]:
            return asks.Met(met_of(times))
        case _:
            raise ValueError


# ---- of the realm ---------------------------------------------------------------------------------------------------


def _roles(reply: Reply) -> tuple[asks.RoleRow, ...]:
    found = []
    for key, value in pairs(reply).items():
        version, record = value.split(b" ", 1)
        found.append(asks.RoleRow(key.decode(), int(version), record))
    return tuple(sorted(found, key=lambda row: row.key))


def _people(reply: Reply) -> tuple[asks.PersonRow, ...]:
    return tuple(person for person in map(person_row, reply) if person is not None)


def _users(reply: Reply) -> tuple[UserKey, ...]:
    return tuple(UserKey(user.decode()) for user in reply)


def _events(reply: Reply) -> tuple[asks.EventRow, ...]:
    found = []
    for position, entry in reply:
        part = pairs(entry)
        user = UserKey(part[b"u"].decode())
        found.append(asks.EventRow(position.decode(), user, part[b"i"], int(part[b"a"]), part[b"r"]))
    return tuple(found)


def _counts(reply: Reply) -> tuple[asks.CountRow, ...]:
    found = []
    for field, count in pairs(reply).items():
        day, name = field.split(b" ", 1)
        found.append(asks.CountRow(int(day), name.decode(), int(count)))
    return tuple(sorted(found, key=lambda row: (row.day, row.name)))


def _swept(reply: Reply) -> asks.Swept:
    carried, is_done = reply
    return asks.Swept(carried, is_done)


ANSWERS: Mapping[type[Ask[Any]], Callable[..., Any]] = {
    asks.Look: seen,  # which is told the question, too
    asks.ReadAttempts: _outcome,
    asks.TakeAttempt: _outcome,
    asks.TakeRecoveryAttempt: _outcome,
    asks.SpendStep: _outcome,
    asks.SpendCode: _outcome,
    asks.TurnOn: _outcome,
    asks.BeginSetup: _outcome,
    asks.ReadSetup: setup_row,
    asks.OpenPass: _outcome,
    asks.EndPass: _outcome,
    asks.TouchPass: _outcome,
    asks.ReadBrowsers: browser_rows,
    asks.ForgetBrowsers: _outcome,
    asks.MeetRules: _outcome,
    asks.ReadSummary: _summary,
    asks.ResetAccount: _outcome,
    asks.Unlock: _outcome,
    asks.EndPasses: _outcome,
    asks.Note: _outcome,
    asks.Acknowledge: _outcome,
    asks.ReadRoles: _roles,
    asks.WriteRole: _outcome,
    asks.ReadPeople: _people,
    asks.ReadEvents: _events,
    asks.FollowEvents: _events,
    asks.Sweep: _swept,
    asks.AddCounts: _outcome,
    asks.ReadCounts: _counts,
    asks.TakeLease: bool,
    asks.ReadMark: bytes.decode,
    asks.MoveMark: _outcome,
    asks.ReadUsers: _users,
    asks.ReadRecords: _records,
    asks.WriteRecords: _outcome,
    asks.Reseal: _outcome,
    asks.AddEvents: _outcome,
    asks.BeginLogin: _outcome,
    asks.Bind: _outcome,
    asks.Unbind: _outcome,
    asks.ReadBinding: _binding,
}
