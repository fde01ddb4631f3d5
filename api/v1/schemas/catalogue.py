"""What a client may ask for, and the texts a form must show, on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.v1.schemas.shape import Identifier, In, Language, Out, example


class WordsOut(Out):
    """One text in German and English."""

    de: str
    en: str


class BasisOut(Out):
    """The legal basis for one category of data."""

    category: str
    article: str
    why: str


class PurposeOut(Out):
    """One purpose in words and in law; `can_refuse` lists the codes that a question may be answered with."""

    id: str
    title: WordsOut
    state: str
    dpv: str
    basis: list[BasisOut]
    fields: list[str]
    collects: list[str]
    channels: list[str]
    direct_marketing: bool
    profiling: bool
    minimum_age: int
    notice: str | None
    in_words: WordsOut
    can_refuse: list[str]
    case_reference: Literal["required", "optional"]
    subjects_per_day: int | None
    aggregates_only: bool
    significant_decision: bool


class PurposesOut(Out):
    """This client's purposes under the policy in force."""

    model_config = example(
        {
            "policy": "2026-11-01",
            "purposes": [
                {
                    "id": "newsletter",
                    "title": {"de": "Newsletter per E-Mail senden", "en": "Send the e-mail newsletter"},
                    "state": "active",
                    "dpv": "dpv:DirectMarketing",
                    "basis": [{"category": "master", "article": "A6-1-a", "why": "Prior express consent"}],
                    "fields": ["email", "first_name"],
                    "collects": [],
                    "channels": ["email"],
                    "direct_marketing": True,
                    "profiling": False,
                    "minimum_age": 16,
                    "notice": "newsletter_consent",
                    "in_words": {
                        "de": "Lesbar: E-Mail-Adresse, Vorname. Rechtsgrundlage: Einwilligung der Person.",
                        "en": "Readable: E-mail address, First name. Legal basis: consent of the person.",
                    },
                    "can_refuse": [
                        "DM_OBJECTION",
                        "CONSENT_MISSING",
                        "CONSENT_WITHDRAWN",
                        "CHANNEL_NOT_ALLOWED",
                        "NOT_PERMITTED",
                    ],
                    "case_reference": "optional",
                    "subjects_per_day": 200_000,
                    "aggregates_only": False,
                    "significant_decision": False,
                }
            ],
        }
    )

    policy: str
    purposes: list[PurposeOut]


class NoticesQuery(In):
    """Which purpose the form is about, and in which language."""

    purpose: Annotated[Identifier, Field(examples=["newsletter"])]
    language: Language | None = None


class NoticeOut(Out):
    """A published text; a declaration quotes notice, version, language and hash."""

    notice: str
    version: str
    language: str
    purposes: list[str]
    content: str
    sha256: str
    valid_from: datetime


class NoticesOut(Out):
    """The texts shown today for a purpose."""

    model_config = example(
        {
            "notices": [
                {
                    "notice": "newsletter_consent",
                    "version": "2026-11-01",
                    "language": "en",
                    "purposes": ["newsletter"],
                    "content": "Newsletter of Muster Versandhaus GmbH",
                    "sha256": "5f2b5f8f0c7c6d0a3f0e8f5a1e2d3c4b5a69788796a5b4c3d2e1f00112233445",
                    "valid_from": "2026-11-01T00:00:00Z",
                }
            ]
        }
    )

    notices: list[NoticeOut]
