"""A form of the app's that carries a check box of ours: what it asks for is looked at before the app is called, and done
after the app has said that it has saved its own part.

Before: our fields are taken out, the token vouches for what was shown, the administrator's factor is fresh, and nothing
has moved since. After: one compare-and-set. Nothing here switches a second factor on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..accounts.administer import Actor, SwitchedOff, disable, enforce, look_at
from ..accounts.people import find_person
from ..accounts.rules import Flag, key_of, read_flags
from ..asks import Done, Moved, ReadBody
from ..browser.origin import leads_below
from ..errors import BadRequest
from ..http import Headers
from ..pages.admin import door
from ..protocol import Flow
from .bodies import is_form, strip
from .controls import Scene
from .rules import InsertRule
from .shown import Shown, read_shown

BODY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Intent:
    """What the form asks us to do, once the app has accepted its part."""

    rule: InsertRule
    shown: Shown


@dataclass(frozen=True, slots=True)
class Read:
    """The form as the app gets it, and what it asks of us, None for nothing."""

    body: bytes
    intent: Intent | None


class OutOfDate(BadRequest):
    """Something has moved since the form was drawn, so that nobody knows what is meant. The app was not called."""

    def __init__(self) -> None:
        super().__init__(
            409,
            "Nothing has been saved: this form is out of date, or two-factor authentication was changed in the "
            "meantime. Go back, load the page again and send it once more.",
        )


@dataclass(frozen=True, slots=True)
class MustProve:
    """The administrator has to show a factor first. The app was not called."""


def read_form(scene: Scene, rule: InsertRule, parts: Mapping[str, str]) -> Flow[Read | MustProve | None]:
    """Look at the form before the app is called; None if the request carries no form of a browser."""
    request, site = scene.request, scene.site
    kinds = request.values(b"content-type")
    if len(kinds) != 1 or not is_form(kinds[0]):
        return None
    codings = request.values(b"content-encoding")
    body = yield from ReadBody(site.app.form_limit_bytes, BODY_SECONDS)
    stripped = strip(kinds[0], b",".join(codings) if codings else None, body)
    fields = stripped.ours
    if "state" not in fields:
        return Read(stripped.body, None)
    digest = scene.access.pass_digest
    shown = read_shown(site, scene.login, request.path, digest, fields, request.now) if digest else None
    if shown is None or shown.what != rule.what:
        raise OutOfDate
    if rule.source == "path" and (yield from rule.target_of(parts, {}, None)) != shown.target:
        raise OutOfDate
    wants_on = "on" in fields
    if wants_on == shown.is_on or (shown.what == "user-checkbox" and not shown.is_on):
        return Read(stripped.body, None)
    if not (yield from door.is_administrator(site, scene.login, request)):
        raise OutOfDate
    if not door.is_fresh(site, scene.access, request.now):
        return MustProve()
    if not (yield from _is_as_shown(scene, shown)):
        raise OutOfDate
    return Read(stripped.body, Intent(rule, shown))


def _is_as_shown(scene: Scene, shown: Shown) -> Flow[bool]:
    desk = scene.site.desk
    if shown.what == "role-checkbox":
        flags = yield from read_flags(desk)
        flag = flags.get(shown.target)
        return shown.target not in desk.pinned and (flag.version if flag else 0) == shown.version
    person = yield from find_person(desk, shown.target)
    if person is None or person.user == scene.login.user:  # nobody acts on themselves by such a form
        return False
    seen = yield from look_at(desk, person, scene.request.now)
    return seen.is_on and seen.generation == shown.version


def is_accepted(scene: Scene, rule: InsertRule, status: int, headers: Headers) -> bool:
    """Whether the app has saved its part, by the sign that the settings give."""
    accepted = rule.accepted
    if accepted is None or status != accepted.status:
        return False
    if rule.saved_at is None:
        return True
    below = leads_below(headers, scene.site.app.origins, scene.request.quoted_root)
    return below is not None and rule.saved_at.matches("GET", below)


def carry_out(scene: Scene, intent: Intent) -> Flow[SwitchedOff | Done | Moved]:
    """Do what the form asked for. Moved: something was quicker, and nothing has been done."""
    desk, shown, now = scene.site.desk, intent.shown, scene.request.now
    actor = Actor(scene.login.user, scene.login.label)
    if shown.what == "role-checkbox":
        flags = yield from read_flags(desk)
        grace_days = flags.get(shown.target, Flag(shown.target, key_of(desk, shown.target))).grace_days
        return (
            yield from enforce(
                desk,
                actor,
                shown.target,
                shown.version,
                is_enforced=not shown.is_on,
                grace_days=grace_days,
                now=now,
            )
        )
    person = yield from find_person(desk, shown.target)
    if person is None:
        return Moved()
    seen = yield from look_at(desk, person, now)
    if seen.generation != shown.version:
        return Moved()
    done = yield from disable(desk, actor, seen, f"In a form of {scene.site.label}", now)
    return done if isinstance(done, SwitchedOff) else Moved()
