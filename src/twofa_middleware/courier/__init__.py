"""The courier: takes events and counts from requests, and brings them to the store, the realm's list and the sinks.

outbox.py     what the store does not have yet
at_once.py    the sinks that get each event as it happens
rounds.py     what is done every second: write the outbox down, sweep, see to the deliveries
delivery.py   one sink's way along the realm's list
thread.py     the thread in which all this happens, and how it ends
"""

from .thread import Courier

__all__ = ["Courier"]
