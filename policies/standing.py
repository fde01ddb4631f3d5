"""Which declaration of consent stands for a channel at one instant.

The latest declaration that speaks for the channel decides, whatever an older one for another scope said; of two
of the same instant, each must hold. Being asked, an import without proof, or an act that binds nobody is no
declaration: it speaks only where nothing was declared. A purpose that contacts nobody is carried only by a
declaration that named no channel, and ended by any. A grant does not speak before its time; a withdrawal speaks at
once.

Legal: GDPR Art. 7(1), (3), Art. 21(3); R-7.3-1, R-21.2-2.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from policies.documents import Purpose
from policies.facts import AccessRequest, Facts, Permission
from policies.vocabulary import NO_DECLARATION, ONLY_ASKED, VALID_CONSENT, Channel


def channels_asked(request: AccessRequest, purpose: Purpose) -> tuple[Channel, ...]:
    """The channels a question is about: the one it names, else all of the purpose; ANY alone where it has none."""
    if request.channel is None or request.channel is Channel.ANY:
        return purpose.channels or (Channel.ANY,)
    return (request.channel,)


def standing(
    permissions: Iterable[Permission], request: AccessRequest, channel: Channel, as_of: datetime
) -> tuple[Permission, ...]:
    """The latest declarations for this purpose and channel; none when nothing was ever declared."""
    speaking = [
        permission
        for permission in permissions
        if permission.purpose == request.purpose and _speaks(permission, channel, as_of)
    ]
    if len(speaking) > 1:
        speaking = [permission for permission in speaking if permission.state not in NO_DECLARATION] or speaking
        latest = max(permission.since for permission in speaking)
        return tuple(permission for permission in speaking if permission.since == latest)
    return tuple(speaking)


def _speaks(permission: Permission, channel: Channel, as_of: datetime) -> bool:
    if permission.state in VALID_CONSENT:
        return permission.since <= as_of and permission.channel in {Channel.ANY, channel}
    return meets(permission.channel, channel)


def meets(one: Channel, other: Channel) -> bool:
    """Whether what was said of one channel touches the other: they are the same, or one of them names none."""
    return one is other or Channel.ANY in {one, other}


def is_over(permission: Permission, as_of: datetime) -> bool:
    """Whether its own end has come."""
    return permission.expires_at is not None and permission.expires_at <= as_of


def covers(texts: Collection[str], permission: Permission) -> bool:
    """Whether the text it was declared on is one of these; no texts = every one."""
    return not texts or permission.quoted in texts


def carries(
    declared: Iterable[Permission],
    as_of: datetime,
    *,
    explicit: bool = False,
    parental: bool = False,
    after: datetime | None = None,
    texts: Collection[str] = (),
) -> bool:
    """Whether these standing declarations are a consent: at least one, and each of them valid, in time and as asked.

    Args:
        declared: what `standing` found.
        as_of: the instant of the question (aware, UTC).
        explicit: ask for an explicit declaration (Art. 9(2)(a), Art. 22(2)(c)).
        parental: ask for one that the holder of parental responsibility gave or authorised (Art. 8(1)).
        after: ask for a declaration later than this.
        texts: ask for one on any of these texts; none = whichever (Art. 6(1)(a): what was not in it is not in it).
    """
    found = tuple(declared)
    return bool(found) and all(
        one.state in VALID_CONSENT
        and not is_over(one, as_of)
        and (one.explicit or not explicit)
        and (one.parental or not parental)
        and (after is None or one.since > after)
        and covers(texts, one)
        for one in found
    )


def is_given(
    request: AccessRequest,
    purpose: Purpose,
    facts: Facts,
    *,
    explicit: bool = False,
    parental: bool = False,
    after: datetime | None = None,
) -> bool:
    """Whether a consent for this purpose stands on any channel that is asked about; unknown declarations are none."""
    declared = facts.permissions or ()
    return any(
        carries(
            standing(declared, request, channel, facts.as_of),
            facts.as_of,
            explicit=explicit,
            parental=parental,
            after=after,
            texts=purpose.consent_texts,
        )
        for channel in channels_asked(request, purpose)
    )


def is_ended(request: AccessRequest, channel: Channel, facts: Facts) -> bool:
    """Whether the person's last word on this purpose and channel is no consent any more, or nobody knows (R-6.1-3).

    A request that ran out unanswered ended nothing. Where the only word was void, nothing else takes its place
    (EDPB 05/2020 no. 123).
    """
    if facts.permissions is None:
        return True
    for one in standing(facts.permissions, request, channel, facts.as_of):
        if one.state not in ONLY_ASKED and (one.state not in VALID_CONSENT or is_over(one, facts.as_of)):
            return True
    return False


def carrying(
    declared: Iterable[Permission], request: AccessRequest, purpose: Purpose, as_of: datetime, *, explicit: bool
) -> tuple[Permission, ...]:
    """The declarations that a consent for this purpose rests on, on the first channel asked about that has one."""
    known = tuple(declared)
    for channel in channels_asked(request, purpose):
        found = standing(known, request, channel, as_of)
        if carries(found, as_of, explicit=explicit, texts=purpose.consent_texts):
            return found
    return ()
