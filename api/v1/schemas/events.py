"""Behaviour over time on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.v1.schemas.shape import FlatDocument, Identifier, In, Instant, Out, example
from policies.vocabulary import EventKind, Origin, Touchpoint

MOST_EVENTS = 100
_EVENT = {
    "kind": "purchase",
    "occurred_at": "2026-11-01T09:30:00Z",
    "collected_for": "order_fulfilment",
    "touchpoint": "online_shop",
    "payload": {"quantity": 2, "amount": "39.90", "currency": "EUR"},
}


class EventIn(In):
    """What happened once; the payload is a flat document of at most 16 KiB, sealed as a whole."""

    kind: EventKind
    occurred_at: Instant
    collected_for: Identifier
    payload: FlatDocument
    touchpoint: Touchpoint = Touchpoint.ONLINE_SHOP
    origin: Origin = Origin.OBSERVED


class EventsIn(In):
    """Up to 100 events of one person; all are stored or none."""

    model_config = example({"events": [_EVENT]})

    events: Annotated[list[EventIn], Field(min_length=1, max_length=MOST_EVENTS)]


class EventsOut(Out):
    """The ids of the stored events, in their order."""

    model_config = example({"event_ids": ["6dfb0f0a-53f7-4c65-8f5a-9a2b1d3c4e5f"]})

    event_ids: list[UUID]
