"""A WSGI app behind the gate with WebSockets as apps have them: by simple-websocket (Flask-Sock), or by gevent-websocket.

``python -m support.lent_site werkzeug <port>`` serves it by Werkzeug, ``gevent`` by gevent's own server; each over TLS if
there is a ``127.0.0.1.pem`` in the folder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.site import note, open_realm
from twofa_middleware.wsgi import TwoFactorMiddleware


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    note(environ["REQUEST_METHOD"], environ["PATH_INFO"])
    if environ["PATH_INFO"] != "/open":
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "11")])
        return [b"secret page"]
    given = environ.get("wsgi.websocket")
    if given is not None:
        while (message := given.receive()) is not None:
            given.send(f"echo {message}")
        note("CLOSED", "by the other side")
        return []
    from simple_websocket import ConnectionClosed, Server

    opened = Server.accept(environ)
    try:
        while True:
            opened.send(f"echo {opened.receive()}")
    except ConnectionClosed:
        note("CLOSED", "by the other side")
    if opened.mode == "gunicorn":
        raise StopIteration  # so gunicorn knows that there is no answer
    if opened.mode == "werkzeug":
        start_response("200 OK", [])
    return []


_realm = open_realm()
application = TwoFactorMiddleware(app, _realm.settings, name="shop", clock=_realm.clock)

if __name__ == "__main__":
    server, port = sys.argv[1:]
    pair = ("127.0.0.1.pem", "127.0.0.1.key") if Path("127.0.0.1.pem").exists() else None
    if server == "werkzeug":
        from werkzeug.serving import run_simple

        run_simple("127.0.0.1", int(port), application, threaded=True, ssl_context=pair)
    else:
        from gevent.pywsgi import WSGIServer

        tls = dict(zip(("certfile", "keyfile"), pair, strict=True)) if pair else {}
        WSGIServer(("127.0.0.1", int(port)), application, **tls).serve_forever()
