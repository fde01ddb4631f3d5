"""The words of the law: identifiers and stored codes that every room shares.

Stored codes are added to, never renamed: they stand in audit leaves that outlive every release.
"""

from enum import StrEnum
from typing import NewType
from uuid import UUID

SubjectId = NewType("SubjectId", UUID)
PurposeId = NewType("PurposeId", str)
FieldName = NewType("FieldName", str)
ClientCode = NewType("ClientCode", str)


class Word(StrEnum):
    """A code that is stored and sent as its text; it equals its text, and hashes like it."""

    __hash__ = str.__hash__


class Category(Word):
    """Categories of personal data; each has a data key of its own per person."""

    MASTER = "master"
    SOCIODEMOGRAPHIC = "sociodemographic"
    TRANSACTIONAL = "transactional"
    BEHAVIOURAL = "behavioural"
    PSYCHOGRAPHIC = "psychographic"
    SCORE = "score"
    EVIDENCE = "evidence"


class SubjectKind(Word):
    """Who a subject is; all but `organisation` are natural persons (R-4.1-1)."""

    PERSON = "person"
    SOLE_TRADER = "sole_trader"
    CONTACT_PERSON = "contact_person"
    ORGANISATION = "organisation"


class SubjectStatus(Word):
    """`erased` answers exactly like a subject that never existed."""

    ACTIVE = "active"
    RETAINED = "retained"
    ERASED = "erased"


class Origin(Word):
    """How a value came to be; drives the scope of portability (Art. 20, R-5.1d-1)."""

    PROVIDED = "provided"
    OBSERVED = "observed"
    DERIVED = "derived"
    INFERRED = "inferred"
    THIRD_PARTY = "third_party"


class Touchpoint(Word):
    """Where a value was captured; closed vocabulary."""

    ONLINE_SHOP = "online_shop"
    LOYALTY_CARD = "loyalty_card"
    WEB_FORM = "web_form"
    PRIZE_DRAW = "prize_draw"
    NEWSLETTER_SIGNUP = "newsletter_signup"
    DOWNLOAD = "download"
    HOTLINE = "hotline"
    SALES_TALK = "sales_talk"
    TRADE_FAIR = "trade_fair"
    STORE = "store"
    PARTNER = "partner"
    PORTAL = "portal"


class EventKind(Word):
    """Behaviour over time."""

    PURCHASE = "purchase"
    VISIT = "visit"
    CLICK = "click"
    RETURN = "return"
    COMPLAINT = "complaint"
    SURVEY_ANSWER = "survey_answer"
    CONTACT = "contact"
    INVOICE = "invoice"
    CONSENT_EVIDENCE = "consent_evidence"
    REQUEST_WISH = "request_wish"
    REQUEST_ANSWER = "request_answer"


class RelationshipKind(Word):
    """What a contract basis, a soft opt-in or a retention start can rest on."""

    CONTRACT = "contract"
    ACCOUNT = "account"
    WARRANTY = "warranty"
    CLAIM = "claim"


class LegalBasis(Word):
    """Art. 6(1) GDPR, named as in the DPV eu-gdpr vocabulary; `UWG-7-3` has no DPV IRI (R-6.1-1)."""

    CONSENT = "A6-1-a"
    CONTRACT = "A6-1-b"
    LEGAL_OBLIGATION = "A6-1-c"
    VITAL_INTERESTS = "A6-1-d"
    PUBLIC_TASK = "A6-1-e"
    LEGITIMATE_INTERESTS = "A6-1-f"
    SOFT_OPT_IN = "UWG-7-3"


class Operation(Word):
    """What a caller wants to do with the data."""

    READ = "read"
    WRITE = "write"
    CONTACT = "contact"
    EXPORT = "export"
    AGGREGATE = "aggregate"


class Channel(Word):
    """How a person is contacted (§7 UWG); `any` = the declaration named no channel."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    POST = "post"
    PUSH = "push"
    FAX = "fax"
    ANY = "any"


class ConsentState(Word):
    """DPV consent statuses; only the two `Given` states are valid for processing (REQUIREMENTS 2.3)."""

    UNKNOWN = "ConsentUnknown"
    REQUESTED = "ConsentRequested"
    REFUSED = "ConsentRefused"
    DEFERRED = "ConsentRequestDeferred"
    GIVEN = "ConsentGiven"
    RENEWED = "RenewedConsentGiven"
    WITHDRAWN = "ConsentWithdrawn"
    REVOKED = "ConsentRevoked"
    EXPIRED = "ConsentExpired"
    INVALIDATED = "ConsentInvalidated"


VALID_CONSENT = frozenset({ConsentState.GIVEN, ConsentState.RENEWED})
# Nobody declared anything: somebody was asked, or a system says so without proof.
ONLY_ASKED = frozenset({ConsentState.UNKNOWN, ConsentState.REQUESTED, ConsentState.DEFERRED})
# Or what was done binds nobody (Art. 7(2) sentence 2).
NO_DECLARATION = ONLY_ASKED | {ConsentState.INVALIDATED}


class ConsentMethod(Word):
    """How the will was declared; the last five can never make a valid consent (R-4.11-1)."""

    CHECKBOX_TICKED = "checkbox_ticked"
    BUTTON = "button"
    SIGNATURE = "signature"
    SPOKEN_RECORDED = "spoken_recorded"
    TYPED = "typed"
    DOI_CONFIRM = "doi_confirm"
    PRETICKED = "preticked"
    SILENCE = "silence"
    INACTIVITY = "inactivity"
    TERMS_ACCEPTANCE = "terms_acceptance"
    STAFF_DECLARED = "staff_declared_without_evidence"


NO_ACTIVE_ACT = frozenset(
    {
        ConsentMethod.PRETICKED,
        ConsentMethod.SILENCE,
        ConsentMethod.INACTIVITY,
        ConsentMethod.TERMS_ACCEPTANCE,
        ConsentMethod.STAFF_DECLARED,
    },
)


class ParentalAct(Word):
    """What the holder of parental responsibility did (Art. 8(1)): consented themselves, or authorised the child's."""

    GAVE = "gave"
    AUTHORISED = "authorised"


class ParentalVerification(Word):
    """How it was made sure that an adult with parental responsibility acted (Art. 8(2)); closed vocabulary.

    By e-mail alone suffices only where little is at stake (EDPB guidelines 05/2020).
    """

    EMAIL_CONFIRMED = "email_confirmed"
    PARENT_ACCOUNT = "parent_account"
    PAYMENT = "payment"
    SIGNED_FORM = "signed_form"
    EID = "eid"
    IN_PERSON = "in_person"


class ObjectionState(Word):
    """An open objection already bars (Art. 18(1)(d), R-21.1-1)."""

    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"


class ReviewState(Word):
    """Where a human's review of a machine's decision stands (Art. 22(3)); `outdated`: new data came since."""

    OPEN = "open"
    DECIDED = "decided"
    OUTDATED = "outdated"


class ReviewOutcome(Word):
    """What a human made of a machine's decision."""

    UPHELD = "upheld"
    CHANGED = "changed"


class ReasonCode(Word):
    """Why a read was refused or a field withheld, in the order of the checks (REQUIREMENTS 2.2)."""

    UNAUTHORISED = "UNAUTHORISED"
    UNKNOWN_PURPOSE = "UNKNOWN_PURPOSE"
    PURPOSE_INACTIVE = "PURPOSE_INACTIVE"
    DPIA_MISSING = "DPIA_MISSING"
    CASE_REFERENCE_MISSING = "CASE_REFERENCE_MISSING"
    AGGREGATES_ONLY = "AGGREGATES_ONLY"
    FAIL_CLOSED = "FAIL_CLOSED"
    NO_SUBJECT = "NO_SUBJECT"
    RESTRICTED = "RESTRICTED"
    DM_OBJECTION = "DM_OBJECTION"
    OBJECTION = "OBJECTION"
    NO_BASIS = "NO_BASIS"
    CONSENT_MISSING = "CONSENT_MISSING"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    CONSENT_EXPIRED = "CONSENT_EXPIRED"
    CONSENT_INVALID = "CONSENT_INVALID"
    LI_NOT_INFORMED = "LI_NOT_INFORMED"
    PURPOSE_INCOMPATIBLE = "PURPOSE_INCOMPATIBLE"
    CHANNEL_NOT_ALLOWED = "CHANNEL_NOT_ALLOWED"
    ADDRESS_MISSING = "ADDRESS_MISSING"
    ART9_MISSING = "ART9_MISSING"
    MINOR = "MINOR"
    MINIMISED = "MINIMISED"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    RETENTION_OVER = "RETENTION_OVER"
    SCORE_STALE = "SCORE_STALE"
    ADM_BLOCKED = "ADM_BLOCKED"
    RECIPIENT_NOT_ALLOWED = "RECIPIENT_NOT_ALLOWED"
    QUOTA = "QUOTA"
    NOT_PERMITTED = "NOT_PERMITTED"
