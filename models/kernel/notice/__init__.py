"""Telling people: an event is declared beside what raises it, and `tell` writes one outbox row in the same transaction.

Everything else (who is told by which channel, in which words, when) happens afterwards, outside of that transaction.
"""

from models.kernel.notice.event import Event
from models.kernel.notice.outbox import tell

__all__ = ["Event", "tell"]
