"""Two requests at once with one cookie, under a resolver that asks the app: none waits for what the other holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from servers.commands import GATED
from servers.site import Wire, prepare
from support.exchange import Reply
from support.servers import running

ASKED = {
    "use": "probe",
    "page": "/me",
    "cookies": ["session"],
    "format": "text",
    "user": "I am (.+)",
    "anonymous": {"status": 401},
}
APP = """
import time

def app(environ, start_response):
    time.sleep(0.2)  # as one that asks a database
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "9")])
    return [b"I am erin"]
"""


@pytest.mark.parametrize("kind", [["--threads=4"], ["--worker-class=gevent"], ["--worker-class=gevent_pywsgi"]])
def test_two_requests_at_once_are_answered(tmp_path: Path, kind: list[str]) -> None:
    (tmp_path / "slow.py").write_text(APP)
    environ = prepare(tmp_path, shop={"identity": [ASKED]})
    with running(tmp_path, *GATED, *kind, "slow:app", environ=environ) as server, ThreadPoolExecutor() as browsers:

        def come(number: int) -> Reply:
            return Wire(server.port).request("GET", f"/{number}", [("Cookie", "session=s1")])

        assert [reply.text for reply in browsers.map(come, range(4))] == ["I am erin"] * 4
    assert "Traceback" not in server.log(), server.log()
