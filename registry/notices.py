"""Notices and consent texts: published by version and language, retrievable for ever, quoted by their hash.

Legal: GDPR Art. 7(1), Art. 13, Art. 14; R-7.1-1, R-13-2.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from policies.notices import NoticeText
from policies.vocabulary import Touchpoint
from registry.context import Caller, Change, Registry
from registry.errors import UnknownNoticeError
from registry.tables import NoticeDeliveryRow, NoticeRow


@dataclass(frozen=True, slots=True)
class Notice:
    """One published text; `sha256` is over its UTF-8 bytes."""

    notice: str
    version: str
    language: str
    purposes: tuple[str, ...]
    content: str
    sha256: str
    valid_from: datetime


async def publish(registry: Registry, caller: Caller, texts: Sequence[NoticeText]) -> int:
    """Publish texts that are not on file yet and close the versions they replace; returns how many were new.

    Raises:
        UnknownNoticeError: when a version on file would get another text.
    """
    async with registry.change() as change:
        return await publish_within(change, caller, texts)


async def publish_within(change: Change, caller: Caller, texts: Sequence[NoticeText]) -> int:
    """As `publish`, part of a change: a document comes into force together with its texts, or not at all."""
    rows = (await change.session.execute(select(NoticeRow))).scalars()
    on_file = {(row.notice, row.version, row.language): row.sha256 for row in rows}
    fresh = [text for text in texts if (text.id, text.version, text.language) not in on_file]
    for text in texts:
        if on_file.get((text.id, text.version, text.language), text.sha256) != text.sha256:
            raise UnknownNoticeError(
                f"notice {text.id} {text.version} ({text.language}) is published with another text"
            )
    if not fresh:
        return 0
    for text in fresh:
        await change.session.execute(
            update(NoticeRow)
            .where(
                col(NoticeRow.notice) == text.id,
                col(NoticeRow.language) == text.language,
                col(NoticeRow.valid_to).is_(None),
            )
            .values(valid_to=change.now),
        )
        change.session.add(
            NoticeRow(
                notice=text.id,
                version=text.version,
                language=text.language,
                purposes=" ".join(text.purposes),
                content=text.text,
                sha256=hashlib.sha256(text.text.encode()).hexdigest(),
                valid_from=change.now,
            ),
        )
    change.record(Entry(EventTag.NOTICE_PUBLISH, Outcome.DONE, client=caller.client, policy=change.policy.version))
    return len(fresh)


async def current(registry: Registry, purpose: str | None = None) -> list[Notice]:
    """The texts that are shown today, for one purpose or all."""
    statement = select(NoticeRow).where(col(NoticeRow.valid_to).is_(None)).order_by(col(NoticeRow.notice))
    async with registry.database.reading() as session:
        rows = [_notice(row) for row in (await session.execute(statement)).scalars()]
    return [notice for notice in rows if purpose is None or purpose in notice.purposes]


async def quoted(change: Change, notice: str, version: str, language: str, sha256: str, purpose: str) -> NoticeRow:
    """The text a declaration quotes.

    Raises:
        UnknownNoticeError: never published, another hash, or not a text about this purpose.
    """
    key = (notice, version, language)
    if key not in change.quoted:
        change.quoted[key] = await change.session.get(NoticeRow, key)
    row = change.quoted[key]
    if row is None or row.sha256 != sha256 or purpose not in row.purposes.split():
        raise UnknownNoticeError("no such text was published for this purpose")
    return row


async def deliver(
    change: Change, subject_id: UUID, notice: str, version: str | None, delivered_at: datetime, touchpoint: Touchpoint
) -> None:
    """Keep that a person got a notice; part of a change that holds the person's row.

    Raises:
        UnknownNoticeError: when no such notice was ever published.
    """
    found = await _published(change, notice, version)
    key = (subject_id, notice, found)
    known = key in change.delivered
    if not known and subject_id not in change.created:
        known = await change.session.get(NoticeDeliveryRow, key) is not None
    change.delivered.add(key)
    if not known:
        change.session.add(
            NoticeDeliveryRow(
                subject_id=subject_id,
                notice=notice,
                version=found,
                delivered_at=delivered_at,
                touchpoint=touchpoint.value,
            ),
        )


async def _published(change: Change, notice: str, version: str | None) -> str:
    """The version meant, None = the one shown today; asked once a change."""
    asked = (notice, version)
    if asked not in change.published:
        statement = select(col(NoticeRow.version)).where(col(NoticeRow.notice) == notice).limit(1)
        statement = (
            statement.where(col(NoticeRow.version) == version)
            if version
            else statement.where(col(NoticeRow.valid_to).is_(None))
        )
        found = (await change.session.execute(statement)).scalar()
        if found is None:
            raise UnknownNoticeError("no such notice was published")
        change.published[asked] = found
    return change.published[asked]


def _notice(row: NoticeRow) -> Notice:
    return Notice(
        row.notice,
        row.version,
        row.language,
        tuple(row.purposes.split()),
        row.content,
        row.sha256,
        row.valid_from,
    )
