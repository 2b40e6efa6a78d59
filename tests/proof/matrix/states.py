"""The states in which somebody comes who may not pass, and how the gate has to refuse each.

A state is a context: within it, what it yields is somebody whose requests must not reach the app. What cannot be undone
(time that has passed, a key that is gone) stands at the end, since all states of a scene share its realm.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

from proof.matrix.scene import Scene
from support import portal
from support.administration import stop
from support.visitor import Visitor
from twofa_middleware.asks import EndPasses
from twofa_middleware.browser.cookies import TOKEN_BYTES, token
from twofa_middleware.desk import Desk
from twofa_middleware.protocol import Flow

Refusal = Literal["verify", "setup", "fault"]


@dataclasses.dataclass(frozen=True)
class State:
    """``refusal``: sent to the prompt, sent to the set-up, or 503. ``needs_session``: the state is one only where the
    resolver tells log-ins of a user apart."""

    name: str
    refusal: Refusal
    begins: Callable[[Scene], AbstractContextManager[Visitor]]
    needs_session: bool = False


STATES: list[State] = []


def state(refusal: Refusal, *, needs_session: bool = False) -> Callable[[Callable[[Scene], Iterator[Visitor]]], None]:
    def added(begins: Callable[[Scene], Iterator[Visitor]]) -> None:
        name = begins.__name__.replace("_", " ")
        STATES.append(State(name, refusal, contextmanager(begins), needs_session))

    return added


def key_of(scene: Scene, user: str) -> str:
    from twofa_middleware.keys_and_store import sealer_of

    return sealer_of(scene.stage.realm.settings).user_key(user)


def pass_cookie(visitor: Visitor) -> tuple[str, str]:
    return next((name, value) for name, value in visitor.cookies.items() if "2fa-pass-" in name)


def without_pass(visitor: Visitor) -> Visitor:
    """The browser has lost what the log-in itself may have brought."""
    visitor.cookies = {name: value for name, value in visitor.cookies.items() if "2fa-pass-" not in name}
    return visitor


@state("setup")
def not_enrolled_in_an_enforced_role(scene: Scene) -> Iterator[Visitor]:
    yield scene.somebody("chef")


@state("verify")
def enrolled(scene: Scene) -> Iterator[Visitor]:
    yield scene.elsewhere(scene.enrolled("erin"), "erin")


@state("verify")
def waiting(scene: Scene) -> Iterator[Visitor]:
    thief = scene.elsewhere(scene.enrolled("walt"), "walt")
    form = thief.filled()
    statuses = [thief.post("/2fa/verify", form | {"code": thief.wrong_code()}).status for _ in range(6)]
    assert statuses[-1] == 429, statuses
    yield thief


@state("verify")
def stopped(scene: Scene) -> Iterator[Visitor]:
    thief = scene.elsewhere(scene.enrolled("stan"), "stan")
    form = thief.filled()
    stop(scene.stage, "stan")
    assert thief.post("/2fa/verify", form).status == 429
    yield thief


@state("verify")
def pass_revoked(scene: Scene) -> Iterator[Visitor]:
    rita = scene.enrolled("rita")

    def act(desk: Desk) -> Flow[object]:
        return (yield from EndPasses(desk.sealer.user_key("rita"), scene.stage.clock.now))

    scene.stage.administer(act)
    yield rita


@state("verify")
def pass_of_another_user(scene: Scene) -> Iterator[Visitor]:
    name, value = pass_cookie(scene.enrolled("bob"))
    thief = scene.elsewhere(scene.enrolled("olga"), "olga", "login-1")
    thief.cookies[name] = value
    yield thief


@state("verify")
def pass_of_another_app(scene: Scene) -> Iterator[Visitor]:
    otto = scene.enrolled("otto", app="office")
    name, value = pass_cookie(otto)
    thief = scene.elsewhere(otto, "otto", "login-1")
    thief.cookies[name.replace("office", "shop")] = value
    yield thief


@state("verify", needs_session=True)
def pass_of_another_log_in(scene: Scene) -> Iterator[Visitor]:
    paul = scene.enrolled("paul")
    name, value = pass_cookie(paul)
    thief = scene.elsewhere(paul, "paul", "login-2")
    thief.cookies[name] = value
    yield thief


@state("verify")
def pass_made_up(scene: Scene) -> Iterator[Visitor]:
    mona = scene.enrolled("mona")
    name, value = pass_cookie(mona)
    made_up = token(b"x" * TOKEN_BYTES).decode()
    thief = scene.elsewhere(mona, "mona", "login-1")
    thief.cookies[name] = value[: -len(made_up)] + made_up
    assert len(thief.cookies[name]) == len(value)
    yield thief


@state("verify")
def enrolled_since(scene: Scene) -> Iterator[Visitor]:
    """Let in because nothing was needed, until the same user turned two-factor authentication on in another browser."""
    early = scene.somebody("nora")
    assert early.go("/home").body == b"secret page"
    scene.enrolled("nora")
    yield early


@state("setup")
def enforced_since_the_last_log_in(scene: Scene) -> Iterator[Visitor]:
    fred = scene.somebody("fred")
    assert fred.go("/home").body == b"secret page"
    portal.roles["fred"] = ["Chef"]
    later = scene.somebody("fred", "login-2")
    if scene.way.shows_session:
        later.cookies |= dict([pass_cookie(fred)])
    yield later


@state("fault")
def roles_unreadable(scene: Scene) -> Iterator[Visitor]:
    wendy = without_pass(scene.somebody("wendy"))
    portal.broken.add("roles")
    try:
        yield wendy
    finally:
        portal.broken.clear()


@state("fault")
def record_unreadable(scene: Scene) -> Iterator[Visitor]:
    una = scene.enrolled("una")
    with scene.stage.database() as db:
        changed = db.execute("UPDATE accounts SET roster = X'00' WHERE user = ?", [key_of(scene, "una")]).rowcount
    assert changed == 1
    yield una


@state("fault")
def secret_unreadable(scene: Scene) -> Iterator[Visitor]:
    thief = scene.elsewhere(scene.enrolled("sue"), "sue")
    with scene.stage.database() as db:
        key = key_of(scene, "sue")
        changed = db.execute("UPDATE authenticators SET record = X'00' WHERE user = ?", [key]).rowcount
    assert changed == 1
    yield thief


@state("fault")
def flags_unreadable(scene: Scene) -> Iterator[Visitor]:
    wilma = without_pass(scene.somebody("wilma"))
    scene.stage.enforce("Waiter")
    with scene.stage.database() as db:
        before = db.execute("SELECT * FROM roles").fetchall()
        changed = db.execute("UPDATE roles SET record = X'00'").rowcount
    assert changed == 1
    scene.stage.clock.on(3)
    try:
        yield wilma
    finally:
        with scene.stage.database() as db:
            db.execute("DELETE FROM roles")
            db.executemany(f"INSERT INTO roles VALUES ({', '.join('?' * len(before[0]))})", before)
        scene.stage.clock.on(3)


@state("fault")
def store_down(scene: Scene) -> Iterator[Visitor]:
    """Not even who has passed."""
    dora = scene.enrolled("dora")
    assert dora.fetch("/api/tasks").status == 200
    folder = scene.stage.realm.store_file.parent
    folder.rename(folder.with_name("away"))
    folder.touch()
    try:
        yield dora
    finally:
        folder.unlink()
        folder.with_name("away").rename(folder)


@state("verify")
def pass_expired(scene: Scene) -> Iterator[Visitor]:
    xena = scene.enrolled("xena")
    scene.stage.clock.on(24 * 3600 + 1)
    scene.way.enter(scene, xena, "xena", "login-1")
    yield xena
