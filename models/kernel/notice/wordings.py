"""A notice in words: an outbox row, a recipient's language, and the template that holds where the record lies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from models.kernel.clock import local
from models.kernel.gaps import filled
from models.kernel.notice.event import EVENTS, Event
from models.kernel.notice.outbox import given_in
from models.kernel.notice.template import Wording, wording
from models.kernel.words import said

SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Notice:
    """Subject (one line) and text of a notice, plain text: whoever shows it as HTML escapes it."""

    subject: str
    body: str


def about_of(row: Any) -> tuple[str, int] | None:
    """Returns (table, key) of the record an outbox row is about."""
    return None if row.table_name is None or row.row_id is None else (row.table_name, row.row_id)


def worded(words: Wording, values: Mapping[str, str]) -> Notice:
    """Returns words with their gaps filled; a subject is one line, whatever its values hold."""
    subject = " ".join(filled(words.subject, values).split())
    return Notice(subject[:SUBJECT], filled(words.body, values).strip())


def notice(session: Session, row: Any, channel: str, language: str, path: str) -> Notice | None:
    """Returns the notice of an outbox row by a channel in a language, by the words that hold at `path`.

    Returns: None where the template there says it is not sent.
    Raises:
        LookupError: the event is declared no more.
    """
    words = wording(session, EVENTS[row.event], channel, language, path)
    return worded(words, values_of(row, language)) if words.enabled else None


def values_of(row: Any, language: str) -> dict[str, str]:
    """Returns the values of an outbox row in a language, those every event has included."""
    given = given_in(json.loads(row.given), language)
    when = local(row.at).strftime("%Y-%m-%d %H:%M")
    return {**given, "record": row.record, "actor": row.actor_name, "when": when}


def samples(event: Event, language: str) -> dict[str, str]:
    """Returns sample values for a preview: those the event declares, else the field's label in brackets."""
    return {
        name: str(said(event.samples.get(name), language) or f"〔{label.said(language)}〕")
        for name, label in event.known().items()
    }
