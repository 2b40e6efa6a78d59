"""Tracebacks that may be told: the lines of the code, and none of the values that it held.

Whoever collects errors (Sentry, Django's page of errors, ``rich``) shows the locals of each frame of a traceback, and in
ours there are cookies, codes and keys. A frame that has ended can be emptied; the traceback itself stays whole.
"""

from __future__ import annotations

import gc
from contextlib import suppress
from types import FrameType
from typing import TypeVar

Raised = TypeVar("Raised", bound=BaseException | None)


def without_locals(error: Raised) -> Raised:
    """The same error, of whose frames, and those of its causes, contexts and members, only the running ones keep locals."""
    met: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or id(one) in met:
            continue
        met.add(id(one))
        left += [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
        traceback = one.__traceback__
        while traceback is not None:
            if _has_ended(traceback.tb_frame):
                with suppress(RuntimeError):
                    traceback.tb_frame.clear()
            traceback = traceback.tb_next
    return error


def _has_ended(frame: FrameType) -> bool:
    """Whether the frame will never run on. To clear that of a coroutine that only waits would end the coroutine, up to
    Python 3.12; to the garbage collector a frame refers to its code and its locals as soon as nobody else owns these."""
    return any(one is frame.f_code for one in gc.get_referents(frame))
