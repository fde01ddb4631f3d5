"""Decides who calls: a bearer token of ours, or nobody.

A token that is missing, forged or over is refused and recorded; so is what a use case refuses before it could record
anything itself.

Legal: GDPR Art. 32(1)(b); R-AUD-2.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2

from api.token_keys import verified
from api.tokens import TokenError, Tokens
from audit.event import Entry, EventTag, Outcome
from policies.documents import PolicyDocument
from policies.vocabulary import ReasonCode
from registry.context import Caller, Registry
from registry.errors import ForbiddenError, RegistryError, UnknownSubjectError

CLIENT_CREDENTIALS = OAuth2(
    flows=OAuthFlows(clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth/token")),
    scheme_name="client_credentials",
    auto_error=False,
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a machine client that proved who it is."""

    registry: Registry
    caller: Caller
    request: Request

    @property
    def policy(self) -> PolicyDocument:
        """The document in force."""
        return self.registry.policy

    @property
    def own_purposes(self) -> tuple[str, ...]:
        """What this client may ask for; nothing once the policy no longer knows it."""
        client = self.policy.clients.get(self.caller.client)
        return client.purposes if client else ()

    @asynccontextmanager
    async def recording_refusals(self, operation: EventTag, purpose: str | None = None) -> AsyncIterator[None]:
        """Record what is refused inside before anything was recorded: not this client's, or nobody there."""
        try:
            yield
        except (ForbiddenError, UnknownSubjectError) as error:
            await self.record_refusal(operation, error, purpose)
            raise

    async def record_refusal(self, operation: EventTag, error: RegistryError, purpose: str | None = None) -> None:
        """Record one refusal of this client.

        Raises:
            AuditUnavailableError: when that could not be done; answer that instead.
        """
        nobody = isinstance(error, UnknownSubjectError)
        entry = Entry(
            operation,
            Outcome.DENY,
            client=self.caller.client,
            purpose=purpose if purpose and purpose in self.policy.purposes else "",
            reasons=((ReasonCode.NO_SUBJECT if nobody else ReasonCode.UNAUTHORISED).value,),
            policy=self.policy.version,
        )
        await self.registry.log.append(entry, None)

    def require_purpose(self, purpose: str) -> None:
        """Raises ForbiddenError unless the purpose is this client's."""
        if purpose not in self.own_purposes:
            raise ForbiddenError("this client may not act for this purpose")


async def authenticated_by_facts(request: Request) -> Call:
    """The call of the client whose token the request bears, as far as this process knows.

    For use cases that gather facts: the same round trip tells whether the token was voided meanwhile.

    Raises:
        TokenError: when there is no valid token; recorded.
        AuditUnavailableError: when that could not be recorded.
    """
    registry: Registry = request.app.state.registry
    tokens: Tokens = request.app.state.tokens
    try:
        token = _bearer(request)
        client = await verified(registry, tokens, token)
    except TokenError:
        await registry.log.append(Entry(EventTag.TOKEN_REFUSE, Outcome.DENY, policy=registry.policy.version), None)
        raise
    credential = registry.credentials.of(client, tokens.key_of(token))
    return Call(registry, Caller(client=client, credential=credential), request)


async def authenticated(request: Request) -> Call:
    """The call of the client whose token the request bears, and the database agrees.

    Raises:
        TokenError: as `authenticated_by_facts`.
        AuthenticationError: when the token was voided by any process; recorded.
        AuditUnavailableError: when that could not be recorded.
    """
    call = await authenticated_by_facts(request)
    await call.registry.check_credential(call.caller)
    return call


def _bearer(request: Request) -> str:
    given = request.headers.getlist("authorization")
    scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer":
        raise TokenError("no bearer token")
    return token


Authenticated = Annotated[Call, Depends(authenticated)]
AuthenticatedByFacts = Annotated[Call, Depends(authenticated_by_facts)]
