"""What resolvers have in common: answering at once, and reading what an operator's function says."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta

from ..protocol import Anonymous, Flow, Identity, Login, Result, Unknown, user_id

CookieName = Annotated[str, Meta(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z", description="a token, RFC 6265 §4.1.1")]
CacheSeconds = Annotated[int, Meta(ge=0, le=300)]
HeaderName = Annotated[str, Meta(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z", description="a token, RFC 9110 §5.1")]

_ESCAPED = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)


def at_once(result: Result) -> Flow[Result]:
    """A flow that asks nothing: what pure resolvers return."""
    return result
    yield  # makes it a flow


def what_was_told(answer: object) -> Identity:
    """The answer of an operator's function: a Login, the id alone, or None for nobody; anything else is Unknown.

    The reason never repeats the answer, which may be a secret that went astray.
    """
    if answer is None:
        return Anonymous()
    if isinstance(answer, Login):
        return answer
    try:
        return Login(user_id(answer))
    except ValueError as error:
        return Unknown(f"the function's answer is no user: {error}")


def unquoted(value: bytes) -> bytes:
    """A cookie's value as Werkzeug, Django and Python's SimpleCookie read it: quoted where a cookie cannot hold it."""
    if len(value) < 2 or not value[:1] == value[-1:] == b'"':
        return value
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]) if len(found[1]) == 3 else found[1], value[1:-1])
