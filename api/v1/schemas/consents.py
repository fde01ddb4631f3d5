"""Declarations of consent on the wire: given with the text that was shown, withdrawn without a reason."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.v1.schemas.shape import (
    CaseReference,
    Evidence,
    Flag,
    Identifier,
    In,
    Instant,
    Language,
    Out,
    Sha256,
    SubjectId,
    Version,
    example,
)
from policies.vocabulary import Channel, ConsentMethod, ConsentState, ParentalAct, ParentalVerification, Touchpoint

_SUBJECT = "0b9f8a1e-6f0c-4d57-9c3a-2f6f3b8f1c11"
_GRANT = {
    "action": "grant",
    "subject_id": _SUBJECT,
    "purpose": "newsletter",
    "channel": "email",
    "method": "doi_confirm",
    "touchpoint": "newsletter_signup",
    "given_at": "2026-11-01T09:30:00Z",
    "notice": "newsletter_consent",
    "version": "2026-11-01",
    "language": "de",
    "sha256": "5f2b5f8f0c7c6d0a3f0e8f5a1e2d3c4b5a69788796a5b4c3d2e1f00112233445",
}


class ParentalIn(In):
    """Who answers for a child, what they did, and how that was made sure; who they are is kept sealed alone."""

    holder: Annotated[Evidence, Field(min_length=1)]
    act: ParentalAct
    verification: ParentalVerification


class GivenConsentIn(In):
    """A declaration of consent; without version, language and hash of the shown text it proves nothing."""

    purpose: Identifier
    channel: Channel
    method: ConsentMethod
    touchpoint: Touchpoint = Touchpoint.WEB_FORM
    given_at: Instant | None = None
    notice: Identifier
    version: Version | None = None
    language: Language | None = None
    sha256: Sha256 | None = None
    explicit: Flag = False
    expires_at: Instant | None = None
    evidence: Evidence = Field(default_factory=dict)
    parental: ParentalIn | None = None

    @model_validator(mode="after")
    def _quoted(self) -> Self:
        quoted = [self.version is None, self.language is None, self.sha256 is None]
        if any(quoted) and not all(quoted):
            raise PydanticCustomError("quote_incomplete", "a quoted text has version, language and hash")
        return self


class GrantIn(GivenConsentIn):
    """Somebody gave consent."""

    action: Literal["grant"]
    subject_id: SubjectId


class WithdrawalIn(In):
    """Somebody withdrew: one purpose, or (without a purpose) everything."""

    action: Literal["withdraw"]
    subject_id: SubjectId
    purpose: Identifier | None = None
    channel: Channel = Channel.ANY
    effective_at: Instant | None = None
    touchpoint: Touchpoint = Touchpoint.WEB_FORM


DeclarationIn = Annotated[GrantIn | WithdrawalIn, Field(discriminator="action")]
DECLARATION_EXAMPLES = {
    "grant": {"summary": "Consent was given", "value": _GRANT},
    "grant_by_parents": {
        "summary": "Who answers for a child consented",
        "value": {
            **_GRANT,
            "parental": {
                "holder": {"name": "Erika Mustermann", "email": "erika@example.com"},
                "act": "authorised",
                "verification": "signed_form",
            },
        },
    },
    "withdraw": {
        "summary": "Consent was withdrawn",
        "value": {"action": "withdraw", "subject_id": _SUBJECT, "purpose": "newsletter"},
    },
}


class DeclaredOut(Out):
    """What the declaration made; a withdrawal repeats its purpose, or names the client's own that rest on consent."""

    model_config = example({"event_id": "6dfb0f0a-53f7-4c65-8f5a-9a2b1d3c4e5f", "state": "ConsentGiven"})

    event_id: UUID | None = None
    state: ConsentState
    purposes: list[str] | None = None


class ConsentOut(Out):
    """The state of consent for one purpose and channel."""

    purpose: str
    channel: Channel
    state: ConsentState
    since: datetime
    explicit: bool
    expires_at: datetime | None


class ConsentsQuery(In):
    """To which purpose of the client's own, and as of when; left out, now. Some purposes ask for which case."""

    purpose: Identifier
    case_reference: CaseReference | None = None
    as_of: Instant | None = None


class ConsentsOut(Out):
    """How one person's consent to the purpose stands, channel by channel."""

    model_config = example(
        {
            "consents": [
                {
                    "purpose": "newsletter",
                    "channel": "email",
                    "state": "ConsentGiven",
                    "since": "2026-11-01T09:30:00Z",
                    "explicit": False,
                    "expires_at": "2028-11-01T09:30:00Z",
                }
            ],
            "log_index": 41,
        }
    )

    consents: list[ConsentOut]
    log_index: int
