"""Which answers that a browser got are the gate's own, and what each of them has to carry."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Response

OWN_HEADERS = {
    "vary": "Cookie",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def is_own(answer: Response) -> bool:
    """Whether the gate wrote the answer: at a path of its own, or in place of the app's."""
    return urlsplit(answer.url).path.startswith("/2fa/") or answer.headers.get("location", "").startswith("/2fa/")


def header_fault(answer: Response) -> str | None:
    headers = answer.headers
    for name, value in OWN_HEADERS.items():
        if headers.get(name) != value:
            return f"{name}: {headers.get(name)}"
    policy = headers.get("content-security-policy", "")
    if not {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy.split("; ")):
        return f"content-security-policy: {policy}"
    if "unsafe" in policy:
        return f"content-security-policy: {policy}"
    is_static = urlsplit(answer.url).path.startswith("/2fa/static/")
    kept = "public, max-age=31536000, immutable" if is_static else "no-store"
    return None if headers.get("cache-control") == kept else f"cache-control: {headers.get('cache-control')}"
