"""Replaces the keys that the service signs with: tokens, checkpoints of the log, policies that setup put in force.

A key's versions stand side by side; the newest signs. What an older one signed goes on being verified for as long as it
means something: a token until the last one has ended, a checkpoint and a policy for ever. So nobody is logged out and
no proof is lost by a rotation. After a theft the token keys end at once instead, and with them every token.

Legal: GDPR Art. 32(1)(a), (b); R-ENC-2, R-ENC-6.
"""

from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlmodel import col

from audit.event import EventTag
from registry.context import Caller, Change, Registry
from registry.keys.ring import versioned_name
from registry.keys.signatures import NEW_KEY, Signature, token_keys
from registry.rotation import alone, changed_ring, entry
from registry.tables import ServiceKeyRow, StateRow


async def rotate_signing_key(registry: Registry, caller: Caller, signature: Signature) -> int:
    """Make a new version, which signs from now on; returns its number."""
    async with registry.change(keeping=True) as change:
        version = await _next(change, signature)
        change.record(entry(caller, change, EventTag.KEY_SIGNING_ROTATE, (f"{signature.value}:{version}",)))
    await registry.load()
    return version


async def rotate_token_key(registry: Registry, caller: Caller, lifetime: timedelta, *, at_once: bool = False) -> int:
    """Make a new token key and take away those of which every token has ended; returns its number.

    Args:
        registry: the collaborators.
        caller: who rotates.
        lifetime: of an access token.
        at_once: every older key ends now, in every process, and its tokens with it: after a theft.
    """
    async with registry.change(keeping=True) as change:
        older = [held.version for held in registry.ring.service_versions(Signature.TOKEN)]
        ended = [
            version
            for version, key in zip(older, token_keys(registry.ring, lifetime), strict=True)
            if at_once or (key.until is not None and key.until <= change.now)
        ]
        version = await _next(change, Signature.TOKEN)
        names = [versioned_name(Signature.TOKEN, one) for one in ended]
        await change.session.execute(delete(ServiceKeyRow).where(col(ServiceKeyRow.name).in_(names)))
        if at_once:  # what a token was taken with is asked for again, even where it was taken already
            await change.session.execute(update(StateRow).values(clients_version=col(StateRow.clients_version) + 1))
        about = (f"{Signature.TOKEN.value}:{version}", *(f"ended:{one}" for one in ended))
        change.record(entry(caller, change, EventTag.KEY_SIGNING_ROTATE, about))
    await registry.load()
    return version


async def _next(change: Change, signature: Signature) -> int:
    await alone(change)
    names = set((await change.session.execute(select(col(ServiceKeyRow.name)))).scalars())
    version = change.ring.service_versions(signature)[0].version + 1
    while versioned_name(signature, version) in names:  # of a process that rotated at the same time
        version += 1
    await change.ring.create_service_key(
        change.session, versioned_name(signature, version), NEW_KEY[signature](), change.now
    )
    await changed_ring(change)
    return version
