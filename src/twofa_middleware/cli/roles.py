"""``twofa roles``: which roles there are, who has them, and whom they stop, or would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..accounts.forecast import Forecast, Standing, forecasts, roles_known
from ..accounts.rules import key_of, read_rules
from ..desk import Desk
from ..policy.enforcement import Rule
from ..protocol import Flow
from ..settings.reading import did_you_mean
from .asking import EXIT_CODES, at_desk, checked, operation
from .output import NotDone, Row, iso_or_none, say, say_document, table


@dataclass(frozen=True, slots=True)
class _Role:
    """``rule`` is None for a role that is not enforced."""

    name: str
    rule: Rule | None
    expected: Forecast


@click.command(epilog=EXIT_CODES)
@click.argument("name", required=False, callback=checked())
@operation
def roles(path: Path, as_json: bool, name: str | None) -> None:
    """List roles: who has them, and whom they would stop; with NAME, the people who have this one.

    STOPPED counts those who have no second factor and no grace: whom the role stops at the next log-in, or would if it
    were enforced now. Without a directory in the settings, people and roles are those last seen.
    """
    with at_desk(path) as caller:
        now = caller.now
        known = caller.ask(roles_known(caller.desk))
        if name is not None:
            refuse_unknown(caller.desk, name, known)
        found = caller.ask(_read(caller.desk, known if name is None else (name,), now))
    if not found:
        raise NotDone("there is no role: no directory names one, and nobody was seen with one")
    documents = [_document(caller.desk, role, now) for role in found]
    if name is not None:
        documents[0]["members"] = [_member(one) for one in found[0].expected.people]
    if as_json:
        say_document({"roles": documents})
        return
    say(table([_row(document) for document in documents], shrinks=("ROLE",)))
    if name is not None and documents[0]["members"]:
        say("\n" + table([_member_row(one) for one in documents[0]["members"]], shrinks=("LOGS IN AS", "NAME", "BY")))


def refuse_unknown(desk: Desk, role: str, known: Sequence[str], remedy: str = "") -> None:
    """NotDone for a role that nobody has ever heard of: a slip of the pen, most likely. ``remedy``: what may be done
    where no directory names the roles."""
    if role in known:
        return
    by = "" if desk.directory else "; the settings name no directory, and nobody was seen with such a role"
    raise NotDone(f'no role "{role}" is known{did_you_mean(role, known)}{by}{f": {remedy}" if by and remedy else ""}')


def figures(expected: Forecast, now: int) -> dict[str, int]:
    """The forecast in numbers, with --json."""
    return {
        "people": len(expected.people) + expected.left_out,
        "through_groups": expected.through_groups,
        "enrolled": expected.enrolled,
        "stopped": len(expected.stopped(now)),
        "left_out": expected.left_out,
    }


def _read(desk: Desk, names: Sequence[str], now: int) -> Flow[list[_Role]]:
    """Each role with its forecast; one that is not enforced is looked at as if it were, from now on."""
    rules = yield from read_rules(desk)
    asked = [rules.get(name) or Rule(name, key_of(desk, name), now) for name in names]
    found = yield from forecasts(desk, asked, now)
    return [_Role(name, rules.get(name), expected) for name, expected in zip(names, found, strict=True)]


def _document(desk: Desk, role: _Role, now: int) -> dict[str, Any]:
    return {
        "role": role.name,
        "enforced": role.rule is not None,
        "pinned": role.name in desk.pinned,
        "since": iso_or_none(role.rule.since) if role.rule else None,
        "grace_days": role.rule.grace_days if role.rule else 0,
        **figures(role.expected, now),
    }


def _row(said: dict[str, Any]) -> Row:
    return {
        "ROLE": said["role"],
        "ENFORCED": "pinned" if said["pinned"] else "yes" if said["enforced"] else "no",
        "SINCE": said["since"] or "",
        "GRACE DAYS": said["grace_days"] or "",
        "PEOPLE": said["people"],
        "BY GROUPS": said["through_groups"],
        "ENROLLED": said["enrolled"],
        "STOPPED": said["stopped"],
    }


def _member(one: Standing) -> dict[str, Any]:
    person = one.member.person
    return {
        "user": person.user,
        "label": person.label,
        "name": person.name,
        "through": list(one.member.through),
        "enrolled": one.is_enrolled,
        "until": iso_or_none(one.until),
    }


def _member_row(said: dict[str, Any]) -> Row:
    return {
        "USER": said["user"],
        "LOGS IN AS": said["label"],
        "NAME": said["name"],
        "BY": ", ".join(said["through"]),
        "2FA": "on" if said["enrolled"] else "off",
        "MAY WAIT UNTIL": "" if said["enrolled"] else said["until"] or "",
    }
