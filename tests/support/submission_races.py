"""Whole submissions at one moment: what somebody typed goes the way of its form, from the attempt to the pass.

A ``Submission`` stands for a question in the races of ``store_races``: a door answers it by driving the flow of its form
against the store, so that counting, comparing and spending of many people interleave as they do behind real servers.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.flows.people import SITE, request
from support.realm import NOW
from twofa_middleware.accounts import change, enrol
from twofa_middleware.accounts.access import look
from twofa_middleware.accounts.attempts import Accepted, Proof
from twofa_middleware.accounts.verify import verify
from twofa_middleware.asks import Random, StoreAsk
from twofa_middleware.drive import adrive, drive
from twofa_middleware.factors import totp
from twofa_middleware.protocol import Ask, Flow, Login, Store, UserKey

from .realm import code_at
from .store_races import Place

Step = Callable[..., Flow[Any]]


@dataclass(frozen=True)
class Verify:
    """The prompt at log-in."""

    login: Login
    proof: Proof
    now: int

    def flow(self) -> Flow[Any]:
        return verify(SITE, self.login, self.proof, request(now=self.now), remember=True, ends=None)


@dataclass(frozen=True)
class Disable:
    login: Login
    proof: Proof
    now: int

    def flow(self) -> Flow[Any]:
        return change.disable(SITE, self.login, self.proof, request(now=self.now), None)


@dataclass(frozen=True)
class Confirm:
    """Turn On, in the browser of this flow cookie."""

    login: Login
    flow_digest: bytes
    text: str
    now: int

    def flow(self) -> Flow[Any]:
        return enrol.confirm(SITE, self.login, self.flow_digest, self.text, "", self.now)


class Door:
    """Answers a submission by driving its flow; a question goes to the store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def answer(self, asked: Any) -> Any:
        return self.run(asked.flow())

    async def answer_async(self, asked: Any) -> Any:
        async def answer(ask: Ask[Any]) -> Any:
            return await self.store.answer_async(ask) if isinstance(ask, StoreAsk) else _besides(ask)

        return await adrive(asked.flow(), answer)

    def run(self, flow: Flow[Any]) -> Any:
        return drive(flow, lambda ask: self.store.answer(ask) if isinstance(ask, StoreAsk) else _besides(ask))

    def close(self) -> None:
        self.store.close()  # type: ignore[attr-defined]

    # ---- what has happened before -----------------------------------------------------------------------------------

    def begin(self, login: Login, flow_digest: bytes) -> str:
        """The secret that a new set-up shows, as a phone takes it."""
        account = self.run(look(SITE, login, request())).account
        return totp.base32(self.run(enrol.begin(SITE, login, account, flow_digest, NOW)).secret)

    def enrol(self, login: Login) -> tuple[str, tuple[str, ...]]:
        """The user turns 2FA on at NOW: the secret of the phone, and the recovery codes."""
        key = self.begin(login, b"flow")
        turned_on = self.answer(Confirm(login, b"flow", code_at(key, NOW), NOW))
        assert isinstance(turned_on, Accepted)
        return key, turned_on.prepared.codes


@dataclass(frozen=True)
class Doors(Place):
    """A store that any process can open, and put a door before."""

    def open(self) -> Door:
        return Door(super().open())


def user_of(login: Login) -> UserKey:
    return SITE.user_key(login)


def _besides(ask: Ask[Any]) -> Any:
    """What is no question to the store: bytes for secrets, and events, which nobody hears here."""
    return os.urandom(ask.size) if isinstance(ask, Random) else None
