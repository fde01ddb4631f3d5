"""What one process knows of its clients' tokens: from when on they count.

A token is taken with what the process knows then; `Registry.check_credential` compares that with the database.

Legal: GDPR Art. 32(1)(b); R-ENC-6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from registry.tables import ClientRow


@dataclass(frozen=True, slots=True)
class Credential:
    """What a process knew of a client when it took the token; `tokens_from` None = nothing was ever voided.

    `signed_by` names the key of the token.
    """

    clients_version: int
    tokens_from: datetime | None
    signed_by: str = ""


class Credentials:
    """The clients as the process loaded them last, and the keys whose tokens count."""

    def __init__(self) -> None:
        self.version = 0
        self.token_keys: frozenset[str] = frozenset()
        self._tokens_from: Mapping[str, datetime] = {}
        self._watchers: list[Callable[[str, datetime], None]] = []

    async def load(self, session: AsyncSession, version: int) -> None:
        """Learn which tokens are void, as of this version of all clients, and tell whoever watches."""
        voided = select(col(ClientRow.code), col(ClientRow.tokens_from)).where(col(ClientRow.tokens_from).is_not(None))
        self._tokens_from = {code: instant for code, instant in await session.execute(voided) if instant}
        self.version = version
        for watcher in self._watchers:
            self._tell(watcher)

    def watch(self, watcher: Callable[[str, datetime], None]) -> None:
        """Tell somebody, now and after every load, from when on the tokens of a client count."""
        self._watchers.append(watcher)
        self._tell(watcher)

    def of(self, client: str, signed_by: str = "") -> Credential:
        """What a token of this client is taken with now."""
        return Credential(self.version, self._tokens_from.get(client), signed_by)

    def still(self, client: str, credential: Credential) -> bool:
        """Whether a token that was taken earlier counts by what is known now."""
        held = not credential.signed_by or credential.signed_by in self.token_keys
        return held and self.of(client).tokens_from == credential.tokens_from

    def _tell(self, watcher: Callable[[str, datetime], None]) -> None:
        for code, instant in self._tokens_from.items():
            watcher(code, instant)
