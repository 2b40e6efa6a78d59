"""Log-out is a query field on any path: /?do=logout, /orders?do=logout."""

import secrets

import web


def handle(request):
    id, form = request.cookies.get("sid", ""), request.form
    if request.query.get("do") == "logout":
        web.write_session(id, None)
        return web.go("/")
    if (request.method, request.path) == ("POST", "/login"):
        if not web.knows(form.get("name", ""), form.get("password", "")):
            return web.wrong()
        id = id or secrets.token_hex(16)
        web.write_session(id, form["name"])
        return web.go("/me").keep("sid", id)
    return web.shop(request, web.session_of(id)[0])


app, asgi_app = web.wsgi(handle), web.asgi(handle)
