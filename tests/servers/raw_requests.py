"""Request lines and paths as bytes, odd ones above all, and how they end. The words: ``raw.py``."""

from __future__ import annotations

from servers.raw import ANONYMOUS, HOST, OWN_PAGE, REFUSED, Raw, Seen, all_but, sent, with_path

LINES = {
    "plain": sent(),
    "lower-case method": sent(
        b"get /shop HTTP/1.1",
        refused_by="gunicorn, gunicorn asgi, waitress, httptools",
        seen=Seen(method="get"),
        seen_otherwise={"hypercorn, hypercorn wsgi": Seen()},
    ),
    "mixed-case method": sent(
        b"gEt /shop HTTP/1.1",
        refused_by="gunicorn, gunicorn asgi, waitress, httptools",
        seen=Seen(method="gEt"),
        seen_otherwise={"hypercorn, hypercorn wsgi": Seen()},
    ),
    "HEAD": sent(b"HEAD /shop HTTP/1.1", seen=Seen(method="HEAD")),
    "OPTIONS": sent(b"OPTIONS /shop HTTP/1.1", seen=Seen(method="OPTIONS")),
    "OPTIONS *": sent(b"OPTIONS * HTTP/1.1", seen=Seen(method="OPTIONS", path="*")),
    "TRACE": sent(b"TRACE /shop HTTP/1.1", seen=Seen(method="TRACE")),
    "CONNECT": sent(
        b"CONNECT localhost:80 HTTP/1.1",
        refused_by="httptools",
        seen=Seen(method="CONNECT", path="localhost:80"),
        seen_otherwise={
            "gunicorn, waitress": Seen(method="CONNECT", path="80"),
            "granian wsgi, granian asgi": Seen(method="CONNECT", path=""),
        },
    ),
    "DELETE": sent(b"DELETE /shop HTTP/1.1", seen=Seen(method="DELETE")),
    "PROPFIND": sent(b"PROPFIND /shop HTTP/1.1", seen=Seen(method="PROPFIND")),
    "an invented method": sent(b"FETCH /shop HTTP/1.1", refused_by="httptools", seen=Seen(method="FETCH")),
    "a method of odd letters": sent(b"GE(T /shop HTTP/1.1", refused_by=all_but("gevent"), seen=Seen(method="GE(T")),
    "a method with a tilde": sent(b"G~T /shop HTTP/1.1", refused_by="httptools", seen=Seen(method="G~T")),
    "a long method": sent(
        b"G" * 100 + b" /shop HTTP/1.1", refused_by="gunicorn, gunicorn asgi, httptools", seen=Seen(method="G" * 100)
    ),
    "the method of HTTP/2": sent(b"PRI * HTTP/2.0", until="half-closed", torn=True),
    "absolute form": sent(
        b"GET http://localhost/shop HTTP/1.1",
        seen=Seen(path="http://localhost/shop"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen()},
    ),
    "absolute form, another host": sent(
        b"GET http://other.example/static/x HTTP/1.1",
        otherwise={
            "gunicorn, waitress, granian wsgi, granian asgi, httptools": (
                ANONYMOUS,
                "takes the path out of the URL, and it is exempt",
            )
        },
        seen=Seen(path="http://other.example/static/x"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen(path="/static/x")},
    ),
    "absolute form of no path": sent(
        b"GET http://localhost HTTP/1.1",
        refused_by="httptools",
        seen=Seen(path="http://localhost"),
        seen_otherwise={"gunicorn, waitress": Seen(path=""), "granian wsgi, granian asgi": Seen(path="/")},
    ),
    "absolute form, exempt in the host": sent(
        b"GET http://x/static/../shop HTTP/1.1",
        seen=Seen(path="http://x/static/../shop"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen(path="/static/../shop")},
    ),
    "absolute form, another scheme": sent(
        b"GET ftp://localhost/shop HTTP/1.1",
        seen=Seen(path="ftp://localhost/shop"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen()},
    ),
    "absolute form, a user": sent(
        b"GET http://u:p@localhost/shop HTTP/1.1",
        seen=Seen(path="http://u:p@localhost/shop"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen()},
    ),
    "authority form": sent(
        b"GET localhost:80 HTTP/1.1",
        refused_by="gunicorn, gunicorn asgi, httptools",
        seen=Seen(path="localhost:80"),
        seen_otherwise={"granian wsgi, granian asgi": Seen(path=""), "waitress": Seen(path="80")},
    ),
    "a path without slash": sent(
        b"GET shop HTTP/1.1",
        refused_by="gunicorn, gunicorn asgi, httptools",
        seen=Seen(path="shop"),
        seen_otherwise={"granian wsgi, granian asgi": Seen(path="")},
    ),
    "a query alone": sent(
        b"GET ?a=b HTTP/1.1",
        refused_by="gunicorn, gunicorn asgi, granian wsgi, granian asgi, httptools",
        seen=Seen(path="", query="a=b"),
        seen_otherwise={"hypercorn wsgi": Seen(path="/", query="a=b")},
    ),
    "asterisk": sent(b"GET * HTTP/1.1", refused_by="gunicorn, gunicorn asgi", seen=Seen(path="*")),
    "empty target": sent(b"GET  HTTP/1.1", refused_by=all_but("gevent"), seen=Seen(path="HTTP/1.1")),
    "HTTP/1.0": sent(b"GET /shop HTTP/1.0"),
    "HTTP/1.0 without host": sent(b"GET /shop HTTP/1.0", host=b""),
    "HTTP/0.9": Raw(b"GET /shop\r\n", "half-closed", ends=ANONYMOUS, refused_by=all_but("gevent")),
    "HTTP/0.9 with headers": sent(b"GET /shop", refused_by=all_but("gevent, waitress, httptools")),
    "HTTP/1.2": sent(b"GET /shop HTTP/1.2", refused_by="gunicorn asgi, granian wsgi, granian asgi, httptools"),
    "HTTP/2.0": sent(b"GET /shop HTTP/2.0", refused_by=all_but("waitress, h11, httptools, hypercorn, hypercorn wsgi")),
    "HTTP/0.9 by name": sent(
        b"GET /shop HTTP/0.9", refused_by="gunicorn, tornado, gunicorn asgi, granian wsgi, granian asgi"
    ),
    "HTTP/1.10": sent(b"GET /shop HTTP/1.10", refused_by=all_but("gevent")),
    "http/1.1": sent(b"GET /shop http/1.1", ends=REFUSED),
    "no version number": sent(b"GET /shop HTTP/", ends=REFUSED),
    "another protocol": sent(b"GET /shop ICAP/1.0", ends=REFUSED),
    "tabs between": sent(b"GET\t/shop\tHTTP/1.1", refused_by=all_but("gevent")),
    "several spaces": sent(b"GET  /shop  HTTP/1.1", refused_by=all_but("gevent, httptools")),
    "a space before": sent(b" GET /shop HTTP/1.1", refused_by=all_but("gevent, waitress")),
    "a space after": sent(b"GET /shop HTTP/1.1 ", refused_by=all_but("gevent, waitress")),
    "a space in the path": sent(b"GET /static/x /shop HTTP/1.1", ends=REFUSED),
    "empty lines before": sent(
        b"\r\n\r\nGET /shop HTTP/1.1", refused_by=all_but("waitress, granian wsgi, granian asgi, httptools")
    ),
    "NUL in the path": sent(
        b"GET /sh\0op HTTP/1.1", refused_by=all_but("gevent, waitress"), seen=Seen(path="/sh\x00op")
    ),
    "NUL in the method": sent(b"GE\0T /shop HTTP/1.1", refused_by=all_but("gevent"), seen=Seen(method="GE\x00T")),
    "CR in the path": sent(b"GET /static/x\r/shop HTTP/1.1", ends=REFUSED),
    "LF alone": Raw(sent().bytes_sent.replace(b"\r\n", b"\n"), "half-closed", torn=True),
    "CR alone": Raw(sent().bytes_sent.replace(b"\r\n", b"\r"), "half-closed", ends=REFUSED),
    "CR CR LF": Raw(
        sent().bytes_sent.replace(b"\r\n", b"\r\r\n"), "half-closed", ends=ANONYMOUS, refused_by=all_but("gevent")
    ),
    "vertical tab in the line": sent(
        b"GET /shop\x0bHTTP/1.1",
        refused_by=all_but("gevent, waitress"),
        seen_otherwise={"waitress": Seen(path="/shop\x0bHTTP/1.1")},
    ),
    "a0 in the line": sent(b"GET\xa0/shop\xa0HTTP/1.1", refused_by=all_but("gevent")),
    "two hosts": sent(
        host=HOST + b"Host: other.example\r\n",
        refused_by=all_but("gevent, waitress, granian wsgi, granian asgi, httptools"),
    ),
    "no host": sent(host=b"", refused_by="tornado, h11, hypercorn, hypercorn wsgi"),
    "an empty host": sent(host=b"Host:\r\n"),
    "an odd host": sent(host=b"Host: localhost/static/x?\r\n", refused_by="tornado"),
    "a host with a space": sent(host=b"Host: local host\r\n", refused_by="tornado"),
    "a long line": sent(
        b"GET /" + b"a" * 60_000 + b" HTTP/1.1",
        refused_by="gunicorn, gevent, gunicorn asgi",
        seen=Seen(path="/" + "a" * 60_000),
    ),
    "a line of 5000": sent(
        b"GET /" + b"a" * 5_000 + b" HTTP/1.1", refused_by="gunicorn, gunicorn asgi", seen=Seen(path="/" + "a" * 5_000)
    ),
}

PATHS = {
    "/static/x": with_path(b"/static/x", ends=ANONYMOUS, seen=Seen(path="/static/x")),
    "/static/x?../shop": with_path(b"/static/x?../shop", ends=ANONYMOUS, seen=Seen(path="/static/x", query="../shop")),
    "/static/../shop": with_path(b"/static/../shop", seen=Seen(path="/static/../shop")),
    "/static/./x": with_path(b"/static/./x", seen=Seen(path="/static/./x")),
    "/static//x": with_path(b"/static//x", seen=Seen(path="/static//x")),
    "//static/x": with_path(
        b"//static/x",
        otherwise={"waitress": (ANONYMOUS, "makes one slash of several")},
        seen=Seen(path="//static/x"),
        seen_otherwise={"waitress": Seen(path="/static/x")},
    ),
    "/static/%2e%2e/shop": with_path(b"/static/%2e%2e/shop", seen=Seen(path="/static/../shop")),
    "/static/%2E%2E%2Fshop": with_path(b"/static/%2E%2E%2Fshop", seen=Seen(path="/static/../shop")),
    "/static/..%2fshop": with_path(b"/static/..%2fshop", seen=Seen(path="/static/../shop")),
    "/static/..%5cshop": with_path(b"/static/..%5cshop", seen=Seen(path="/static/..\\shop")),
    "/static\\..\\shop": with_path(b"/static\\..\\shop", seen=Seen(path="/static\\..\\shop")),
    "/static/x;a=b": with_path(b"/static/x;a=b", seen=Seen(path="/static/x;a=b")),
    "/static/x%3ba": with_path(b"/static/x%3ba", seen=Seen(path="/static/x;a")),
    "/static/x%00": with_path(b"/static/x%00", seen=Seen(path="/static/x\x00")),
    "/static/x%0a": with_path(b"/static/x%0a", seen=Seen(path="/static/x\n")),
    "/static/x%20": with_path(b"/static/x%20", seen=Seen(path="/static/x ")),
    "/static/x.": with_path(b"/static/x.", ends=ANONYMOUS, seen=Seen(path="/static/x.")),
    "/STATIC/x": with_path(b"/STATIC/x", seen=Seen(path="/STATIC/x")),
    "/%73tatic/x": with_path(
        b"/%73tatic/x",
        otherwise={"tornado, granian wsgi, hypercorn wsgi": (ANONYMOUS, "does not tell the path as it was sent")},
        seen=Seen(path="/static/x"),
    ),
    "/static/%78": with_path(
        b"/static/%78",
        otherwise={"tornado, granian wsgi, hypercorn wsgi": (ANONYMOUS, "does not tell the path as it was sent")},
        seen=Seen(path="/static/x"),
    ),
    "/static%2fx": with_path(
        b"/static%2fx",
        otherwise={"tornado, granian wsgi, hypercorn wsgi": (ANONYMOUS, "does not tell the path as it was sent")},
        seen=Seen(path="/static/x"),
    ),
    "/shop/../static/x": with_path(b"/shop/../static/x", seen=Seen(path="/shop/../static/x")),
    "/./static/x": with_path(b"/./static/x", seen=Seen(path="/./static/x")),
    "/static/x#/shop": with_path(
        b"/static/x#/shop",
        otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": (ANONYMOUS, "cuts the fragment off")},
        seen=Seen(path="/static/x#/shop"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen(path="/static/x")},
    ),
    "/shop#/static/x": with_path(
        b"/shop#/static/x",
        seen=Seen(path="/shop#/static/x"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen()},
    ),
    "/static/Ã¤": with_path(
        b"/static/\xc3\xa4",
        refused_by=all_but("gevent, tornado, granian wsgi, granian asgi"),
        seen=Seen(path="/static/Ã¤"),
        seen_otherwise={"tornado": Seen(path="/static/Ã\x83Â¤")},
    ),
    "/static/%c3%a4": with_path(b"/static/%c3%a4", seen=Seen(path="/static/Ã¤")),
    "/static/ÿ": with_path(
        b"/static/\xff",
        refused_by=all_but("gevent, tornado"),
        seen=Seen(path="/static/ÿ"),
        seen_otherwise={"tornado": Seen(path="/static/Ã¿")},
    ),
    "/static/%ff": with_path(
        b"/static/%ff",
        seen=Seen(path="/static/ï¿½"),
        seen_otherwise={"gunicorn, gevent, tornado, waitress, granian wsgi": Seen(path="/static/ÿ")},
    ),
    "/static/%": with_path(b"/static/%", seen=Seen(path="/static/%")),
    "/static/%zz": with_path(b"/static/%zz", seen=Seen(path="/static/%zz")),
    "/static/%u002e": with_path(b"/static/%u002e", seen=Seen(path="/static/%u002e")),
    "/static/{x}": with_path(b"/static/{x}", seen=Seen(path="/static/{x}")),
    "/static/x?%": with_path(b"/static/x?%", ends=ANONYMOUS, seen=Seen(path="/static/x", query="%")),
    '/static/x"<>': with_path(b'/static/x"<>', refused_by="granian wsgi, granian asgi", seen=Seen(path='/static/x"<>')),
    "/static/x+y": with_path(b"/static/x+y", ends=ANONYMOUS, seen=Seen(path="/static/x+y")),
    "/shop?a=b&c=%20+;d": with_path(b"/shop?a=b&c=%20+;d", seen=Seen(query="a=b&c=%20+;d")),
    "/shop?ä": with_path(b"/shop?\xe4", refused_by=all_but("gevent, tornado"), seen=Seen(query="ä")),
    "/shop?": with_path(b"/shop?"),
    "/shop??": with_path(b"/shop??", seen=Seen(query="?")),
    "/shop?a?b#c": with_path(
        b"/shop?a?b#c",
        seen=Seen(query="a?b#c"),
        seen_otherwise={"gunicorn, waitress, granian wsgi, granian asgi, httptools": Seen(query="a?b")},
    ),
    "/shop/": with_path(b"/shop/", seen=Seen(path="/shop/")),
    "/shop%20x": with_path(b"/shop%20x", seen=Seen(path="/shop x")),
    "/shop%2fx": with_path(b"/shop%2fx", seen=Seen(path="/shop/x")),
    "/shop%252fx": with_path(b"/shop%252fx", seen=Seen(path="/shop%2fx")),
    "/shop%00x": with_path(b"/shop%00x", seen=Seen(path="/shop\x00x")),
    "/shop%0d%0ax": with_path(b"/shop%0d%0ax", seen=Seen(path="/shop\r\nx")),
    "/shop%80": with_path(
        b"/shop%80",
        seen=Seen(path="/shopï¿½"),
        seen_otherwise={"gunicorn, gevent, tornado, waitress, granian wsgi": Seen(path="/shop\x80")},
    ),
    "/sh%c0%afop": with_path(
        b"/sh%c0%afop",
        seen=Seen(path="/shï¿½ï¿½op"),
        seen_otherwise={"gunicorn, gevent, tornado, waitress, granian wsgi": Seen(path="/shÀ¯op")},
    ),
    "/%2e/shop": with_path(b"/%2e/shop", seen=Seen(path="/./shop")),
    "/%2e%2e/shop": with_path(b"/%2e%2e/shop", seen=Seen(path="/../shop")),
    "/../shop": with_path(b"/../shop", seen=Seen(path="/../shop")),
    "/../../shop": with_path(b"/../../shop", seen=Seen(path="/../../shop")),
    "//shop": with_path(b"//shop", seen=Seen(path="//shop"), seen_otherwise={"waitress": Seen()}),
    "///shop": with_path(b"///shop", seen=Seen(path="///shop"), seen_otherwise={"waitress": Seen()}),
    "//localhost/shop": with_path(
        b"//localhost/shop",
        seen=Seen(path="//localhost/shop"),
        seen_otherwise={"waitress": Seen(path="/localhost/shop")},
    ),
    "/\\shop": with_path(b"/\\shop", seen=Seen(path="/\\shop")),
    "/shop;a=b": with_path(b"/shop;a=b", seen=Seen(path="/shop;a=b")),
    "/a/b/../../shop": with_path(b"/a/b/../../shop", seen=Seen(path="/a/b/../../shop")),
    "/2fa/../shop": with_path(b"/2fa/../shop", ends=OWN_PAGE),
    "/2fa%2fverify": with_path(b"/2fa%2fverify", ends=OWN_PAGE),
    "//2fa/verify": with_path(
        b"//2fa/verify",
        otherwise={"waitress": (OWN_PAGE, "makes one slash of several")},
        seen=Seen(path="//2fa/verify"),
    ),
    "/2fa/verify/": with_path(b"/2fa/verify/", ends=OWN_PAGE),
    "/2FA/verify": with_path(b"/2FA/verify", seen=Seen(path="/2FA/verify")),
    "/2fa/./verify": with_path(b"/2fa/./verify", ends=OWN_PAGE),
    "/2fa/static/../../shop": with_path(b"/2fa/static/../../shop", ends=OWN_PAGE),
    "/2fa;x/verify": with_path(b"/2fa;x/verify", seen=Seen(path="/2fa;x/verify")),
}
