"""``twofa check``: walk an app as its users would, before they do; and tell what a setting is, and where it comes from."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import click

from ..checking.house import opened
from ..checking.means import Kind, Means
from ..checking.order import order_of
from ..checking.step import Step
from ..checking.walk import walk
from ..errors import TwoFactorError
from ..proposing.words import NO_NAME
from ..references import read_secret
from ..settings import Settings
from ..target import SPELLINGS, TARGET, Colour, behind_gate, colour_of, is_gate, load_target, name_of_app
from .asking import EXIT_CODES, can_ask, operation
from .explaining import explained
from .output import NotDone, counted, plain, say, say_document

_MARKS = {"good": "ok      ", "problem": "PROBLEM ", "note": "note    "}
_SECRETS: dict[Kind, str] = {"cookie": "The cookies, as in a Cookie header", "bearer": "The token"}


@click.command(epilog=EXIT_CODES)
@click.argument("target", required=False, envvar=TARGET, metavar="[MODULE:APP]")
@click.option("--name", help="Which app of the settings it is; needed where there are several.")
@click.option("--user", help="Whom the test log-in is for: what that person types as the name.")
@click.option(
    "--json-body", is_flag=True, help="Log in by JSON, sent to the first log-in rule, instead of by the form."
)
@click.option("--basic", is_flag=True, help="Log in by Basic, on each request.")
@click.option("--bearer", is_flag=True, help="Log in by a token that is pasted, on each request.")
@click.option("--cookie", is_flag=True, help="Take the cookies of a browser that is logged in, pasted.")
@click.option("--fields", metavar="NAME,PASSWORD", help="The log-in's two fields, where the form does not tell.")
@click.option(
    "--secret", metavar="REFERENCE", help="Password, token or cookies, as env:NAME or file:path. Else: asked."
)
@click.option("--wsgi", "chosen", flag_value="wsgi", help="The app is WSGI; else it is looked at.")
@click.option("--asgi", "chosen", flag_value="asgi", help="The app is ASGI.")
@click.option("--explain", metavar="KEY", help="Tell what a setting is and where it comes from, and do nothing else.")
@operation
def check(
    path: Path,
    as_json: bool,
    target: str | None,
    explain: str | None,
    name: str | None,
    chosen: Colour | None,
    **how: Any,
) -> int:
    """Walk an app as its users would, with a test log-in.

    The app is loaded and asked in this process, behind the gate of your settings in mode enforce, over a store that is
    thrown away: nobody's second factor is touched. Its own data is its own: the log-in is a real one.
    """
    settings = Settings.load(path)
    if explain is not None:
        return _explain(settings, explain, as_json)
    if not target:
        raise click.UsageError(f"which app? Name it as {SPELLINGS}, or set {TARGET}")
    name = name_of_app(settings, name, "--name")
    means = _means(as_json, how)
    given = load_target(target, "check")
    app = behind_gate(given)
    colour = chosen or colour_of(app, target)
    if colour is None:
        raise click.UsageError(f"whether {target} is WSGI or ASGI cannot be told: say --wsgi or --asgi")
    order = order_of(app, is_gate)
    steps: list[Step] = []
    failure = None
    with _off_the_log(), opened(settings, name, app, asynchronous=colour == "asgi") as house:
        try:
            for step in _told(chain([order] if order else [], walk(house, means)), as_json):
                steps.append(step)
        except TwoFactorError as error:
            failure = str(error)
    gated_target = "" if app is given and order is None else target
    return _end(settings, name, steps, failure, as_json, gated_target)


@contextmanager
def _off_the_log() -> Iterator[None]:
    """A gate within the app, such as an entry of Django's MIDDLEWARE, would alarm people by the walk's wrong password."""
    logger = logging.getLogger("twofa_middleware.events")
    was_off, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = was_off


def _explain(settings: Settings, key: str, as_json: bool) -> int:
    found = explained(settings, key)
    if as_json:
        say_document({"settings": [one.document() for one in found]})
    else:
        say("\n\n".join(one.text() for one in found))
    return 0


def _means(as_json: bool, how: dict[str, Any]) -> Means:
    kinds: list[Kind] = [kind for kind in ("basic", "bearer", "cookie") if how[kind]]
    kinds += ["json"] * how["json_body"]
    if len(kinds) > 1:
        raise click.UsageError("one way to log in is enough: --json-body, --basic, --bearer or --cookie")
    kind: Kind = kinds[0] if kinds else "form"
    if kind in ("form", "json", "basic") and not how["user"]:
        raise click.UsageError("a test log-in is needed: --user NAME, or --cookie to paste that of a browser")
    fields = tuple(how["fields"].split(",")) if how["fields"] else None
    if fields is not None and (len(fields) != 2 or not all(fields)):
        raise click.UsageError("--fields takes two names: NAME,PASSWORD")
    if how["secret"]:
        secret = read_secret(how["secret"], Path.cwd(), "--secret")
    elif can_ask(as_json):
        secret = click.prompt(_SECRETS.get(kind, f"The password of {how['user']}"), hide_input=True, err=True)
    else:
        raise click.UsageError("nobody can be asked here: --secret env:NAME or file:path must be given")
    return Means(kind, secret, how["user"] or "", fields)


def _told(steps: Iterable[Step], as_json: bool) -> Iterator[Step]:
    """Each step, told as soon as it is there."""
    for step in steps:
        if not as_json:
            say(f"{_MARKS[step.verdict]}{step.name}")
            for line in step.seen:
                say(f"        {plain(line)}")
            if step.remedy and step.verdict == "problem":
                say(f"     -> {plain(step.remedy)}")
        yield step


def _end(
    settings: Settings, name: str, steps: list[Step], failure: str | None, as_json: bool, gated_target: str
) -> int:
    """``gated_target``: the target if it was an app that brings its own gate."""
    app = settings.apps[name]
    problems = sum(step.verdict == "problem" for step in steps)
    notes = [f"mode is {settings.mode_of(name)}: the gate refuses nothing yet"] * (settings.mode_of(name) != "enforce")
    notes += [f'name = "{NO_NAME}" is still that of a new file: write what people call the site'] * (
        settings.name == NO_NAME
    )
    notes += [
        f"{gated_target} brings a gate of its own: the app in it was walked, behind the gate of the check"
    ] * bool(gated_target)
    notes += [f"exempt: {rule} passes unseen, without cookies and Authorization" for rule in app.exempt]
    if as_json:
        document: dict[str, Any] = {
            "app": name,
            "steps": [{"name": s.name, "verdict": s.verdict, "seen": list(s.seen), "remedy": s.remedy} for s in steps],
            "notes": notes,
            "problems": problems,
        }
        if failure is not None:
            raise NotDone(failure, document)
        say_document(document)
    else:
        for note in notes:
            say(f"{_MARKS['note']}{note}")
        if failure is not None:
            raise NotDone(failure)
        say(f"{counted(problems, 'problem')} in {counted(len(steps), 'step')}")
    return 1 if problems else 0
