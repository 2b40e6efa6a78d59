"""Whom a record is about: the other system's name for somebody becomes a user id here, in one explicit way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...desk import Desk
from ...errors import BadFile
from ...protocol import Flow, UserKey, user_id
from ..adopting import Adopted
from .records import Record, Refused, Taken, Unusable

MOST_LABEL = 255


@dataclass(frozen=True, slots=True)
class Naming:
    """``ids``: name → user id; a name that is not in it is refused. ``user``: the one account is this user's. Without
    either the name is the user id. ``issuer``: only accounts of this one."""

    ids: Mapping[str, str] | None = None
    user: str | None = None
    issuer: str | None = None
    _met: set[UserKey] = field(default_factory=set, init=False, repr=False)

    def fitting(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records without accounts of other issuers."""
        for record in records:
            if self.issuer is None or not isinstance(record, Taken) or record.issuer == self.issuer:
                yield record

    def check(self, taken: int) -> None:
        """BadFile if several accounts would be those of one user."""
        if self.user is not None and taken != 1:
            raise BadFile(
                f"the file has {taken} accounts that could be the user's, and --user is for just one: pick it by "
                "--issuer, or say by --map whose each is"
            )

    def adopted(self, desk: Desk, record: Taken) -> Flow[Adopted | Refused]:
        """Whose it is. With a directory, only people whom it knows; nobody twice."""
        try:
            user = user_id(self._user(record.name))
        except ValueError as error:
            return Refused(record.place, f"it is nobody's: {error}")
        found = Adopted(user, record.secret, record.label[:MOST_LABEL])
        if desk.directory is not None:
            person = yield from desk.directory.person(user)
            if person is None:
                return Refused(record.place, "the directory knows nobody with this user id")
            found = replace(found, label=person.label)
        key = desk.user_key(user)
        if key in self._met:
            return Refused(record.place, "the same user had another account before in the file")
        self._met.add(key)
        return found

    def _user(self, name: str) -> str:
        if self.user is not None:
            return self.user
        if self.ids is None:
            return name
        if name not in self.ids:
            raise Unusable("the name is not in the table of --map")
        return self.ids[name]
