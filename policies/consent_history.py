"""The state of consent is a fold over declarations, ordered by when they take effect.

A withdrawal beats a grant of the same instant. A withdrawal that names no channel ends every channel; a later word on
a single channel changes that channel alone. A grant that names no channel leaves what was said of single ones as it
was: whoever said no to calls has not named the telephone since. Asking again, an import without proof, or a box that
was ticked beforehand changes nothing that was declared. Past instants are answered by folding what took effect until
then.

Legal: GDPR Art. 7(1), (2), (3), Art. 5(2); § 7(2) no. 1 UWG; R-5.2-1, R-7.2-1, R-7.3-5, R-DE-UWG-1.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from policies.facts import Permission
from policies.vocabulary import NO_DECLARATION, VALID_CONSENT, Channel, ConsentState, PurposeId


@dataclass(frozen=True, slots=True)
class Declaration:
    """One event of a consent's history; `sequence` orders declarations of the same instant, `quoted` is the text."""

    purpose: PurposeId
    channel: Channel
    state: ConsentState
    effective_at: datetime
    sequence: int
    explicit: bool = False
    expires_at: datetime | None = None
    parental: bool = False
    quoted: str = ""


def fold(
    declarations: Iterable[Declaration], as_of: datetime | None = None
) -> dict[tuple[PurposeId, Channel], Permission]:
    """The state per purpose and channel; with `as_of`, as it was then.

    Args:
        declarations: all events of one person, in any order.
        as_of: leave out what took effect later (aware, UTC).
    """
    state: dict[tuple[PurposeId, Channel], Permission] = {}
    in_effect = [one for one in declarations if as_of is None or one.effective_at <= as_of]
    for one in sorted(in_effect, key=_order):
        ends_all = one.channel is Channel.ANY and one.state not in VALID_CONSENT
        touched = [channel for purpose, channel in state if purpose == one.purpose] if ends_all else []
        for channel in dict.fromkeys([one.channel, *touched]):
            if one.state in NO_DECLARATION and _is_declared(state.get((one.purpose, channel))):
                continue
            state[one.purpose, channel] = Permission(
                purpose=one.purpose,
                channel=channel,
                state=one.state,
                since=one.effective_at,
                explicit=one.explicit,
                expires_at=one.expires_at,
                parental=one.parental,
                quoted=one.quoted,
            )
    return state


def _is_declared(known: Permission | None) -> bool:
    return known is not None and known.state not in NO_DECLARATION


def _order(one: Declaration) -> tuple[datetime, bool, int]:
    return one.effective_at, one.state not in VALID_CONSENT, one.sequence
