"""``twofa enforce``: the flag on a role, set after a look at whom it would stop."""

from __future__ import annotations

from pathlib import Path

import click

from ..accounts import administer
from ..accounts.forecast import Forecast, forecast, roles_known
from ..accounts.rules import Flag, key_of, read_flags
from ..asks import REALM, Acknowledge, Moved
from ..desk import Desk
from ..moving.carrying import one
from ..policy.enforcement import MOST_GRACE_DAYS, Rule
from .asking import EXIT_CODES, Caller, actor, at_desk, checked, confirm, need, operation
from .output import NotDone, plain, say, say_document
from .people import shown
from .roles import figures, refuse_unknown

_MOST_NAMED = 10


@click.command(epilog=EXIT_CODES)
@click.argument("role", callback=checked())
@click.option(
    "--grace-days",
    type=click.IntRange(0, MOST_GRACE_DAYS),
    help="So long the set-up may be put off. Not given: as before, or no grace for a role that was not enforced.",
)
@click.option("--clear", is_flag=True, help="Demand it no longer.")
@click.option("--unseen", is_flag=True, help="Without a directory: ROLE is right, though nobody was seen with it yet.")
@click.option("--yes", is_flag=True, help="Do not ask whether it shall be done; needed without a terminal.")
@operation
def enforce(path: Path, as_json: bool, role: str, grace_days: int | None, clear: bool, unseen: bool, yes: bool) -> None:
    """Demand a second factor of those who have ROLE, directly or through groups.

    It is told first whom that would stop today. Only a role that is known can be enforced, since one that was mistyped
    would demand nothing of anybody: one that the directory names, or, without a directory in the settings, that
    somebody was seen with (else say --unseen). Roles that the settings pin are changed there.
    """
    need(yes=yes, as_json=as_json)
    if clear and grace_days is not None:
        raise click.UsageError("--grace-days says nothing with --clear")
    with at_desk(path) as caller:
        desk, now = caller.desk, caller.now
        flag = _flag(caller, role, unseen)
        days = _grace(flag, clear) if grace_days is None else grace_days
        rule = Rule(role, flag.key, flag.since if flag.is_enforced else now, days)
        expected = caller.ask(forecast(desk, rule, now))
        if not as_json:
            say(plain(_told(desk, role, expected, now, days, clear)))
        is_changed = clear == flag.is_enforced or (not clear and days != flag.grace_days)
        if is_changed and not yes:
            confirm(plain(f'Demand it of "{role}" no longer?' if clear else f'Enforce the role "{role}"?'))
        if is_changed:
            _set(caller, flag, days, is_enforced=not clear)
        else:
            caller.ask(one(Acknowledge(REALM)))  # it may have been set by what was refused because it may not last
    if as_json:
        said = {"role": role, "enforced": not clear, "grace_days": days, "changed": is_changed}
        say_document({**said, "forecast": figures(expected, now)})
        return
    state = "is not enforced" if clear else f"is enforced, with {days} days of grace" if days else "is enforced"
    begins = "in sessions that run, too" if desk.settings.enforcement.starts == "now" else "from the next log-in on"
    say(plain(f'"{role}" {state}{"" if clear else f", {begins}"}{"" if is_changed else ": as it was before"}.'))


def _flag(caller: Caller, role: str, unseen: bool) -> Flag:
    """The flag as it is now; NotDone for a role whose flag is not to be set here."""
    desk = caller.desk
    if role in desk.pinned:
        raise NotDone(
            f'"{role}" is pinned, and so enforced without grace: change `pinned` under `enforcement` in '
            f"{desk.settings.source}"
        )
    if not (unseen and desk.directory is None):
        refuse_unknown(desk, role, caller.ask(roles_known(desk)), "if the name is right, add --unseen")
    return caller.ask(read_flags(desk)).get(role, Flag(role, key_of(desk, role)))


def _grace(flag: Flag, clear: bool) -> int:
    """The days where none are given: those that are set, so that enforcing twice takes nobody's grace away."""
    return flag.grace_days if flag.is_enforced and not clear else 0


def _set(caller: Caller, flag: Flag, days: int, *, is_enforced: bool) -> None:
    """Set the flag, if it is still the one that the forecast was for."""
    done = caller.ask(
        administer.enforce(
            caller.desk,
            actor(),
            flag.role,
            flag.version,
            is_enforced=is_enforced,
            grace_days=days,
            now=caller.now,
        )
    )
    if isinstance(done, Moved):
        raise NotDone(f'"{flag.role}" was changed by somebody else at this very moment; look, and try again')


def _told(desk: Desk, role: str, expected: Forecast, now: int, days: int, clear: bool) -> str:
    """The forecast in words."""
    if not expected.people:
        has = "has" if desk.directory else "was seen with"
        return f'Nobody {has} the role "{role}": today it demands nothing of anybody. Is the name right?'
    said = figures(expected, now)
    text = (
        f'"{role}": {said["people"]} have it, {said["through_groups"]} through groups; '
        f"{said['enrolled']} have a second factor."
    )
    if clear:
        return text
    stopped = expected.stopped(now)
    names = ", ".join(shown(one.member.person) for one in stopped[:_MOST_NAMED])
    more = f" and {len(stopped) - _MOST_NAMED} more" if len(stopped) > _MOST_NAMED else ""
    text += f" It would stop {len(stopped)} today: {names}{more}." if stopped else " It would stop nobody today."
    waiting = said["people"] - expected.left_out - said["enrolled"] - len(stopped)
    text += f" {waiting} more have their grace of {days} days." if waiting else ""
    return text + (f" {expected.left_out} were not looked at." if expected.left_out else "")
