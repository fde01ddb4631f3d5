"""Withdrawals of consent: one click, no reason, in force with the next read.

Legal: GDPR Art. 7(3); R-7.3-1, R-7.3-5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from audit.columns import whole
from audit.event import Entry, EventTag, Outcome, PersonRef
from policies.consent_history import Declaration, fold
from policies.facts import Permission
from policies.vocabulary import VALID_CONSENT, Channel, ConsentState, PurposeId, Touchpoint
from registry.consent_rows import declaration_of, history_of, project
from registry.context import CLOCK_TOLERANCE, Caller, Change, Registry
from registry.errors import InvalidConsentError
from registry.journal import JournalKind
from registry.retention import settle_retention
from registry.tables import ConsentEventRow


async def withdraw_consent(
    registry: Registry,
    caller: Caller,
    subject_id: UUID,
    purpose: PurposeId | None,
    channel: Channel = Channel.ANY,
    effective_at: datetime | None = None,
    touchpoint: Touchpoint = Touchpoint.PORTAL,
) -> list[PurposeId]:
    """Withdraw at any time, one purpose or all, without a reason.

    Args:
        registry: the collaborators.
        caller: who passes the withdrawal on.
        subject_id: whose consent.
        purpose: None = every consent there is.
        channel: ANY = every channel of the purpose.
        effective_at: when the person declared it, for letters entered later; None = now.
        touchpoint: where it was declared.

    Returns:
        The purposes that nobody has a valid consent for any more. A purpose without consent is withdrawn all the same,
        so that no older grant revives it; a letter older than the newest consent leaves that one in force.

    Raises:
        UnknownSubjectError: nobody, or no longer.
        InvalidConsentError: when the time lies in the future, or the purpose is unknown.
    """
    async with registry.change() as change:
        await change.lock_subject(subject_id)
        at = whole(effective_at or change.now)
        if at > change.now + CLOCK_TOLERANCE:
            raise InvalidConsentError("effective_at lies in the future")
        if purpose is not None and purpose not in change.policy.purposes:
            raise InvalidConsentError("no such purpose")
        history = await history_of(change, subject_id)
        purposes = [purpose] if purpose else sorted({one.purpose for one in history})
        for one in purposes:
            counts_from = min(at, change.now) if effective_at else _no_earlier(change.now, one, history)
            withdrawal = _Withdrawal(one, channel, counts_from, touchpoint, caller.client)
            await _append_withdrawal(change, subject_id, withdrawal, history)
            change.journal(JournalKind.WITHDRAWAL, subject_id, f"{one}:{channel.value}")
        standing = fold(history)
        await settle_retention(change, subject_id)
        change.record(
            Entry(
                EventTag.CONSENT_WITHDRAW,
                Outcome.DONE,
                client=caller.client,
                purpose=purpose or "",
                policy=change.policy.version,
                persons=(PersonRef(subject_id, ",".join(purposes)),),
                actor=caller.actor,
            ),
        )
    return [one for one in purposes if _is_withdrawn(standing, one, channel)]


async def withdraw_within(
    change: Change, subject_id: UUID, purpose: str, channel: Channel, at: datetime, source: str
) -> None:
    """Enter a withdrawal of `at` (aware, UTC) of a person whose row is locked; what was granted later stands."""
    withdrawal = _Withdrawal(purpose, channel, at, Touchpoint.PORTAL, source)
    await _append_withdrawal(change, subject_id, withdrawal, await history_of(change, subject_id))


def _is_withdrawn(standing: Mapping[tuple[PurposeId, Channel], Permission], purpose: str, channel: Channel) -> bool:
    """Whether no valid consent is left on this channel, or on any."""
    concerned = [one for one in standing.values() if one.purpose == purpose and channel in {Channel.ANY, one.channel}]
    return all(one.state not in VALID_CONSENT for one in concerned)


def _no_earlier(now: datetime, purpose: str, history: list[Declaration]) -> datetime:
    """A withdrawal declared now counts after everything on file, even if it waited for its turn."""
    return max([now, *(one.effective_at for one in history if one.purpose == purpose)])


@dataclass(frozen=True, slots=True)
class _Withdrawal:
    purpose: str
    channel: Channel
    effective_at: datetime
    touchpoint: Touchpoint
    source: str


async def _append_withdrawal(change: Change, subject_id: UUID, given: _Withdrawal, history: list[Declaration]) -> None:
    row = ConsentEventRow(
        subject_id=subject_id,
        sequence=len(history),
        event_id=uuid4(),
        purpose=given.purpose,
        channel=given.channel.value,
        state=ConsentState.WITHDRAWN.value,
        effective_at=given.effective_at,
        recorded_at=change.now,
        explicit=False,
        expires_at=None,
        method="",
        touchpoint=given.touchpoint.value,
        source=given.source,
        notice="",
        notice_version="",
        notice_language="",
        notice_sha256="",
        evidence_id=None,
    )
    change.session.add(row)
    history.append(declaration_of(row))
    await project(change, subject_id, given.purpose, history)
