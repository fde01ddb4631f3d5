"""Prepares an empty database to serve: first epoch, index and service keys, an empty log, the policy and its notices.

Every step is repeatable: what is there already stays as it is. The first document of an empty registry is put in force
by setup itself, because nobody can be asked yet; its step says so, is signed with a key of the installation, and stands
until people have taken the steps of `registry.activation` with a document of theirs, or with this one.
"""

import dataclasses
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from audit.log import create_log
from policies.documents import PolicyDocument, parse
from policies.findings import Finding, PolicyDocumentError
from policies.notices import NoticeText
from registry.activation import put_in_force
from registry.attempts import ATTEMPT_KEY
from registry.context import Caller, Change, Registry
from registry.database import Database
from registry.errors import NotReadyError
from registry.journal import JournalKind
from registry.keys import KEY_BYTES, KeyRing
from registry.keys.provider import ask
from registry.keys.ring import SUPPRESSION_KEY, create_index_key
from registry.keys.signatures import NEW_KEY, Signature, ed25519_keys
from registry.lookup import IdentifierKind
from registry.notices import publish_within
from registry.policy_facts import gates_for
from registry.policy_steps import Step, StepKind, StepResult, row_of, statement, steps_of
from registry.second_factor import STAFF_KEY
from registry.signing import fingerprint_of
from registry.tables import (
    KeyEpochRow,
    PolicyProposalRow,
    PolicyStepRow,
    PolicyVersionRow,
    ServiceKeyRow,
    StateRow,
)

FIRST_EPOCH = 1


def _random_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


SERVICE_KEYS: Mapping[str, Callable[[], bytes]] = {
    **{signature.value: new for signature, new in NEW_KEY.items()},
    SUPPRESSION_KEY: _random_key,
    STAFF_KEY: _random_key,
    ATTEMPT_KEY: _random_key,
}
_LATER_KEYS = frozenset({STAFF_KEY, ATTEMPT_KEY, Signature.SETUP.value})


async def prepare_keys(database: Database, ring: KeyRing) -> None:
    """Create the state row, the first epoch and all service keys of an empty database, in one transaction.

    A database that an earlier release made gets the service keys that are new since; any other key that is missing was
    lost, and is never replaced in silence. A root key is made only here: a start that finds keys in the database and
    none at the provider must fail.

    Raises:
        KeyProviderError: when the provider cannot be asked.
    """
    now = await database.now()
    async with database.transaction() as session:
        wanted: Iterable[str] = SERVICE_KEYS
        if (await session.execute(select(col(KeyEpochRow.epoch)))).first() is None:
            if not await ask(ring.provider.versions):
                await ask(ring.provider.create_version)
            session.add(
                StateRow(id=1, policy_digest="", clients_version=0, keys_version=FIRST_EPOCH, journal_sequence=0),
            )
            kek = await ring.create_epoch(session, FIRST_EPOCH, now)
            for kind in IdentifierKind:
                create_index_key(session, kind.value, 1, FIRST_EPOCH, kek)
            await create_log(session)
            await session.flush()
        else:
            await session.execute(select(StateRow).with_for_update())
            there = set((await session.execute(select(col(ServiceKeyRow.name)))).scalars())
            wanted = _LATER_KEYS - there
        for name in wanted:
            await ring.create_service_key(session, name, SERVICE_KEYS[name](), now)


async def prepare(registry: Registry, caller: Caller, policy: bytes, texts: Sequence[NoticeText]) -> None:
    """Put the first policy in force and publish the notices it names.

    Nobody can be asked yet, so nobody but the gates speaks against it.

    Raises:
        PolicyDocumentError: when it is not a lawful document, or a gate speaks against it.
        NotReadyError: when a policy is in force already: from then on only `registry.activation` changes it.
    """
    document = parse(policy)
    gates = await gates_for(registry.database, texts)
    findings = gates(document, None)
    if findings:
        raise PolicyDocumentError(*(Finding(one.line, one.rule, one.message) for one in findings))
    async with registry.change(policy=document) as change:
        state = await _state(change.session)
        if state.policy_digest:
            raise NotReadyError("a policy is in force already")
        await vouch_for(change, document, policy)
        await put_in_force(change, state, document, policy)
        change.record(Entry(EventTag.POLICY_ACTIVATE, Outcome.DONE, client=caller.client, policy=document.version))
        await publish_within(change, caller, texts)
    registry.adopt(document)


async def vouch_for_earlier(registry: Registry) -> None:
    """Sign, as setup, a policy that came into force before steps were kept, if the journal names it as the last one."""
    async with registry.database.reading() as session:
        kept = (await session.execute(select(col(PolicyStepRow.digest)).limit(1))).first()
        digest = (await session.execute(select(col(StateRow.policy_digest)))).scalar_one()
        row = await session.get(PolicyVersionRow, digest) if digest and kept is None else None
    journalled = [entry.about for _, entry in registry.journal.read() if entry.kind is JournalKind.POLICY]
    if row is None or journalled[-1:] != [digest]:
        return
    document = parse(row.document)
    async with registry.change(policy=document) as change:
        await _state(change.session)
        await vouch_for(change, document, row.document)
        change.record(Entry(EventTag.POLICY_ACTIVATE, Outcome.DONE, client="registry", policy=document.version))


async def _state(session: AsyncSession) -> StateRow:
    return (await session.execute(select(StateRow).with_for_update())).scalar_one()


async def vouch_for(change: Change, document: PolicyDocument, source: bytes) -> None:
    """Sign a policy with the installation's own key, unless a step on file puts it in force already.

    Setup vouches for the first policy of an installation, and a restore for the one that the journal names as last.
    """
    before = await steps_of(change.session, document.digest)
    if any(step.puts_in_force for step in before):
        return
    key = ed25519_keys(change.ring, Signature.SETUP)[0]
    bare = Step(len(before) + 1, StepKind.FOUND, None, change.now, StepResult.ACCEPTED, "", "")
    step = dataclasses.replace(
        bare,
        fingerprint=fingerprint_of(key.public_key().public_bytes_raw()),
        signature=key.sign(statement(source, before, bare)),
    )
    if await change.session.get(PolicyProposalRow, document.digest) is None:
        change.session.add(
            PolicyProposalRow(
                digest=document.digest, version=document.version, document=source, proposed_at=change.now
            ),
        )
    change.session.add(row_of(document.digest, step))
