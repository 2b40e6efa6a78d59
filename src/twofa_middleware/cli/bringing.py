"""What ``twofa import`` and ``twofa restore`` do with a realm's file: look it through, ask, bring it in, and tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from ..asks import CheckStore
from ..moving.bringing import Brought, Outcome, Plan, bring_events, bring_user
from ..moving.carrying import one, pages_of_events, tell_of_file
from ..moving.checking import checked_file, checked_header, entries_in
from ..moving.entries import EndEntry, EventsEntry, RoleEntry, UserEntry
from ..moving.flags import BroughtFlag, bring_role
from ..protocol import Person, UserKey
from .asking import Caller, at_desk, confirm, need
from .output import NotDone, counted, iso, plain, say, say_document
from .passphrases import Progress, passphrase_of_file
from .people import shown

_MOST_NAMED = 20
_FRESH_SECONDS = 15 * 60
_CLOCKS_APART_SECONDS = 60
_WORDS = {
    Outcome.WRITTEN: "brought in",
    Outcome.REPLACED: "put in the place of others",
    Outcome.THERE: "there already",
    Outcome.DROPPED: "there already, and without the recovery codes of the file now",
    Outcome.KEPT: "left as they are, since there is another one",
    Outcome.NEWER: "left as they are, since they may have changed after the file was made",
    Outcome.UNREADABLE: "do not open under the realm's keys",
    Outcome.CHANGED: "changed at this very moment",
}
_LEFT = (Outcome.KEPT, Outcome.NEWER, Outcome.UNREADABLE, Outcome.CHANGED)


@dataclass
class Tally:
    """What has become of what is in the file, users and ``flags`` on roles. ``named``: who was left out, and who was put in the place of another one, by
    outcome. ``codes``: how many have recovery codes that may have been used; ``with_codes``: who, if that is asked for. ``closed``: who
    needs another one-time code of an administrator."""

    users: Counter[Outcome] = field(default_factory=Counter)
    roles: Counter[Outcome] = field(default_factory=Counter)
    flags: list[BroughtFlag] = field(default_factory=list)
    events: int = 0
    codes: int = 0
    closed: list[Person] = field(default_factory=list)
    named: dict[Outcome, list[Person]] = field(default_factory=dict)
    with_codes: list[Person] = field(default_factory=list)


def bring_file(
    path: Path,
    as_json: bool,
    source: Path,
    passphrase_at: Path | None,
    yes: bool,
    plan: Plan,
    lists: bool = False,
    *,
    takes_old: bool = False,
) -> None:
    """Do as the plan says with the file. ``takes_old``: an import, too, may be of a file that is not fresh."""
    if not plan.is_dry:
        need(yes=yes, as_json=as_json)
    with at_desk(path) as caller, source.open("rb") as file:
        header = checked_header(caller.desk, file)
        plan = replace(plan, made_at=header.made_at)
        if not takes_old and not plan.is_dry:
            _check_age(plan, caller.now, is_asked=not yes)
        passphrase = passphrase_of_file(passphrase_at, as_json)
        end = checked_file(caller.desk, file, passphrase)
        caller.ask(one(CheckStore()))
        made_at = iso(header.made_at)
        if not yes and not plan.is_dry:
            verb = "Restore" if plan.restores else "Bring in"
            confirm(
                f"{verb} {counted(end.users, 'user')}, flags on {counted(end.roles, 'role')} and "
                f"{counted(end.events, 'event')} of the realm "
                f"{caller.settings.realm}, as they were at {made_at}?"
            )
        tally = _bring(caller, file, passphrase, end, plan, as_json or lists)
        if not plan.is_dry:
            caller.ask(
                tell_of_file(
                    caller.desk,
                    "realm imported",
                    plan.actor,
                    caller.now,
                    by="restore" if plan.restores else "import",
                    made_at=made_at,
                    users=tally.users[Outcome.WRITTEN] + tally.users[Outcome.REPLACED],
                )
            )
    document = _document(tally, plan, made_at)
    if not as_json:
        _tell(tally, plan, made_at, lists)
    left = sum(tally.users[one] + tally.roles[one] for one in _LEFT)
    if left:
        raise NotDone(_left_out(tally, left, plan), document)
    if as_json:
        say_document(document)


def _check_age(plan: Plan, now: int, *, is_asked: bool) -> None:
    """An import lets everything go on: of an old file also what was ended since, such as the passes of a thief."""
    age = now - plan.made_at
    made_at = iso(plan.made_at)
    if age < -_CLOCKS_APART_SECONDS:
        said = f"the file was made at {made_at}, and the clock of this machine is behind that, at {iso(now)}"
        if plan.restores:
            say(f"twofa: warning: {said}: with a wrong clock, codes that were used may be accepted again", err=True)
            return
        remedy = "set it; or, if the clock was wrong where the file was made, give --old-file"
    elif age > _FRESH_SECONDS and not plan.restores:
        said = (
            f"the file was made {age // 60} minutes ago, at {made_at}: passes that were ended since then would go on, and "
            "recovery codes and codes that were used since would be accepted again"
        )
        remedy = "after a loss take twofa restore; to move, export anew; if nothing has changed since, give --old-file"
    else:
        return
    if not is_asked:
        raise NotDone(f"{said}; {remedy}")
    say(f"Beware: {said}; {remedy}.")
    confirm("Bring it in nonetheless?")


def _bring(caller: Caller, file: BinaryIO, passphrase: str, end: EndEntry, plan: Plan, names: bool) -> Tally:
    tally = Tally()
    known = {row.id for page in pages_of_events(caller.ask) for row in page}
    with Progress("users and events", end.users + end.events) as progress:
        for entry in entries_in(file, passphrase):
            match entry:
                case UserEntry(user):
                    brought = caller.ask(bring_user(caller.desk, plan, entry, caller.now))
                    _count(tally, user, brought, names)
                    progress.step()
                case RoleEntry():
                    flag = caller.ask(bring_role(caller.desk, plan, entry, caller.now))
                    tally.roles[flag.outcome] += 1
                    tally.flags.append(flag)
                case EventsEntry(rows):
                    tally.events += caller.ask(bring_events(entry, known, plan))
                    progress.step(len(rows))
                case EndEntry():
                    pass
    return tally


def _count(tally: Tally, user: UserKey, brought: Brought, names: bool) -> None:
    tally.users[brought.outcome] += 1
    # The store may know an account and not who it is.
    person = brought.person or Person("", label=f"unknown, {user} in the store")
    if brought.outcome in (*_LEFT, Outcome.REPLACED):
        tally.named.setdefault(brought.outcome, []).append(person)
    if brought.is_closed:
        tally.closed.append(person)
    if brought.codes:
        tally.codes += 1
        if names:
            tally.with_codes.append(person)


def _document(tally: Tally, plan: Plan, made_at: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "made_at": made_at,
        "dry_run": plan.is_dry,
        "users": {outcome.value: tally.users[outcome] for outcome in Outcome},
        "roles": {outcome.value: tally.roles[outcome] for outcome in Outcome},
        "flags": [
            {"role": flag.role, "outcome": flag.outcome.value, "enforced": flag.is_enforced, "weaker": flag.is_weaker}
            for flag in tally.flags
        ],
        "events": tally.events,
        "left": [shown(person) for outcome in _LEFT for person in tally.named.get(outcome, ())],
        "newer": _people(tally.named.get(Outcome.NEWER, ())),
        "replaced": _people(tally.named.get(Outcome.REPLACED, ())),
        "closed": _people(tally.closed),
    }
    if plan.restores:
        document["codes"] = _people(tally.with_codes)
    return document


def _people(people: Iterable[Person]) -> list[dict[str, str]]:
    return [{"user": person.user, "label": person.label} for person in people]


def _tell(tally: Tally, plan: Plan, made_at: str, lists: bool) -> None:
    if plan.is_dry:
        say("Nothing was changed. What would happen:")
    for one_of, many, counts in (("user", "users", tally.users), ("flag on a role", "flags on roles", tally.roles)):
        for outcome, word in _WORDS.items():
            if counts[outcome]:
                say(f"{counted(counts[outcome], one_of, many)}: {word}")
    say(f"{counted(tally.events, 'event')}: {_WORDS[Outcome.WRITTEN]}")
    for flag in tally.flags:
        if flag.outcome is not Outcome.THERE:
            say(f"role {plain(flag.role or 'that is not known')}: {_of_flag(flag)}")
    for outcome in (Outcome.REPLACED, Outcome.NEWER):
        if people := tally.named.get(outcome):
            say(f"{_WORDS[outcome]}: {plain(_names(people))}")
    if tally.closed:
        say(f"need another one-time code, by twofa setup-code: {plain(_names(tally.closed))}")
    if not plan.restores:
        return
    if tally.codes:
        say(
            f"{counted(tally.codes, 'user has', 'users have')} recovery codes that they, or somebody else, may have used "
            f"since {made_at}, and that would be accepted again. "
            + ("" if lists else "--list names them. ")
            + "To drop them, now or later, run it with --without-codes."
        )
    for person in tally.with_codes:
        say(f"recovery codes: {plain(shown(person))}")


def _of_flag(flag: BroughtFlag) -> str:
    if flag.is_weaker:
        return "left as strict as it is in the store; twofa enforce changes it"
    if flag.outcome in _LEFT:
        return _WORDS[flag.outcome]
    return "enforced" if flag.is_enforced else "not enforced"


def _left_out(tally: Tally, left: int, plan: Plan) -> str:
    people = [person for outcome in _LEFT for person in tally.named.get(outcome, ())]
    said = f"{left} of the file {'would be' if plan.is_dry else 'were'} left out"
    if people:
        said += f": {_names(people)}"
    weaker = sum(flag.is_weaker for flag in tally.flags)
    if not plan.replaces and tally.users[Outcome.KEPT] + tally.roles[Outcome.KEPT] > weaker:
        said += "; --replace puts what the file has in the place of what is there"
    if tally.users[Outcome.NEWER]:
        said += (
            f"; {tally.users[Outcome.NEWER]} may have changed after the file was made, and are never overwritten: "
            "disable them if they should set up anew"
        )
    if weaker:
        said += f"; {weaker} flags on roles are stricter in the store, and stay so: twofa enforce changes them"
    return said


def _names(people: Sequence[Person]) -> str:
    more = f" and {len(people) - _MOST_NAMED} more" if len(people) > _MOST_NAMED else ""
    return ", ".join(shown(person) for person in people[:_MOST_NAMED]) + more
