"""The session has a new random id after each page; the old one is worth nothing from then on."""

import secrets

import web


def handle(request):
    id, form = request.cookies.get("sid", ""), request.form
    user, login = web.session_of(id)
    if (request.method, request.path) == ("POST", "/login"):
        if not web.knows(form.get("name", ""), form.get("password", "")):
            return web.wrong()
        user, login = form["name"], secrets.token_hex(8)
        answer = web.go("/me")
    elif (request.method, request.path) == ("POST", "/logout"):
        web.write_session(id, None)
        return web.go("/").keep("sid", "")
    else:
        answer = web.shop(request, user)
    if user is None:
        return answer
    new = secrets.token_hex(16)
    web.write_session(new, user, login)
    web.write_session(id, None)
    return answer.keep("sid", new)


app, asgi_app = web.wsgi(handle), web.asgi(handle)
