"""What every answer of our own carries, on every adapter."""

from __future__ import annotations

from support.exchange import Reply

OWN_HEADERS = {
    "cache-control": "no-store",
    "vary": "Cookie",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
POLICY = {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "script-src 'self'"}


def has_own_headers(reply: Reply) -> None:
    assert {name: reply.all(name) for name in OWN_HEADERS} == {name: [value] for name, value in OWN_HEADERS.items()}
    policy = reply.all("content-security-policy")
    assert len(policy) == 1
    assert {part.strip() for part in policy[0].split(";")} >= POLICY
    assert "unsafe" not in policy[0]
    assert reply.header("access-control-allow-origin") is None
    assert reply.all("content-length") == [str(len(reply.body))]
