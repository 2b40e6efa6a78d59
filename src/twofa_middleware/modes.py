"""What the modes ``off`` and ``report`` make of a decision: everybody is let by, and the app gets what was sent.

Only our own cookies are taken out, as always; they are nobody's business but ours.
"""

from __future__ import annotations

from dataclasses import replace

from .browser.cookies import hide_ours
from .http import Allow, Request, never


def let_by(request: Request) -> Allow:
    """The request as it came, whoever it is of; nothing is decided about the answer."""
    return Allow(request, None, hide_ours(request), never, None)


def unaltered(allow: Allow, request: Request) -> Allow:
    """What may go on in any case, without what the gate would have taken out of the request."""
    return replace(allow, changes=hide_ours(request), forgets=frozenset(), watches_body=False, is_watched=never)
