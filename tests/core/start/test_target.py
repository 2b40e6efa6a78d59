"""Which app the environment names, of which colour it is, and what is said where that cannot be used."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.realm import make_realm
from twofa_middleware.errors import ConfigError
from twofa_middleware.target import (
    colour_of,
    gated,
    load_target,
    name_of_app,
    served,
    served_or_ended,
    settings_of_environment,
)

SHOP = """
import types
def wsgi(environ, start_response): return ["wsgi"]
async def asgi(scope, receive, send): pass
parts = types.SimpleNamespace(app=wsgi)
number = 3
def create_app(colour="wsgi", *, broken=False):
    if broken:
        raise RuntimeError("no goods")
    return {"wsgi": wsgi, "asgi": asgi}.get(colour)
async def create_later(): return wsgi
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "corner_shop.py").write_text(SHOP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    yield load_target("corner_shop:wsgi", "here").__globals__
    del sys.modules["corner_shop"]


class Wsgi:
    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        return []


class Asgi:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


class Middleware:
    def __init__(self, app: Any, settings: Any, *, name: str) -> None:
        self.app, self.settings, self.name = app, settings, name


def anything(*args: Any) -> None: ...


def test_targets_are_spelled_as_servers_spell_them(shop: Any) -> None:
    assert load_target("corner_shop:wsgi", "here") is shop["wsgi"]
    assert load_target("corner_shop:parts.app", "here") is shop["wsgi"]
    assert load_target("corner_shop:create_app()", "here") is shop["wsgi"]
    assert load_target(" corner_shop:create_app( 'asgi', broken=False ) ", "here") is shop["asgi"]


@pytest.mark.parametrize(
    "text", ["corner_shop", "corner_shop:", ":app", "corner-shop:app", "corner_shop:a b", "corner_shop:f()()", "a:b[0]"]
)
def test_what_names_no_app_is_told_how_it_is_spelled(shop: Any, text: str) -> None:
    with pytest.raises(ConfigError, match=r"TWOFA_TARGET: .* names no app; write module:app, .* module:create_app\(\)"):
        load_target(text, "TWOFA_TARGET")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no_shop:app", "there is no module no_shop (no_shop:app); run this in the folder where no_shop.py is"),
        ("no_shop.web:app", "run this in the folder where no_shop/web.py is (it runs in /"),
        ("corner_shop:office", "corner_shop has no office"),
        ("corner_shop:number", "is int and cannot be called"),
        ("corner_shop:create_app(broken=True)", "raised RuntimeError: no goods"),
        ("corner_shop:create_app(colour)", "only literals"),
        ("corner_shop:create_app('blue')", "made NoneType, which is no app"),
        ("corner_shop:create_later()", "is async"),
        ("twofa_middleware.wsgi:application", "is this package itself"),
    ],
)
def test_a_target_that_cannot_be_used_is_told(shop: Any, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_target(text, "TWOFA_TARGET")
    assert str(caught.value).startswith("TWOFA_TARGET: ")
    assert told in str(caught.value)


def test_an_app_shows_its_colour_by_how_it_is_called(shop: Any) -> None:
    for app in (shop["wsgi"], Wsgi(), Wsgi().__call__, functools.partial(shop["wsgi"]), lambda environ, start: None):
        assert colour_of(app, "it") == "wsgi"
    for app in (
        shop["asgi"],
        Asgi(),
        Asgi().__call__,
        functools.partial(shop["asgi"]),
        lambda scope, receive, send: None,
    ):
        assert colour_of(app, "it") == "asgi"
    assert colour_of(anything, "it") is None


def test_a_factory_without_brackets_is_no_app(shop: Any) -> None:
    for factory in (lambda: None, lambda settings=None: None, shop["create_later"]):
        with pytest.raises(ConfigError, match=r"it is no app: .* as in module:create_app\(\)"):
            colour_of(factory, "it")


def test_the_environment_says_settings_and_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"twofa\.toml: there is no such file in .*TWOFA_SETTINGS names another"):
        settings_of_environment()
    made = make_realm(tmp_path).settings
    with pytest.raises(ConfigError, match=r"several apps \(office, shop\): say by TWOFA_APP"):
        name_of_app(made)
    monkeypatch.setenv("TWOFA_APP", "offise")
    with pytest.raises(ConfigError, match='did you mean "office"'):
        name_of_app(made)
    monkeypatch.setenv("TWOFA_APP", "office")
    assert (name_of_app(made), name_of_app(made, "shop")) == ("office", "shop")


def test_an_app_of_the_other_colour_is_sent_to_the_other_door(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWOFA_TARGET", raising=False)
    with pytest.raises(ConfigError, match=r"TWOFA_TARGET is not set: .*TWOFA_TARGET=shop:app"):
        served("wsgi", Middleware)
    monkeypatch.setenv("TWOFA_TARGET", "corner_shop:asgi")
    with pytest.raises(ConfigError, match=r"is an ASGI app, .* serve twofa_middleware\.asgi:application"):
        served("wsgi", Middleware)
    monkeypatch.setenv("TWOFA_TARGET", "corner_shop:wsgi")
    with pytest.raises(ConfigError, match=r"is a WSGI app, .* serve twofa_middleware\.wsgi:application"):
        served("asgi", Middleware)


def test_a_server_gets_one_line_and_an_exit_code_and_the_app_s_own_errors_as_they_are(
    shop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(target: str) -> list[str]:
        monkeypatch.setenv("TWOFA_TARGET", target)
        with pytest.raises(SystemExit) as ended:
            served_or_ended("wsgi", Middleware)
        assert ended.value.code == 3
        out, err = capsys.readouterr()
        assert out == ""
        lines: list[str] = err.splitlines()
        return lines

    [line] = told("corner_shop:asgi")
    assert line.startswith("twofa_middleware: TWOFA_TARGET=corner_shop:asgi is an ASGI app")
    [line] = told("corner_shop:wsgi")
    assert line.startswith("twofa_middleware: twofa.toml: there is no such file")
    [line] = told("no_shop:app")
    assert line.startswith("twofa_middleware: TWOFA_TARGET: there is no module no_shop")
    lines = told("corner_shop:create_app(broken=True)")
    assert lines[-2:] == [
        "RuntimeError: no goods",
        "twofa_middleware: TWOFA_TARGET: corner_shop:create_app(broken=True) raised RuntimeError: no goods",
    ]
    assert any('corner_shop.py", line' in line for line in lines)


def test_an_app_that_brings_its_own_gate_gets_no_second_one(tmp_path: Path) -> None:
    settings = make_realm(tmp_path).settings
    inner = gated(Wsgi(), Middleware, settings, "shop", "shop:app")
    assert inner.name == "shop"
    with pytest.raises(ConfigError, match="shop:app is behind the gate already, by its own code"):
        gated(inner, Middleware, settings, "shop", "shop:app")
