"""Apps whose settings stop the start: addresses, paths and resolvers that could not do what they shall."""

from __future__ import annotations

from typing import Any

import pytest

from core.settings.documents import document, refusal, settings
from twofa_middleware.errors import ConfigError
from twofa_middleware.settings import Settings


@pytest.mark.parametrize(
    "origin",
    [
        "", "shop.example.org", "https://shop.example.org/", "https://shop.example.org/shop", "ftp://shop.example.org", "https://",
        "https://shop.example.org?x", "https://shop.example.org#x", "//shop.example.org", "https:shop.example.org", "https://:443",
        "null", "*",
    ],
)  # fmt: skip
def test_a101_an_origin_is_scheme_and_host_alone(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(
        f'[apps.shop] origins: "{origin}" is not scheme and host alone'
    )


@pytest.mark.parametrize(
    "origin",
    [
        "https://Shop.example.org",
        "https://b\u00fccher.example",
        "https://user@shop.example.org",
        "https://u:p@shop.example.org",
    ],
)
def test_a101_an_origin_is_written_as_browsers_send_it(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(f'[apps.shop] origins: write "{origin}" in small letters')


@pytest.mark.parametrize("origin", ["https://shop.example.org:443", "http://localhost:80"])
def test_a101_the_usual_port_is_left_out_as_browsers_do(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(f'[apps.shop] origins: leave the port out of "{origin}"')


@pytest.mark.parametrize("origin", ["https://shop.example.org:x", "https://[::1", "https://shop.example.org:99999"])
def test_an_origin_that_is_no_url_is_refused_in_the_same_words(origin: str) -> None:
    assert refusal(app={"origins": [origin]}).startswith(
        f'[apps.shop] origins: "{origin}" is not scheme and host alone'
    )


@pytest.mark.parametrize(
    "origin", ["http://shop.example.org", "http://10.0.0.5:8000", "http://localhost.evil.org", "http://127.evil.org"]
)
def test_plain_http_is_for_this_machine_alone_unless_it_is_said_aloud(origin: str) -> None:
    assert "is not encrypted: use https://, or set insecure_http = true" in refusal(app={"origins": [origin]})
    assert settings(app={"origins": [origin]}, insecure_http=True).app("shop").origins == (origin,)


@pytest.mark.parametrize(
    "origin", ["http://localhost:8000", "http://127.0.0.1", "http://127.8.9.1:80800"[:-1], "http://[::1]:8000"]
)
def test_plain_http_on_this_machine_is_good(origin: str) -> None:
    assert settings(app={"origins": [origin]}).app("shop").origins == (origin,)


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ({"origins": []}, "[apps.shop] origins: name the addresses of the app"),
        ({"identity": []}, "[apps.shop] identity: name at least one resolver"),
        (
            {"origins": ["https://shop.example.org", "http://localhost:1"]},
            "[apps.shop] origins: http and https are mixed; cookies can be protected for one of them only",
        ),
    ],
)
def test_an_app_needs_addresses_of_one_kind_and_a_resolver(app: Any, message: str) -> None:
    assert refusal(app=app).startswith(message)


@pytest.mark.parametrize("key", ["login_page", "home", "cookie_path"])
@pytest.mark.parametrize(
    "path", ["", "home", "//evil.example", "https://evil.example", "/\u00e4", "/a\nb", "/\\evil.example", "/a b"]
)
def test_a089_a_path_of_the_app_starts_with_one_slash_and_is_plain(key: str, path: str) -> None:
    assert refusal(app={key: path}).startswith(
        f'[apps.shop] {key}: "{path}" is no path of the app'.replace("\n", "\\n")
    )


def test_an_app_that_is_not_there_is_named_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r'^twofa\.toml: there is no \[apps\.shp\]; did you mean "shop"\?$'):
        Settings.of(document(), source="twofa.toml").app("shp")
