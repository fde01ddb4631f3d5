"""Gives people fresh data keys: every value sealed anew, under the same place, without becoming readable to anybody.

One person and category a transaction, the person's row taken as by an erasure; the entry names the digest of every
ciphertext that was written. What was sealed before opens with the replaced key alone, and that ends with its epoch.

Legal: GDPR Art. 32(1)(a); R-ENC-2, R-ENC-5.
"""

import time
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.vocabulary import Category, FieldName, SubjectStatus
from registry.context import MOST_VALUES, Caller, Change, Registry
from registry.events import EVENT_ROW_VERSION
from registry.keys import DataKey, data_keys_of
from registry.rotation import Pace, Report, silent
from registry.tables import DataKeyRow, EventRow, LetterOutboxRow, RecordRow, SubjectRow
from registry.vault import Place, Sealed, letter_place, reseal

_PAGE = 1000


async def rotate_data_keys(
    registry: Registry,
    caller: Caller,
    pace: Pace | None = None,
    report: Report = silent,
    subject_id: UUID | None = None,
) -> int:
    """Replace the data keys of everybody, or of one person; returns how many keys.

    Args:
        registry: the collaborators.
        caller: who rotates.
        pace: how fast, in data keys.
        report: told of each key.
        subject_id: None = everybody, in order of their pseudonyms.

    Raises:
        SealBrokenError, KeyUnavailableError: when a stored value or key was changed.
    """
    speed, began, done = pace or Pace(), time.monotonic(), 0
    last: UUID | None = None
    while True:
        statement = select(col(DataKeyRow.subject_id), col(DataKeyRow.category), col(DataKeyRow.version))
        if subject_id is not None:
            statement = statement.where(col(DataKeyRow.subject_id) == subject_id)
        elif last is not None:
            statement = statement.where(col(DataKeyRow.subject_id) > last)
        people = select(col(SubjectRow.subject_id)).order_by(col(SubjectRow.subject_id)).limit(_PAGE)
        people = people.where(col(SubjectRow.subject_id) > last) if last is not None else people
        async with registry.database.reading() as session:
            page = [subject_id] if subject_id else list((await session.execute(people)).scalars())
            wanted = statement.where(col(DataKeyRow.subject_id).in_(page))
            keys = (await session.execute(wanted.order_by(col(DataKeyRow.subject_id)))).all()
        for owner, category, version in keys:
            done += await _rotate(registry, caller, owner, Category(category), version)
            report(1)
            await speed.keep(done, began)
        if subject_id is not None or not page:
            return done
        last = page[-1]


async def end_letter_key(registry: Registry, caller: Caller, subject_id: UUID) -> None:
    """End the key that letters to somebody erased were sealed with, once the last of them has left.

    What is kept beside it gets another key. The old one would be wrapped anew with every epoch, and open the letter,
    with the address in it, in logs and backups for as long.
    """
    async with registry.database.reading() as session:
        status = select(col(SubjectRow.status)).where(col(SubjectRow.subject_id) == subject_id)
        gone = (await session.execute(status)).scalar() != SubjectStatus.ACTIVE.value
        waiting = select(col(LetterOutboxRow.letter_id)).where(col(LetterOutboxRow.subject_id) == subject_id)
        stored = (await data_keys_of(session, subject_id)).get(Category.EVIDENCE)
        if not gone or stored is None or (await session.execute(waiting)).first() is not None:
            return
    await _rotate(registry, caller, subject_id, Category.EVIDENCE, stored.version, ends=True)


async def _rotate(
    registry: Registry, caller: Caller, subject_id: UUID, category: Category, version: int, *, ends: bool = False
) -> int:
    """One key, if it is still the one that was seen; `ends`: as the eraser, and without another where nothing is left.

    Returns:
        How many keys were replaced or taken away.
    """
    async with registry.change(keeping=not ends, erasing=ends) as change:
        await change.session.execute(
            select(col(SubjectRow.subject_id)).where(col(SubjectRow.subject_id) == subject_id).with_for_update()
        )
        held = (
            select(DataKeyRow)
            .where(col(DataKeyRow.subject_id) == subject_id, col(DataKeyRow.category) == category.value)
            .with_for_update()
        )
        stored = (await change.session.execute(held)).scalar_one_or_none()
        digests: list[bytes] = []
        fields: set[str] = set()
        replaced = stored is not None and stored.version == version
        if stored is not None and replaced:
            old = await change.data_key(subject_id, category)
            new, wrapped = await change.new_data_key(subject_id, category, version + 1)
            await _reseal(change, subject_id, category, (old, new), digests, fields)
            stored.version, stored.epoch = wrapped.version, wrapped.epoch
            stored.wrapped, stored.fingerprint = wrapped.wrapped, wrapped.fingerprint
            if ends and not digests:
                await change.session.delete(stored)
        record_resealing(change, caller, subject_id, category, fields, digests)
    return int(replaced)


def record_resealing(
    change: Change, caller: Caller, subject_id: UUID, category: Category, fields: set[str], digests: Sequence[bytes]
) -> None:
    """Leave the entries of a data key that was replaced: as many as it takes to name every ciphertext."""
    for start in range(0, max(1, len(digests)), MOST_VALUES):
        change.record(
            Entry(
                EventTag.KEY_DATA_ROTATE,
                Outcome.DONE,
                client=caller.client,
                categories=(category.value,),
                fields=tuple(sorted(fields)),
                policy=change.policy.version,
                persons=(PersonRef(subject_id, f"key:{category.value}"),),
                actor=caller.actor,
                ciphertexts=tuple(digests[start : start + MOST_VALUES]),
            )
        )


async def _reseal(
    change: Change,
    subject_id: UUID,
    category: Category,
    keys: tuple[DataKey, DataKey],
    digests: list[bytes],
    fields: set[str],
) -> None:
    of_person = {
        RecordRow: (RecordRow.subject_id, RecordRow.category),
        EventRow: (EventRow.subject_id, EventRow.category),
    }
    rows: list[RecordRow | EventRow] = []
    for table, (owner, sort) in of_person.items():
        statement = select(table).where(col(owner) == subject_id, col(sort) == category.value)
        rows += (await change.session.execute(statement)).scalars()
    if category is Category.EVIDENCE:
        digests += await _reseal_letters(change, subject_id, keys)
    for row in rows:
        row_id, version = (
            (row.record_id, row.version) if isinstance(row, RecordRow) else (row.event_id, EVENT_ROW_VERSION)
        )
        place = Place(subject_id, category, FieldName(row.field), row_id, version)
        fresh = reseal(Sealed(place, row.key_version, row.sealed), *keys)
        row.sealed, row.key_version = fresh.ciphertext, fresh.key_version
        digests.append(fresh.digest)
        fields.add(row.field)


async def _reseal_letters(change: Change, subject_id: UUID, keys: tuple[DataKey, DataKey]) -> list[bytes]:
    """Move a person's waiting letters; returns the digests written."""
    waiting = select(LetterOutboxRow).where(col(LetterOutboxRow.subject_id) == subject_id)
    digests = []
    for row in (await change.session.execute(waiting)).scalars():
        fresh = reseal(Sealed(letter_place(subject_id, row.letter_id), row.key_version, row.sealed), *keys)
        row.sealed, row.key_version = fresh.ciphertext, fresh.key_version
        digests.append(fresh.digest)
    return digests
