"""The decision as a table: what is asked, what differs from a person about whom all is in order, and what comes of it.

Every row names the requirement it proves. Each code of a refusal has at least one row that trips it and one, as close
as possible, that just does not.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from policies.documents import Basis, Budget, Compatible, PolicyDocument, Transfer
from policies.facts import AccessRequest, Objection, Relationship, Restriction, Review
from policies.vocabulary import (
    Category,
    Channel,
    ConsentState,
    FieldName,
    LegalBasis,
    ObjectionState,
    Operation,
    Origin,
    PurposeId,
    ReasonCode,
    RelationshipKind,
    ReviewState,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)
from tests.unit.policies.people import (
    INVOICE_READ,
    NEWSLETTER,
    NEWSLETTER_READ,
    NOW,
    ORDER_READ,
    ORDERS,
    POSTAL,
    POSTAL_READ,
    RECOMMENDATION_READ,
    RECOMMENDATIONS,
    address,
    ask,
    customer,
    days,
    decide,
    delivered,
    item,
    objection,
    permission,
    reasons,
    retailer,
    with_part,
    with_purpose,
)

# Told to callers in place of others, never decided.
ONLY_TOLD = {ReasonCode.NOT_PERMITTED}


@dataclass(frozen=True)
class Row:
    """One row; `codes` empty = permitted."""

    requirement: str
    says: str
    request: AccessRequest
    codes: tuple[ReasonCode, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)
    document: PolicyDocument | None = None


def basis(article: LegalBasis, **more: object) -> dict[Category, Basis]:
    return {category: Basis.model_validate({"article": article, "why": "test", **more}) for category in Category}


def by(channel: Channel, client: str = "post_house", purpose: str = POSTAL, *names: str) -> AccessRequest:
    """A contact; of its own address where nothing else is said."""
    return ask(client, purpose, *names or [ADDRESS[channel]], channel=channel, operation=Operation.CONTACT)


def open_since(kind: RelationshipKind, ago: float = 10) -> tuple[Relationship, ...]:
    return (Relationship(kind, days(ago), None),)


ADDRESS = {
    **dict.fromkeys(Channel, "street"),
    Channel.EMAIL: "email",
    Channel.SMS: "phone",
    Channel.PHONE: "phone",
}
REACHED = ("email", "phone", "first_name", "street", "postcode")
SOLD = with_purpose(
    NEWSLETTER,
    basis=basis(LegalBasis.SOFT_OPT_IN, rests_on=["contract", "account"]),
    objection="absolute",
    notice="privacy_notice",
    similar_goods=True,
    channels=(Channel.EMAIL, Channel.SMS),
)
SIMILAR_GOODS_READ = ask("marketing", "similar_goods_email", "email")
EVERY_CHANNEL = with_purpose(
    POSTAL,
    channels=tuple(one for one in Channel if one is not Channel.ANY),
    fields={Category.MASTER: REACHED},
    basis=basis(LegalBasis.LEGITIMATE_INTERESTS, assessment="IA-1", rests_on=["contract"]),
)
DECIDES = with_purpose(ORDERS, significant_decision=True, human_review="not_required", adm_exception="contract")
HEALTH = with_part("fields", "income", special="health")
HEALTH_BY_CONSENT = with_purpose(RECOMMENDATIONS, HEALTH, special={"income": "A9-2-a"})
INCOME_READ = ask("recommender", RECOMMENDATIONS, "income")
AFFINITY_READ = ask("recommender", RECOMMENDATIONS, "purchase_affinity")
ORDERS_OF_OTHERS = with_purpose(
    POSTAL, compatible_from=(Compatible(purpose=ORDERS, assessment="K-1", informed_from=date(2026, 11, 22)),)
)
STREET_READ = ask("post_house", POSTAL, "street")
DERIVED = with_part("fields", "purchase_affinity", derived_from=("purchases", "visits"))
DERIVED_BEYOND = with_part("fields", "purchase_affinity", derived_from=("purchases", "payment_terms"))
UNTIL_TODAY = with_part("recipients", "mail_house", contract_until=date(2026, 11, 21))
ABROAD = with_part(
    "recipients",
    "mail_house",
    third_country=True,
    transfer=Transfer(instrument="standard_clauses", ref="SCC-1", until=date(2026, 11, 21)),
)
LATE = datetime(2026, 11, 21, 22, 59, tzinfo=UTC)
MIDNIGHT_IN_BERLIN = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
REVIEWED = Review(ORDERS, ReviewState.DECIDED)
SPOILED = item("purchase_affinity", RECOMMENDATIONS)._replace(stale=True)
CONSENTED = permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=True, since=days(1))

GATE = [
    Row("R-5.1b-1", "an unknown purpose", ask("mailer", "something", "email"), (ReasonCode.UNKNOWN_PURPOSE,)),
    Row("R-5.1b-1", "a known one", NEWSLETTER_READ),
    Row("2.2 step 1", "somebody else's purpose", ask("mailer", ORDERS, "email"), (ReasonCode.UNAUTHORISED,)),
    Row("2.2 step 1", "one's own", ask("shop", ORDERS, "email")),
    Row(
        "2.2 step 1",
        "a purpose under observation",
        NEWSLETTER_READ,
        (ReasonCode.PURPOSE_INACTIVE,),
        document=with_purpose(NEWSLETTER, state="observe"),
    ),
    Row(
        "2.2 step 1",
        "a retired purpose",
        NEWSLETTER_READ,
        (ReasonCode.PURPOSE_INACTIVE,),
        document=with_purpose(NEWSLETTER, state="retired"),
    ),
    Row("2.2 step 1", "an active one", NEWSLETTER_READ, document=with_purpose(NEWSLETTER, state="active")),
    Row(
        "R-35-1",
        "profiling without assessment",
        RECOMMENDATION_READ,
        (ReasonCode.DPIA_MISSING,),
        document=with_purpose(RECOMMENDATIONS, dpia=None),
    ),
    Row("R-35-1", "profiling with one", RECOMMENDATION_READ, document=with_purpose(RECOMMENDATIONS, dpia="DSFA-9")),
    Row(
        "R-18-1",
        "a case is asked for and not quoted",
        ORDER_READ,
        (ReasonCode.CASE_REFERENCE_MISSING,),
        document=with_purpose(ORDERS, case_reference="required"),
    ),
    Row(
        "R-18-1",
        "an empty case is none",
        ask("shop", ORDERS, "street", case=""),
        (ReasonCode.CASE_REFERENCE_MISSING,),
        document=with_purpose(ORDERS, case_reference="required"),
    ),
    Row(
        "R-18-1",
        "which cases are quoted is told in a word that nobody knows",
        ORDER_READ,
        (ReasonCode.CASE_REFERENCE_MISSING,),
        document=with_purpose(ORDERS, case_reference="always"),
    ),
    Row(
        "R-18-1",
        "a case is asked for and quoted",
        ask("shop", ORDERS, "street", case="K-2026-17"),
        document=with_purpose(ORDERS, case_reference="required"),
    ),
    Row(
        "R-5.1c-1",
        "one person of a purpose for figures",
        ORDER_READ,
        (ReasonCode.AGGREGATES_ONLY,),
        document=with_purpose(ORDERS, aggregates_only=True),
    ),
    Row(
        "R-5.1c-1",
        "figures of a purpose for figures",
        ask("shop", ORDERS, "street", operation=Operation.AGGREGATE),
        document=with_purpose(ORDERS, aggregates_only=True),
    ),
]
PERSON = [
    Row("2.2 step 2", "stored values unknown", ORDER_READ, (ReasonCode.FAIL_CLOSED,), {"items": None}),
    Row("2.2 step 2", "no value stored", ORDER_READ, (), {"items": ()}),
    Row("2.2 step 3", "nobody", ORDER_READ, (ReasonCode.NO_SUBJECT,), {"status": None}),
    Row("2.2 step 3", "erased", ORDER_READ, (ReasonCode.NO_SUBJECT,), {"status": SubjectStatus.ERASED}),
    Row("R-17.3-1", "kept for a duty", ORDER_READ, (ReasonCode.NO_SUBJECT,), {"status": SubjectStatus.RETAINED}),
    Row("R-17.3-1", "the duty itself", INVOICE_READ, (), {"status": SubjectStatus.RETAINED}),
    Row("R-18-1", "restricted", ORDER_READ, (ReasonCode.RESTRICTED,), {"restrictions": (Restriction(None, None),)}),
    Row(
        "R-18-1", "another category restricted", ORDER_READ, (), {"restrictions": (Restriction(Category.SCORE, None),)}
    ),
    Row("R-18-1", "restrictions unknown", ORDER_READ, (ReasonCode.RESTRICTED,), {"restrictions": None}),
    Row("18(2)", "a duty of law under restriction", INVOICE_READ, (), {"restrictions": (Restriction(None, None),)}),
    Row(
        "18(2)",
        "consent after the restriction",
        RECOMMENDATION_READ,
        (),
        {"permissions": (CONSENTED,), "restrictions": (Restriction(None, None, days(2)),)},
    ),
    Row(
        "18(2)",
        "consent at the instant of the restriction",
        RECOMMENDATION_READ,
        (ReasonCode.RESTRICTED,),
        {"permissions": (CONSENTED,), "restrictions": (Restriction(None, None, days(1)),)},
    ),
    Row(
        "18(2)",
        "a restriction of unknown date",
        RECOMMENDATION_READ,
        (ReasonCode.RESTRICTED,),
        {"permissions": (CONSENTED,), "restrictions": (Restriction(None, None),)},
    ),
    Row(
        "18(2)",
        "a contract is no consent",
        ORDER_READ,
        (ReasonCode.RESTRICTED,),
        {
            "permissions": (permission(ORDERS, since=days(1), channel=Channel.ANY),),
            "restrictions": (Restriction(None, None, days(2)),),
        },
    ),
    Row(
        "18(2)",
        "an input restricted",
        AFFINITY_READ,
        (ReasonCode.RESTRICTED,),
        {"restrictions": (Restriction(Category.BEHAVIOURAL, FieldName("visits")),)},
        DERIVED,
    ),
    Row(
        "R-21.2-1",
        "objection to advertising",
        POSTAL_READ,
        (ReasonCode.DM_OBJECTION,),
        {"objections": (objection(),)},
    ),
    Row(
        "R-21.2-1",
        "objection to e-mail alone",
        POSTAL_READ,
        (),
        {"objections": (objection(channel=Channel.EMAIL),)},
    ),
    Row("R-21.2-1", "objections unknown", POSTAL_READ, (ReasonCode.DM_OBJECTION,), {"objections": None}),
    Row(
        "R-21.1-1",
        "objection being weighed",
        POSTAL_READ,
        (ReasonCode.OBJECTION,),
        {"objections": (objection(POSTAL, direct_marketing=False),)},
        with_purpose(POSTAL, direct_marketing=False, objection="weighed"),
    ),
    Row(
        "R-21.1-1",
        "objection rejected",
        POSTAL_READ,
        (),
        {"objections": (objection(POSTAL, state=ObjectionState.REJECTED, direct_marketing=False),)},
        with_purpose(POSTAL, direct_marketing=False, objection="weighed"),
    ),
    Row("R-8-3", "a known child", RECOMMENDATION_READ, (ReasonCode.MINOR,), {"majority_month": date(2026, 11, 1)}),
    Row("R-8-3", "of age since last month", RECOMMENDATION_READ, (), {"majority_month": date(2026, 10, 1)}),
    Row("R-8-1", "fifteen", NEWSLETTER_READ, (ReasonCode.MINOR,), {"majority_month": date(2028, 11, 1)}),
    Row("R-8-1", "sixteen", NEWSLETTER_READ, (), {"majority_month": date(2028, 10, 1)}),
    Row(
        "R-8-1",
        "age unknown where it matters",
        NEWSLETTER_READ,
        (ReasonCode.MINOR,),
        {"majority_month": None},
        with_purpose(NEWSLETTER, unknown_age="deny"),
    ),
    Row("R-8-1", "age unknown and declared", NEWSLETTER_READ, (), {"majority_month": None}),
    Row(
        "R-8-3",
        "advertising profile without an age of its own",
        RECOMMENDATION_READ,
        (ReasonCode.MINOR,),
        {"majority_month": date(2026, 11, 1)},
        with_purpose(RECOMMENDATIONS, minimum_age=0),
    ),
    Row(
        "R-8-3",
        "no advertising, no age",
        ORDER_READ,
        (),
        {"majority_month": date(2034, 1, 1)},
    ),
    Row(
        "32",
        "beyond today's number of people",
        ORDER_READ,
        (ReasonCode.QUOTA,),
        {"within_budget": False},
        with_purpose(ORDERS, budget=Budget(subjects_per_day=1)),
    ),
    Row(
        "32",
        "the number unknown",
        ORDER_READ,
        (ReasonCode.QUOTA,),
        {"within_budget": None},
        with_purpose(ORDERS, budget=Budget(subjects_per_day=1)),
    ),
    Row("32", "within the number", ORDER_READ, (), {}, with_purpose(ORDERS, budget=Budget(subjects_per_day=1))),
    Row("32", "no number stated", ORDER_READ, (), {"within_budget": False}),
    Row(
        "32",
        "the client's own number is used up",
        ORDER_READ,
        (ReasonCode.QUOTA,),
        {"within_budget": False},
        with_part("clients", "shop", budget={ORDERS: Budget(subjects_per_day=1)}),
    ),
    Row(
        "32",
        "the client's own number for another purpose",
        ORDER_READ,
        (),
        {"within_budget": False},
        with_part("clients", "shop", budget={NEWSLETTER: Budget(subjects_per_day=1)}),
    ),
    Row(
        "32",
        "another client's number",
        ORDER_READ,
        (),
        {"within_budget": False},
        with_part("clients", "service_desk", budget={ORDERS: Budget(subjects_per_day=1)}),
    ),
]
BASIS = [
    Row("R-6.1-1", "no contract", ORDER_READ, (ReasonCode.NO_BASIS,), {"relationships": ()}),
    Row("R-6.1-1", "an open contract", ORDER_READ, (), {"relationships": open_since(RelationshipKind.CONTRACT)}),
    Row("R-6.1-1", "relationships unknown", ORDER_READ, (ReasonCode.NO_BASIS,), {"relationships": None}),
    Row("R-7.3-1", "no consent", NEWSLETTER_READ, (ReasonCode.CONSENT_MISSING,), {"permissions": ()}),
    Row("R-7.3-1", "consent", NEWSLETTER_READ, (), {"permissions": (permission(),)}),
    Row("R-7.3-1", "consents unknown", NEWSLETTER_READ, (ReasonCode.CONSENT_MISSING,), {"permissions": None}),
    Row(
        "R-7.3-1",
        "withdrawn this instant",
        NEWSLETTER_READ,
        (ReasonCode.CONSENT_WITHDRAWN,),
        {"permissions": (permission(state=ConsentState.WITHDRAWN, since=NOW),)},
    ),
    Row(
        "R-7.3-1",
        "another channel withdrawn",
        NEWSLETTER_READ,
        (),
        {
            "permissions": (
                permission(),
                permission(state=ConsentState.WITHDRAWN, since=NOW, channel=Channel.SMS),
            )
        },
    ),
    Row(
        "2.3",
        "ends this instant",
        NEWSLETTER_READ,
        (ReasonCode.CONSENT_EXPIRED,),
        {"permissions": (permission(expires_at=NOW),)},
    ),
    Row("2.3", "ends tomorrow", NEWSLETTER_READ, (), {"permissions": (permission(expires_at=days(-1)),)}),
    Row(
        "R-4.11-1",
        "pre-ticked",
        NEWSLETTER_READ,
        (ReasonCode.CONSENT_INVALID,),
        {"permissions": (permission(state=ConsentState.INVALIDATED),)},
    ),
    Row(
        "R-22-2",
        "not explicit",
        RECOMMENDATION_READ,
        (ReasonCode.CONSENT_INVALID,),
        {"permissions": (permission(RECOMMENDATIONS, channel=Channel.ANY),)},
    ),
    Row(
        "R-22-2",
        "explicit",
        RECOMMENDATION_READ,
        (),
        {"permissions": (permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=True),)},
    ),
    Row(
        "2.3",
        "asked again after a consent",
        NEWSLETTER_READ,
        (),
        {"permissions": (permission(), permission(state=ConsentState.REQUESTED, since=days(1), channel=Channel.ANY))},
    ),
    Row(
        "R-7.1-3",
        "an import without proof after a withdrawal",
        NEWSLETTER_READ,
        (ReasonCode.CONSENT_WITHDRAWN,),
        {
            "permissions": (
                permission(state=ConsentState.WITHDRAWN, since=days(5)),
                permission(state=ConsentState.UNKNOWN, since=days(1), channel=Channel.ANY),
            )
        },
    ),
    Row("R-6.1f-2", "not told of the interest", POSTAL_READ, (ReasonCode.LI_NOT_INFORMED,), {"notices": ()}),
    Row("R-6.1f-2", "told", POSTAL_READ, (), {"notices": delivered("privacy_notice", at=NOW)}),
    Row(
        "R-6.1f-2",
        "told in a version without it",
        POSTAL_READ,
        (ReasonCode.LI_NOT_INFORMED,),
        {"notices": delivered("privacy_notice", names=frozenset({ORDERS}))},
    ),
    Row(
        "R-6.1f-2",
        "notices unknown",
        POSTAL_READ,
        (ReasonCode.LI_NOT_INFORMED,),
        {"notices": None},
    ),
    Row(
        "R-6.1-3",
        "from a withdrawn consent to an interest",
        POSTAL_READ,
        (ReasonCode.NO_BASIS,),
        {"permissions": (permission(POSTAL, ConsentState.WITHDRAWN, channel=Channel.POST),)},
    ),
    Row(
        "R-6.1-3",
        "from a consent that ran out to an interest",
        POSTAL_READ,
        (ReasonCode.NO_BASIS,),
        {"permissions": (permission(POSTAL, channel=Channel.POST, expires_at=days(1)),)},
    ),
    *(
        Row(
            "R-6.1-3",
            f"{state} that ran out ended no consent",
            POSTAL_READ,
            (),
            {"permissions": (permission(POSTAL, state, channel=Channel.POST, expires_at=days(1)),)},
        )
        for state in (ConsentState.UNKNOWN, ConsentState.REQUESTED, ConsentState.DEFERRED)
    ),
]
SOFT_OPT_IN = [
    Row("R-DE-UWG-4", "all four", NEWSLETTER_READ, document=SOLD),
    Row(
        "R-DE-UWG-4",
        "no. 1: from a prize draw",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        {"addresses": (address("email", touchpoint=Touchpoint.PRIZE_DRAW),)},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "no. 1: bought from a list",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        {"addresses": (address("email", origin=Origin.THIRD_PARTY),)},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "no. 1: collected for something else",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        {"addresses": (address("email", collected_for=PurposeId("newsletter")),)},
        SOLD,
    ),
    Row("R-DE-UWG-4", "no. 1: no sale", NEWSLETTER_READ, (ReasonCode.NO_BASIS,), {"relationships": ()}, SOLD),
    Row(
        "C-654/23",
        "no. 1: a free account can be a sale",
        NEWSLETTER_READ,
        (),
        {"relationships": open_since(RelationshipKind.ACCOUNT)},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "no. 1: a sale that is over is one",
        NEWSLETTER_READ,
        (),
        {"relationships": (Relationship(RelationshipKind.CONTRACT, days(90), days(60)),)},
        SOLD,
    ),
    Row("R-DE-UWG-4", "no. 1: unknown", NEWSLETTER_READ, (ReasonCode.NO_BASIS,), {"addresses": None}, SOLD),
    Row(
        "R-DE-UWG-4",
        "no. 2: other goods",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        document=with_purpose(NEWSLETTER, SOLD, similar_goods=False),
    ),
    Row(
        "R-DE-UWG-4",
        "no. 2: somebody else's goods",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        document=with_purpose(NEWSLETTER, SOLD, advertises_for="third_party"),
    ),
    Row(
        "R-DE-UWG-4",
        "no. 3: objected",
        NEWSLETTER_READ,
        (ReasonCode.DM_OBJECTION, ReasonCode.NO_BASIS),
        {"objections": (objection(since=days(1)),)},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "no. 3: withdrew a consent for the same",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        {"permissions": (permission(state=ConsentState.WITHDRAWN, channel=Channel.ANY),)},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "no. 1: an account where the document names contracts",
        SIMILAR_GOODS_READ,
        (ReasonCode.NO_BASIS,),
        {"relationships": open_since(RelationshipKind.ACCOUNT)},
    ),
    Row("R-DE-UWG-4", "no. 3: consented to the newsletter", SIMILAR_GOODS_READ),
    Row(
        "R-DE-UWG-4",
        "no. 3: withdrew the newsletter",
        SIMILAR_GOODS_READ,
        (ReasonCode.NO_BASIS,),
        {"permissions": (permission(state=ConsentState.WITHDRAWN),)},
    ),
    Row(
        "R-21.2-2",
        "no. 3: withdrew the newsletter and then wanted it again",
        SIMILAR_GOODS_READ,
        (),
        {
            "permissions": (
                permission(state=ConsentState.WITHDRAWN, since=days(50)),
                permission(since=days(49), channel=Channel.ANY),
            )
        },
    ),
    Row(
        "R-DE-UWG-4",
        "no. 4: not told",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        {"notices": ()},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "no. 4: told after the address was collected",
        NEWSLETTER_READ,
        (ReasonCode.NO_BASIS,),
        {"notices": delivered("privacy_notice", at=days(199.99))},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "no. 4: told when it was collected",
        NEWSLETTER_READ,
        (),
        {"notices": delivered("privacy_notice", at=days(200))},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "by e-mail",
        by(Channel.EMAIL, "mailer", NEWSLETTER, "email"),
        (),
        {"permissions": ()},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "by text message to a number from elsewhere",
        by(Channel.SMS, "mailer", NEWSLETTER, "email"),
        (ReasonCode.NO_BASIS,),
        {"permissions": (), "addresses": (address("email"),)},
        SOLD,
    ),
    Row(
        "R-DE-UWG-4",
        "not by telephone",
        by(Channel.PHONE, "mailer", NEWSLETTER, "email"),
        (ReasonCode.NO_BASIS, ReasonCode.CHANNEL_NOT_ALLOWED),
        {"permissions": ()},
        with_purpose(NEWSLETTER, SOLD, channels=(Channel.EMAIL, Channel.PHONE)),
    ),
]
CHANNELS = [
    Row(
        "R-DE-UWG-1",
        "not a channel of the purpose",
        ask("mailer", NEWSLETTER, "email", channel=Channel.PHONE),
        (ReasonCode.CHANNEL_NOT_ALLOWED,),
    ),
    Row("R-DE-UWG-1", "its own channel", ask("mailer", NEWSLETTER, "email", channel=Channel.EMAIL)),
    Row(
        "R-DE-DOI-5",
        "a consent for e-mail proves nothing for the telephone",
        by(Channel.PHONE),
        (ReasonCode.CHANNEL_NOT_ALLOWED,),
        {"permissions": (permission(POSTAL, channel=Channel.EMAIL),)},
        EVERY_CHANNEL,
    ),
    Row(
        "R-DE-UWG-1",
        "a consent that named no channel, where there are several",
        by(Channel.EMAIL),
        (ReasonCode.CHANNEL_NOT_ALLOWED,),
        {"permissions": (permission(POSTAL, channel=Channel.ANY),)},
        EVERY_CHANNEL,
    ),
    Row(
        "R-DE-UWG-1",
        "a message about an order",
        by(Channel.EMAIL, "shop", ORDERS, "email"),
    ),
]
TWO_NUMBERS = with_part("fields", "email", EVERY_CHANNEL, dpv="pd:TelephoneNumber")
CONTACTS = [
    Row("R-18-1", "an order, by e-mail", by(Channel.EMAIL, "shop", ORDERS, "first_name", "email")),
    *(
        Row(
            "R-18-1",
            f"by {channel}, contested: {contested}",
            by(channel, "shop", ORDERS, *REACHED),
            codes,
            {"restrictions": (Restriction(Category.MASTER, FieldName(contested)),)},
        )
        for channel, contested, codes in [
            (Channel.EMAIL, "email", (ReasonCode.RESTRICTED,)),
            (Channel.EMAIL, "phone", ()),
            (Channel.SMS, "phone", (ReasonCode.RESTRICTED,)),
            (Channel.SMS, "email", ()),
            (Channel.PHONE, "phone", (ReasonCode.RESTRICTED,)),
            (Channel.PHONE, "first_name", ()),
            (Channel.POST, "street", (ReasonCode.RESTRICTED,)),
            (Channel.POST, "postcode", (ReasonCode.RESTRICTED,)),
            (Channel.POST, "phone", ()),
        ]
    ),
    *(
        Row(
            "R-18-1",
            f"by {channel}, on file: {' '.join(on_file)}",
            by(channel, "shop", ORDERS, *REACHED),
            codes,
            {"items": tuple(item(name) for name in on_file), "addresses": ()},
        )
        for channel, on_file, codes in [
            (Channel.EMAIL, ("first_name", "phone"), (ReasonCode.ADDRESS_MISSING,)),
            (Channel.EMAIL, ("email",), ()),
            (Channel.PHONE, ("email",), (ReasonCode.ADDRESS_MISSING,)),
            (Channel.SMS, ("phone",), ()),
            (Channel.POST, ("phone",), (ReasonCode.ADDRESS_MISSING,)),
            (Channel.POST, ("street",), ()),
        ]
    ),
    Row(
        "R-18-1",
        "the address is not asked for",
        by(Channel.EMAIL, "shop", ORDERS, "phone"),
        (ReasonCode.ADDRESS_MISSING,),
    ),
    Row(
        "R-18-1",
        "the address is none of the purpose",
        by(Channel.EMAIL, "shop", ORDERS, "phone", "email"),
        (ReasonCode.ADDRESS_MISSING, ReasonCode.MINIMISED),
        document=with_purpose(ORDERS, fields={Category.MASTER: ("phone",)}),
    ),
    Row(
        "R-18-1",
        "contested, and another of the same kind",
        by(Channel.PHONE, "post_house", POSTAL, "phone", "email"),
        (),
        {
            "restrictions": (Restriction(Category.MASTER, FieldName("phone")),),
            "permissions": (permission(POSTAL, channel=Channel.PHONE),),
        },
        TWO_NUMBERS,
    ),
    Row(
        "R-18-1",
        "contested, and of the other of the same kind nothing is on file",
        by(Channel.PHONE, "post_house", POSTAL, "phone", "email"),
        (ReasonCode.RESTRICTED,),
        {
            "restrictions": (Restriction(Category.MASTER, FieldName("phone")),),
            "permissions": (permission(POSTAL, channel=Channel.PHONE),),
            "items": (item("phone"),),
            "addresses": (),
        },
        TWO_NUMBERS,
    ),
    *(
        Row(
            "R-18-1",
            f"by {channel}, of which no address is kept",
            by(channel),
            (),
            {"permissions": (permission(POSTAL, channel=channel),), "items": ()},
            EVERY_CHANNEL,
        )
        for channel in (Channel.PUSH, Channel.FAX)
    ),
    Row("R-18-1", "a read needs no address", ask("shop", ORDERS, "phone"), (), {"items": ()}),
    Row(
        "R-5.2-1",
        "what was on file then nobody knows any more",
        by(Channel.EMAIL, "shop", ORDERS, "email"),
        (),
        {"items": (), "of_the_past": True},
    ),
    Row(
        "R-5.2-1",
        "contested then",
        by(Channel.EMAIL, "shop", ORDERS, "first_name", "email"),
        (ReasonCode.RESTRICTED,),
        {"restrictions": (Restriction(Category.MASTER, FieldName("email")),), "of_the_past": True},
    ),
]
SPECIAL = [
    Row("R-9-1", "no condition", INCOME_READ, (ReasonCode.ART9_MISSING,), document=HEALTH),
    Row("R-9-3", "explicit consent", INCOME_READ, document=HEALTH_BY_CONSENT),
    Row(
        "R-9-3",
        "consent that is not explicit",
        INCOME_READ,
        (ReasonCode.CONSENT_INVALID, ReasonCode.ART9_MISSING),
        {"permissions": (permission(RECOMMENDATIONS, channel=Channel.ANY),)},
        HEALTH_BY_CONSENT,
    ),
    Row(
        "R-9-3",
        "consents unknown",
        INCOME_READ,
        (ReasonCode.CONSENT_MISSING, ReasonCode.ART9_MISSING),
        {"permissions": None},
        HEALTH_BY_CONSENT,
    ),
    Row(
        "R-9-1",
        "another condition, as documented",
        INCOME_READ,
        document=with_purpose(RECOMMENDATIONS, HEALTH, special={"income": "A9-2-j"}),
    ),
    Row(
        "R-9-4",
        "made public, for advertising",
        INCOME_READ,
        (ReasonCode.ART9_MISSING,),
        document=with_purpose(RECOMMENDATIONS, HEALTH, special={"income": "A9-2-e"}),
    ),
    Row(
        "R-9-2",
        "worked out from something special",
        AFFINITY_READ,
        (ReasonCode.ART9_MISSING,),
        document=with_part("fields", "purchase_affinity", HEALTH, derived_from=("income",)),
    ),
    Row(
        "R-9-2",
        "worked out from something special, with a condition of its own",
        AFFINITY_READ,
        document=with_purpose(
            RECOMMENDATIONS,
            with_part("fields", "purchase_affinity", HEALTH, derived_from=("income",)),
            special={"purchase_affinity": "A9-2-a"},
        ),
    ),
]
ITEMS = [
    Row("R-5.1c-1", "a foreign field", ask("mailer", NEWSLETTER, "income"), (ReasonCode.MINIMISED,)),
    Row("R-5.1c-1", "an own field", ask("mailer", NEWSLETTER, "email")),
    Row("R-5.1c-1", "no such field", ask("mailer", NEWSLETTER, "shoe_size"), (ReasonCode.UNKNOWN_FIELD,)),
    Row(
        "R-5.1c-2",
        "older than the window",
        ask("recommender", RECOMMENDATIONS, "purchases"),
        (ReasonCode.MINIMISED,),
        {"items": (item("purchases", observed_at=datetime(2024, 11, 21, 9, 59, tzinfo=UTC)),)},
    ),
    Row(
        "R-5.1c-2",
        "within the window",
        ask("recommender", RECOMMENDATIONS, "purchases"),
        (),
        {"items": (item("purchases", observed_at=datetime(2024, 11, 21, 10, 0, tzinfo=UTC)),)},
    ),
    Row(
        "R-5.1e-1",
        "past its retention",
        INVOICE_READ,
        (ReasonCode.RETENTION_OVER,),
        {"items": (item("invoices", delete_after=date(2026, 11, 20)),)},
    ),
    Row(
        "R-5.1e-1",
        "on its last day",
        INVOICE_READ,
        (),
        {"items": (item("invoices", delete_after=date(2026, 11, 21)),)},
    ),
    Row(
        "R-5.1b-2",
        "collected for something that does not fit",
        STREET_READ,
        (ReasonCode.PURPOSE_INCOMPATIBLE,),
        {"items": (item("street", NEWSLETTER),)},
    ),
    Row("R-22-5", "an estimate of corrected inputs", AFFINITY_READ, (ReasonCode.SCORE_STALE,), {"items": (SPOILED,)}),
    Row("R-22-5", "the same written anew", AFFINITY_READ, (), {"items": (SPOILED._replace(stale=False),)}),
    Row(
        "R-22-5",
        "the person still sees it",
        ask("portal", "data_subject_request", "purchase_affinity"),
        (),
        {"items": (SPOILED,)},
    ),
    Row("R-5.1b-2", "collected for something that fits", STREET_READ, (), {"items": (item("street"),)}),
    Row(
        "R-5.1b-2",
        "before people are told",
        STREET_READ,
        (ReasonCode.PURPOSE_INCOMPATIBLE,),
        {"as_of": LATE},
        ORDERS_OF_OTHERS,
    ),
    Row("R-5.1b-2", "from the day they are told", STREET_READ, (), {"as_of": MIDNIGHT_IN_BERLIN}, ORDERS_OF_OTHERS),
    Row(
        "R-5.1b-2",
        "worked out from what the purpose may not know",
        AFFINITY_READ,
        (ReasonCode.NO_BASIS, ReasonCode.PURPOSE_INCOMPATIBLE),
        document=with_purpose(
            RECOMMENDATIONS,
            DERIVED_BEYOND,
            basis={Category.SCORE: retailer().purposes[RECOMMENDATIONS].basis[Category.SCORE]},
        ),
    ),
    Row(
        "R-5.1b-2",
        "one of two inputs unknown to the purpose",
        AFFINITY_READ,
        (ReasonCode.PURPOSE_INCOMPATIBLE,),
        document=DERIVED_BEYOND,
    ),
    Row("R-5.1b-2", "worked out from what the purpose knows", AFFINITY_READ, document=DERIVED),
]
MACHINES = [
    Row("R-22-3", "a contract carries it", ORDER_READ, document=DECIDES),
    Row(
        "R-22-3",
        "no contract carries it",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        {"relationships": open_since(RelationshipKind.WARRANTY)},
        DECIDES,
    ),
    Row(
        "R-22-3",
        "relationships unknown",
        ORDER_READ,
        (ReasonCode.NO_BASIS, ReasonCode.ADM_BLOCKED),
        {"relationships": None},
        DECIDES,
    ),
    Row(
        "R-22-3",
        "no exception",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        document=with_purpose(ORDERS, DECIDES, adm_exception=None),
    ),
    Row(
        "R-22-3",
        "no exception, but a person decides",
        ask("shop", ORDERS, "street"),
        (),
        {"reviews": (REVIEWED,)},
        with_purpose(ORDERS, DECIDES, adm_exception=None),
    ),
    Row(
        "R-22-4",
        "a person decided, before newer data came",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        {"reviews": (Review(ORDERS, ReviewState.OUTDATED),)},
        with_purpose(ORDERS, DECIDES, adm_exception=None),
    ),
    Row(
        "R-22-4",
        "a person decided something else",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        {"reviews": (Review(RECOMMENDATIONS, ReviewState.DECIDED),)},
        with_purpose(ORDERS, DECIDES, adm_exception=None),
    ),
    Row(
        "R-22-3",
        "contested, although a law allows it",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        {"reviews": (Review(ORDERS, ReviewState.OPEN),)},
        with_purpose(ORDERS, DECIDES, adm_exception="law"),
    ),
    Row(
        "R-22-3",
        "contested anew after a person decided",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        {"reviews": (REVIEWED, Review(ORDERS, ReviewState.OPEN))},
        with_purpose(ORDERS, DECIDES, adm_exception="law"),
    ),
    Row(
        "R-22-3",
        "nobody knows whether it is contested",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        {"reviews": None},
        with_purpose(ORDERS, DECIDES, adm_exception="law"),
    ),
    Row(
        "R-22-4",
        "a person reviewed this case",
        ORDER_READ,
        (),
        {"reviews": (REVIEWED,)},
        with_purpose(ORDERS, DECIDES, human_review="required"),
    ),
    Row(
        "R-22-4",
        "every case is to be reviewed",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        document=with_purpose(ORDERS, DECIDES, human_review="required"),
    ),
    Row(
        "R-22-4",
        "what is reviewed is told in a word that nobody knows",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        document=with_purpose(ORDERS, DECIDES, human_review="always"),
    ),
    Row("R-22-3", "a law allows it", ORDER_READ, document=with_purpose(ORDERS, DECIDES, adm_exception="law")),
    Row(
        "R-22-3",
        "explicit consent allows it",
        ORDER_READ,
        (),
        {"permissions": (permission(ORDERS, channel=Channel.ANY, explicit=True),)},
        with_purpose(ORDERS, DECIDES, adm_exception="explicit_consent"),
    ),
    Row(
        "R-22-3",
        "consent that is not explicit does not",
        ORDER_READ,
        (ReasonCode.ADM_BLOCKED,),
        {"permissions": (permission(ORDERS, channel=Channel.ANY),)},
        with_purpose(ORDERS, DECIDES, adm_exception="explicit_consent"),
    ),
    Row(
        "R-8-3",
        "nobody under eighteen",
        ORDER_READ,
        (ReasonCode.MINOR,),
        {"majority_month": date(2026, 11, 1)},
        DECIDES,
    ),
    Row(
        "22(4)",
        "special data, documented otherwise",
        ORDER_READ,
        (ReasonCode.ART9_MISSING,),
        document=with_part(
            "fields",
            "street",
            with_part(
                "fields",
                "first_name",
                with_part(
                    "fields",
                    "purchases",
                    with_purpose(
                        ORDERS,
                        DECIDES,
                        special={"street": "A9-2-j", "first_name": "A9-2-b", "purchases": "A9-2-f"},
                    ),
                    special="health",
                ),
                special="health",
            ),
            special="health",
        ),
    ),
]
RECIPIENTS = [
    Row(
        "R-26/28-1",
        "not named for the purpose",
        NEWSLETTER_READ,
        (ReasonCode.RECIPIENT_NOT_ALLOWED,),
        document=with_purpose(NEWSLETTER, recipients=()),
    ),
    Row("R-26/28-1", "named", NEWSLETTER_READ, document=with_purpose(NEWSLETTER, recipients=("mail_house",))),
    Row(
        "R-26/28-1",
        "a processor without a contract",
        NEWSLETTER_READ,
        (ReasonCode.RECIPIENT_NOT_ALLOWED,),
        document=with_part("recipients", "mail_house", contract=None),
    ),
    Row(
        "R-26/28-1",
        "a controller needs none",
        NEWSLETTER_READ,
        document=with_part("recipients", "mail_house", contract=None, role="controller"),
    ),
    Row("R-26/28-1", "on the contract's last day", NEWSLETTER_READ, (), {"as_of": LATE}, UNTIL_TODAY),
    Row(
        "R-26/28-1",
        "the day after",
        NEWSLETTER_READ,
        (ReasonCode.RECIPIENT_NOT_ALLOWED,),
        {"as_of": MIDNIGHT_IN_BERLIN},
        UNTIL_TODAY,
    ),
    Row(
        "44",
        "abroad without an instrument",
        NEWSLETTER_READ,
        (ReasonCode.RECIPIENT_NOT_ALLOWED,),
        document=with_part("recipients", "mail_house", third_country=True),
    ),
    Row("44", "abroad with one, on its last day", NEWSLETTER_READ, (), {"as_of": LATE}, ABROAD),
    Row(
        "44",
        "abroad, the day after",
        NEWSLETTER_READ,
        (ReasonCode.RECIPIENT_NOT_ALLOWED,),
        {"as_of": MIDNIGHT_IN_BERLIN},
        ABROAD,
    ),
]
TABLE = [
    *GATE,
    *PERSON,
    *BASIS,
    *SOFT_OPT_IN,
    *CONTACTS,
    *CHANNELS,
    *SPECIAL,
    *ITEMS,
    *MACHINES,
    *RECIPIENTS,
]


def decided(row: Row) -> tuple[ReasonCode, ...]:
    return tuple(reasons(decide(row.request, customer(**row.facts), row.document)))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.requirement}: {row.says}")
def test_the_table_holds(row: Row) -> None:
    assert tuple(dict.fromkeys(decided(row))) == row.codes


@pytest.mark.parametrize("code", sorted(set(ReasonCode) - ONLY_TOLD))
def test_every_code_is_tripped_and_just_not_tripped(code: ReasonCode) -> None:
    """A code nobody trips is a rule nobody proved; a code everything trips refuses too much."""
    block = next(rows for rows in SECTIONS if any(code in row.codes for row in rows))
    assert any(not row.codes for row in block)


SECTIONS = (GATE, PERSON, BASIS, SOFT_OPT_IN, CHANNELS, CONTACTS, SPECIAL, ITEMS, MACHINES, RECIPIENTS)

BUSINESS = {SubjectKind.SOLE_TRADER, SubjectKind.CONTACT_PERSON, SubjectKind.ORGANISATION}
# Which channel, to whom, whether a prior express consent that names it is on file, and whether the law lets it pass.
UWG: list[tuple[Channel, SubjectKind | None, bool, bool]] = [
    (channel, kind, consented, consented or channel is Channel.POST or (channel is Channel.PHONE and kind in BUSINESS))
    for channel in (Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.POST, Channel.PUSH, Channel.FAX)
    for kind in (*SubjectKind, None)
    for consented in (False, True)
]


@pytest.mark.gdpr("6(1)(f)")
@pytest.mark.parametrize(("channel", "kind", "consented", "allowed"), UWG)
def test_who_may_be_advertised_to_on_which_channel(
    channel: Channel,
    kind: SubjectKind | None,
    *,
    consented: bool,
    allowed: bool,
) -> None:
    """R-DE-UWG-1, R-DE-UWG-2: consumers and businesses, organisations included."""
    facts = customer(kind=kind, permissions=(permission(POSTAL, channel=channel),) if consented else ())
    expected = [] if allowed else [ReasonCode.CHANNEL_NOT_ALLOWED]
    assert reasons(decide(by(channel), facts, EVERY_CHANNEL)) == expected


@pytest.mark.parametrize(
    ("relationships", "more", "allowed"),
    [
        (open_since(RelationshipKind.CONTRACT), {}, True),
        (open_since(RelationshipKind.ACCOUNT), {}, False),
        ((Relationship(RelationshipKind.CONTRACT, days(10), NOW),), {}, False),
        ((Relationship(RelationshipKind.CONTRACT, days(-1), None),), {}, False),
        ((), {}, False),
        (None, {}, False),
        (open_since(RelationshipKind.CONTRACT), {"rests_on": []}, False),
    ],
)
def test_a_presumed_consent_needs_its_documented_reason(
    relationships: tuple[Relationship, ...] | None, more: dict[str, object], *, allowed: bool
) -> None:
    """R-DE-UWG-1: business phone = at least presumed consent."""
    made = basis(LegalBasis.LEGITIMATE_INTERESTS, **{"assessment": "IA-1", "rests_on": ["contract"], **more})
    document = with_purpose(POSTAL, EVERY_CHANNEL, basis=made)
    facts = customer(kind=SubjectKind.ORGANISATION, relationships=relationships)
    expected = [] if allowed else [ReasonCode.CHANNEL_NOT_ALLOWED]
    assert reasons(decide(by(Channel.PHONE), facts, document)) == expected


@pytest.mark.parametrize(
    ("consented", "sold", "codes"),
    [
        (False, False, [ReasonCode.CONSENT_MISSING, ReasonCode.CHANNEL_NOT_ALLOWED]),
        (True, False, []),
        (False, True, []),
    ],
)
def test_a_mailbox_of_a_company_needs_consent_or_a_sale(
    *, consented: bool, sold: bool, codes: list[ReasonCode]
) -> None:
    """R-DE-UWG-2: `info@` of a company is no person's address, and still not to be advertised to."""
    facts = customer(kind=SubjectKind.ORGANISATION, permissions=(permission(),) if consented else ())
    request = by(Channel.EMAIL, "mailer", NEWSLETTER, "email")
    assert reasons(decide(request, facts, SOLD if sold else None)) == codes


@pytest.mark.parametrize("missing", range(4))
def test_three_conditions_of_four_are_no_soft_opt_in(missing: int) -> None:
    """R-DE-UWG-4: the reason names the condition that is missing."""
    facts, document = [
        (customer(addresses=()), SOLD),
        (customer(), with_purpose(NEWSLETTER, SOLD, similar_goods=False)),
        (customer(objections=(objection(POSTAL), objection(NEWSLETTER, direct_marketing=False))), SOLD),
        (customer(notices=delivered("privacy_notice", at=days(1))), SOLD),
    ][missing]
    decision = decide(ask("mailer", NEWSLETTER, "email", channel=Channel.EMAIL), facts, document)
    named = {cite for reason in decision.withheld[0].reasons for cite in reason.cites if cite.startswith("UWG")}
    expected = {f"UWG § 7(3) no. {missing + 1}"} | ({"UWG § 7(3) no. 4"} if missing == 0 else set())
    assert named == expected


# Each fact that may be unknown, a question it bears on, and a document under which it does.
UNKNOWNS: list[tuple[str, AccessRequest, PolicyDocument | None]] = [
    ("status", ORDER_READ, None),
    ("kind", by(Channel.PHONE), EVERY_CHANNEL),
    ("majority_month", NEWSLETTER_READ, with_purpose(NEWSLETTER, unknown_age="deny")),
    ("permissions", NEWSLETTER_READ, None),
    ("permissions", POSTAL_READ, None),
    ("permissions", by(Channel.EMAIL), EVERY_CHANNEL),
    ("permissions", INCOME_READ, HEALTH_BY_CONSENT),
    ("permissions", ORDER_READ, with_purpose(ORDERS, DECIDES, adm_exception="explicit_consent")),
    ("permissions", NEWSLETTER_READ, SOLD),
    ("objections", POSTAL_READ, None),
    ("objections", POSTAL_READ, with_purpose(POSTAL, direct_marketing=False, objection="weighed")),
    ("objections", NEWSLETTER_READ, SOLD),
    ("restrictions", ORDER_READ, None),
    ("relationships", ORDER_READ, None),
    ("relationships", ORDER_READ, DECIDES),
    ("relationships", NEWSLETTER_READ, SOLD),
    ("notices", POSTAL_READ, None),
    ("notices", NEWSLETTER_READ, SOLD),
    ("items", ORDER_READ, None),
    ("addresses", NEWSLETTER_READ, SOLD),
    ("reviews", ORDER_READ, DECIDES),
    ("within_budget", ORDER_READ, with_purpose(ORDERS, budget=Budget(subjects_per_day=1))),
]


@pytest.mark.gdpr("5(1)(a)")
@pytest.mark.parametrize(
    ("name", "request_", "document"),
    UNKNOWNS,
    ids=[f"{name} {request_.purpose} {number}" for number, (name, request_, _) in enumerate(UNKNOWNS)],
)
def test_a_fact_nobody_knows_refuses_what_it_bears_on(
    name: str, request_: AccessRequest, document: PolicyDocument | None
) -> None:
    """Fact by fact: all in order permits, the same without knowing one fact does not."""
    consents = (
        permission(),
        permission(RECOMMENDATIONS, channel=Channel.ANY, explicit=True),
        permission(ORDERS, channel=Channel.ANY, explicit=True),
        permission(POSTAL, channel=Channel.EMAIL),
    )
    kind = SubjectKind.ORGANISATION if name == "kind" else SubjectKind.PERSON
    everything: dict[str, object] = {"permissions": consents, "kind": kind}
    assert not reasons(decide(request_, customer(**everything), document))
    assert reasons(decide(request_, customer(**{**everything, name: None}), document))


def test_no_fact_is_left_out_of_the_list_of_unknowns() -> None:
    facts = customer()
    known = {name for name in facts.__dataclass_fields__ if name not in {"subject_id", "as_of", "of_the_past"}}
    assert {name for name, _, _ in UNKNOWNS} == known


def test_an_objection_to_one_purpose_leaves_the_soft_opt_in_of_another() -> None:
    against = Objection(
        direct_marketing=True, purpose=POSTAL, channel=Channel.ANY, state=ObjectionState.OPEN, since=days(1)
    )
    assert not reasons(decide(NEWSLETTER_READ, customer(objections=(against,)), SOLD))
