"""What each resolver says of a request, one by one, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass

from ..gate import Gate
from ..http import Request
from ..identify import CannotTell, Conflicting, Identified, Known, Nobody, Unclaimed
from ..protocol import Anonymous, Flow, Identity, Login, Unknown


@dataclass(frozen=True, slots=True)
class Word:
    """``use`` is the resolver's configured name; ``said`` what it answered, or what it raised."""

    use: str
    said: Identity | Exception


@dataclass(frozen=True, slots=True)
class Words:
    each: tuple[Word, ...]
    together: Identified

    @property
    def login(self) -> Login | None:
        return self.together.login if isinstance(self.together, Known) else None

    @property
    def is_nobody(self) -> bool:
        return isinstance(self.together, Nobody)

    def told(self) -> list[str]:
        """A line for each resolver, and one for all where that is none of them."""
        lines = [f"{word.use}: {_told(word.said)}" for word in self.each]
        match self.together:
            case Conflicting(reason):
                lines.append(f"together: refused with 400, {reason}")
            case Unclaimed():
                lines.append("together: refused with 403, an Authorization header that no resolver has read")
            case CannotTell(reason):
                lines.append(f"together: refused with 503, {reason}")
            case Known() | Nobody():
                pass
        return lines


def words(gate: Gate, request: Request) -> Flow[Words]:
    """Ask each resolver alone, and then the gate."""
    each = []
    for use, resolver in gate.resolvers:
        said: Identity | Exception
        try:
            said = yield from resolver.resolve(request)
        except Exception as error:
            said = error
        each.append(Word(use, said))
    return Words(tuple(each), (yield from gate.identify(request)))


def _told(said: object) -> str:
    match said:
        case Login():
            facts = [f"user {said.user!r}"]
            facts += [f"label {said.label!r}"] * bool(said.label)
            facts += [f"e-mail {said.email!r}"] * bool(said.email)
            facts.append("a session" if said.session is not None else "no session")
            return ", ".join(facts)
        case Anonymous(unread):
            left = f", and it could make nothing of {', '.join(sorted(n.decode() for n in unread))}" if unread else ""
            return f"nobody{left}"
        case Unknown(reason):
            return f"cannot tell: {reason}"
        case Exception():
            return f"failed: {type(said).__name__}: {said}"
        case _:
            return f"answered {type(said).__name__}"
