"""Two log-in pages with a cookie each, Basic beside them, and bearer tokens."""

import base64
import binascii
import secrets

import web

TOKENS = {f"token-of-{name}": name for name in web.people}


def by_header(authorization):
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return TOKENS.get(value)
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return name if web.knows(name, password) else None
    return None


def handle(request):
    form = request.form
    cookie = "office_sid" if request.path.startswith("/office") else "sid"
    id = request.cookies.get(cookie, "")
    if request.method == "POST" and request.path in ("/login", "/office/login"):
        if not web.knows(form.get("name", ""), form.get("password", "")):
            return web.wrong()
        id = secrets.token_hex(16)
        web.write_session(id, form["name"], id[:8])
        return web.go("/me" if cookie == "sid" else "/office/me").keep(cookie, id)
    if request.method == "POST" and request.path in ("/logout", "/office/logout"):
        web.write_session(id, None)
        return web.go("/").keep(cookie, "")
    if request.authorization:
        user = by_header(request.authorization)
        if user is None:
            return web.Answer("no", 401, [("WWW-Authenticate", 'Basic realm="shop"')], "text/plain")
    else:
        user = web.session_of(id)[0]
    request.path = request.path.removeprefix("/office")
    return web.shop(request, user)


app, asgi_app = web.wsgi(handle), web.asgi(handle)
