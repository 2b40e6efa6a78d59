"""Another factor and a theme at work: whatever they bring, the rules of a try and the headers of our pages are ours."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.distributions import site_packages
from support.stage import Open, Stage
from support.visitor import Visitor

TOKEN = """\
import hmac
import msgspec

broken = set()

class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    variant: str = ""

class Token:
    Options = NoOptions
    digits, secret_bytes = 8, 20

    def __init__(self, options, context):
        self.variant = options.variant

    def codes(self, secret):
        def code(step):
            if broken:
                raise RuntimeError("the factor is out of order")
            number = int.from_bytes(hmac.digest(secret, b"%d" % step, "sha256")[:8])
            return f"{number % 10**8:08}"
        return code

    def uri(self, secret, label, issuer):
        return "otpauth://totp/token?digits=8"
"""
THEME = """\
import msgspec
from twofa_middleware.protocol import Look

class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass

class Blue:
    Options = NoOptions
    def __init__(self, options, context): ...
    def look(self):
        files = {"blue.css": b":root { --accent: #00f }", "logo.svg": b"<svg/>"}
        return Look(files, sheets=("blue.css",), logo="logo.svg", icon="logo.svg",
                    header="<b>{{ product }}</b> of {{ app }}", footer='<a href="{{ home }}">Home</a>')
"""
TOKEN_FACTOR = {"use": "token"}


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path) -> Iterator[None]:
    with site_packages(tmp_path) as install:
        install("twofa_test_token", "1.0", "factor", "token = twofa_test_token:Token", TOKEN)
        install("twofa_test_theme", "1.0", "theme", "blue = twofa_test_theme:Blue", THEME)
        yield


def code(visitor: Visitor, steps: int = 0) -> str:
    """What the token shows, or shows so many steps later."""
    secret = base64.b32decode(visitor.key.replace(" ", ""))
    step = visitor.clock.now // 30 + steps
    shown = f"{int.from_bytes(hmac.digest(secret, b'%d' % step, 'sha256')[:8]) % 10**8:08}"
    visitor.secrets.add(shown)
    return shown


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return open_stage(factor=TOKEN_FACTOR, theme={"use": "blue"})


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    """Somebody who has just turned it on with a token; a new code is there already."""
    visitor = stage.visitor("erin")
    page = visitor.go("/2fa/setup")
    assert "(time-based, 8 digits)" in page.text
    assert visitor.fill(page, "/setup", code=code(visitor)).status == 200
    stage.clock.on(30)
    stage.spy.calls.clear()
    return visitor


def test_a_code_of_the_token_lets_in_and_the_pages_say_how_long_it_is(stage: Stage, erin: Visitor) -> None:
    other = stage.visitor("erin", "login-2", key=erin.key)
    assert "8-digit code" in other.go("/2fa/verify").text
    assert other.verify(code(other)).status == 303
    assert other.go("/home").status == 200


def test_the_event_of_a_set_up_names_the_factor(stage: Stage, erin: Visitor) -> None:
    [event] = [event for event in stage.events() if event.name == "enrolled"]
    assert event.facts["by"] == "token"


def test_a049_a_code_of_a_token_lets_in_once_and_no_earlier_one_after_it(stage: Stage, erin: Visitor) -> None:
    first, second = (stage.visitor("erin", login, key=erin.key) for login in ("login-2", "login-3"))
    used = code(first)
    assert first.verify(used).status == 303
    assert second.verify(used).status == 422
    assert second.verify(code(second, -1)).status == 422
    stage.clock.on(30)
    assert second.verify(code(second)).status == 303


@pytest.mark.parametrize("steps", [-2, 2, 3])
def test_codes_outside_the_window_let_nobody_in(stage: Stage, erin: Visitor, steps: int) -> None:
    stage.clock.on(300)
    other = stage.visitor("erin", "login-2", key=erin.key)
    assert other.verify(code(other, steps)).status == 422


def test_a033_tries_with_a_token_are_counted_before_they_are_looked_at(stage: Stage, erin: Visitor) -> None:
    other = stage.visitor("erin", "login-2", key=erin.key)
    for _ in range(5):
        other.verify("00000000")
    page = other.go("/2fa/verify")
    assert "/verify" not in re.findall(r'<form class="stack" method="post" action="([^"]*)"', page.text)
    stage.clock.on(31)
    assert other.verify(code(other)).status == 303


def test_a020_a_factor_that_fails_closes_and_the_try_counts(stage: Stage, erin: Visitor) -> None:
    import twofa_test_token  # type: ignore[import-not-found]

    other = stage.visitor("erin", "login-2", key=erin.key)
    page = other.go("/2fa/verify")
    twofa_test_token.broken.add("broken")
    for _ in range(5):
        assert other.fill(page, "/verify", code=code(other)).status == 503
    twofa_test_token.broken.clear()
    assert other.fill(page, "/verify", code=code(other)).status == 429
    assert stage.spy.calls == []


@pytest.mark.parametrize("factor", [{"use": "totp"}, {"use": "token", "variant": "b"}])
def test_a021_who_was_enrolled_under_another_factor_is_refused_and_not_taken_for_a_newcomer(
    stage: Stage, erin: Visitor, factor: dict[str, str]
) -> None:
    changed = stage.changed(factor=factor)
    other = changed.visitor("erin", "login-2", key=erin.key)
    assert (other.go("/home").status, other.fetch("/home").status) == (503, 503)
    assert other.go("/2fa/setup").status != 200
    assert changed.spy.calls == []
    assert stage.changed(factor=TOKEN_FACTOR).visitor("erin", "login-3", key=erin.key).verify(code(erin)).status == 303


def test_a_theme_brings_its_files_and_two_lines_and_our_headers_stay(stage: Stage) -> None:
    visitor = stage.visitor("erin")
    page = visitor.go("/2fa/setup")
    sheet = re.search(r'<link rel="stylesheet" href="(/2fa/static/theme/blue\.css\?[0-9a-f]{12})">', page.text)
    assert sheet
    served = stage.visitor().go(sheet[1])
    assert (served.status, served.header("content-type"), served.body) == (
        200, "text/css; charset=utf-8", b":root { --accent: #00f }",
    )  # fmt: skip
    assert served.header("cache-control") == "public, max-age=31536000, immutable"
    assert '<header class="brand"><b>Test Portal</b> of Shop</header>' in page.text
    assert '<a href="/">Home</a>' in page.text
    assert 'rel="icon" href="/2fa/static/theme/logo.svg?' in page.text
    plain = stage.changed(theme={"use": "plain"}).visitor("erin").go("/2fa/setup")
    for name in ("content-security-policy", "x-frame-options", "cache-control", "x-content-type-options"):
        assert page.all(name) == plain.all(name)
        assert page.all(name)
    assert "theme" not in plain.text


@pytest.mark.parametrize("name", ["red.css", "../theme/blue.css", "blue.css/", "", "pages.css"])
def test_what_a_theme_has_not_is_not_served(stage: Stage, name: str) -> None:
    assert stage.visitor("erin").go(f"/2fa/static/theme/{name}").status == 404
