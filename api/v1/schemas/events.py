"""Behaviour over time on the wire."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.v1.schemas.shape import FlatDocument, Identifier, In, Instant, Out, Reference, example
from policies.vocabulary import EventKind, Origin, Touchpoint
from registry.events import EventStatus

MOST_EVENTS = 100
_EVENT = {
    "event_ref": "order-1",
    "kind": "purchase",
    "occurred_at": "2026-11-01T09:30:00Z",
    "collected_for": "order_fulfilment",
    "touchpoint": "online_shop",
    "payload": {"quantity": 2, "amount": "39.90", "currency": "EUR"},
}


class EventIn(In):
    """What happened once; the payload is a flat document of at most 16 KiB, sealed as a whole.

    With `event_ref`, the calling system's own id of the event, the same event sent again is stored once: the reference
    is unique for one person and one client. It is a code and no text about anybody.
    """

    event_ref: Reference | None = None
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
    """The ids of the events, in their order, and whether each was stored now or was there already."""

    model_config = example({"event_ids": ["6dfb0f0a-53f7-8c65-8f5a-9a2b1d3c4e5f"], "statuses": ["stored"]})

    event_ids: list[UUID]
    statuses: list[EventStatus]
