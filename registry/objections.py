"""Objections: against direct marketing at once and without reasons, against another purpose while it is weighed.

An erasure does not end that somebody wants no advertising. What of it is kept with their identifiers
(`registry.suppression`) becomes an objection again when one of these comes with a new customer, since the old day: so
every consent from before stays without effect, and a later explicit one counts.

Legal: GDPR Art. 21(1)-(3), Art. 17(3)(b), (e), Art. 18(1)(d); R-17-4, R-21.1-1, R-21.2-1, R-21.2-2.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.rules.soft_opt_in import WITHDRAWN
from policies.vocabulary import VALID_CONSENT, Channel, FieldName, ObjectionState, PurposeId
from registry.context import Caller, Change, Registry
from registry.errors import InvalidConsentError
from registry.journal import JournalKind
from registry.lookup import INDEXED_FIELDS, normalise
from registry.suppression import ADVERTISING, Suppressed, suppressed
from registry.tables import LookupRow, ObjectionRow, PermissionRow


async def object_to(
    registry: Registry, caller: Caller, subject_id: UUID, purpose: PurposeId | None, channel: Channel = Channel.ANY
) -> UUID:
    """Object to one purpose, or (`purpose` None) to direct marketing as a whole; binds from its commit.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        InvalidConsentError: when there is no such purpose.
    """
    async with registry.change() as change:
        await change.lock_subject(subject_id)
        if purpose is not None and purpose not in change.policy.purposes:
            raise InvalidConsentError("no such purpose")
        objection_id = await write_objection(change, subject_id, purpose, channel)
        change.record(
            Entry(
                EventTag.OBJECTION,
                Outcome.DONE,
                client=caller.client,
                purpose=purpose or "",
                policy=change.policy.version,
                persons=(PersonRef(subject_id, purpose or "direct_marketing"),),
                actor=caller.actor,
            ),
        )
    return objection_id


async def write_objection(
    change: Change, subject_id: UUID, purpose: PurposeId | None, channel: Channel, since: datetime | None = None
) -> UUID:
    """Enter an objection of a person whose row is locked; `since` None = now."""
    objection_id = uuid4()
    declared = change.policy.purposes.get(purpose) if purpose is not None else None
    marketing = purpose is None or (declared is not None and declared.direct_marketing)
    change.session.add(
        ObjectionRow(
            subject_id=subject_id,
            objection_id=objection_id,
            direct_marketing=marketing,
            purpose=purpose,
            channel=channel.value,
            state=(ObjectionState.UPHELD if marketing else ObjectionState.OPEN).value,
            since=since or change.now,
        ),
    )
    change.journal(JournalKind.OBJECTION, subject_id, f"{purpose or 'direct_marketing'}:{channel.value}", since)
    return objection_id


async def unwanted_advertising(change: Change, subject_id: UUID) -> dict[Channel, datetime]:
    """By which channels a person whose row is locked wants no advertising, each since when; ANY = by whatever.

    They objected, or withdrew a consent to it and declared nothing in its favour since.
    """
    found: dict[Channel, datetime] = {}
    for channel, since in [*await _objected(change, subject_id), *await _withdrawn(change, subject_id)]:
        found[channel] = max(since, found.get(channel, since))
    return found


async def _objected(change: Change, subject_id: UUID) -> list[tuple[Channel, datetime]]:
    statement = select(ObjectionRow).where(
        col(ObjectionRow.subject_id) == subject_id, col(ObjectionRow.direct_marketing)
    )
    rows = (await change.session.execute(statement)).scalars()
    return [(one, row.since) for row in rows for one in _concerned(change, row.purpose, Channel(row.channel))]


async def _withdrawn(change: Change, subject_id: UUID) -> list[tuple[Channel, datetime]]:
    rows = (
        await change.session.execute(select(PermissionRow).where(col(PermissionRow.subject_id) == subject_id))
    ).scalars()
    advertising = {name for name, purpose in change.policy.purposes.items() if purpose.direct_marketing}
    declared = [row for row in rows if row.purpose in advertising]
    return [
        (channel, row.since)
        for row in declared
        if row.state in WITHDRAWN
        for channel in _concerned(change, row.purpose, Channel(row.channel))
        if not any(_favours_since(later, row, channel) for later in declared)
    ]


def _favours_since(later: PermissionRow, withdrawal: PermissionRow, channel: Channel) -> bool:
    touches = channel is Channel.ANY or later.channel in {Channel.ANY, channel}
    return (
        touches
        and later.purpose == withdrawal.purpose
        and later.state in VALID_CONSENT
        and later.since > withdrawal.since
    )


def _concerned(change: Change, purpose: str | None, channel: Channel) -> tuple[Channel, ...]:
    """The channels a declaration is about: those of its purpose where it named none; unclear = all (R-21.2-1)."""
    declared = change.policy.purposes.get(purpose or "")
    if channel is not Channel.ANY or declared is None:
        return (channel,)
    return declared.channels or (channel,)


def suppressions_of(change: Change, values: Mapping[FieldName, object]) -> dict[str, list[bytes]]:
    """What may be kept of values that somebody is found by, by field: the digests under every version of the key."""
    return {
        name: [one.value for one in change.ring.suppression_digests(kind.value, normalise(kind, value))]
        for name, kind in INDEXED_FIELDS.items()
        if isinstance(value := values.get(FieldName(name)), str)
    }


Unwanted = Mapping[str, Mapping[Channel, datetime]]


async def newly_theirs(
    change: Change, subject_id: UUID, arriving: Mapping[str, Sequence[bytes]], held: Suppressed | None = None
) -> Unwanted:
    """What was said against advertising by whoever had an identifier before that now comes to this person.

    Args:
        change: the unit of work.
        subject_id: whom it comes to; what is on file of them already is not news.
        arriving: by kind or field the suppression digests of an identifier, under every version of the key.
        held: what is suppressed of them; None = not asked for yet.
    """
    if held is None:
        held = await suppressed(change, [digest for digests in arriving.values() for digest in digests])
    kept = {channel: held[scope] for channel, scope in ADVERTISING.items()}
    found = {
        name: {channel: max(since) for channel, of_channel in kept.items() if (since := _since(of_channel, digests))}
        for name, digests in arriving.items()
    }
    if not any(found.values()):
        return {}
    on_file: set[bytes] = set()
    if subject_id not in change.created:
        statement = select(col(LookupRow.suppression)).where(col(LookupRow.subject_id) == subject_id)
        on_file.update((await change.session.execute(statement)).scalars())
    return {name: unwanted for name, unwanted in found.items() if on_file.isdisjoint(arriving[name])}


def _since(kept: Mapping[bytes, datetime], digests: Sequence[bytes]) -> list[datetime]:
    return [kept[digest] for digest in digests if digest in kept]


async def object_again(
    change: Change, caller: Caller, subject_id: UUID, unwanted: Unwanted, but: Collection[str] = ()
) -> None:
    """Enter objections to direct marketing again since the old day, of a person whose row is locked.

    Args:
        change: the unit of work.
        caller: who brought the identifiers.
        subject_id: whose.
        unwanted: what `newly_theirs` found.
        but: identifiers that were not taken in the end.
    """
    again: dict[Channel, datetime] = {}
    for name, by_channel in unwanted.items():
        for channel, since in by_channel.items() if name not in but else ():
            again[channel] = max(since, again.get(channel, since))
    if again and subject_id not in change.created:  # two systems may take turns with an address every night
        again = dict(again.items() - await _standing(change, subject_id))
    if not again:
        return
    for channel, since in again.items():
        await write_objection(change, subject_id, None, channel, since)
    change.record(
        Entry(
            EventTag.OBJECTION,
            Outcome.DONE,
            client=caller.client,
            policy=change.policy.version,
            persons=(PersonRef(subject_id, "direct_marketing"),),
            actor=caller.actor,
        ),
    )
    await change.session.flush()
    change.created.discard(subject_id)  # whoever looks for objections in this change finds them


async def _standing(change: Change, subject_id: UUID) -> set[tuple[Channel, datetime]]:
    """The objections to direct marketing as a whole that are on file already."""
    statement = select(col(ObjectionRow.channel), col(ObjectionRow.since)).where(
        col(ObjectionRow.subject_id) == subject_id, col(ObjectionRow.purpose).is_(None)
    )
    return {(Channel(row.channel), row.since) for row in await change.session.execute(statement)}
