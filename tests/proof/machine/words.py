"""What an answer says, in the few words that the model has for it."""

from __future__ import annotations

import re

from support.exchange import Reply
from support.visitor import forms_of

_TITLES = {
    "Two-factor authentication": "account",
    "Enter the code from your authenticator app": "verify",
    "Enter a recovery code": "verify",
    "Set up two-factor authentication": "setup",
    "Disable two-factor authentication": "disable",
    "Make new recovery codes": "codes",
}


def word_of(reply: Reply) -> str:
    """An answer in few words: where it leads, what it refuses, or which page it is."""
    if reply.status == 303:
        return (reply.header("location") or "").partition("?")[0]
    if reply.status == 503:
        return "503"
    if reply.body == b"secret page":
        return "secret"
    if (reply.header("content-type") or "").startswith("application/problem+json"):
        kind = re.search(r'"urn:twofa-middleware:problem:([a-z-]+)"', reply.text)
        return f"{reply.status} {kind[1].removesuffix('-required') if kind else ''}"
    title = re.search(r"<h1>(.*?)</h1>", reply.text)
    name = title[1] if title else ""
    if name == "Please confirm first":
        page = re.search(r'href="/2fa/(verify|setup)', reply.text)
        return f"{reply.status} {page[1] if page else ''}"
    if name.startswith("Save your"):
        return "page saved"
    if name.startswith("User "):
        return f"page user {reply.status}"
    if name in _TITLES:
        return f"page {_TITLES[name]}{_refused(reply)}"
    return f"{reply.status}"


def _refused(reply: Reply) -> str:
    if reply.status == 429:
        return " 429"
    if "That code has been used already" in reply.text:
        return " used"
    return " refused" if reply.status == 422 else ""


def fields_of(reply: Reply, page: str, **fields: str) -> dict[str, str] | None:
    """The hidden fields of the page's form, if it has one that fits."""
    for form in forms_of(reply.text):
        if form.action.endswith(f"/{page}") and all(form.hidden.get(name) == value for name, value in fields.items()):
            return form.hidden
    return None
