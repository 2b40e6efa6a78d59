"""A gate whose resolver says of every request what a test wants it to say."""

from __future__ import annotations

from typing import Any

from core.flows.people import ERIN, site
from twofa_middleware.gate import Gate
from twofa_middleware.http import Request
from twofa_middleware.protocol import Flow, Identity, Reads


class Says:
    """A resolver that reads the cookie ``session`` and answers the same to whatever is in it; an error is raised."""

    Options = dict
    reads = Reads(cookies=frozenset({b"session"}), headers=frozenset({b"x-user"}), server=frozenset({"REMOTE_USER"}))

    def __init__(self, said: Identity | Exception, pure: bool) -> None:
        self._said = said
        self.pure = pure

    def resolve(self, request: Request) -> Flow[Identity]:
        yield from ()
        if isinstance(self._said, Exception):
            raise self._said
        return self._said


def gate(said: Identity | Exception = ERIN, *, pure: bool = True, **changes: Any) -> Gate:
    """The gate of the shop; ``changes`` are settings. ``pure``: nothing but the request says who it is."""
    return Gate(site(**changes), [("says", Says(said, pure))], frozenset())
