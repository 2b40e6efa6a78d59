"""Log-in over a WebSocket: the socket hears name and password, and the session of the page's cookie is somebody's."""

import json
import secrets

import web


def handle(request):
    id = request.cookies.get("sid", "")
    if (request.method, request.path) == ("POST", "/logout"):
        web.write_session(id, None)
        return web.go("/")
    answer = web.shop(request, web.session_of(id)[0])
    return answer if id else answer.keep("sid", secrets.token_hex(16))


async def talk(scope, receive, send):
    id = web.cookies_of(scope).get("sid", "")
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        told = json.loads(message["text"])
        if id and web.knows(told.get("name", ""), told.get("password", "")):
            web.write_session(id, told["name"], secrets.token_hex(4))
            said = f"welcome {told['name']}"
        else:
            said = "wrong name or password"
        await send({"type": "websocket.send", "text": said})


asgi_app = web.asgi(handle, talk)
