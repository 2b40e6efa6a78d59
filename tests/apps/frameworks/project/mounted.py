"""The shop of Quart below /shop of a Starlette app."""

from quart_shop import app as shop
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from twofa_middleware.asgi import TwoFactorMiddleware


async def front(request):
    return PlainTextResponse("the front door")


def below(shop):
    return Starlette(routes=[Route("/", front), Mount("/shop", app=shop)])


app = below(shop)
application = below(TwoFactorMiddleware(shop, "quart_shop.toml", name="shop"))
