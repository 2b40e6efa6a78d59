"""The pages of the Django project: the same page, behind Django's own door and behind django-otp's."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django_otp.decorators import otp_required


def orders(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<!doctype html><title>Orders</title><h1>Orders of {request.user.get_username()}</h1>")


urlpatterns = [
    path("page", login_required(orders)),
    path("otp", otp_required(orders)),
]
