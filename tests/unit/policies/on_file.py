"""Puts one person's facts on file, in tables like the registry's, and asks the condition of an audience about them."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import NAMESPACE_OID, uuid5

from policies.audience import Predicate
from policies.documents import PolicyDocument
from policies.facts import Address, Facts, Item

TABLES = """
CREATE TABLE subject (subject_id, status, kind, majority_month);
CREATE TABLE permission (subject_id, purpose, channel, state, since, explicit, expires_at, parental);
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


def as_stored(facts: Facts, document: PolicyDocument) -> Facts:
    """The same person as the registry keeps them: an address of which something is known is a value, too."""
    values = [_value_of(one, document) for one in facts.addresses or ()]
    known = {one.field for one in values}
    return replace(facts, items=(*(one for one in facts.items or () if one.field not in known), *values))


def is_selected(made: Predicate, facts: Facts, document: PolicyDocument) -> bool:
    """Whether the condition selects a person, as stored, of whom exactly this is on file."""
    _database.execute("BEGIN")
    try:
        for table, rows in _tables(facts, document).items():
            for row in rows:
                marks = ", ".join("?" * len(row))
                _database.execute(f"INSERT INTO {table} VALUES ({marks})", [_bound(one) for one in row])  # noqa: S608 - a table from above
        statement = f"SELECT 1 FROM subject s WHERE {made.sql}"  # noqa: S608 - it is what is asked about
        return _database.execute(statement, {k: _bound(v) for k, v in made.parameters.items()}).fetchone() is not None
    finally:
        _database.execute("ROLLBACK")


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
            (me, one.purpose, one.channel, one.state, one.since, one.explicit, one.expires_at, one.parental)
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
