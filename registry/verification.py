"""Compares stored values with the audit log: finds what no open seal can show, a whole old row put back.

The entry of every write carries the SHA-256 of each ciphertext it wrote. A stored value whose digest no entry has was
not written by the registry. A value whose digest stands in an older entry, while a newer one wrote the same field of
the same person, was put back. An import that wrote many people at once says in its part about each of them which fields
were theirs.

Legal: GDPR Art. 5(1)(f), Art. 32(1)(b), (d); R-ENC-1.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit.event import EventTag
from audit.log import Filters, Logged
from registry.context import Registry
from registry.subjects import WROTE
from registry.tables import EventRow, RecordRow

_PAGE = 500
_NEWEST = 1000
_ONE_PERSON = {EventTag.SUBJECT_UPDATE.value, EventTag.RECTIFY.value, EventTag.KEY_DATA_ROTATE.value}


class FindingKind(StrEnum):
    """What does not agree; stored codes."""

    UNKNOWN = "unknown-ciphertext"
    PUT_BACK = "old-value-put-back"


@dataclass(frozen=True, slots=True)
class Finding:
    """One stored value that does not agree with the log; names its place, never its content."""

    kind: FindingKind
    table: str
    subject_id: UUID
    row_id: UUID
    field: str


async def verify_values(registry: Registry) -> list[Finding]:
    """Compare every stored value; reads the log once, and as many entries of a person as there are.

    Returns:
        What does not agree, in order of the rows.
    """
    written = await _written(registry)
    found: list[Finding] = []
    async with registry.database.reading() as session:
        records = select(RecordRow).order_by(col(RecordRow.subject_id), col(RecordRow.field))
        async for record in await session.stream_scalars(records.execution_options(yield_per=_PAGE)):
            digest = hashlib.sha256(record.sealed).hexdigest()
            place = ("record", record.subject_id, record.record_id, record.field)
            if digest not in written:
                found.append(Finding(FindingKind.UNKNOWN, *place))
            elif await _superseded(registry, record, digest, written[digest]):
                found.append(Finding(FindingKind.PUT_BACK, *place))
        async for event in await session.stream_scalars(select(EventRow).execution_options(yield_per=_PAGE)):
            if hashlib.sha256(event.sealed).hexdigest() not in written:
                place = ("event", event.subject_id, event.event_id, event.field)
                found.append(Finding(FindingKind.UNKNOWN, *place))
    return found


async def _written(registry: Registry) -> dict[str, int]:
    """The newest entry of every ciphertext digest in the log."""
    written: dict[str, int] = defaultdict(int)
    before: int | None = None
    while page := await registry.log.search(Filters(before=before), _PAGE):
        for logged in page:
            for digest in logged.tree.get("cts", ()):
                written[digest] = max(written[digest], logged.index)
        before = page[-1].index
    return dict(written)


async def _superseded(registry: Registry, record: RecordRow, digest: str, index: int) -> bool:
    """Whether a later entry about this person alone wrote the field, and not this ciphertext."""
    for part in await registry.log.entries_of(record.subject_id, limit=_NEWEST):
        logged = part.entry
        if logged.index > index and _wrote(logged, part.detail, record.field) and digest not in logged.tree["cts"]:
            return True
    return False


def _wrote(logged: Logged, detail: str, field: str) -> bool:
    """Whether the entry replaced the field of the person that the detail speaks of."""
    tree, told = logged.tree, detail.split(",")
    fields = tree.get("fld", ())
    if field not in fields or not tree.get("cts") or f"kept:{field}" in told:
        return False
    if tree["op"] == EventTag.IMPORT.value:
        theirs = next((int(one.removeprefix(WROTE), 16) for one in told if one.startswith(WROTE)), 0)
        return bool(theirs >> list(fields).index(field) & 1)
    return tree["op"] in _ONE_PERSON and tree["n"] == 1
