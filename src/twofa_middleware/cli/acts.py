"""``twofa disable``, ``setup-code``, ``unlock`` and ``forget``: what administrators do to one person. Nothing here switches anything on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from ..accounts import administer
from ..accounts.administer import AlreadyOn, CodeMade, NotOn, SwitchedOff
from ..protocol import Person
from .asking import EXIT_CODES, Caller, actor, ask_reason, at_desk, checked, confirm, need, operation
from .output import NotDone, plain, say, say_document
from .people import named, shown, whom

Command = TypeVar("Command", bound=Callable[..., Any])
Act = Callable[[Caller, Person, str], dict[str, Any]]


def _act(command: Command) -> Command:
    """What an act on one person is told."""
    for option in (
        click.option("--yes", is_flag=True, help="Do not ask whether it shall be done; needed without a terminal."),
        click.option(
            "--reason",
            callback=checked(administer.MOST_REASON),
            help="Why; the event keeps it. Asked for on a terminal, else needed.",
        ),
        click.option("--label", "by_label", is_flag=True, help="USER is what the person logs in as, and not the id."),
        click.argument("user", callback=checked()),
        operation,
    ):
        command = option(command)
    return command


@click.command(epilog=EXIT_CODES)
@_act
def disable(path: Path, as_json: bool, user: str, by_label: bool, reason: str | None, yes: bool) -> None:
    """Switch somebody's two-factor authentication off, such as after a lost phone.

    Every session and browser of theirs has to begin anew. With after_reset = "code" in the settings, the one-time code
    for their next set-up is printed; it is shown this once.
    """

    def act(caller: Caller, person: Person, reason: str) -> dict[str, Any]:
        now = caller.now
        seen = caller.ask(administer.look_at(caller.desk, person, now))
        done = caller.ask(administer.disable(caller.desk, actor(), seen, reason, now))
        match done:
            case SwitchedOff(code):
                return {"code": code or None}
            case NotOn():
                raise NotDone(f"there is nothing to switch off: {shown(person)} has no second factor")
            case _:
                raise NotDone(f"the account of {shown(person)} was changed at this very moment; look, and try again")

    question = "Switch two-factor authentication off for {}, and forget all remembered browsers?"
    _do(path, as_json, user, by_label, reason, yes, question, "switched off for {}", act)


@click.command("setup-code", epilog=EXIT_CODES)
@click.option("--unseen", is_flag=True, help="USER is an id, of somebody who has not been here yet.")
@_act
def setup_code(
    path: Path, as_json: bool, user: str, by_label: bool, reason: str | None, yes: bool, unseen: bool
) -> None:
    """Make the one-time code that somebody without a second factor needs to set one up.

    With first_setup = "code" in the settings (as in the profile strict) nobody sets one up without. It is shown this once,
    works once, and makes one that was made before worthless.
    """
    if unseen and by_label:
        raise click.UsageError("--unseen and --label do not go together: who was never here is named by their id")

    def act(caller: Caller, person: Person, reason: str) -> dict[str, Any]:
        now = caller.now
        seen = caller.ask(administer.look_at(caller.desk, person, now))
        match caller.ask(administer.let_set_up(caller.desk, actor(), seen, reason, now)):
            case CodeMade(code):
                return {"code": code}
            case AlreadyOn():
                raise NotDone(f"{shown(person)} has a second factor; switch it off first, if it is lost")
            case _:
                raise NotDone(f"the account of {shown(person)} was changed at this very moment; look, and try again")

    question = "Make a one-time code for {}, without which they cannot set anything up?"
    _do(path, as_json, user, by_label, reason, yes, question, "one-time code made for {}", act, unseen=unseen)


@click.command(epilog=EXIT_CODES)
@_act
def unlock(path: Path, as_json: bool, user: str, by_label: bool, reason: str | None, yes: bool) -> None:
    """Let somebody try codes again, whose codes are paused or stopped after too many wrong ones."""

    def act(caller: Caller, person: Person, reason: str) -> dict[str, Any]:
        caller.ask(administer.unlock(caller.desk, actor(), person, reason, caller.now))
        return {}

    _do(path, as_json, user, by_label, reason, yes, "Let {} try codes again?", "unlocked: {}", act)


@click.command(epilog=EXIT_CODES)
@_act
def forget(path: Path, as_json: bool, user: str, by_label: bool, reason: str | None, yes: bool) -> None:
    """End every pass of somebody, and forget the browsers that they had remembered, such as after a theft.

    Their second factor stays: they are asked for a code again, everywhere.
    """

    def act(caller: Caller, person: Person, reason: str) -> dict[str, Any]:
        caller.ask(administer.forget(caller.desk, actor(), person, reason, caller.now))
        return {}

    question = "End every pass of {}, and forget their browsers?"
    _do(path, as_json, user, by_label, reason, yes, question, "passes ended and browsers forgotten: {}", act)


def _do(
    path: Path,
    as_json: bool,
    user: str,
    by_label: bool,
    reason: str | None,
    yes: bool,
    question: str,
    told: str,
    act: Act,
    *,
    unseen: bool | None = None,
) -> None:
    """Find the person, ask, act, and tell. ``unseen``: whether it is somebody who was never here, where that may be."""
    need(yes=yes, reason=reason, as_json=as_json)
    with at_desk(path) as caller:
        try:
            person = named(caller, user) if unseen else whom(caller, user, by_label)
        except NotDone as error:
            if unseen is None or by_label:
                raise
            raise NotDone(f"{error}; for somebody who was never here, add --unseen") from None
        name = plain(shown(person))
        why = ask_reason(f"{name}: for which reason?") if reason is None else reason
        if not yes:
            confirm(question.format(name))
        done = act(caller, person, why)
    if as_json:
        say_document({"user": person.user, "label": person.label, **done})
        return
    say(told.format(name))
    if done.get("code"):
        say(f"One-time code for the next set-up, shown this once: {done['code']}")
