"""Django's admin, and what else a shop has: a page, a list for scripts, an upload, a file, a report in pieces, and news."""

import asyncio
import time
from base64 import b64decode

from django.contrib import admin
from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path


def home(request):
    return HttpResponse("<h1>The shop</h1>")


@login_required(login_url="/admin/login/")
def orders(request):
    return JsonResponse({"user": request.user.get_username(), "orders": []})


@login_required(login_url="/admin/login/")
def upload(request):
    length = 0
    while piece := request.read(65536):
        length += len(piece)
    return JsonResponse({"user": request.user.get_username(), "length": length})


@login_required(login_url="/admin/login/")
def source(request):
    return FileResponse(open(__file__, "rb"), content_type="text/plain")


@login_required(login_url="/admin/login/")
def report(request):
    return StreamingHttpResponse((f"line {number}\n" for number in range(3)), content_type="text/plain")


@login_required(login_url="/admin/login/")
async def async_orders(request):
    await asyncio.sleep(0)
    user = await request.auser()
    return JsonResponse({"user": user.get_username(), "orders": []})


def cookies(request):
    return JsonResponse({"cookies": sorted(request.COOKIES)})


def me(request):
    """Whose the session, the password or the token is."""
    user = request.user
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind == "Basic":
        name, _, password = b64decode(value).decode().partition(":")
        user = authenticate(username=name, password=password)
    if kind == "Bearer":
        user = User.objects.filter(username=value.removeprefix("token-of-")).first()
    if user is None or not user.is_authenticated:
        return JsonResponse({"id": None}, status=401)
    groups = list(user.groups.values_list("name", flat=True))
    return JsonResponse({"id": user.pk, "name": user.get_username(), "groups": groups})


SECONDS = 60


@login_required(login_url="/admin/login/")
def news(request):
    def lines():
        for number in range(SECONDS * 5):
            yield f"data: {number}\n\n"
            time.sleep(0.2)

    return StreamingHttpResponse(lines(), content_type="text/event-stream")


@login_required(login_url="/admin/login/")
async def async_news(request):
    async def lines():
        for number in range(SECONDS * 5):
            yield f"data: {number}\n\n"
            await asyncio.sleep(0.2)

    return StreamingHttpResponse(lines(), content_type="text/event-stream")


@login_required(login_url="/admin/login/")
async def quiet(request):
    async def lines():
        yield "data: 0\n\n"
        await asyncio.sleep(SECONDS)
        yield "data: 299\n\n"

    return StreamingHttpResponse(lines(), content_type="text/event-stream")


urlpatterns = [
    path("me/", me),
    path("news/quiet/", quiet),
    path("", home),
    path("orders/", orders),
    path("orders/async/", async_orders),
    path("upload/", upload),
    path("source/", source),
    path("report/", report),
    path("cookies/", cookies),
    path("news/", news),
    path("news/async/", async_news),
    path("admin/", admin.site.urls),
]
