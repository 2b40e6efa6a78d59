"""With a Redis, requests that are known ask it nothing, and a pass that is ended elsewhere is over at once. Attacks 6, 111."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.both_ways import Gated
from support.gates import realm_on
from support.redis_servers import Server, a_server, new_realm, wait_until
from support.visitor import Visitor
from twofa_middleware.asgi import TwoFactorMiddleware as ForAsgi
from twofa_middleware.asks import EndPasses
from twofa_middleware.drive import drive
from twofa_middleware.wiring import open_desk
from twofa_middleware.wsgi import TwoFactorMiddleware as ForWsgi

LOOKS = ("evalsha", "eval", "get", "hget", "hmget", "hgetall", "fcall")
SECONDS = 20


@pytest.fixture(scope="module")
def redis() -> Iterator[Server]:
    with a_server() as server:
        yield server


Opens = Callable[[], Gated]


@pytest.fixture(params=["wsgi", "asgi"])
def opens(request: pytest.FixtureRequest, tmp_path: Path, redis: Server) -> Iterator[Opens]:
    """Each call is another process of the same realm."""
    with ExitStack() as ending:
        realm = realm_on(tmp_path, redis.url, new_realm())

        def opens() -> Gated:
            made = Gated(ForWsgi if request.param == "wsgi" else ForAsgi, request.param, realm, None)
            ending.callback(made.close)
            wait_until(lambda: made.hot.mark() is not None, "it hears the Redis", SECONDS)
            return made

        yield opens


def questions(redis: Server) -> int:
    """How many commands that read records the server has run."""
    lines = redis.say("INFO", "commandstats").decode().splitlines()
    calls = [line for line in lines if line.startswith(tuple(f"cmdstat_{name}:" for name in LOOKS))]
    return sum(int(line.partition("calls=")[2].partition(",")[0]) for line in calls)


def is_known(shop: Gated, visitor: Visitor) -> bool:
    decided = shop.decided
    assert visitor.go("/home").status == 200
    return shop.decided == decided


def test_a_known_request_asks_the_server_nothing(opens: Opens, redis: Server) -> None:
    shop = opens()
    erin = shop.known()

    def ask_nothing() -> bool:
        """A busy machine may have been silent for a moment, or the courier may have had something to carry."""
        before = questions(redis)
        return all(is_known(shop, erin) for _ in range(50)) and questions(redis) == before

    wait_until(ask_nothing, "50 requests were answered without a question", SECONDS)


def ended_by_a_desk(shop: Gated, other: Gated, erin: Visitor) -> None:
    desk, answers = open_desk(shop.realm.settings)
    drive(EndPasses(desk.user_key("erin"), shop.realm.clock.now).__iter__(), answers.answer)
    answers.close()


def logged_out_in_another_process(shop: Gated, other: Gated, erin: Visitor) -> None:
    assert erin.at(other.exchange, erin.origin, "shop").go("/logout", "POST").status < 400


def disabled_in_another_process(shop: Gated, other: Gated, erin: Visitor) -> None:
    assert erin.at(other.exchange, erin.origin, "shop").confirm("codes").status == 200


@pytest.mark.parametrize("end", [ended_by_a_desk, logged_out_in_another_process, disabled_in_another_process])
def test_a006_a_pass_that_is_ended_elsewhere_is_over(
    opens: Opens, end: Callable[[Gated, Gated, Visitor], None]
) -> None:
    shop, other = opens(), opens()
    erin = shop.known()
    before = dict(erin.cookies)
    wait_until(lambda: is_known(shop, erin), "she is known", SECONDS)
    end(shop, other, erin)
    erin.cookies = dict(before)

    def is_over() -> bool:
        status = erin.go("/home").status
        erin.cookies = dict(before)
        return status == 303

    wait_until(is_over, "it was over", SECONDS)


def test_a115_an_emptied_server_lets_nobody_by(opens: Opens, redis: Server) -> None:
    shop = opens()
    erin = shop.known()
    wait_until(lambda: is_known(shop, erin), "she is known", SECONDS)
    redis.say("FLUSHALL")
    wait_until(lambda: erin.go("/home").status == 503, "it was closed", SECONDS)
    calls = len(shop.spy.calls)
    assert erin.go("/home").status == 503
    assert len(shop.spy.calls) == calls
