"""What people speak with their apps besides pages, on the servers that they use: any verb, parts of files, uploads and
downloads of any size, streams. Attacks 11, 15, 105 and 106.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from support.doors import ADAPTERS
from support.realm import session_cookie
from support.servers import Pairs, Server, read_all, read_answer
from support.site import DOWNLOAD_BYTES, ETAG, PIECE, RESOURCE
from support.town import MACHINE_SECONDS, Town, town_with

GUNICORN = ("gunicorn", "--bind=127.0.0.1:{port}", "--keep-alive=5", "--no-control-socket")
UVICORN = ("uvicorn", "support.asgi_site:application", "--port={port}", "--no-access-log")
WATER = "--outbuf-high-watermark=1048576"  # of its own, waitress keeps up to 16 MB for a client that reads slowly
COMMANDS: dict[str, tuple[str, ...]] = {
    "waitress": ("waitress", "--listen=127.0.0.1:{port}", WATER, "support.wsgi_site:application"),
    "gunicorn sync": (*GUNICORN, "support.wsgi_site:application"),
    "gunicorn gthread": (*GUNICORN, "--worker-class=gthread", "--threads=4", "support.wsgi_site:application"),
} if "wsgi" in ADAPTERS else {}  # fmt: skip
if "asgi" in ADAPTERS:
    COMMANDS["uvicorn"] = UVICORN
WENDY = [("Cookie", f"session={session_cookie('wendy')}")]
ERIN = [("Cookie", f"session={session_cookie('erin', 'login-9')}")]
MOST_GROWTH_KILOBYTES = 30 * 1024


@pytest.fixture(scope="module", params=COMMANDS)
def town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with town_with(tmp_path_factory.mktemp("server"), *COMMANDS[request.param]) as town:
        yield town


def asked(server: Server, method: str, headers: Pairs) -> tuple[int, dict[str, str], bytes]:
    """One exchange with ``/resource``, as it stands on the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    with server.connect() as connection:
        connection.sendall(
            f"{method} /resource HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n".encode()
        )
        head, _, body = read_all(connection).partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    said = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest)}
    return int(first.split()[1]), said, body


VERBS = ["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "OPTIONS", "DELETE"]


@pytest.mark.parametrize("verb", VERBS)
def test_a011_every_verb_reaches_the_app_for_who_may_pass_and_for_nobody_else(verb: str, town: Town) -> None:
    status, said, body = asked(town.server, verb, WENDY)
    assert (status, said["x-method"]) == (207, verb)
    assert f"<{verb}/>".encode() in body
    before = town.server.calls()
    assert asked(town.server, verb, ERIN)[0] == 403
    assert town.server.calls() == before


def test_a_head_has_the_head_and_no_body(town: Town) -> None:
    status, said, body = asked(town.server, "HEAD", WENDY)
    assert (status, said["content-length"], said["etag"], body) == (200, str(len(RESOURCE)), ETAG, b"")


def test_a_part_of_a_file_is_just_that_part(town: Town) -> None:
    status, said, body = asked(town.server, "GET", [*WENDY, ("Range", "bytes=100-299")])
    assert (status, said["content-range"], body) == (206, f"bytes 100-299/{len(RESOURCE)}", RESOURCE[100:300])


def test_what_the_browser_has_already_is_not_sent_again(town: Town) -> None:
    status, said, body = asked(town.server, "GET", [*WENDY, ("If-None-Match", ETAG)])
    assert (status, said["etag"], body) == (304, ETAG, b"")


@pytest.mark.parametrize("conditions", [("Range", "bytes=100-299"), ("If-None-Match", ETAG)])
def test_a011_no_condition_goes_round_the_gate(conditions: tuple[str, str], town: Town) -> None:
    before = town.server.calls()
    status, said, body = asked(town.server, "GET", [*ERIN, conditions])
    assert (status, said["content-type"]) == (403, "application/problem+json")
    assert RESOURCE[100:300] not in body
    assert town.server.calls() == before


def test_a105_a_chunked_upload_passes_whole_and_is_not_kept_in_memory(town: Town) -> None:
    before = int(town.server.ask("GET", "/peak", WENDY)[2])
    pieces = (PIECE for _ in range(DOWNLOAD_BYTES // len(PIECE)))
    assert town.server.ask("POST", "/upload", WENDY, pieces)[2] == str(DOWNLOAD_BYTES).encode()
    assert int(town.server.ask("GET", "/peak", WENDY)[2]) - before < MOST_GROWTH_KILOBYTES


FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.mark.parametrize(
    ("pieces", "ends"),
    [([b"action=", b"save"], False), ([b"action=", b"logout"], True), ([b"text=", *([PIECE] * 32)], True)],
    ids=["another", "log-out", "too long to be read"],
)
def test_a079_a_chunked_form_is_read_for_a_rule_and_reaches_the_app_whole(
    pieces: list[bytes], ends: bool, town: Town
) -> None:
    somebody = town.newcomer()
    answer = town.server.ask("POST", "/leave", [*somebody.cookies, FORM], iter(pieces))
    assert (answer[0], answer[2]) == (200, b"%d" % sum(map(len, pieces)))
    assert town.server.ask("GET", "/upload", somebody.cookies)[0] == (403 if ends else 200)


EXPECTS = "POST /upload HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n{}: {}\r\n\r\n"


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(town: Town) -> None:
    with town.server.connect() as connection:
        connection.sendall(EXPECTS.format(*WENDY[0]).encode())
        answer = connection.recv(25)
        connection.sendall(b"hello")
        answer += read_all(connection)
    assert answer.startswith(b"HTTP/1.1 100 ")
    assert answer.endswith(b"\r\n\r\n5")


def test_a106_who_may_not_pass_is_told_so_before_the_body_or_after_it(town: Town) -> None:
    before = town.server.calls()
    with town.server.connect() as connection:
        connection.sendall(EXPECTS.format(*ERIN[0]).encode())
        answer = connection.recv(65536)
        if answer.startswith(b"HTTP/1.1 100 "):
            connection.sendall(b"hello")  # waitress asks by itself
            answer += read_answer(connection)
    assert b"HTTP/1.1 403 " in answer
    assert town.server.calls() == before


def test_a015_a_stream_ends_at_the_next_chunk_after_its_pass(town: Town) -> None:
    somebody = town.newcomer()
    with town.server.connect() as connection:
        [(name, value)] = somebody.cookies
        connection.sendall(f"GET /news HTTP/1.1\r\nHost: localhost\r\n{name}: {value}\r\n\r\n".encode())
        got = b""
        while b"data: secret" not in got:
            got += connection.recv(65536)
        town.end_all_of(somebody)
        ended = time.monotonic()
        while not got.endswith(b"0\r\n\r\n"):
            piece = connection.recv(65536)
            assert piece, "the stream was broken off, not ended"
            got += piece
        assert time.monotonic() - ended < 2 + MACHINE_SECONDS
    assert b"transfer-encoding: chunked" in got.lower()
    assert town.server.ask("GET", "/news", somebody.cookies)[0] == 403


def test_no_server_had_an_error_to_tell(town: Town) -> None:
    assert "Traceback" not in town.server.log()
