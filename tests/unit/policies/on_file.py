"""Puts one person's facts on file, in tables like the registry's, and asks the condition of an audience about them."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import NAMESPACE_OID, UUID, uuid5

from policies.audience import Predicate
from policies.documents import PolicyDocument
from policies.facts import AccessRequest, Address, Facts, Item, Permission, Relationship, Restriction, Review
from policies.vocabulary import (
    Channel,
    ConsentState,
    PurposeId,
    RelationshipKind,
    ReviewState,
    SubjectId,
    SubjectStatus,
)
from tests.unit.policies.people import NEWSLETTER, NOW, ORDERS, POSTAL, RECOMMENDATIONS, days, objection, retailer

TABLES = """
CREATE TABLE subject (subject_id, status, kind, majority_month);
CREATE TABLE permission (subject_id, purpose, channel, state, since, explicit, expires_at, parental, quoted);
CREATE TABLE objection (subject_id, purpose, channel, state, since);
CREATE TABLE restriction (subject_id, category, field, since, lifted_at);
CREATE TABLE relationship (subject_id, kind, opened_at, closed_at);
CREATE TABLE notice (notice, version, purposes);
CREATE TABLE notice_delivery (subject_id, notice, version, delivered_at);
CREATE TABLE human_review (subject_id, purpose, state);
CREATE TABLE record (subject_id, field, category, collected_for, origin, observed_at, delete_after, stale_since,
                     touchpoint, collected_at);
CREATE TABLE event (subject_id, field, category, collected_for, occurred_at, delete_after);
"""
_database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
_database.executescript(TABLES)

Rows = Iterable[tuple[object, ...]]


def as_stored(facts: Facts, request: AccessRequest, document: PolicyDocument) -> Facts:
    """The same person as the registry keeps them: an address of which something is known is a value, too.

    Values of fields that nobody asks for are left out: they decide nothing.
    """
    values = [_value_of(one, document) for one in facts.addresses or ()]
    asked = set(request.fields) - {one.field for one in values}
    return replace(facts, items=(*(one for one in facts.items or () if one.field in asked), *values))


def is_selected(made: Predicate, facts: Facts, document: PolicyDocument) -> bool:
    """Whether the condition selects a person, as stored, of whom exactly this is on file."""
    _database.execute("BEGIN")
    try:
        _put_on_file(facts, document)
        statement = f"SELECT s.subject_id FROM subject s WHERE {made.sql}"  # noqa: S608 - it is what is asked about
        found = _database.execute(statement, {name: _bound(value) for name, value in made.parameters.items()})
        return (str(facts.subject_id),) in found.fetchall()
    finally:
        _database.execute("ROLLBACK")


def _put_on_file(facts: Facts, document: PolicyDocument) -> None:
    for table, rows in _tables(facts, document).items():
        for row in rows:
            marks = ", ".join("?" * len(row))
            _database.execute(f"INSERT INTO {table} VALUES ({marks})", [_bound(one) for one in row])  # noqa: S608 - a table from above


def _value_of(one: Address, document: PolicyDocument) -> Item:
    category = document.fields[one.field].category
    row_id = uuid5(NAMESPACE_OID, repr(one))
    return Item(row_id, one.field, category, one.collected_for, one.origin, one.collected_at, None)


def _tables(facts: Facts, document: PolicyDocument) -> dict[str, Rows]:
    me = facts.subject_id
    captured = {_value_of(one, document).row_id: (one.touchpoint, one.collected_at) for one in facts.addresses or ()}
    versions = list(enumerate(facts.notices or ()))
    events = [one for one in facts.items or () if document.fields[one.field].event]
    records = [one for one in facts.items or () if not document.fields[one.field].event]
    return {
        "subject": [(me, facts.status, facts.kind, facts.majority_month)] if facts.status else [],
        "permission": [
            (me, one.purpose, one.channel, one.state, one.since, one.explicit, one.expires_at, one.parental, one.quoted)
            for one in facts.permissions or ()
        ],
        "objection": [(me, one.purpose, one.channel, one.state, one.since) for one in facts.objections or ()],
        "restriction": [(me, one.category, one.field, one.since, None) for one in facts.restrictions or ()],
        "relationship": [(me, one.kind, one.opened_at, one.closed_at) for one in facts.relationships or ()],
        "notice": [(one.notice, number, " ".join(sorted(one.purposes))) for number, one in versions],
        "notice_delivery": [(me, one.notice, number, one.delivered_at) for number, one in versions],
        "human_review": [(me, one.purpose, one.state) for one in facts.reviews or ()],
        "record": [
            (
                *(me, one.field, one.category, one.collected_for, one.origin, one.observed_at, one.delete_after),
                one.observed_at if one.stale else None,
                *captured.get(one.row_id, (None, None)),
            )
            for one in records
        ],
        "event": [
            (me, one.field, one.category, one.collected_for, one.observed_at, one.delete_after) for one in events
        ],
    }


def _bound(value: object) -> object:
    """As SQLite keeps it: instants in UTC with microseconds, so that their texts are in the order of time."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if value is None or isinstance(value, bool | int):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _neighbour() -> Facts:
    """Somebody else, of whom everything speaks for and against: it decides nothing about others."""
    at, later = days(400), days(1)
    return Facts(
        SubjectId(UUID("00000000-0000-4000-8000-000000000001")),
        NOW,
        SubjectStatus.ACTIVE,
        permissions=tuple(
            Permission(PurposeId(name), Channel.ANY, state, since, explicit=True, parental=True)
            for name in _PURPOSES
            for state, since in [(ConsentState.WITHDRAWN, at), (ConsentState.GIVEN, later)]
        ),
        objections=tuple(objection(name, at) for name in _PURPOSES),
        restrictions=(Restriction(None, None, at),),
        relationships=tuple(Relationship(kind, at, None) for kind in RelationshipKind),
        reviews=tuple(Review(PurposeId(name), ReviewState.OPEN) for name in _PURPOSES),
    )


_PURPOSES = (NEWSLETTER, ORDERS, POSTAL, RECOMMENDATIONS)
_put_on_file(_neighbour(), retailer())
