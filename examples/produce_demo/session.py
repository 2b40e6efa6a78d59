"""Who is logged in: the cookie `produce_session`, signed and self-contained."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Request, Response

from portal_people import Person

COOKIE = "produce_session"
SALT = "produce-session"
MAX_AGE_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Session:
    user_id: int
    login_id: str  # new at each log-in
    user_name: str
    csrf: str


class Sessions:
    def __init__(self, secret: str) -> None:
        self._serializer = URLSafeTimedSerializer(secret, salt=SALT)

    def of(self, request: Request) -> Session | None:
        try:
            facts = self._serializer.loads(request.cookies.get(COOKIE, ""), max_age=MAX_AGE_SECONDS)
        except BadSignature:
            return None
        return Session(**facts)

    def begin(self, response: Response, person: Person) -> None:
        session = Session(
            user_id=person.user_id,
            login_id=secrets.token_urlsafe(16),
            user_name=person.user_name,
            csrf=secrets.token_urlsafe(32),
        )
        response.set_cookie(
            COOKIE,
            str(self._serializer.dumps(asdict(session))),
            max_age=MAX_AGE_SECONDS,
            path="/",
            httponly=True,
            samesite="Lax",
        )

    @staticmethod
    def end(response: Response) -> None:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
