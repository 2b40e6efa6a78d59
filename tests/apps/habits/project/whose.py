"""Who is logged in, as the shop of the habit would say: what somebody writes who puts such a shop behind the gate."""

import web
from remember_me import remembers
from same_cookie import user_of
from two_doors import by_header as user_by_header

from twofa_middleware.protocol import Login


def one(request, name):
    return request.cookies().get(name, [b""])[0].decode("latin-1")


def by_same_cookie(request):
    return user_of(one(request, b"auth"))


def by_session(request, cookie=b"sid"):
    user, login = web.session_of(one(request, cookie))
    return Login(user, login) if user else None


def by_office_session(request):
    return by_session(request, b"office_sid")


def remembered_or_by_session(request):
    """The user alone: a session that remember-me begins is the same log-in, and nobody shall be asked twice."""
    return web.session_of(one(request, b"sid"))[0] or remembers(one(request, b"remember"))


def by_header(request):
    return user_by_header((request.header(b"authorization") or b"").decode("latin-1"))
