"""``twofa users``: people, and what the store knows of them; and how a person is named on a command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..accounts.administer import Overview, look_at
from ..accounts.people import MOST_LOOKED_AT, find_people, find_person, read_person
from ..asks import ReadPeople, Ready, Stopped, Waiting
from ..desk import Desk
from ..protocol import Flow, Person, user_id
from .asking import AT_MOST, EXIT_CODES, Caller, at_desk, checked, operation
from .output import NotDone, Row, iso, iso_or_none, say, say_document, table

Picked = TypeVar("Picked")
_PAGE = 100
_MOST_NAMED = 20


@click.command(epilog=EXIT_CODES)
@click.argument("pattern", required=False, callback=checked())
@click.option("--limit", type=AT_MOST, default=50, show_default=True, help="List so many at most.")
@click.option("--locked", is_flag=True, help="Only those whose codes are paused or stopped.")
@click.option("--off", is_flag=True, help="Only those whose two-factor authentication is off.")
@operation
def users(path: Path, as_json: bool, pattern: str | None, limit: int, locked: bool, off: bool) -> None:
    """List people, and what the store knows of them.

    PATTERN is the beginning of a name; % in it stands for any characters. Without a directory in the settings, only
    those are listed who were seen already.
    """
    with at_desk(path) as caller:
        now = caller.now

        def look(person: Person) -> Flow[Overview | None]:
            seen = yield from look_at(caller.desk, person, now)
            is_locked = not isinstance(seen.summary.attempts, Ready)
            return None if (locked and not is_locked) or (off and seen.is_on) else seen

        found = caller.ask(pick(caller.desk, pattern or "", look, limit + 1))
        if not found:
            shut = 0 if caller.desk.directory else caller.ask(_count_shut(caller.desk))
            are = f"{shut} people do" if shut != 1 else "1 person does"
            raise NotDone("nobody was found" + (f": {are} not open under this key ring" if shut else ""))
    more = len(found) > limit
    if as_json:
        say_document({"users": [as_document(caller.desk, one) for one in found[:limit]], "more": more})
        return
    say(table([_row(caller.desk, one) for one in found[:limit]], shrinks=("LOGS IN AS", "NAME")))
    if more:
        say(f"There are more than {limit}: give a PATTERN, or a higher --limit.", err=True)


def whom(caller: Caller, name: str, by_label: bool) -> Person:
    """The person whom the command line names; NotDone if there is not just this one."""
    return _labelled(caller, name) if by_label else _known(caller, name)


def shown(person: Person) -> str:
    """A person in a sentence."""
    return f"{person.label} (id {person.user})" if person.label else f"id {person.user}"


def pick(
    desk: Desk, pattern: str, look: Callable[[Person], Flow[Picked | None]], limit: int | None = None
) -> Flow[list[Picked]]:
    """What ``look`` makes of the people who fit, at most ``limit``; somebody of whom it makes None is left out."""
    picked: list[Picked] = []
    met: set[str] = set()
    after = ""
    while True:
        page = yield from find_people(desk, pattern, after, _PAGE)
        new = {person.user: person for person in page.people if person.user not in met}
        for person in new.values():
            met.add(person.user)
            found = yield from look(person)
            if found is not None:
                picked.append(found)
            if len(picked) == limit:
                return picked
        # A directory that takes no notice of the place would begin anew for ever.
        if not page.after or (page.people and not new):
            return picked
        after = page.after


def _count_shut(desk: Desk) -> Flow[int]:
    """Of how many people the store has a record that does not open, as far as ``MOST_LOOKED_AT`` goes."""
    shut, place = 0, None
    for _ in range(MOST_LOOKED_AT // _PAGE):
        rows = yield from ReadPeople(place, _PAGE)
        shut += sum(read_person(desk.sealer, row) is None for row in rows)
        if len(rows) < _PAGE:
            break
        place = rows[-1].user
    return shut


def as_document(desk: Desk, seen: Overview) -> dict[str, Any]:
    """A person with --json."""
    summary, account = seen.summary, seen.account
    return {
        "user": seen.person.user,
        "label": seen.person.label,
        "name": seen.person.name,
        "email": seen.person.email,
        "two_factor": _two_factor(seen),
        "since": iso_or_none(account.since) if account else None,
        "needs_code": bool(account and account.reset),
        "codes": {Ready: "ready", Waiting: "waiting", Stopped: "stopped"}[type(summary.attempts)],
        "waits_until": iso(summary.attempts.until) if isinstance(summary.attempts, Waiting) else None,
        "failures": summary.failures,
        "recovery_codes": account.codes_left(desk.sealer) if account else None,
        "browsers": summary.browsers,
        "passes": summary.passes,
        "used_at": iso_or_none(summary.used_at),
    }


def _two_factor(seen: Overview) -> str:
    if seen.account is None:
        return "unreadable"
    return "on" if seen.is_on else "off"


def _row(desk: Desk, seen: Overview) -> Row:
    said = as_document(desk, seen)
    codes = {"ready": "", "waiting": f"paused until {said['waits_until']}", "stopped": "stopped"}
    return {
        "USER": said["user"],
        "LOGS IN AS": said["label"],
        "NAME": said["name"],
        "2FA": "off, code needed" if said["needs_code"] else said["two_factor"],
        "SINCE": said["since"] or "",
        "CODES": codes[said["codes"]],
        "BROWSERS": said["browsers"],
        "LAST USED": said["used_at"] or "",
    }


def named(caller: Caller, name: str) -> Person:
    """The person with this id, whether or not anybody knows one; a usage error if it can be nobody's."""
    user = _user(name)
    return caller.ask(find_person(caller.desk, user)) or Person(user)


def _user(name: str) -> str:
    try:
        return user_id(name)
    except ValueError as error:
        raise click.UsageError(f"USER: {error}") from None


def _known(caller: Caller, name: str) -> Person:
    user = _user(name)
    person = caller.ask(find_person(caller.desk, user))
    if person is None:
        where = "the directory and the store know" if caller.desk.directory else "the store knows"
        raise NotDone(f'{where} nobody with the id "{user}"; to name people by what they log in as, add --label')
    return person


def _labelled(caller: Caller, label: str) -> Person:
    def look(person: Person) -> Flow[Person | None]:
        yield from ()
        return person if person.label == label else None

    found = caller.ask(pick(caller.desk, label, look))
    if not found:
        raise NotDone(f'nobody was found who logs in as "{label}"')
    if len(found) > 1:
        ids = ", ".join(person.user for person in found[:_MOST_NAMED])
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        raise NotDone(f'{len(found)} people log in as "{label}": name one by the id: {ids}{more}')
    return found[0]
