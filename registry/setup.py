"""Prepares an empty database to serve: first epoch, index and service keys, an empty log, the policy and its notices.

Every step is repeatable: what is there already stays as it is.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from audit.log import create_log
from policies.documents import parse
from policies.notices import NoticeText
from registry.context import Caller, Registry
from registry.database import Database
from registry.journal import JournalKind
from registry.keys import KEY_BYTES, KeyRing
from registry.keys.provider import ask
from registry.keys.ring import SUPPRESSION_KEY, create_index_key
from registry.lookup import IdentifierKind
from registry.notices import publish
from registry.tables import KeyEpochRow, PolicyVersionRow, StateRow

FIRST_EPOCH = 1
AUDIT_SIGNING_KEY = "audit-signing"
TOKEN_SIGNING_KEY = "token-signing"  # noqa: S105 - a key's name


async def prepare_keys(database: Database, ring: KeyRing) -> None:
    """Create the state row, the first epoch and all service keys of an empty database, in one transaction.

    A root key is made only here: a start that finds keys in the database and none at the provider must fail.

    Raises:
        KeyProviderError: when the provider cannot be asked.
    """
    now = await database.now()
    async with database.transaction() as session:
        if (await session.execute(select(col(KeyEpochRow.epoch)))).first() is not None:
            return
        if not await ask(ring.provider.versions):
            await ask(ring.provider.create_version)
        session.add(
            StateRow(id=1, policy_digest="", clients_version=0, keys_version=FIRST_EPOCH, journal_sequence=0),
        )
        kek = await ring.create_epoch(session, FIRST_EPOCH, now)
        for kind in IdentifierKind:
            create_index_key(session, kind.value, 1, FIRST_EPOCH, kek)
        await _create_service_keys(session, ring, now)
        await create_log(session)


async def _create_service_keys(session: AsyncSession, ring: KeyRing, now: datetime) -> None:
    signing = ed25519.Ed25519PrivateKey.generate()
    await ring.create_service_key(session, AUDIT_SIGNING_KEY, signing.private_bytes_raw(), now)
    token = ec.generate_private_key(ec.SECP256R1())
    pem = token.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    await ring.create_service_key(session, TOKEN_SIGNING_KEY, pem, now)
    await ring.create_service_key(session, SUPPRESSION_KEY, secrets.token_bytes(KEY_BYTES), now)


async def activate_policy(registry: Registry, caller: Caller, source: bytes) -> bool:
    """Put a policy document in force, unless it is already; returns whether it changed.

    Raises:
        PolicyDocumentError: when it is not a lawful document; the one in force stays.
    """
    document = parse(source)
    async with registry.database.reading() as session:
        state = (await session.execute(select(StateRow))).scalar_one()
        if state.policy_digest == document.digest:
            return False
    async with registry.change(policy=document) as change:
        held = await change.session.get(StateRow, 1, with_for_update=True)
        if await change.session.get(PolicyVersionRow, document.digest) is None:
            change.session.add(
                PolicyVersionRow(
                    digest=document.digest,
                    version=document.version,
                    document=source,
                    activated_at=change.now,
                ),
            )
        if held is not None:
            held.policy_digest = document.digest
        change.journal(JournalKind.POLICY, None, document.digest)
        change.record(Entry(EventTag.POLICY_ACTIVATE, Outcome.DONE, client=caller.client, policy=document.version))
    registry.adopt(document)
    return True


async def prepare(registry: Registry, caller: Caller, policy: bytes, texts: Sequence[NoticeText]) -> None:
    """Activate the policy and publish the notices it names."""
    await activate_policy(registry, caller, policy)
    await publish(registry, caller, texts)
