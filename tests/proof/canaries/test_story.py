"""A whole story with secrets that occur nowhere by chance: they are in no log, header, address, event, counter, command,
nor in the store, which knows nobody by name either. Attack 119.
"""

from __future__ import annotations

from contextlib import closing

import redis

from proof.canaries.conftest import ADA, ERIN, PASSWORD, Scene
from proof.canaries.monitor import Monitored
from support.canaries import CANARIES
from support.receiver import eventually
from support.telling import TOLD
from support.visitor import Visitor
from twofa_middleware.asks import ReadCounts
from twofa_middleware.wiring import open_desk


def whole_story(scene: Scene) -> list[Visitor]:
    """Set-up, prompt, remembered browser, recovery, new codes, an administrator's acts, log-out, Disable; right and wrong."""
    stage = scene.stage
    erin = stage.visitor(ERIN)
    erin.fill(erin.go("/2fa/setup"), "/setup", code=erin.wrong_code())
    erin.set_up()
    assert len(erin.codes) == 10
    stage.clock.on(30)
    erin.log_in(ERIN, "login-of-canary-2")
    erin.go("/home")
    erin.verify(erin.wrong_code())
    assert erin.verify(remember="1").status == 303
    erin.go("/home")
    erin.log_in(ERIN, "login-of-canary-3")
    erin.go("/home")  # remembered
    other = erin.elsewhere()
    other.log_in(ERIN, "login-of-canary-4")
    other.recover("0000-0000-0000-0000")
    assert other.recover(erin.codes[0]).status == 303
    stage.clock.on(30)
    other.confirm("codes")
    stage.clock.on(30)
    ada = stage.visitor(ADA)
    ada.set_up()
    for page in ("", "/users", f"/user?id={ERIN}", "/roles", "/events"):
        assert ada.go(f"/2fa/admin{page}").status == 200
    stage.clock.on(30)
    other.fill(other.go("/2fa/account"), "/logout")
    other.log_in(ERIN, "login-of-canary-5")
    other.verify()
    stage.clock.on(30)
    assert other.confirm("disable").status in (200, 303)
    return [erin, other, ada]


def test_a119_nothing_of_a_whole_story_is_told_or_stored(scene: Scene) -> None:
    monitor = Monitored(scene.server, PASSWORD) if scene.server else None
    people = whole_story(scene)
    seen = [one.go("/2fa/health") for one in people]
    assert {reply.status for reply in seen} <= {200, 404}
    kept = len(CANARIES.kinds)
    assert kept > 40, "the story has made no secrets"
    assert {*CANARIES.kinds.values()} >= {"cookie", "token", "TOTP key", "recovery code", "code", "naming key"}

    events = scene.stage.events()
    assert len(events) > 15
    assert CANARIES.find("\n".join(map(repr, events)), short=True) == []

    eventually(lambda: len(scene.receiver.accepted) > 5)
    posts = "\n".join(f"{post.path} {post.headers} {post.body!r}" for post in scene.receiver.posts)
    assert CANARIES.find(posts, short=True) == []

    _, answers = open_desk(scene.stage.realm.settings)
    with closing(answers):
        counts = answers.answer(ReadCounts(0))
    assert CANARIES.find(repr(counts), short=True) == []
    assert TOLD.lines
    assert any(ERIN in line for line in TOLD.lines), "events name people, so they would have named more"

    stored = scene.stored()
    assert sum(map(len, stored)) > 2000
    for piece in stored:
        assert CANARIES.find(piece) == []
        assert scene.names.find(piece) == []

    if scene.server and monitor:
        said = monitor.end(scene.server)
        assert said.count(b'"EVALSHA"') + said.count(b'"evalsha"') > 20, "the monitor has seen the story"
        assert CANARIES.find(said) == []
        assert scene.names.find(said) == []


def test_a119_the_monitor_shows_what_goes_over_the_wire(scene: Scene) -> None:
    """Were a secret said to the Redis, be it in a script, it would be found."""
    if scene.server is None:
        return
    canary = "a-canary-that-goes-over-the-wire"
    CANARIES.keep("secret", canary)
    monitor = Monitored(scene.server, PASSWORD)
    with redis.Redis.from_url(scene.url) as client:
        client.eval("return redis.call('SET', KEYS[1], ARGV[1])", 1, "any", canary)
    assert CANARIES.find(monitor.end(scene.server))
