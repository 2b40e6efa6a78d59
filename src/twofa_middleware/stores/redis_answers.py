"""From Redis's reply to the answer of a question: once for both clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from .. import asks
from ..errors import UnreadableRecord
from ..protocol import Ask, UserKey
from .redis_look import browser_of, pass_of

Reply: TypeAlias = Any
"""What redis-py makes of a reply without decoding it: bytes, whole numbers, None, and lists of these."""

UNREADABLE = (IndexError, KeyError, TypeError, ValueError)


def decode(ask: Ask[Any], reply: Reply) -> Any:
    """The answer; UnreadableRecord if there is something that no script of ours wrote."""
    try:
        return seen(ask, reply) if isinstance(ask, asks.Look) else ANSWERS[type(ask)](reply)
    except UNREADABLE as error:
        raise UnreadableRecord(f"the store holds something unreadable: {type(error).__name__}") from error


# ---- of one user ----------------------------------------------------------------------------------------------------


def _account(reply: Reply) -> asks.AccountRow | None:
    if not reply:
        return None
    found = _pairs(reply)
    return asks.AccountRow(
        generation=int(found[b"g"]),
        last_step=int(found[b"s"]),
        roster=found[b"r"],
        authenticators={name[1:].decode(): record for name, record in found.items() if name[:1] == b"a"},
        codes=frozenset(code for name, tails in found.items() if name[:1] == b"c" for code in _codes(name, tails)),
    )


def _codes(name: bytes, tails: bytes) -> Iterator[bytes]:
    """The codes of a part: its name has the length of the tails and what comes before each of them."""
    size, head = int.from_bytes(name[1:3]), name[4:]
    if size == 0 or len(tails) % size:
        raise ValueError
    return (head + tails[start : start + size] for start in range(0, len(tails), size))


def _pairs(reply: Reply) -> dict[bytes, bytes]:
    """Names and values, one after the other."""
    return dict(zip(reply[::2], reply[1::2], strict=True))


def _row(reply: Reply) -> tuple[bytes, bytes, bool, int, int, int] | None:
    if reply is None:
        return None
    digest, proven, opened_at, expires_at, used_at, record = reply
    if record is None:
        raise ValueError
    return digest, record, proven == b"1", int(opened_at), int(expires_at), int(used_at)


def _pass(reply: Reply) -> asks.PassRow | None:
    row = _row(reply)
    return None if row is None else asks.PassRow(*row)


def _browser(reply: Reply) -> asks.BrowserRow | None:
    row = _row(reply)
    if row is None:
        return None
    digest, record, _, opened_at, expires_at, used_at = row
    return asks.BrowserRow(digest, record, opened_at, expires_at, used_at)


def _setup(reply: Reply) -> asks.SetupRow | None:
    row = _row(reply)
    if row is None:
        return None
    digest, record, _, opened_at, expires_at, _ = row
    return asks.SetupRow(digest, record, opened_at, expires_at)


def _present(row: asks.SetupRow | None) -> asks.SetupRow:
    if row is None:
        raise ValueError
    return row


def seen(ask: asks.Look, reply: Reply) -> asks.Seen:
    """What a decision has read; ValueError or its like for what no script of ours wrote."""
    account, (pass_row, browser), (pass_used_at, browser_used_at) = reply
    return asks.Seen(_account(account), pass_of(ask, pass_row, pass_used_at), browser_of(ask, browser, browser_used_at))


def _browsers(reply: Reply) -> tuple[asks.BrowserRow, ...]:
    found = [row for row in map(_browser, reply) if row is not None]
    return tuple(sorted(found, key=lambda row: (-row.opened_at, row.digest)))


def _met(reply: Reply) -> dict[str, int]:
    return {rule.decode(): int(first) for rule, first in _pairs(reply).items()}


def _records(reply: Reply) -> asks.Records:
    account, passes, browsers, person, roles, failures, recovery_tries, (in_a_row, wait_until), met, log = reply
    parts = [iter(log)] * 4
    return asks.Records(
        account=_account(account),
        passes=tuple(row for row in map(_pass, passes) if row is not None),
        browsers=tuple(row for row in map(_browser, browsers) if row is not None),
        person=person,
        roles=roles,
        failures=_tries(failures),
        recovery_tries=_tries(recovery_tries),
        in_a_row=int(in_a_row or 0),
        wait_until=int(wait_until or 0),
        met=_met(met),
        log=tuple(asks.LogRow(name, int(at), int(ready), row) for name, at, ready, row in zip(*parts, strict=True)),
    )


def _tries(reply: Reply) -> dict[int, int]:
    return {int(at): int(times) for at, times in _pairs(reply).items()}


def _binding(reply: Reply) -> bytes | None:
    if reply is not None and not isinstance(reply, bytes):
        raise ValueError
    return reply


def _person(reply: Reply) -> asks.PersonRow | None:
    user, person, roles = reply
    return None if person is None else asks.PersonRow(UserKey(user.decode()), person, roles)


def _summary(reply: Reply) -> asks.Summary:
    account, user, person, roles, attempts, failures, browsers, passes, used_at, met = reply
    return asks.Summary(
        account=_account(account),
        person=_person((user, person, roles)),
        attempts=_outcome(attempts),
        failures=int(failures),
        browsers=int(browsers),
        passes=int(passes),
        used_at=int(used_at),
        met=_met(met),
    )


def _outcome(reply: Reply) -> Any:
    """A script that decides answers with the name of its outcome first."""
    match reply:
        case [b"attempt", at, left, waits_until, account, setup]:
            return asks.Attempt(int(at), int(left), int(waits_until), _account(account), _setup(setup))
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
            return asks.Begun(_present(_setup(setup)), is_new=True)
        case [b"found", setup]:
            return asks.Begun(_present(_setup(setup)), is_new=False)
        case [b"done"]:
            return asks.Done()
        case [b"absent"]:
            return asks.Absent()
        case [b"met", *times]:
            return asks.Met(_met(times))
        case _:
            raise ValueError


# ---- of the realm ---------------------------------------------------------------------------------------------------


def _roles(reply: Reply) -> tuple[asks.RoleRow, ...]:
    found = []
    for key, value in _pairs(reply).items():
        version, record = value.split(b" ", 1)
        found.append(asks.RoleRow(key.decode(), int(version), record))
    return tuple(sorted(found, key=lambda row: row.key))


def _people(reply: Reply) -> tuple[asks.PersonRow, ...]:
    return tuple(person for person in map(_person, reply) if person is not None)


def _users(reply: Reply) -> tuple[UserKey, ...]:
    return tuple(UserKey(user.decode()) for user in reply)


def _events(reply: Reply) -> tuple[asks.EventRow, ...]:
    found = []
    for position, entry in reply:
        part = _pairs(entry)
        user = UserKey(part[b"u"].decode())
        found.append(asks.EventRow(position.decode(), user, part[b"i"], int(part[b"a"]), part[b"r"]))
    return tuple(found)


def _counts(reply: Reply) -> tuple[asks.CountRow, ...]:
    found = []
    for field, count in _pairs(reply).items():
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
    asks.ReadSetup: _setup,
    asks.OpenPass: _outcome,
    asks.EndPass: _outcome,
    asks.TouchPass: _outcome,
    asks.ReadBrowsers: _browsers,
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
