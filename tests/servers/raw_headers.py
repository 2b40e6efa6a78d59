"""Headers, cookies and upgrades as bytes, odd ones above all, and how they end. The words: ``raw.py``."""

from __future__ import annotations

from servers.raw import (
    AMBIGUOUS,
    ANONYMOUS,
    CLOSE,
    COOKIE,
    HOST,
    NO_PASS,
    READ,
    UNREAD,
    Ends,
    Raw,
    Seen,
    all_but,
    sent,
    with_cookies,
    with_headers,
)

WS = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://localhost:8000\r\n"
HEADERS = {
    "a folded header": with_headers(
        b"X-A: 1\r\n 2\r\n", refused_by=all_but("gevent, waitress, h11, hypercorn, hypercorn wsgi")
    ),
    "a folded cookie": sent(
        cookie=b"Cookie: a=b;\r\n <C>\r\n",
        refused_by=all_but("gevent, waitress, h11, hypercorn, hypercorn wsgi"),
        otherwise={"gevent": (AMBIGUOUS, "keeps the end of the line")},
    ),
    "a cookie folded with a tab": sent(
        cookie=b"Cookie:\r\n\t<C>\r\n", refused_by=all_but("gevent, waitress, h11, hypercorn, hypercorn wsgi")
    ),
    "a fold right after the line": Raw(
        b"GET /shop HTTP/1.1\r\n Cookie: <C>\r\n" + HOST + CLOSE + COOKIE + b"\r\n", refused_by=all_but("gevent")
    ),
    "a space before the colon": with_headers(b"X-A : 1\r\n", refused_by=all_but("gevent")),
    "the cookie with a space before the colon": sent(
        cookie=b"Cookie : <C>\r\n", ends=ANONYMOUS, refused_by=all_but("gevent")
    ),
    "the cookie with a tab before the colon": sent(
        cookie=b"Cookie\t: <C>\r\n", ends=ANONYMOUS, refused_by=all_but("gevent")
    ),
    "a space before the cookie's name": sent(
        cookie=b"X-A: b\r\n Cookie: <C>\r\n",
        ends=ANONYMOUS,
        refused_by=all_but("gevent, waitress, h11, hypercorn, hypercorn wsgi"),
    ),
    "no space after the colon": sent(cookie=b"Cookie:<C>\r\n"),
    "tabs around the value": sent(cookie=b"Cookie:\t<C>\t\r\n"),
    "no colon": with_headers(b"X-A\r\n", refused_by=all_but("gevent")),
    "an empty name": with_headers(b": a\r\n", refused_by=all_but("gevent")),
    "an empty value": with_headers(b"X-A:\r\n"),
    "a quoted name": with_headers(b'"X-A": a\r\n', refused_by=all_but("gevent")),
    "a NUL in a value": with_headers(b"X-A: a\0b\r\n", refused_by=all_but("gevent")),
    "a NUL in the cookie": sent(cookie=b"Cookie: a=\0; <C>\r\n", refused_by=all_but("gevent")),
    "a CR in a value": with_headers(b"X-A: a\rCookie: <C>\r\n", ends=AMBIGUOUS, refused_by=all_but("gevent")),
    "a CR in the cookie": sent(cookie=b"Cookie: a=b\r; <C>\r\n", ends=ANONYMOUS, refused_by=all_but("gevent")),
    "an LF in the cookie": sent(cookie=b"Cookie: a=b\n; <C>\r\n", ends=ANONYMOUS, refused_by=all_but("gevent")),
    "an LF before another header": with_headers(
        b"X-A: a\nX-B: b\r\n", refused_by="gunicorn, gunicorn asgi, waitress, httptools"
    ),
    "bytes in a value": with_headers(b"X-A: \xe4\xff\x80\r\n"),
    "bytes in a name": with_headers(b"X-\xe4: a\r\n", refused_by=all_but("gevent")),
    "control bytes in a value": with_headers(
        b"X-A: a\x01\x7f\r\n", refused_by=all_but("gevent, h11, hypercorn, hypercorn wsgi")
    ),
    "underscores": with_headers(b"X_Forwarded_For: 10.0.0.1\r\n"),
    "a cookie in capitals": sent(cookie=b"COOKIE: <C>\r\n"),
    "a proxy's path": with_headers(
        b"X-Original-URL: /static/x\r\nX-Rewrite-URL: /static/x\r\nX-Forwarded-Prefix: /static\r\n"
    ),
    "another method in a header": with_headers(b"X-HTTP-Method-Override: DELETE\r\n"),
    "a method in the query": sent(
        b"POST /shop?_method=GET HTTP/1.1", b"Content-Length: 0\r\n", seen=Seen(method="POST", query="_method=GET")
    ),
    "script name": with_headers(
        b"Script-Name: /static\r\nScript_Name: /static\r\nX-Script-Name: /static\r\n",
        refused_by="gunicorn",
        fails_at="gunicorn",
    ),
    "remote user": with_headers(b"Remote-User: vera\r\nX-Remote-User: vera\r\nRemote_User: vera\r\n"),
    "authorization": with_headers(b"Authorization: Basic dmVyYTp2ZXJh\r\n", ends=UNREAD),
    "authorization twice": with_headers(
        b"Authorization: Basic dmVyYTp2ZXJh\r\nAuthorization: Bearer x\r\n", ends=UNREAD
    ),
    "authorization, with an underscore": with_headers(
        b"Author_ization: x\r\nProxy-Authorization: Basic dmVyYTp2ZXJh\r\n"
    ),
    "hop by hop cookie": sent(b"GET /shop HTTP/1.0", close=b"Connection: cookie\r\n"),
    "connection twice": sent(b"GET /shop HTTP/1.0", close=b"Connection: close\r\nConnection: cookie\r\n"),
    "forwarded": with_headers(
        b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: x/static/\r\nX-Forwarded-Proto: https\r\nForwarded: for=127.0.0.1;host=x;proto=https\r\n"
    ),
    "expect something else": with_headers(b"Expect: 200-ok\r\n", refused_by="gunicorn"),
    "upgrade to h2c": sent(
        close=b"Connection: Upgrade, HTTP2-Settings, close\r\n",
        headers=b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
        until="answered",
        torn=True,
    ),
    "upgrade to something": sent(
        close=b"Connection: Upgrade, close\r\n", headers=b"Upgrade: telnet\r\n", until="answered"
    ),
    "a range": with_headers(b"Range: bytes=0-1\r\nIf-None-Match: *\r\n"),
    "accepts coded answers": with_headers(b"Accept-Encoding: gzip, br\r\nTE: trailers\r\n"),
    "a long header": with_headers(b"X-A: " + b"a" * 60_000 + b"\r\n", refused_by="gunicorn, gunicorn asgi"),
    "many headers": with_headers(b"".join(b"X-%d: a\r\n" % n for n in range(90))),
    "very many headers": with_headers(
        b"".join(b"X-%d: a\r\n" % n for n in range(5_000)),
        refused_by="gunicorn, gevent, gunicorn asgi, granian wsgi, granian asgi",
    ),
}

SOCKETS = {
    "websocket": sent(
        b"GET /shop HTTP/1.1",
        b"Upgrade: websocket\r\n" + WS,
        close=b"Connection: Upgrade\r\n",
        until="answered",
        refused_by="hypercorn wsgi",
        otherwise={"gunicorn asgi": (Ends("app", "server", "app vera"), "says the gate's refusal in its own words")},
        seen_otherwise={"gunicorn asgi, granian asgi, h11, httptools, hypercorn": Seen(method="WEBSOCKET", body=None)},
    ),
    "websocket, oddly written": sent(
        b"GET /shop HTTP/1.1",
        b"Upgrade: WebSocket\r\n" + WS,
        close=b"Connection: keep-alive, upgrade\r\n",
        until="answered",
        refused_by="hypercorn wsgi",
        otherwise={"gunicorn asgi": (Ends("app", "server", "app vera"), "says the gate's refusal in its own words")},
        seen_otherwise={"gunicorn asgi, granian asgi, h11, httptools, hypercorn": Seen(method="WEBSOCKET", body=None)},
    ),
    "websocket by POST": sent(
        b"POST /shop HTTP/1.1",
        b"Upgrade: websocket\r\nContent-Length: 0\r\n" + WS,
        close=b"Connection: Upgrade, close\r\n",
        until="answered",
        refused_by="h11, httptools",
        seen=Seen(method="POST"),
        seen_otherwise={"granian asgi": Seen(method="WEBSOCKET", body=None)},
    ),
    "websocket without a key": sent(
        b"GET /shop HTTP/1.1",
        b"Upgrade: websocket\r\n",
        close=b"Connection: Upgrade, close\r\n",
        until="answered",
        refused_by=all_but("gunicorn, gevent, tornado, waitress, granian wsgi"),
    ),
    "websocket over HTTP/1.0": sent(
        b"GET /shop HTTP/1.0",
        b"Upgrade: websocket\r\n" + WS,
        close=b"Connection: Upgrade, close\r\n",
        until="answered",
        refused_by="hypercorn, hypercorn wsgi",
        otherwise={"gunicorn asgi": (Ends("app", "server", "app vera"), "says the gate's refusal in its own words")},
        seen_otherwise={"gunicorn asgi, granian asgi, h11, httptools": Seen(method="WEBSOCKET", body=None)},
    ),
    "websocket without connection": sent(b"GET /shop HTTP/1.1", b"Upgrade: websocket\r\n" + WS, until="answered"),
    "websocket of another origin": sent(
        b"GET /shop HTTP/1.1",
        b"Upgrade: websocket\r\n" + WS.replace(b"localhost:8000", b"evil.example"),
        close=b"Connection: Upgrade\r\n",
        until="answered",
        ends=NO_PASS,
        refused_by="hypercorn wsgi",
        otherwise={"gunicorn asgi": (Ends("app", "server", "server"), "says the gate's refusal in its own words")},
    ),
}

COOKIES = {
    "in two headers": sent(
        cookie=b"Cookie: session=<S>\r\nCookie: <N>=<P>\r\n",
        otherwise={"gunicorn, tornado, waitress, hypercorn wsgi": (ANONYMOUS, "joins the headers with a comma")},
    ),
    "in two headers, the session twice": sent(cookie=b"Cookie: <C>\r\nCookie: session=<S>\r\n", ends=AMBIGUOUS),
    "in two headers, the pass twice": sent(cookie=b"Cookie: <C>\r\nCookie: <N>=<P>\r\n", ends=NO_PASS),
    "in two headers, another between": sent(
        cookie=b"Cookie: session=<S>\r\nX-A: b\r\nCookie: <N>=<P>\r\n",
        otherwise={"gunicorn, tornado, waitress, hypercorn wsgi": (ANONYMOUS, "joins the headers with a comma")},
    ),
    "in a header with an underscore": sent(cookie=b"Cookie: a=b\r\nCoo_kie: <C>\r\n", ends=ANONYMOUS),
    "the session twice": with_cookies(b"<C>; session=<S>", ends=AMBIGUOUS),
    "the session twice, one empty": with_cookies(b"session=; <C>", ends=AMBIGUOUS),
    "the session and another": with_cookies(b"<C>; session=x", ends=AMBIGUOUS),
    "the pass twice": with_cookies(b"<C>; <N>=<P>", ends=NO_PASS),
    "the pass and another": with_cookies(b"<C>; <N>=x", ends=NO_PASS),
    "another before the pass": with_cookies(b"<N>=x; <C>", ends=NO_PASS),
    "a0 before the session": with_cookies(
        b"\xa0session=<S>; <N>=<P>",
        ends=AMBIGUOUS,
        otherwise={
            "gevent": (READ, "takes a0 at the edge of a header for a space"),
            "granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f"),
        },
    ),
    "85 before the session": with_cookies(
        b"x=y; \x85session=<S>; <N>=<P>",
        ends=AMBIGUOUS,
        otherwise={"granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f")},
    ),
    "U+2000 before the session": with_cookies(
        b"x=y; \xe2\x80\x80session=<S>; <N>=<P>",
        ends=AMBIGUOUS,
        otherwise={"granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f")},
    ),
    "a0 after the session's name": with_cookies(
        b"session\xa0=<S>; <N>=<P>",
        ends=AMBIGUOUS,
        otherwise={"granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f")},
    ),
    "a0 before the pass": with_cookies(
        b"session=<S>; \xa0<N>=<P>",
        ends=NO_PASS,
        otherwise={"granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f")},
    ),
    "85 before the pass": with_cookies(
        b"session=<S>; \x85<N>=<P>",
        ends=NO_PASS,
        otherwise={"granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f")},
    ),
    "U+2000 before the pass": with_cookies(
        b"session=<S>; \xe2\x80\x80<N>=<P>",
        ends=NO_PASS,
        otherwise={"granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f")},
    ),
    "host prefix": with_cookies(b"session=<S>; __Host-<N>=<P>", ends=NO_PASS),
    "a quoted session": with_cookies(b'session="<S>"; <N>=<P>', ends=ANONYMOUS),
    "a quoted session name": with_cookies(b'"session"=<S>; <N>=<P>', ends=AMBIGUOUS),
    "a quoted pass": with_cookies(b'session=<S>; <N>="<P>"', ends=NO_PASS),
    "a quoted pass name": with_cookies(b'session=<S>; "<N>"=<P>', ends=NO_PASS),
    "no name": with_cookies(b"=session=<S>; =<N>=<P>", ends=ANONYMOUS, shows_ours=True),
    "version": with_cookies(b"$Version=1; session=<S>; $Path=/; <N>=<P>; $Domain=localhost"),
    "commas between": with_cookies(b"session=<S>, <N>=<P>", ends=ANONYMOUS),
    "a comma before the session": with_cookies(b"a=b, session=<S>; <N>=<P>", ends=AMBIGUOUS),
    "spaces between": with_cookies(b"session=<S> <N>=<P>", ends=ANONYMOUS),
    "no spaces": with_cookies(b"session=<S>;<N>=<P>"),
    "tabs": with_cookies(b"\tsession=<S>\t;\t<N>=<P>\t"),
    "a vertical tab before the session": with_cookies(
        b"a=b;\x0bsession=<S>; <N>=<P>", ends=AMBIGUOUS, refused_by=all_but("gevent")
    ),
    "in capitals": with_cookies(b"SESSION=<S>; <N>=<P>", ends=ANONYMOUS),
    "with escapes": with_cookies(b"%73ession=<S>; <N>=<P>", ends=ANONYMOUS),
    "the session inside quotes": with_cookies(b'a="b; session=<S>; c="; <N>=<P>'),
    "the pass inside quotes": with_cookies(b'session=<S>; a="b; <N>=<P>; c="'),
    "a changed pass": with_cookies(b"session=<S>; <N>=x<P>", ends=NO_PASS),
    "a cut session": with_cookies(b"session=<S>x; <N>=<P>", ends=ANONYMOUS),
    "an empty cookie header": sent(cookie=b"Cookie:\r\n", ends=ANONYMOUS),
    "semicolons": with_cookies(b";;;=;;; <C>;;;"),
    "63 KB": with_cookies(b"a=" + b"x" * 63 * 1024 + b"; <C>", refused_by="gunicorn, gunicorn asgi"),
    "63 KB of session": with_cookies(
        b"session=<S>" + b"x" * 63 * 1024 + b"; <N>=<P>",
        ends=ANONYMOUS,
        refused_by="gunicorn, gunicorn asgi",
    ),
    "7000 bytes": with_cookies(b"a=" + b"x" * 7000 + b"; <C>"),
    "5000 cookies": with_cookies(
        b"; ".join(b"c%d=v" % n for n in range(5000)) + b"; <C>", refused_by="gunicorn, gunicorn asgi"
    ),
    "500 cookies": with_cookies(b"; ".join(b"c%d=v" % n for n in range(500)) + b"; <C>"),
    "3000 cookie headers": sent(
        cookie=b"".join(b"Cookie: c%d=v\r\n" % n for n in range(3000)) + COOKIE,
        refused_by="gunicorn, gevent, gunicorn asgi, granian wsgi, granian asgi",
        otherwise={"tornado, waitress, hypercorn wsgi": (AMBIGUOUS, "joins the headers with a comma")},
    ),
    "50 cookie headers": sent(
        cookie=b"".join(b"Cookie: c%d=v\r\n" % n for n in range(50)) + COOKIE,
        otherwise={"gunicorn, tornado, waitress, hypercorn wsgi": (AMBIGUOUS, "joins the headers with a comma")},
    ),
    "bytes in cookies": with_cookies(
        b"a=\xff\xfe; \x80=\xe4; <C>",
        otherwise={"granian wsgi": (ANONYMOUS, "leaves out a header with bytes above 7f")},
    ),
    "control bytes in cookies": with_cookies(
        b"a=\x01\x7f; <C>", refused_by=all_but("gevent, h11, hypercorn, hypercorn wsgi")
    ),
}
