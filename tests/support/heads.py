"""Heads of answers, as apps send them: one that logs in somebody who has a second factor, and one that does not."""

from __future__ import annotations

from support.realm import session_cookie

Pairs = list[tuple[str, str]]

SECRET = b"secret page of erin"
CHUNKS = [b"secret ", b"page ", b"of erin"]
CLEAN: Pairs = [("Content-Type", "text/html"), ("X-Clean", "yes")]


def logs_in(user: str = "erin", login: str = "login-9") -> Pairs:
    """A head that logs somebody in. Only the cookie may go out if that login may not pass."""
    cookie = session_cookie(user, login)
    return [
        ("Content-Type", "text/html"),
        ("X-Secret", "secret of erin"),
        ("Set-Cookie", f"session={cookie}; Path=/; HttpOnly"),
        ("ETag", '"secret"'),
    ]


def raw(pairs: Pairs) -> list[tuple[bytes, bytes]]:
    """The same as ASGI writes it."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
