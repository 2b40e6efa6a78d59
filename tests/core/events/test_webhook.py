"""The sink ``webhook``: what goes over the wire, what is believed of the answer, and which settings are refused."""

from __future__ import annotations

import json
import re
import time
from http.client import HTTPException
from pathlib import Path
from typing import Any

import msgspec
import pytest

from core.events.conftest import Opened
from support.realm import NOW, Realm, make_realm
from support.receiver import DRIP, HANG, KEY, SECRET, Receiver, emit, eventually, webhook
from twofa_middleware.errors import ConfigError
from twofa_middleware.events.webhook import DeliveryRefused, Webhook
from twofa_middleware.protocol import Event, PluginContext
from twofa_middleware.wiring import build

DOCS = Path(__file__).parents[3] / "docs"
CONTEXT = PluginContext("test", "shop", Path("/"), asynchronous=False, clock=lambda: NOW)
BATCH = [("id-1", Event("enrolled", NOW, "shop", "5", {"by": "totp"}, label="erin")), ("id-2", Event("logged out", NOW + 1, "shop", "6"))]  # fmt: skip


def sink(receiver: Receiver, **options: Any) -> Webhook:
    made = webhook(receiver, **options)
    del made["use"]
    return Webhook(msgspec.convert(made, Webhook.Options), CONTEXT)


def verify_of_the_page() -> Any:
    """The function that the page gives to receivers, as it stands there."""
    codes = re.findall(r"```python\n(.*?)```", (DOCS / "events.md").read_text(encoding="utf-8"), re.DOTALL)
    [code] = [code for code in codes if "def verify(" in code]
    assert len(code.splitlines()) <= 12
    found: dict[str, Any] = {}
    exec(code, found)
    return found["verify"]


# ---- on the wire ----------------------------------------------------------------------------------------------------


def test_a_batch_is_one_json_document_with_the_keys_of_the_log_and_an_id(receiver: Receiver) -> None:
    sink(receiver).deliver(BATCH)
    [post] = receiver.posts
    assert post.headers["content-type"] == "application/json"
    assert json.loads(post.body) == {
        "type": "twofa.events",
        "timestamp": "2027-01-15T08:00:01Z",
        "data": {
            "realm": "test",
            "events": [
                {"id": "id-1", "at": "2027-01-15T08:00:00Z", "event": "enrolled", "severity": "info", "app": "shop", "user": "5", "label": "erin", "by": "totp"},
                {"id": "id-2", "at": "2027-01-15T08:00:01Z", "event": "logged out", "severity": "info", "app": "shop", "user": "6", "label": ""},
            ],
        },
    }  # fmt: skip


def test_the_signature_verifies_as_the_page_says_and_for_nothing_else(receiver: Receiver) -> None:
    sink(receiver).deliver(BATCH)
    verify = verify_of_the_page()
    [post] = receiver.posts
    assert verify(SECRET, post.headers, post.body, NOW + 10)
    assert not verify(SECRET, post.headers, post.body + b" ", NOW)
    assert not verify(SECRET, post.headers, post.body, NOW + 3600)
    assert not verify(SECRET, post.headers | {"webhook-id": "msg_other"}, post.body, NOW)
    assert not verify("whsec_" + "QUJD" * 8, post.headers, post.body, NOW)


def test_a_secret_without_the_prefix_is_the_key_itself(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    sink(receiver).deliver(BATCH)
    monkeypatch.setenv("TWOFA_TEST_HOOK", KEY.decode())
    sink(receiver).deliver(BATCH)
    first, second = receiver.posts
    assert first.headers["webhook-signature"] == second.headers["webhook-signature"]


def test_the_same_batch_has_the_same_id_and_another_has_another(receiver: Receiver) -> None:
    for batch in (BATCH, BATCH, BATCH[:1]):
        sink(receiver).deliver(batch)
    first, again, other = (post.headers["webhook-id"] for post in receiver.posts)
    assert first == again != other
    assert receiver.posts[0].body == receiver.posts[1].body


def test_only_the_events_that_are_named_are_sent(receiver: Receiver) -> None:
    picky = sink(receiver, names=["enrolled"])
    picky.deliver(BATCH)
    picky.deliver(BATCH[1:])
    assert [event["id"] for event in receiver.accepted] == ["id-1"]
    assert len(receiver.posts) == 1


def test_the_query_of_the_address_is_sent_along(receiver: Receiver) -> None:
    made = webhook(receiver, "?to=security")
    del made["use"]
    Webhook(msgspec.convert(made, Webhook.Options), CONTEXT).deliver(BATCH)
    assert receiver.posts[0].path == "/hook?to=security"


# ---- what is believed of the answer ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_a_2xx_answer_is_success(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    sink(receiver).deliver(BATCH)
    assert len(receiver.accepted) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
def test_no_other_answer_is_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    with pytest.raises(DeliveryRefused, match=f"^the receiver answered {status}$"):
        sink(receiver).deliver(BATCH)
    assert [post.path for post in receiver.posts] == ["/hook"]


@pytest.mark.parametrize("answer", [HANG, DRIP])
def test_who_does_not_answer_in_time_is_hung_up_on(receiver: Receiver, answer: int) -> None:
    receiver.answers = [answer]
    begun = time.monotonic()
    with pytest.raises((OSError, HTTPException)):
        sink(receiver).deliver(BATCH)
    assert 4 < time.monotonic() - begun < 8


def test_nobody_at_the_address_raises(receiver: Receiver) -> None:
    gone = sink(receiver)
    receiver.__exit__()
    with pytest.raises(OSError, match="refused"):
        gone.deliver(BATCH)


# ---- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "secret", "said"),
    [
        ({"url": "http://hooks.example.org/x"}, SECRET, "url is not encrypted; use https://"),
        ({"url": "http://127.0.0.1.example.org/x"}, SECRET, "url is not encrypted"),
        ({"url": "ftp://hooks.example.org/x"}, SECRET, "url is no address"),
        ({"url": "https:///x"}, SECRET, "url is no address"),
        ({"url": "https://hooks.example.org:port/x"}, SECRET, "url is no address"),
        ({"url": "https://hooks.example.org/\r\nx"}, SECRET, "url is no address"),
        ({"url": "https://user:canary@hooks.example.org/x"}, SECRET, "url has a user"),
        ({"secret": "canary, as it stands"}, SECRET, "a secret does not stand in the settings"),
        ({"secret": "env:NOT_SET_HERE"}, SECRET, "env:NOT_SET_HERE points to a variable that is not set"),
        ({}, "canary", "secret has fewer than 24 bytes; make one with python -c"),
        ({}, "whsec_canary canary canary canary canary", "what comes after whsec_ is no base64"),
        ({"names": ["enroled"]}, SECRET, 'no event is called "enroled"; did you mean "enrolled"?'),
        ({"name": ["enrolled"]}, SECRET, 'unknown key "name"'),
        ({"use": "webhok"}, SECRET, 'there is no events plugin "webhok"; installed are: log, webhook'),
    ],
)
def test_what_cannot_be_used_stops_the_start_and_shows_no_secret(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, options: Any, secret: str, said: str
) -> None:
    monkeypatch.setenv("TWOFA_TEST_HOOK", secret)
    settings = make_realm(tmp_path, events={"sinks": [{"use": "log"}, webhook(receiver) | options]}).settings
    with pytest.raises(ConfigError) as refused:
        build(settings, "shop", asynchronous=False)
    assert str(refused.value).startswith("settings: ")
    assert said in str(refused.value)
    assert "canary" not in str(refused.value)
    assert "canary" not in repr(settings)


@pytest.mark.parametrize(
    "url", ["https://hooks.example.org", "http://localhost:1/x", "http://[::1]:1/", "http://127.0.0.1/"]
)
def test_https_and_this_machine_are_addresses(tmp_path: Path, receiver: Receiver, url: str) -> None:
    settings = make_realm(tmp_path, events={"sinks": [webhook(receiver) | {"url": url}]}).settings
    build(settings, "shop", asynchronous=False).close()


def test_two_sinks_to_one_place_stop_the_start(tmp_path: Path, receiver: Receiver) -> None:
    twice = [webhook(receiver), webhook(receiver, names=["enrolled"])]
    with pytest.raises(ConfigError, match=r"\[events\] sinks 2: webhook takes events to this place already"):
        build(make_realm(tmp_path, events={"sinks": twice}).settings, "shop", asynchronous=False)


def test_a_server_that_carries_nothing_needs_no_secret(
    realm: Realm, receiver: Receiver, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWOFA_TEST_HOOK")
    monkeypatch.setenv("TWOFA_TEST_HOOK", "")
    runtime = opened(realm, sinks=[webhook(receiver)], carry=False)
    emit(runtime, "erin", at=NOW)
    runtime.close()
    monkeypatch.setenv("TWOFA_TEST_HOOK", SECRET)
    emit(opened(realm), "wendy", at=NOW)
    eventually(lambda: receiver.users == ["erin", "wendy"])
