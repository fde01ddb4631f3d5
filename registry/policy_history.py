"""Every policy document that was ever proposed or in force, with its steps: so that any past decision can be replayed.

An entry of the log names the version that decided; one version names one text, for ever.

Legal: GDPR Art. 5(2), Art. 24.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import col

from policies.documents import PolicyDocument, parse
from registry.context import Registry
from registry.errors import NotFoundError
from registry.policy_steps import Standing, Step, standing_of, steps_of
from registry.tables import PolicyProposalRow, PolicyVersionRow, StateRow

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Version:
    """One document: where it stands, whether it is the one in force, and every step of it."""

    digest: str
    version: str
    proposed_at: datetime
    standing: Standing
    in_force: bool
    steps: Sequence[Step]


async def versions(registry: Registry) -> Sequence[Version]:
    """All documents, the newest first."""
    statement = select(PolicyProposalRow).order_by(
        col(PolicyProposalRow.proposed_at).desc(), col(PolicyProposalRow.digest)
    )
    async with registry.database.reading() as session:
        in_force = (await session.execute(select(col(StateRow.policy_digest)))).scalar_one()
        found = []
        for row in (await session.execute(statement)).scalars().all():
            steps = await steps_of(session, row.digest)
            found.append(
                Version(row.digest, row.version, row.proposed_at, standing_of(steps), row.digest == in_force, steps)
            )
    return found


async def source_of(registry: Registry, name: str) -> bytes:
    """The exact bytes of a document, by its digest (64 hex digits) or its version.

    Raises:
        NotFoundError: when there is none.
    """
    by_name = col(PolicyProposalRow.version) == name
    if _DIGEST.fullmatch(name):
        by_name = or_(by_name, col(PolicyProposalRow.digest) == name)
    async with registry.database.reading() as session:
        row = (await session.execute(select(PolicyProposalRow).where(by_name))).scalars().first()
    if row is None:
        raise NotFoundError("no such policy document")
    return row.document


async def policy_of(registry: Registry, name: str) -> PolicyDocument:
    """The document itself, to decide by as it was decided then.

    Raises:
        NotFoundError: as `source_of`.
        PolicyDocumentError: when this release reads it no more; its bytes stay readable.
    """
    return parse(await source_of(registry, name))


async def documents_of(registry: Registry, names: Iterable[str]) -> Mapping[str, PolicyDocument]:
    """The documents that entries of the log name by their versions, as far as they can be trusted."""
    wanted = select(col(PolicyVersionRow.version), col(PolicyVersionRow.digest)).where(
        col(PolicyVersionRow.version).in_(sorted(set(names)))
    )
    found: dict[str, PolicyDocument] = {}
    async with registry.database.reading() as session:
        for version, digest in (await session.execute(wanted)).all():
            document = await registry.document(session, digest)
            if document is not None and document.version == version:
                found[version] = document
    return found
