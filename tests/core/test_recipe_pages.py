"""What the recipes say that no test can do: what is installed, and what stands in front of the server."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from support.recipes import RECIPES, lines_of, program_of

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in RECIPES.glob("*.md"))
COLOURS = {"gunicorn": "wsgi", "waitress-serve": "wsgi", "uvicorn": "asgi", "hypercorn": "asgi", "granian": "asgi"}
CHECKOUT = re.compile(r'pip install "/path/to/checkout\[([a-z,]+)\]"')


def text_of(page: str) -> str:
    return (RECIPES / f"{page}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_what_is_installed_is_an_extra_that_there_is_and_that_the_first_server_needs(page: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    [line] = [line for line in lines_of(page) if program_of(line) == "pip"]
    found = CHECKOUT.fullmatch(line)
    assert found is not None, line
    named = found[1].split(",")
    assert set(named) <= set(extras)
    servers = [COLOURS[program_of(line)] for line in lines_of(page) if program_of(line) in COLOURS]
    assert not servers or servers[0] in named
    for other in set(servers) - set(named):
        assert f"[{other}] for" in text_of(page), f"{page}: a server for {other} is not installed"


@pytest.mark.parametrize("page", [page for page in PAGES if "```nginx" in text_of(page)])
def test_nginx_serves_the_address_that_origins_name_and_sets_no_header_that_logs_in(page: str) -> None:
    """A header that a proxy sets is believed by `header` and `remote_user`, for which it needs other lines."""
    [server] = re.findall(r"```nginx\n(.*?)```", text_of(page), re.DOTALL)
    [name] = re.findall(r"server_name (\S+);", server)
    documents = [tomllib.loads(toml) for toml in re.findall(r"```toml\n(.*?)```", text_of(page), re.DOTALL)]
    assert {"origins": [f"https://{name}"]} in documents
    resolvers = {one["use"] for toml in documents for app in toml.get("apps", {}).values() for one in app["identity"]}
    assert not resolvers & {"header", "remote_user"}
    headers = set(re.findall(r"proxy_set_header (\S+)", server))
    assert headers <= {"Host", "X-Forwarded-Proto", "X-Forwarded-For", "X-Forwarded-Host"}
    assert "Neither `Host` nor `X-Forwarded-*` decides anything here" in text_of(page)
