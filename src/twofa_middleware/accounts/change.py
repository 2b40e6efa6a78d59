"""Changes that need a fresh code in the same form: Disable, and new recovery codes."""

from __future__ import annotations

from ..asks import Random
from ..factors import recovery
from ..http import Request
from ..protocol import Flow, Login, UserKey
from ..sealing import Sealer
from ..site import Site
from .access import required_by
from .account import Account, changed, new_generation
from .attempts import Prepared, Proof, Verdict, prove
from .passes import Method, new_pass


def disable(site: Site, login: Login, proof: Proof, request: Request, ends: bytes | None) -> Flow[Verdict]:
    """Switch two-factor authentication off. The acting session goes on only if no role demands it."""
    demand = yield from required_by(site, login, request)
    event = "disabled by the user"

    def prepare(account: Account, method: Method) -> Flow[Prepared]:
        generation = new_generation(account.generation, b"")
        change = changed(site.sealer, account.user, generation, since=0, kinds={}, sealed={}, codes=frozenset())
        if demand is not None:
            return Prepared(change=change, event=event)
        row, cookie = yield from new_pass(site, login, generation, Method.NONE, request.now)
        return Prepared(row, cookie, change=change, event=event)

    return (yield from prove(site, login, proof, prepare, ends=ends, now=request.now))


def renew_codes(site: Site, login: Login, proof: Proof, request: Request, ends: bytes | None) -> Flow[Verdict]:
    """Make ten new recovery codes; the old ones, other passes and remembered browsers are dead."""

    def prepare(account: Account, method: Method) -> Flow[Prepared]:
        generation = new_generation(account.generation, b"")
        codes, hashes = yield from new_codes(site.sealer, account.user)
        change = changed(
            site.sealer,
            account.user,
            generation,
            since=account.since,
            kinds=account.kinds,
            sealed=account.sealed,
            codes=hashes,
        )
        row, cookie = yield from new_pass(site, login, generation, method, request.now)
        return Prepared(row, cookie, change=change, codes=codes, event="recovery codes renewed")

    return (yield from prove(site, login, proof, prepare, ends=ends, now=request.now))


def new_codes(sealer: Sealer, user: UserKey) -> Flow[tuple[tuple[str, ...], frozenset[bytes]]]:
    """Ten recovery codes for the user's eyes, and their keyed hashes for the store."""
    codes = recovery.from_random((yield from Random(recovery.CODES * recovery.CODE_BYTES)))
    hashes = frozenset(recovery.keyed_hash(sealer, user, code.replace("-", "")) for code in codes)
    return tuple(codes), hashes


def are_codes(sealer: Sealer, account: Account, texts: list[str]) -> bool:
    """Whether each text is a recovery code that the account still has (for Download, which posts them back)."""
    found = [recovery.find(sealer, account.user, text, account.codes) for text in texts]
    return bool(found) and None not in found and len(set(found)) == len(found)
