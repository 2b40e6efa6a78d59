"""A page of the app itself that tells who is logged in: how it is asked for, and how its answer is read."""

from .facts import FactOptions, Facts, fact_at, parse_json
from .question import PageOptions, Question

__all__ = ["FactOptions", "Facts", "PageOptions", "Question", "fact_at", "parse_json"]
