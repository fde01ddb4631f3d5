"""Replays the journal into a restored database: what a backup has forgotten binds again before anything is served.

Erasures, withdrawals, objections, restrictions and contests are carried out anew, from the first entry the database
does not know to the last; each is one transaction together with the number of its entry, so that a replay that was
killed goes on where it stopped. A rectified value cannot be had back from the journal: the field is restricted until
somebody has looked at it. Nothing that a replay does is written to the journal again.

Legal: GDPR Art. 5(1)(d), (f), Art. 7(3), Art. 17, Art. 18, Art. 21, Art. 32(1)(c); R-DEL-6.
"""

from collections.abc import Callable, Mapping
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.deadlines import due_on
from policies.documents import parse
from policies.vocabulary import Channel, FieldName, PurposeId, Touchpoint
from registry.access_logs import end_access_key
from registry.context import Caller, Change, Registry
from registry.erasure import erase_within, erasure_entry
from registry.errors import BackupError, UnknownSubjectError
from registry.journal import FileJournal, JournalEntry, JournalKind
from registry.keys import Digest
from registry.objections import write_objection
from registry.policy_times import begins
from registry.rights import RequestKind, RequestState
from registry.rights.review import open_contest
from registry.rotation import entry as key_entry
from registry.scores import invalidate
from registry.setup import vouch_for
from registry.suppression import Scope, suppress
from registry.tables import JournalOutboxRow, PolicyVersionRow, RequestRow, RestrictionRow, StateRow
from registry.withdrawals import withdraw_within

REPLAYED = "replayed"
LOST_CORRECTION = "restored"

Report = Callable[[int], None]
_TAGS = {
    JournalKind.WITHDRAWAL: EventTag.CONSENT_WITHDRAW,
    JournalKind.OBJECTION: EventTag.OBJECTION,
    JournalKind.RESTRICTION: EventTag.RESTRICT,
    JournalKind.RECTIFICATION: EventTag.RESTRICT,
    JournalKind.SUPPRESSION: EventTag.ERASE,
    JournalKind.REVIEW: EventTag.REQUEST_RECEIVE,
    JournalKind.POLICY: EventTag.POLICY_ACTIVATE,
}


async def replay_journal(
    registry: Registry, caller: Caller, documents: Mapping[str, bytes], report: Report = lambda _: None
) -> int:
    """Carry out everything the database has forgotten; returns how many entries.

    Args:
        registry: the collaborators, not serving.
        caller: who restores.
        documents: policy documents by SHA-256 (hex) that may be put in force.
        report: told the number of entries done.

    Raises:
        NotReadyError: when the journal is damaged.
        BackupError: when the policy last put in force is neither in the database nor among `documents`; nothing was
            replayed.
    """
    async with registry.database.reading() as session:
        known = (await session.execute(select(col(StateRow.journal_sequence)))).scalar_one()
        waiting = set((await session.execute(select(col(JournalOutboxRow.entry_id)))).scalars())
    missing = [(number, entry) for number, entry in registry.journal.read() if number > known]
    policies = [entry for _, entry in missing if entry.kind is JournalKind.POLICY]
    if policies:
        await _adopt(registry, caller, policies[-1].about, documents)
    for number, entry in missing:
        await _replay(registry, caller, number, entry, carried_out=entry.entry_id in waiting)
        report(1)
    async with registry.change() as change:
        about = (f"entries:{len(missing)}", f"journal:{registry.journal.sequence}")
        change.record(key_entry(caller, change, EventTag.RESTORE, about))
    return len(missing)


async def _adopt(registry: Registry, caller: Caller, digest: str, documents: Mapping[str, bytes]) -> None:
    """Put the policy in force that was in force last: every decision from here on is made under it."""
    async with registry.database.reading() as session:
        row = await session.get(PolicyVersionRow, digest)
        source = row.document if row else documents.get(digest)
    if source is None:
        raise BackupError(f"the policy in force was {digest[:16]}…: give its document, and replay again")
    document = parse(source)
    if document.digest != digest:
        raise BackupError(f"this is not the document of the policy {digest[:16]}…")
    async with registry.change(keeping=True, policy=document, replaying=True) as change:
        if await change.session.get(PolicyVersionRow, digest) is None:
            change.session.add(
                PolicyVersionRow(digest=digest, version=document.version, document=source, activated_at=change.now)
            )
        await vouch_for(change, document, source)
        await change.session.execute(update(StateRow).values(policy_digest=digest))
        await _forget_fall_back(change.session, registry.journal)
        change.record(_entry(caller, change, JournalKind.POLICY, None))
    registry.adopt(document)


async def _forget_fall_back(session: AsyncSession, journal: FileJournal) -> None:
    """A fall-back of this copy alone, which the journal never heard of, must not count as the newest policy later."""
    written = {entry.entry_id for _, entry in journal.read()}
    waiting = select(JournalOutboxRow).where(col(JournalOutboxRow.kind) == JournalKind.POLICY.value)
    for row in (await session.execute(waiting)).scalars().all():
        if row.entry_id not in written:
            await session.delete(row)


async def _replay(registry: Registry, caller: Caller, number: int, entry: JournalEntry, *, carried_out: bool) -> None:
    closes = entry.kind is JournalKind.ACCESS_LOG  # the eraser may destroy an audit key, not make another one
    async with registry.change(erasing=not closes, keeping=closes, replaying=True) as change:
        if not carried_out:
            if entry.kind is JournalKind.POLICY:
                await begins(change.session, entry.about, entry.at)  # also those that others followed
            try:
                await _carry_out(change, caller, entry)
            except UnknownSubjectError:  # nobody in this backup, or erased already: nothing to undo
                change.entries.clear()
        if not change.entries:
            change.record(_entry(caller, change, entry.kind, None))
        await change.session.execute(
            update(StateRow).where(col(StateRow.journal_sequence) < number).values(journal_sequence=number)
        )


async def _carry_out(change: Change, caller: Caller, entry: JournalEntry) -> None:
    subject_id = entry.subject_id or UUID(int=0)
    match entry.kind:
        case JournalKind.ERASURE:
            _, erased = await erase_within(change, caller, subject_id)
            change.record(erasure_entry(caller, change.policy, subject_id, erased))
            return
        case JournalKind.SUPPRESSION:
            kind, version, digest, *scope = entry.about.split(":")
            blocked = (kind, Digest(int(version), bytes.fromhex(digest)))
            await suppress(change, [blocked], Scope(*scope or [Scope.ERASED]), entry.at)
        case JournalKind.WITHDRAWAL:
            purpose, _, channel = entry.about.rpartition(":")
            await change.lock_subject(subject_id)
            await withdraw_within(change, subject_id, purpose, Channel(channel), entry.at, REPLAYED)
        case JournalKind.OBJECTION:
            purpose, _, channel = entry.about.rpartition(":")
            await change.lock_subject(subject_id)
            against = None if purpose == "direct_marketing" else PurposeId(purpose)
            await write_objection(change, subject_id, against, Channel(channel), entry.at)
        case JournalKind.RESTRICTION | JournalKind.RECTIFICATION:
            await change.lock_subject(subject_id)
            _restrict(change, subject_id, entry)
            if entry.kind is JournalKind.RECTIFICATION:
                await invalidate(change, subject_id, FieldName(entry.about), entry.at)
        case JournalKind.REVIEW:
            await change.lock_subject(subject_id)
            await _contest(change, subject_id, entry)
        case JournalKind.ACCESS_LOG:
            await end_access_key(change, caller, subject_id)
            return
        case JournalKind.POLICY | JournalKind.PIN | JournalKind.SIGNING_KEY:
            # Put in force before all others; the log's own matter; a key whose owner enrols it again.
            return
    change.record(_entry(caller, change, entry.kind, entry.subject_id))


async def _contest(change: Change, subject_id: UUID, entry: JournalEntry) -> None:
    """A contested decision is contested again until a human decides; what the person wrote is lost with the backup."""
    purpose, _, number = entry.about.partition(":")
    row = RequestRow(
        subject_id=subject_id,
        request_id=UUID(number),
        kind=RequestKind.HUMAN_REVIEW.value,
        state=RequestState.RECEIVED.value,
        touchpoint=Touchpoint.PORTAL.value,
        received_at=entry.at,
        due_on=due_on(entry.at),
    )
    change.session.add(row)
    open_contest(change, row, purpose)


def _restrict(change: Change, subject_id: UUID, entry: JournalEntry) -> None:
    field = change.policy.fields.get(entry.about)
    change.session.add(
        RestrictionRow(
            subject_id=subject_id,
            restriction_id=uuid4(),
            category=field.category.value if field else None,
            field=entry.about if field else None,
            ground=LOST_CORRECTION,
            since=entry.at,
        )
    )


def _entry(caller: Caller, change: Change, kind: JournalKind, subject_id: UUID | None) -> Entry:
    return Entry(
        _TAGS.get(kind, EventTag.RESTORE),
        Outcome.DONE,
        client=caller.client,
        reasons=(REPLAYED,),
        policy=change.policy.version,
        persons=(PersonRef(subject_id, f"{REPLAYED}:{kind.value}"),) if subject_id else (),
        actor=caller.actor,
    )
