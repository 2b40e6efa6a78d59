"""The cookie names the browser and never changes: who is logged in stands in the sessions, over log-out and log-in."""

import secrets

import web


def handle(request):
    id = request.cookies.get("browser", "")
    form = request.form
    answer = None
    if (request.method, request.path) == ("POST", "/login"):
        id = id or secrets.token_hex(16)
        if not web.knows(form.get("name", ""), form.get("password", "")):
            return web.wrong()
        web.write_session(id, form["name"])
        answer = web.go("/me")
    elif (request.method, request.path) == ("POST", "/logout"):
        web.write_session(id, None)
        answer = web.go("/")
    else:
        answer = web.shop(request, web.session_of(id)[0])
    if "browser" not in request.cookies and id:
        answer.keep("browser", id)
    return answer


app, asgi_app = web.wsgi(handle), web.asgi(handle)
