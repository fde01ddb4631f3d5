"""Consent: declarations go in append-only, the current state comes out as a fold over them.

A grant quotes the published text by its hash, and counts only from an active act. A newer withdrawal or objection
beats any older or undated grant, from whichever system it arrives: such a grant is refused and listed as a conflict.

Legal: GDPR Art. 4(11), Art. 6(1)(a), Art. 7; C-129/21; R-7.1-1, R-7.1-3, R-7.2-1, R-7.3-5, R-DE-DOI-5.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlmodel import col

from audit.columns import whole
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.consent_history import Declaration, fold
from policies.documents import Purpose
from policies.facts import Permission
from policies.standing import meets
from policies.vocabulary import (
    NO_ACTIVE_ACT,
    Channel,
    ConsentMethod,
    ConsentState,
    EventKind,
    LegalBasis,
    Origin,
    ParentalAct,
    ParentalVerification,
    PurposeId,
    Touchpoint,
)
from registry import notices
from registry.conflicts import ConflictKind, note_conflict
from registry.consent_rows import declaration_of, history_of, project
from registry.context import CLOCK_TOLERANCE, Caller, Change, Registry
from registry.errors import InvalidConsentError, UnknownNoticeError
from registry.events import GivenEvent, check_client_purpose, write_event
from registry.retention import settle_retention
from registry.tables import ConsentEventRow, ObjectionRow, SubjectRow

PROOF_PURPOSE = PurposeId("consent_proof")
_NOT_BY_MAIL = frozenset({Channel.PHONE, Channel.FAX})
_AGAINST = frozenset({ConsentState.WITHDRAWN, ConsentState.REVOKED, ConsentState.REFUSED})


@dataclass(frozen=True, slots=True)
class QuotedNotice:
    """The text the person saw, as its hash proves."""

    notice: str
    version: str
    language: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ParentalAuthorisation:
    """That the holder of parental responsibility consented for a child, or authorised the child's consent (Art. 8(1)).

    `holder` says who: personal data of somebody else, kept in the sealed proof alone.
    """

    holder: Mapping[str, str] = field(repr=False)
    act: ParentalAct
    verification: ParentalVerification


@dataclass(frozen=True, slots=True)
class Grant:
    """A declaration of consent as it arrives; without a quoted text it proves nothing (R-7.1-3)."""

    purpose: PurposeId
    channel: Channel
    method: ConsentMethod
    touchpoint: Touchpoint
    given_at: datetime | None
    quoted: QuotedNotice | None
    explicit: bool = False
    expires_at: datetime | None = None
    evidence: Mapping[str, str] = field(default_factory=dict, repr=False)
    parental: ParentalAuthorisation | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration that was taken; `state` is what it made."""

    event_id: UUID
    state: ConsentState


@dataclass(frozen=True, slots=True)
class RefusedGrant:
    """A grant that came too late: something newer stands against it."""

    why: ConflictKind


async def give_consent(registry: Registry, caller: Caller, subject_id: UUID, grant: Grant) -> Declared | RefusedGrant:
    """Take a declaration of consent.

    Raises:
        ForbiddenError: when the purpose is not the client's.
        UnknownSubjectError: nobody, or no longer.
        UnknownNoticeError: when the quoted text is not the purpose's own, or was never published for it.
        InvalidConsentError: when the purpose does not rest on consent, or the time lies in the future.
    """
    async with registry.change() as change:
        check_client_purpose(change.policy, caller, grant.purpose)
        subject = await change.lock_subject(subject_id)
        ((outcome, digest),) = await write_grants(change, subject, [grant], caller.client)
        await settle_retention(change, subject_id)
        change.record(_grant_entry(caller, change, subject_id, grant, outcome, digest))
    return outcome


async def write_grants(
    change: Change, subject: SubjectRow, grants: Sequence[Grant], source: str
) -> list[tuple[Declared | RefusedGrant, bytes | None]]:
    """Take grants of a person whose row is locked; each with the digest of its evidence. Errors as `give_consent`."""
    history = await history_of(change, subject.subject_id)
    outcomes = [await _take(change, subject, grant, source, history) for grant in grants]
    taken = {
        grant.purpose for grant, (outcome, _) in zip(grants, outcomes, strict=True) if isinstance(outcome, Declared)
    }
    for purpose in taken:
        await project(change, subject.subject_id, purpose, history)
    return outcomes


async def _take(
    change: Change, subject: SubjectRow, grant: Grant, source: str, history: list[Declaration]
) -> tuple[Declared | RefusedGrant, bytes | None]:
    purpose = change.policy.purposes.get(grant.purpose)
    if purpose is None or not any(basis.article is LegalBasis.CONSENT for basis in purpose.basis.values()):
        raise InvalidConsentError("this purpose does not rest on consent")
    if grant.given_at is not None and grant.given_at > change.now + CLOCK_TOLERANCE:
        raise InvalidConsentError("given_at lies in the future")
    if grant.parental is not None and not grant.parental.holder:
        raise InvalidConsentError("a parental authorisation names who gave it")
    if grant.channel is not Channel.ANY and purpose.channels and grant.channel not in purpose.channels:
        raise InvalidConsentError("this purpose does not use this channel")
    if grant.quoted is not None and grant.quoted.notice != purpose.notice:
        raise UnknownNoticeError("this is not the text by which consent to this purpose is asked for")
    if await _outranked(change, subject.subject_id, grant, history, direct_marketing=purpose.direct_marketing):
        kind = ConflictKind.CONSENT_OLDER_THAN_WITHDRAWAL
        note_conflict(change, subject.subject_id, kind, grant.purpose, source, grant.given_at)
        return RefusedGrant(kind), None
    state = ConsentState.GIVEN if _is_active(grant, purpose) else ConsentState.INVALIDATED
    if grant.quoted is None:
        state = ConsentState.UNKNOWN
    else:
        quote = grant.quoted
        await notices.quoted(change, quote.notice, quote.version, quote.language, quote.sha256, grant.purpose)
        delivered_at = grant.given_at or change.now
        await notices.deliver(change, subject.subject_id, quote.notice, quote.version, delivered_at, grant.touchpoint)
    event_id, digest = await _append(change, subject, grant, state, source, history)
    return Declared(event_id, state), digest


def _is_active(grant: Grant, purpose: Purpose) -> bool:
    """Whether the act can declare a consent: a link in an e-mail proves who reads it, never whose telephone rings."""
    if grant.method is ConsentMethod.DOI_CONFIRM:
        asked = {grant.channel} if grant.channel is not Channel.ANY else set(purpose.channels)
        return not asked or bool(asked - _NOT_BY_MAIL)
    return grant.method not in NO_ACTIVE_ACT


async def consents_of(registry: Registry, subject_id: UUID, as_of: datetime | None = None) -> list[Permission]:
    """The state of every consent, now or as it was at `as_of`; reading it is recorded by the caller."""
    async with registry.database.reading() as session:
        rows = (
            await session.execute(select(ConsentEventRow).where(col(ConsentEventRow.subject_id) == subject_id))
        ).scalars()
        return sorted(
            fold([declaration_of(row) for row in rows], as_of).values(),
            key=lambda permission: (permission.purpose, permission.channel),
        )


async def _append(
    change: Change, subject: SubjectRow, grant: Grant, state: ConsentState, source: str, history: list[Declaration]
) -> tuple[UUID, bytes | None]:
    event_id = uuid4()
    evidence_id: UUID | None = None
    digest: bytes | None = None
    if grant.evidence or grant.parental:
        proof = GivenEvent(
            EventKind.CONSENT_EVIDENCE,
            grant.given_at or change.now,
            PROOF_PURPOSE,
            {"event_id": str(event_id), **grant.evidence, **_of_parents(grant)},
            grant.touchpoint,
            Origin.PROVIDED,
        )
        evidence_id, digest = await write_event(change, subject, proof, source)
    quote = grant.quoted or QuotedNotice("", "", "", "")
    row = ConsentEventRow(
        subject_id=subject.subject_id,
        sequence=len(history),
        event_id=event_id,
        purpose=grant.purpose,
        channel=grant.channel.value,
        state=state.value,
        effective_at=grant.given_at or change.now,
        recorded_at=change.now,
        explicit=grant.explicit,
        expires_at=grant.expires_at,
        method=grant.method.value,
        touchpoint=grant.touchpoint.value,
        source=source,
        notice=quote.notice,
        notice_version=quote.version,
        notice_language=quote.language,
        notice_sha256=quote.sha256,
        evidence_id=evidence_id,
        parental_act=grant.parental.act.value if grant.parental else "",
        parental_verification=grant.parental.verification.value if grant.parental else "",
    )
    change.session.add(row)
    history.append(declaration_of(row))
    return event_id, digest


def _of_parents(grant: Grant) -> dict[str, str]:
    """What the sealed proof says about who answers for a child."""
    if grant.parental is None:
        return {}
    about = {"act": grant.parental.act.value, "verification": grant.parental.verification.value}
    return {f"parental_{name}": value for name, value in {**about, **grant.parental.holder}.items()}


async def _outranked(
    change: Change, subject_id: UUID, grant: Grant, history: list[Declaration], *, direct_marketing: bool
) -> bool:
    """Whether a withdrawal or objection of the same time or later stands against a grant; undated = older."""
    against = [
        one.effective_at
        for one in history
        if one.purpose == grant.purpose
        and one.state in _AGAINST
        and (Channel.ANY in {one.channel, grant.channel} or one.channel is grant.channel)
    ]
    if direct_marketing and subject_id not in change.created:
        statement = select(ObjectionRow).where(
            col(ObjectionRow.subject_id) == subject_id,
            col(ObjectionRow.direct_marketing),
        )
        against += [
            row.since
            for row in (await change.session.execute(statement)).scalars()
            if row.purpose in {None, grant.purpose} and meets(Channel(row.channel), grant.channel)
        ]
    return any(grant.given_at is None or whole(grant.given_at) <= at for at in against)


def _grant_entry(
    caller: Caller,
    change: Change,
    subject_id: UUID,
    grant: Grant,
    outcome: Declared | RefusedGrant,
    digest: bytes | None,
) -> Entry:
    taken = isinstance(outcome, Declared)
    return Entry(
        EventTag.CONSENT_GIVE if taken else EventTag.CONSENT_CONFLICT,
        Outcome.DONE if taken else Outcome.DENY,
        client=caller.client,
        purpose=grant.purpose,
        reasons=() if isinstance(outcome, Declared) else (outcome.why.value,),
        policy=change.policy.version,
        persons=(PersonRef(subject_id),),
        actor=caller.actor,
        ciphertexts=(digest,) if digest else (),
    )
