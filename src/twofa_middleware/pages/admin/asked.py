"""What the address of a page asks for. Whatever is odd about it is 400: guessing could name somebody else."""

from __future__ import annotations

from urllib.parse import urlencode

from ...errors import BadRequest
from ...http import Request, parse_form
from ...protocol import user_id
from ..visit import Visit

LONGEST_WORD = 255
_LONGEST_QUERY = 8000


def asked(request: Request) -> dict[str, str]:
    """The fields of the query; a BadRequest 400 if one is sent twice, or is no text, or there are too many."""
    if len(request.query) > _LONGEST_QUERY:
        raise BadRequest(400, "The address is too long.")
    try:
        return parse_form(request.query)
    except BadRequest:
        raise BadRequest(400, "The address of this page is odd. Start again from the list.") from None


def word(fields: dict[str, str], name: str, most: int = LONGEST_WORD) -> str:
    """A field of the query without the space around it, empty if it is not there."""
    text = fields.get(name, "").strip()
    if len(text) > most or not text.isprintable():
        raise BadRequest(400, f"What the address says as {name} is too long, or no text.")
    return text


def asked_user(visit: Visit) -> str:
    """The user id that the page is about."""
    try:
        return user_id(asked(visit.request)["id"])
    except (KeyError, ValueError):
        raise BadRequest(400, "The address names no user.") from None


def asked_role(visit: Visit) -> str:
    """The role that the page is about, to the letter: two that differ by a space are two."""
    role = asked(visit.request).get("name", "")
    if not role or len(role) > LONGEST_WORD:
        raise BadRequest(400, "The address names no role.")
    return role


def address(path: str, **fields: str | int) -> str:
    """An address with these fields; those that are empty are left out."""
    given = {name: value for name, value in fields.items() if value != ""}
    return f"{path}?{urlencode(given)}" if given else path
