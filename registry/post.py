"""Letters that must not be lost wait sealed until the mail server has them.

1. A letter is put into the outbox by the change it speaks of, sealed with the person's key for evidence.
2. Whoever sends it takes it first, for a span that grows with every try, so that two processes do not both send it.
3. The sending is recorded, and only then is the letter opened.
4. It is handed over under a message id of its own that stays the same, and its row is deleted; after the last letter
   to somebody erased the key ends too that opened it.

A crash between the two halves of step 4 sends it again: at least once, recognisably the same. A letter that nobody
takes for thirty days is given up, and its address with it.

Legal: GDPR Art. 5(1)(c), Art. 12(3), Art. 32(1)(b), (c).
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.vocabulary import Category
from registry.actors import SYSTEM
from registry.context import Change, Registry
from registry.errors import KeyUnavailableError, NotReadyError, SealBrokenError
from registry.keys import DataKey, data_keys_of
from registry.resealing import end_letter_key
from registry.tables import LetterOutboxRow
from registry.vault import Sealed, letter_place, open_letter, seal

PAUSE_SECONDS = 30.0
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=30)
MOST_AT_ONCE = 20
_SENDER = "registry"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """Address, subject line and text, readable for the moment of their sending."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A letter taken for one try; without its key it stays closed."""

    sealed: Sealed
    key: DataKey | None
    given_up: bool


async def queue_letter(change: Change, subject_id: UUID, letter: Letter) -> UUID:
    """Put a letter into the outbox as part of a change that holds the person's row; returns its message id."""
    key = await change.data_key(subject_id, Category.EVIDENCE)
    letter_id = uuid4()
    content = orjson.dumps({"to": letter.to, "subject": letter.subject, "text": letter.text})
    change.session.add(
        LetterOutboxRow(
            subject_id=subject_id,
            letter_id=letter_id,
            key_version=key.version,
            sealed=seal(content, letter_place(subject_id, letter_id), key).ciphertext,
            queued_at=change.now,
            due_at=change.now,
            tries=0,
        ),
    )
    return letter_id


async def send_waiting(registry: Registry) -> int:
    """Try every letter that is due, oldest first; returns how many left. One that fails waits for its next try.

    Raises:
        AuditUnavailableError: when a sending could not be recorded; the letter waits.
    """
    sent = 0
    for taken in await _take(registry):
        try:
            await _send(registry, taken)
        except (NotReadyError, KeyUnavailableError, SealBrokenError) as error:
            _log.warning("a letter was not sent: %s", type(error).__name__)
            continue
        sent += not taken.given_up
        await _forget(registry, taken)
    return sent


async def keep_sending(registry: Registry, stopping: asyncio.Event, pause_seconds: float = PAUSE_SECONDS) -> None:
    """Send what waits at once and then again and again, until told to stop; whatever fails, the next round comes."""
    while not stopping.is_set():
        try:
            await send_waiting(registry)
        except Exception as error:  # noqa: BLE001 - told by its type alone: an exception may carry the letter
            _log.error("letters could not be sent: %s", type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause_seconds)


async def _take(registry: Registry) -> list[_Taken]:
    """Letters that are due, each put off until its next try before this one begins."""
    now = await registry.database.now()
    due = col(LetterOutboxRow.due_at) <= now
    async with registry.database.reading() as session:
        if (await session.execute(select(col(LetterOutboxRow.letter_id)).where(due).limit(1))).first() is None:
            return []
    statement = select(LetterOutboxRow).where(due).order_by(col(LetterOutboxRow.due_at)).limit(MOST_AT_ONCE)
    async with registry.database.transaction() as session:
        taken = []
        for row in (await session.execute(statement.with_for_update())).scalars():
            row.due_at = now + min(FIRST_WAIT * 2 ** min(row.tries, 10), LONGEST_WAIT)
            row.tries += 1
            sealed = Sealed(letter_place(row.subject_id, row.letter_id), row.key_version, row.sealed)
            key = await _key(registry, session, row.subject_id)
            taken.append(_Taken(sealed, key, row.queued_at + GIVEN_UP_AFTER < now))
    return taken


async def _key(registry: Registry, session: AsyncSession, subject_id: UUID) -> DataKey | None:
    """The key of a person's letters; one that cannot be reached keeps nobody else's letter back."""
    stored = (await data_keys_of(session, subject_id)).get(Category.EVIDENCE)
    try:
        return registry.ring.data_key(subject_id, Category.EVIDENCE, stored) if stored else None
    except KeyUnavailableError:
        return None


async def _send(registry: Registry, taken: _Taken) -> None:
    entry = Entry(
        EventTag.REQUEST_ANSWER,
        Outcome.DENY if taken.given_up else Outcome.DONE,
        client=_SENDER,
        purpose="data_subject_request",
        policy=registry.policy.version,
        persons=(PersonRef(taken.sealed.place.subject_id),),
    )
    recorded = await registry.log.append(entry, taken.sealed)
    if taken.given_up:
        return
    if taken.key is None:
        raise KeyUnavailableError("the key of a letter is gone")
    content = orjson.loads(open_letter(recorded, taken.key))
    await registry.mailer.send(content["to"], content["subject"], content["text"], taken.sealed.place.row_id)


async def _forget(registry: Registry, taken: _Taken) -> None:
    place = taken.sealed.place
    async with registry.database.transaction() as session:
        await session.execute(
            delete(LetterOutboxRow).where(
                col(LetterOutboxRow.subject_id) == place.subject_id,
                col(LetterOutboxRow.letter_id) == place.row_id,
            ),
        )
    await end_letter_key(registry, SYSTEM, place.subject_id)
