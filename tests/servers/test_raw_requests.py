"""The same bytes to every server: it decides the same on each, and nobody reaches the app without a pass.

Attacks 6, 11, 25, 26, 91, 92, 93, 103 and 106.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from servers.raw import TORN, Ends, Raw, names_of
from servers.raw_bodies import FRAMING
from servers.raw_connections import BY_NOBODY, REFUSED
from servers.raw_headers import COOKIES, HEADERS, SOCKETS
from servers.raw_requests import LINES, PATHS
from servers.raw_servers import Everywhere, everywhere


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everywhere]:
    with everywhere(tmp_path_factory.mktemp("servers")) as servers:
        yield servers
        # Also of what reached the app late, when its sender had gone.
        assert [call for call in servers.calls() if "sam" in call.people or call.path == "/smuggled"] == []


def ends_as_written(servers: Everywhere, raw: Raw) -> None:
    """Send it everywhere, and compare what becomes of it, and what the app sees of it, with what is written down."""
    got = servers.send(raw.bytes_sent, raw.until)
    broken = {name for name, by in got.items() for outcome in by.values() if outcome.is_fault}
    assert broken == set(names_of(raw.fails_at))
    if raw.torn:
        for server, outcomes in got.items():
            for outcome, may_be in zip(outcomes.values(), TORN, strict=True):
                assert outcome.who in may_be, (server, outcomes)
        return
    ends = {server: Ends(*(outcome.who for outcome in outcomes.values())) for server, outcomes in got.items()}
    assert ends == {server: raw.ends_at(server) for server in got}
    for server, outcomes in got.items():
        for call in outcomes["verified"].calls:
            assert (call.method, call.path, call.query, call.body) == raw.seen_at(server), server
            assert not call.has_ours or raw.shows_ours, server


@pytest.mark.parametrize("name", LINES)
def test_a006_a011_a_request_line_ends_the_same_everywhere(name: str, servers: Everywhere) -> None:
    ends_as_written(servers, LINES[name])


@pytest.mark.parametrize("name", PATHS)
def test_a006_a_path_ends_the_same_everywhere(name: str, servers: Everywhere) -> None:
    ends_as_written(servers, PATHS[name])


@pytest.mark.parametrize("name", HEADERS)
def test_a011_a025_a_header_ends_the_same_everywhere(name: str, servers: Everywhere) -> None:
    ends_as_written(servers, HEADERS[name])


@pytest.mark.parametrize("name", SOCKETS)
def test_a013_a014_an_upgrade_ends_the_same_everywhere(name: str, servers: Everywhere) -> None:
    ends_as_written(servers, SOCKETS[name])


@pytest.mark.parametrize("name", COOKIES)
def test_a026_a091_a092_a093_cookies_end_the_same_everywhere(name: str, servers: Everywhere) -> None:
    ends_as_written(servers, COOKIES[name])


@pytest.mark.parametrize("name", FRAMING)
def test_a103_a106_a_body_ends_the_same_everywhere(name: str, servers: Everywhere) -> None:
    ends_as_written(servers, FRAMING[name])


@pytest.mark.parametrize("name", REFUSED)
def test_a106_whatever_comes_after_or_in_a_refused_request_is_none_that_reaches_the_app(
    name: str, servers: Everywhere
) -> None:
    for server, (_, calls) in servers.talk(REFUSED[name], "password alone").items():
        assert [(call.path, call.people) for call in calls] in ([], [("/next", ())]), server


@pytest.mark.parametrize("name", BY_NOBODY)
def test_a026_a106_a_cookie_in_the_trailers_is_decided_about_or_not_seen(name: str, servers: Everywhere) -> None:
    for server, (_, calls) in servers.talk(BY_NOBODY[name], "password alone").items():
        assert {call.people for call in calls} <= {()}, server
