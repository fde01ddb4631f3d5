"""Which declaration of consent stands for a channel at one instant.

The latest declaration that speaks for the channel decides, whatever an older one for another scope said; of two
of the same instant, each must hold. A purpose that contacts nobody is carried only by a declaration that named no
channel, and ended by any. A grant does not speak before its time; a withdrawal speaks at once.

Legal: GDPR Art. 7(1), (3), Art. 21(3); R-7.3-1, R-21.2-2.
"""

from collections.abc import Iterable
from datetime import datetime

from policies.documents import Purpose
from policies.facts import AccessRequest, Permission
from policies.vocabulary import VALID_CONSENT, Channel


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
    latest = max((permission.since for permission in speaking), default=None)
    return tuple(permission for permission in speaking if permission.since == latest)


def _speaks(permission: Permission, channel: Channel, as_of: datetime) -> bool:
    if permission.state in VALID_CONSENT:
        return permission.since <= as_of and permission.channel in {Channel.ANY, channel}
    return Channel.ANY in {permission.channel, channel} or permission.channel is channel


def is_over(permission: Permission, as_of: datetime) -> bool:
    """Whether its own end has come."""
    return permission.expires_at is not None and permission.expires_at <= as_of
