"""Which store a Redis holds: the key ``2fa:<realm>:id``, "schema-version id", written by ``twofa init`` alone.
A third word, as a later version may write it, is the oldest layout that a program must know (``base.layout_of``).

A Redis that was emptied, or is another one, would say of everybody that he has no second factor. The id lies in another
slot than a user's keys, so no script can look at it; each connection asks for it when it is new, and then again before
any question that comes more than ``ID_SECONDS`` after.

In a Cluster one node may be emptied and the others not, so the id stands there in ``MARKERS`` more keys, spread over all
slots, and each node is asked for one that it has. They are written once, when the store is made: a marker that is
missing later is part of what was lost, and no second ``twofa init`` writes it again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cached_property
from time import monotonic

from ..errors import StoreMismatch, StoreUnavailable
from .base import SCHEMA_VERSION, check_meta, layout_of, new_store_id
from .redis_address import Node
from .redis_slots import Slots, slot_of
from .redis_steps import Conversation, Link

ID_SECONDS = 1.0
"""So long it is taken for granted which store this is. With what is on its way meanwhile, a store that has lost its id
is asked for two seconds more at most."""
MARKERS = 1024
MOST_ASKED = 3
"""So many markers are asked for at a node before it is taken for one that has none."""


class Identity:
    """What a Redis has to say of itself before it is believed. ``where``: what messages call it."""

    def __init__(self, where: str, realm: str) -> None:
        self._where = f"{where}, realm {realm}"
        self._turn = itertools.count()
        self._doubted_at = float("-inf")
        self.key = f"2fa:{realm}:id"
        self._claim = f"2fa:{realm}:making"
        self.markers = tuple(f"2fa:{realm}:{{{number}}}:id" for number in range(MARKERS))

    def is_believed(self, link: Link) -> bool:
        """Whether it is taken for granted which store this connection leads to."""
        checked_at = link.checked_at
        return checked_at is not None and checked_at > self._doubted_at and monotonic() - checked_at < ID_SECONDS

    def doubt(self) -> None:
        """One server is not what it should be: nothing is taken for granted any more, on no connection."""
        self._doubted_at = monotonic()

    @cached_property
    def _slots(self) -> tuple[int, ...]:
        return tuple(map(slot_of, self.markers))

    def markers_at(self, slots: Slots, node: Node) -> Iterator[str]:
        """A few of the markers that a node should have, others with each call."""
        there = [marker for marker, slot in zip(self.markers, self._slots, strict=True) if slots.node_of(slot) == node]
        if there:
            first = next(self._turn) % len(there)
            yield from (*there[first:], *there[:first])[:MOST_ASKED]

    def believe(self, value: object, store_id: str) -> None:
        """StoreMismatch unless the value of the id or of a marker names the store ``store_id``."""
        self._read(value, store_id)

    def writes_as(self, facts: object) -> bytes:
        """Under which id the server that says this in INFO writes; StoreUnavailable if it is a replica, which may be
        behind."""
        found = _facts(facts)
        if found.get(b"role") == b"slave":
            raise StoreUnavailable(f"{self._where} is a replica, which may be behind: name the primary in `store`")
        if found.get(b"role") != b"master" or not found.get(b"master_replid"):
            raise StoreUnavailable(f"{self._where} is no Redis of ours")
        return found[b"master_replid"]

    def keeps_all(self, facts: object) -> None:
        """StoreUnavailable if the server that says this in INFO evicts keys that have no end: it would forget an account,
        and its user would seem to have no second factor. ``volatile-*`` takes passes, browsers and set-ups alone."""
        found = _facts(facts)
        policy = found.get(b"maxmemory_policy", b"").decode("ascii", "replace")
        if policy.startswith("allkeys-") and found.get(b"maxmemory") != b"0":
            raise StoreUnavailable(
                f"{self._where} evicts accounts when its memory is short: set maxmemory-policy to noeviction there, "
                f"instead of {policy}"
            )

    def create(self, *, has_slots: bool) -> Conversation:
        """Make the store's id, or find the one that is there; whoever comes first makes it for all. Answers the id, and
        whether it was made here."""
        if has_slots:
            return (yield from self._create_with_markers())
        made = yield ("SET", self.key, f"{SCHEMA_VERSION} {new_store_id()}", "NX")
        return self._read((yield ("GET", self.key)), None), made is not None

    def _create_with_markers(self) -> Conversation:
        """The id is written last, so where it stands, all markers have stood. ``_claim`` is there while it is made, so
        that what was broken off can be told from what was lost."""
        found = yield ("GET", self.key)
        if found is None:
            claimed = yield ("GET", self._claim)
            if claimed is None:
                yield from self._refuse_remains()
                yield ("SET", self._claim, f"{SCHEMA_VERSION} {new_store_id()}", "NX")
                claimed = yield ("GET", self._claim)
            if claimed is not None:
                self._read(claimed, None)
                yield [("SET", marker, claimed, "NX") for marker in self.markers]
                made = yield ("SET", self.key, claimed, "NX")
                yield ("DEL", self._claim)
                return self._read((yield ("GET", self.key)), None), made is not None
            found = yield ("GET", self.key)  # somebody else was faster
        yield ("DEL", self._claim)
        return self._read(found, None), False

    def _refuse_remains(self) -> Conversation:
        if not any((yield [("GET", marker) for marker in self.markers])):
            return
        if (yield ("GET", self._claim)) is None and (yield ("GET", self.key)) is None:  # in this order: see above
            raise StoreMismatch(
                f"{self._where} has lost its id, but not all of its store: a node came back empty. Restore that node, or "
                "restore the store from a backup"
            )

    def layout(self) -> Conversation:
        """How the store is laid out."""
        return layout_of(_meta((yield ("GET", self.key))), self._where, SCHEMA_VERSION)

    def _read(self, value: object, store_id: str | None) -> str:
        return check_meta(_meta(value), self._where, store_id)


def _meta(value: object) -> dict[str, str]:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else ""
    return dict(zip(("schema_version", "store_id", "needs"), text.split(" "), strict=False))


def _facts(info: object) -> dict[bytes, bytes]:
    """What stands in an answer to INFO, by its names."""
    lines = info.splitlines() if isinstance(info, bytes) else []
    return dict(line.split(b":", 1) for line in lines if b":" in line)
