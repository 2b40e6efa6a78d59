"""Which answers that a browser got are the gate's own, and what each of them has to carry."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Response

from support.own_answers import OWN_HEADERS


def is_own(answer: Response) -> bool:
    """Whether the gate wrote the answer: at a path of its own, or in place of the app's."""
    return urlsplit(answer.url).path.startswith("/2fa/") or answer.headers.get("location", "").startswith("/2fa/")


def header_fault(answer: Response) -> str | None:
    headers, is_static = answer.headers, urlsplit(answer.url).path.startswith("/2fa/static/")
    wanted = OWN_HEADERS | ({"cache-control": "public, max-age=31536000, immutable"} if is_static else {})
    for name, value in wanted.items():
        if headers.get(name) != value:
            return f"{name}: {headers.get(name)}"
    policy = headers.get("content-security-policy", "")
    if not {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; ")):
        return f"content-security-policy: {policy}"
    if "unsafe" in policy:
        return f"content-security-policy: {policy}"
    return None
