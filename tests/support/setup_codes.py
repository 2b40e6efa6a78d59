"""The one-time code without which nobody sets up where the settings want one, as the command line makes it."""

from __future__ import annotations

from support.realm import Realm
from twofa_middleware.accounts.administer import Actor, CodeMade, let_set_up, look_at
from twofa_middleware.drive import drive
from twofa_middleware.protocol import Person
from twofa_middleware.wiring import open_desk


def setup_code(realm: Realm, user: str) -> str:
    """A code for somebody's first set-up; empty where the settings want none."""
    if not realm.settings.first_setup_needs_code:
        return ""
    desk, answers = open_desk(realm.settings)
    now = realm.clock.now
    try:
        seen = drive(look_at(desk, Person(user), now), answers.answer)
        made = drive(let_set_up(desk, Actor("1", "ada"), seen, "a new colleague", now), answers.answer)
    finally:
        answers.store.close()  # type: ignore[attr-defined]
    assert isinstance(made, CodeMade)
    return made.code
