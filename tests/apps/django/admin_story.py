"""How people log in and out at Django's admin."""

from __future__ import annotations

from typing import ClassVar

from support.exchange import Reply
from support.projects import PASSWORD
from support.story import Story
from support.visitor import Visitor


class AdminStory(Story):
    page = "/admin/"
    api = "/orders/"
    random: ClassVar[list[bytes]] = [
        rb'(?<=name="csrfmiddlewaretoken" value=")[^"]+',
        rb"(?<=csrftoken=)[^;]+",
        rb"(?i)(?<=expires=)[^;]+",
        rb"(?i)(?<=\r\nexpires: )[^\r]*",  # the moment of the answer
    ]

    def log_in(self, visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        visitor.go("/admin/login/?next=/admin/")
        token = visitor.cookies["csrftoken"]
        fields = {"csrfmiddlewaretoken": token, "username": name, "password": password, "next": "/admin/"}
        return visitor.post("/admin/login/?next=/admin/", fields)

    def log_out(self, visitor: Visitor) -> Reply:
        return visitor.post("/admin/logout/", {"csrfmiddlewaretoken": visitor.cookies["csrftoken"]})
