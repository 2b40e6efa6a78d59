"""What is said to Redis to answer a question: as a rule one script; two, where the user has to be marked before.

A change that may write events marks its user in an index first, since a sweeper finds the events by it, and the index
lies in another slot than the user's keys. If nothing comes after the mark, it points to nothing, which does no harm.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from .. import asks
from ..protocol import Ask, UserKey
from .redis_encoding import encode
from .redis_keys import binding_keys, index_keys, keys_of, letter_of, realm_keys
from .redis_scripts import script_of
from .redis_steps import FENCE, Conversation, Fence


def run(name: str, keys: tuple[str, ...], question: Any, *more: bytes | Fence) -> Conversation:
    """Run a script, and tell it to a server that does not know it."""
    from redis.exceptions import NoScriptError

    script, arguments = script_of(name), (len(keys), *keys, encode(question), *more)
    try:
        return (yield ("EVALSHA", script.sha, *arguments))
    except NoScriptError:  # then nothing has run
        return (yield ("EVAL", script.text, *arguments))


def ask_of_a_user(realm: str, ask: Any) -> Conversation:
    """A question about one user."""
    more: list[bytes | Fence] = [(yield from _mark(realm, ask))]
    if isinstance(ask, asks.SpendStep):
        more.append(FENCE)
    return (yield from run(type(ask).__name__, keys_of(realm, ask.user), ask, *more))


def ask_of_the_realm(realm: str, ask: Any) -> Conversation:
    """A question about the realm as a whole."""
    marked_at = yield from _mark(realm, ask)
    return (yield from run(type(ask).__name__, realm_keys(realm), ask, marked_at))


def ask_of_a_binding(realm: str, ask: Any) -> Conversation:
    """A question about a cookie. Nothing has to find it, so it stands in no index."""
    return run(type(ask).__name__, binding_keys(realm, ask.key), ask)


def acknowledge(realm: str, ask: asks.Acknowledge) -> Conversation:
    """A write of one user, or of the realm, that has no effect."""
    return run("Acknowledge", keys_asked(realm, ask), ask)


def keys_asked(realm: str, ask: Any) -> tuple[str, ...]:
    """The keys of the user, or of the cookie, that a question is about, or of the realm."""
    if isinstance(ask, asks.BeginLogin | asks.Unbind):
        return binding_keys(realm, ask.key)
    user: UserKey = getattr(ask, "user", asks.REALM)
    return realm_keys(realm) if user == asks.REALM else keys_of(realm, user)


def reseal(realm: str, ask: asks.Reseal) -> Conversation:
    """The realm has flags and nothing else, which stand in a key of another kind."""
    if ask.user == asks.REALM:
        return (yield from run("ResealFlags", realm_keys(realm), ask))
    return (yield from run("Reseal", keys_of(realm, ask.user), ask))


BEGINNERS = (
    asks.TakeAttempt,
    asks.TakeRecoveryAttempt,
    asks.TurnOn,
    asks.ResetAccount,
    asks.MeetRules,
    asks.WriteRecords,
)
"""What may be the first that is ever written of a user, also without notes. A code is spent only where there is an
account, which was begun by one of these; of a set-up that was begun and left nothing has to be found."""


def _may_begin(ask: Ask[Any]) -> bool:
    return isinstance(ask, BEGINNERS) or (isinstance(ask, asks.OpenPass) and ask.generation == 0)


def _mark(realm: str, ask: Ask[Any]) -> Generator[tuple[Any, ...], Any, bytes]:
    """Put the user into the index if he may not stand there yet; answers when, by the index's server, or nothing."""
    notes: asks.Notes | None = getattr(ask, "notes", None)
    user: UserKey = ask.user  # type: ignore[attr-defined]
    has_events = notes is not None and any(notes.rows.values())
    has_events = has_events or (isinstance(ask, asks.WriteRecords) and bool(ask.records.log))
    is_seen = notes is not None and (notes.person is not None or notes.roles is not None)
    is_a_user = user != asks.REALM and (has_events or is_seen or _may_begin(ask))
    if not has_events and not is_a_user:
        return b""
    entry = {"user": user, "has_events": has_events, "is_a_user": is_a_user}
    marked_at: bytes = yield from run("mark", index_keys(realm, letter_of(user)), entry)
    return marked_at
