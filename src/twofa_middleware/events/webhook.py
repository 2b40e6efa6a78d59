"""The sink ``webhook``: the realm's events, POSTed as JSON and signed as Standard Webhooks does.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPSConnection
from typing import ClassVar
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from ..errors import ConfigError, TwoFactorError
from ..protocol import Event, PluginContext
from ..references import read_secret
from .fields import as_json, fields_of

TIMEOUT_SECONDS = 5.0
LEAST_SECRET_BYTES = 24
SECRET_PREFIX = "whsec_"  # noqa: S105
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_WHERE = "[events] sinks (webhook)"


class WebhookOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``url`` gets the events, all or those of ``names``; ``secret`` points to the key that they are signed with."""

    url: str
    secret: str
    names: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the address: whoever knows it may be all that some receivers ask."""
        return "WebhookOptions()"


class DeliveryRefused(TwoFactorError):
    """The receiver did not say that it has the events."""


class Webhook:
    """Delivers batches of events. The same batch has the same ``webhook-id`` whenever it is sent again."""

    Options: ClassVar[type] = WebhookOptions
    is_immediate: ClassVar[bool] = False

    def __init__(self, options: WebhookOptions, context: PluginContext) -> None:
        self.place = options.url
        self._url = _checked(options.url)
        self._key = _key(read_secret(options.secret, context.folder, f"{_WHERE}: secret"))
        self._names = frozenset(options.names)
        self._realm = context.realm
        self._clock = context.clock

    def take(self, event: Event) -> None:
        raise NotImplementedError("a webhook takes no event in the way of a request")

    def deliver(self, events: Sequence[tuple[str, Event]]) -> None:
        """POST the events; whatever is not a 2xx answer within ``TIMEOUT_SECONDS`` raises."""
        wanted = [(name, event) for name, event in events if not self._names or event.name in self._names]
        if not wanted:
            return
        batch = [{"id": name, **fields_of(event)} for name, event in wanted]
        document = {
            "type": "twofa.events",
            "timestamp": batch[-1]["at"],
            "data": {"realm": self._realm, "events": batch},
        }
        body = as_json(document).encode()
        ids = hashlib.sha256("\n".join(name for name, _ in wanted).encode()).digest()
        self._post(body, f"msg_{base64.urlsafe_b64encode(ids[:18]).decode()}")

    def _post(self, body: bytes, message_id: str) -> None:
        timestamp = str(int(self._clock()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "twofa-middleware",
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": signature(self._key, message_id, timestamp, body),
        }
        target = self._url.path or "/"
        if self._url.query:
            target += f"?{self._url.query}"
        connection = self._connection()
        try:
            connection.connect()
            with _hung_up_after(TIMEOUT_SECONDS, connection.sock):
                connection.request("POST", target, body, headers)
                # A redirect is an answer like any other: events go nowhere that the settings do not name.
                status = connection.getresponse().status
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise DeliveryRefused(f"the receiver answered {status}")

    def _connection(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        return kind(self._url.hostname or "", self._url.port, timeout=TIMEOUT_SECONDS)


def signature(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA-256 over id, timestamp and body."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


@contextmanager
def _hung_up_after(seconds: float, connected: socket.socket) -> Iterator[None]:
    """Bounds the whole exchange: the time-out of a socket begins anew with each byte that drips in."""

    def hang_up() -> None:
        # Of the plain socket: that of a TLS one would wait for its peer's farewell.
        with suppress(OSError):
            socket.socket.shutdown(connected, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"{_WHERE}: url is no address, such as https://hooks.example.org/twofa") from None
    if parts.scheme not in ("https", "http") or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"{_WHERE}: url is no address, such as https://hooks.example.org/twofa")
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(host):
        raise ConfigError(f"{_WHERE}: url is not encrypted; use https://, since events name people")
    if "@" in parts.netloc or parts.fragment:
        raise ConfigError(f"{_WHERE}: url has a user or a #fragment; leave them out")
    return parts


def _key(secret: str) -> bytes:
    """The key that a secret stands for: base64 behind ``whsec_``, else the text as it is."""
    key = secret.encode()
    if secret.startswith(SECRET_PREFIX):
        try:
            key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except binascii.Error:
            raise ConfigError(f"{_WHERE}: secret: what comes after {SECRET_PREFIX} is no base64") from None
    if len(key) < LEAST_SECRET_BYTES:
        raise ConfigError(
            f"{_WHERE}: secret has fewer than {LEAST_SECRET_BYTES} bytes; make one with "
            "python -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""
        )
    return key
