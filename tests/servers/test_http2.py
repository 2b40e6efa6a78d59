"""The story over HTTP/2, where browsers may send each cookie as a field of its own (RFC 9113 §8.2.3)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from servers.commands import ASGI, ASGI_DOOR, CERTIFIED, GATED, GRANIAN, HYPERCORN, WSGI, WSGI_DOOR, Way
from servers.site import prepare, sent_to, visitor_by
from support.exchange import Pairs, Reply
from support.servers import Server, running
from support.tls_proxy import Authority

BY_GUNICORN = (*GATED, *CERTIFIED, "--http-protocols=h2")
BY_GRANIAN = (*GRANIAN, "--ssl-certificate=127.0.0.1.pem", "--ssl-keyfile=127.0.0.1.key", "--http=2")
WAYS = {
    "hypercorn": ("http", Way(HYPERCORN, ASGI)),
    "granian asgi": ("http", Way((*GRANIAN, "--interface=asgi", ASGI_DOOR), ASGI)),
    "granian wsgi": ("http", Way((*GRANIAN, "--interface=wsgi", WSGI_DOOR), WSGI)),
    "hypercorn, tls": ("https", Way((*HYPERCORN, *CERTIFIED), ASGI)),
    "granian asgi, tls": ("https", Way((*BY_GRANIAN, "--interface=asgi", ASGI_DOOR), ASGI)),
    "granian wsgi, tls": ("https", Way((*BY_GRANIAN, "--interface=wsgi", WSGI_DOOR), WSGI)),
    "gunicorn gthread, tls": ("https", Way((*BY_GUNICORN, "--worker-class=gthread", "--threads=4", WSGI))),
    "gunicorn asgi, tls": ("https", Way((*BY_GUNICORN, "--worker-class=asgi", ASGI))),
}


class Wire:
    """One connection on which all requests go; each cookie is a field of its own."""

    name = "http2"

    def __init__(self, address: str, trusts: ssl.SSLContext) -> None:
        self.client = httpx2.Client(base_url=address, verify=trusts, http1=False, http2=True, timeout=20)

    def request(
        self,
        method: str,
        target: str,
        headers: Pairs | None = None,
        body: Any = b"",
        *,
        root: str = "",
        server: dict[str, Any] | None = None,
    ) -> Reply:
        sent = []
        for name, value in headers or []:
            sent += [(name, part) for part in (value.split("; ") if name == "Cookie" else [value])]
        self.client.cookies.clear()  # the visitor keeps them
        got = self.client.request(method, root + target, headers=sent, content=body or None)
        assert got.http_version == "HTTP/2"
        return Reply(got.status_code, got.headers.multi_items(), got.content)


@pytest.fixture(scope="module", params=WAYS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Wire]]:
    folder: Path = tmp_path_factory.mktemp("server")
    authority = Authority(folder)
    authority.papers("127.0.0.1")
    scheme, way = WAYS[request.param]
    with running(folder, *way.command, environ=prepare(folder) | way.environ) as server:
        wire = Wire(f"{scheme}://127.0.0.1:{server.port}", ssl.create_default_context(cafile=authority.certificate))
        with wire.client:
            yield server, wire
    assert "Traceback" not in server.log(), server.log()


def test_who_has_a_second_factor_is_asked(served: tuple[Server, Wire]) -> None:
    server, wire = served
    erin = visitor_by(wire)
    assert sent_to(erin.post("/login", {"user": "erin"})) == (303, "/")
    erin.cookies |= {"theme": "dark", "basket": "7"}
    erin.set_up()
    assert len(erin.codes) == 10
    assert erin.go("/").text == "the secret page of erin"
    facts = erin.go("/facts").text
    assert '"protocol": "HTTP/2' in facts
    assert all(f"{name}=" in facts for name in ("theme", "basket", "session"))
    assert "2fa-" not in facts

    other = erin.elsewhere()
    other.cookies["theme"] = "dark"
    assert sent_to(other.post("/login", {"user": "erin"})) == (303, "/2fa/verify")
    before = server.calls()
    assert sent_to(other.go("/")) == (303, "/2fa/verify")
    assert other.fetch("/facts").status == 403
    assert other.fetch("/facts", "DELETE").status == 403
    assert server.calls() == before
    other.recover(erin.codes[0])
    assert other.go("/").text == "the secret page of erin"


def test_two_sessions_in_one_request_are_refused(served: tuple[Server, Wire]) -> None:
    server, wire = served
    dora, carl = (visitor_by(wire) for _ in range(2))
    dora.post("/login", {"user": "dora"})
    carl.post("/login", {"user": "carl"})
    before = server.calls()
    both = [("Cookie", f"session={dora.cookies['session']}; session={carl.cookies['session']}")]
    assert wire.request("GET", "/", both).status == 400
    assert server.calls() == before
