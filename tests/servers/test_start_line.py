"""What a start tells, also where nobody has set logging up, and that it is told once."""

from __future__ import annotations

from pathlib import Path

import pytest

from servers.commands import ASGI, ASGI_DOOR, GATED, GUNICORN, WSGI, WSGI_DOOR
from servers.site import prepare
from support.servers import running

IS_ON = "shop: the gate is on; mode enforce; store sqlite; identity by signed_cookie"
BY_TARGET = {
    "gunicorn": ((*GUNICORN, WSGI_DOOR), "shop_here:wsgi"),
    "waitress": (("waitress", "--listen=127.0.0.1:{port}", WSGI_DOOR), "shop_here:wsgi"),
    "uvicorn": (("uvicorn", ASGI_DOOR, "--port={port}"), "shop_here:asgi"),
}
PLAIN = "from support.shop import asgi, wsgi\n"
WITH_LOGGING = f"import logging\nlogging.basicConfig(level=logging.INFO)\n{PLAIN}"
WITH_WARNINGS = f"import logging\nlogging.basicConfig(level=logging.WARNING)\n{PLAIN}"


@pytest.mark.parametrize(("shop", "times"), [(PLAIN, 1), (WITH_LOGGING, 1), (WITH_WARNINGS, 0)])
@pytest.mark.parametrize("server", BY_TARGET)
def test_a_start_says_once_that_the_gate_is_on(tmp_path: Path, server: str, shop: str, times: int) -> None:
    """Who has set logging up to show less than that, is not told on another way."""
    (tmp_path / "shop_here.py").write_text(shop)
    command, target = BY_TARGET[server]
    with running(tmp_path, *command, environ=prepare(tmp_path) | {"TWOFA_TARGET": target}) as running_server:
        assert running_server.ask("GET", "/")[0] == 200
        assert running_server.log().count(IS_ON) == times


@pytest.mark.parametrize("more", [(WSGI,), ("--worker-class=asgi", ASGI)])
def test_gunicorn_s_configuration_says_it_by_gunicorn_s_log_alone(tmp_path: Path, more: tuple[str, ...]) -> None:
    with running(tmp_path, *GATED, *more, environ=prepare(tmp_path)) as server:
        assert server.ask("GET", "/")[0] == 200
        assert server.log().count("shop is behind the gate; mode enforce") == 1
        assert IS_ON not in server.log()
