"""Keeps what a process works with as the database names it: the policy document, the keys, the clients that count.

A policy in force that is not whole, or that nobody entitled decided, is put out of force wherever it is noticed: the
last good one comes back, in the database too, and the log says so.

Legal: GDPR Art. 5(2), Art. 24(1), Art. 32(1)(b).
"""

import asyncio
import logging
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from audit.log import intend
from policies.documents import PolicyDocument
from registry.credentials import Credentials
from registry.database import Database
from registry.errors import NotReadyError
from registry.journal import FileJournal, JournalKind
from registry.keys import KeyRing
from registry.policy_steps import enrolled_keys, last_good, trusted
from registry.policy_times import begins
from registry.tables import JournalOutboxRow, StateRow

_log = logging.getLogger(__name__)


class InForce:
    """What one process has loaded; loaded anew where the database names something else."""

    def __init__(self, database: Database, ring: KeyRing, journal: FileJournal) -> None:
        self._database = database
        self._ring = ring
        self._journal = journal
        self._policy: PolicyDocument | None = None
        self._documents: dict[str, PolicyDocument] = {}
        self._loading = asyncio.Lock()
        self.credentials = Credentials()

    @property
    def policy(self) -> PolicyDocument:
        """The document in force.

        Raises:
            NotReadyError: when none was ever activated.
        """
        if self._policy is None:
            raise NotReadyError("no policy is in force")
        return self._policy

    @property
    def has_policy(self) -> bool:
        """Whether a document is in force."""
        return self._policy is not None

    def adopt(self, document: PolicyDocument) -> None:
        """Work with a document from now on; the caller puts it in force in the database."""
        self._documents[document.digest] = document
        self._policy = document

    async def load(self, session: AsyncSession | None = None) -> None:
        """(Re)load keys, policy and clients as the database's state row names them.

        A policy in force that is not whole, or that nobody entitled decided, is put out of force: the last good one
        comes back, in the database too, and the log says so.

        Args:
            session: a unit of work to do this in; None = one of its own.

        Raises:
            KeyProviderError, KeyUnavailableError: when the keys cannot be had; what was loaded before stays.
            NotReadyError: when no policy on file can be trusted.
        """
        if session is not None:
            await self._load_or_fall_back(session)
            return
        async with self._loading:
            await self._load_alone()

    async def learn(self, policy_digest: str, keys_version: int) -> None:
        """Have at least what a gathering named; errors as `load`.

        Reads that meet a change together wait here for each other: the first one loads, the others find it done.
        """
        async with self._loading:
            if self.policy.digest != policy_digest or self._ring.version < keys_version:
                await self._load_alone()

    async def _load_alone(self) -> None:
        async with self._database.reading() as reading:
            whole = await self._load(reading)
        if not whole:
            async with self._database.transaction() as writing:
                await self._load_or_fall_back(writing)

    async def _load_or_fall_back(self, session: AsyncSession) -> None:
        state = (await session.execute(select(StateRow).with_for_update())).scalar_one()
        if await self._load(session):
            return
        good = self._policy or await last_good(session, self._ring, await enrolled_keys(session, self._journal))
        if good is None:
            raise NotReadyError("no policy on file is whole and decided")
        state.policy_digest = good.digest
        now = await self._database.clock(session)
        await begins(session, good.digest, now)
        session.add(
            JournalOutboxRow(
                entry_id=uuid4(), kind=JournalKind.POLICY.value, subject_id=None, about=good.digest, at=now
            ),
        )
        reasons = ("POLICY_BROKEN",)
        intend(session, Entry(EventTag.POLICY_FALL_BACK, Outcome.DENY, policy=good.version, reasons=reasons), now)
        self.adopt(good)
        _log.error("the policy in force is broken or unsigned: the last good one is in force again")

    async def _load(self, session: AsyncSession) -> bool:
        """Load what is not the database's any more; False = the policy in force cannot be trusted."""
        statement = select(col(StateRow.policy_digest), col(StateRow.clients_version), col(StateRow.keys_version))
        digest, clients_version, keys_version = (await session.execute(statement)).one()
        if keys_version != self._ring.version:
            await self._ring.load(session)
        if clients_version != self.credentials.version:
            await self.credentials.load(session, clients_version)
        if digest and await self.document(session, digest) is None:
            return False
        self._policy = self._documents.get(digest)
        return True

    async def document(self, session: AsyncSession, digest: str) -> PolicyDocument | None:
        """The document with this digest, in force or not any more; None where it cannot be trusted.

        What was found whole and decided once is kept: rows that change later change nothing about it.
        """
        known = self._documents.get(digest)
        if known is None:
            known = await trusted(session, self._ring, digest, await enrolled_keys(session, self._journal))
        if known is not None:
            self._documents[digest] = known
        return known

    async def of(self, session: AsyncSession) -> PolicyDocument:
        """The policy and keys that the database names, loaded anew where this process has others."""
        state = (await session.execute(select(col(StateRow.policy_digest), col(StateRow.keys_version)))).one()
        if self._policy is None or tuple(state) != (self._policy.digest, self._ring.version):
            await self.load(session)
        return self.policy

    async def fresh_keys(self, session: AsyncSession) -> None:
        """Have the key ring that this session's snapshot names; for look-ups that no other check comes before.

        Raises:
            KeyProviderError, KeyUnavailableError: when the keys cannot be had.
        """
        if (await session.execute(select(col(StateRow.keys_version)))).scalar_one() != self._ring.version:
            await self.load()
