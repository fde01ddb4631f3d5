"""Which article each ground of refusal cites: what a lawyer reads first."""

from collections.abc import Mapping
from datetime import date

import pytest

from policies.decision import Deny
from policies.documents import Budget, PolicyDocument
from policies.facts import AccessRequest, Restriction, Review
from policies.vocabulary import (
    Channel,
    ConsentState,
    LegalBasis,
    ReasonCode,
    ReviewState,
    SubjectStatus,
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
    ask,
    customer,
    days,
    decide,
    item,
    objection,
    permission,
    reasons,
    with_part,
    with_purpose,
)
from tests.unit.policies.test_decision_table import AFFINITY_READ, DECIDES, DERIVED_BEYOND, SPOILED, basis

Case = tuple[ReasonCode, str, AccessRequest, Mapping[str, object], PolicyDocument | None]

CODE = ReasonCode
NO_CONTRACT = {"relationships": ()}
OF_THE_DUTY = with_purpose(ORDERS, DECIDES, basis=basis(LegalBasis.LEGAL_OBLIGATION))
BY_CONSENT = with_purpose(ORDERS, OF_THE_DUTY, adm_exception="explicit_consent")
BY_NOTHING = with_purpose(ORDERS, OF_THE_DUTY, adm_exception=None)
REVIEWED = with_purpose(ORDERS, OF_THE_DUTY, human_review="required")
CONTESTED = {"reviews": (Review(ORDERS, ReviewState.OPEN),)}
WEIGHED = with_purpose(POSTAL, direct_marketing=False, objection="weighed")
LIMITED = with_purpose(ORDERS, budget=Budget(subjects_per_day=1))


def declared(purpose: str, state: ConsentState, channel: Channel) -> dict[str, object]:
    return {"permissions": (permission(purpose, state, channel=channel),)}


def by_mail(state: ConsentState) -> dict[str, object]:
    return declared(NEWSLETTER, state, Channel.EMAIL)


GROUNDS: list[Case] = [
    (CODE.UNKNOWN_PURPOSE, "GDPR Art. 5(1)(b)", ask("shop", "something", "email"), {}, None),
    (CODE.UNAUTHORISED, "GDPR Art. 5(1)(b)", ask("mailer", ORDERS, "email"), {}, None),
    (CODE.PURPOSE_INACTIVE, "GDPR Art. 5(1)(b)", ORDER_READ, {}, with_purpose(ORDERS, state="retired")),
    (CODE.DPIA_MISSING, "GDPR Art. 35", RECOMMENDATION_READ, {}, with_purpose(RECOMMENDATIONS, dpia=None)),
    (CODE.CASE_REFERENCE_MISSING, "GDPR Art. 5(2)", ORDER_READ, {}, with_purpose(ORDERS, case_reference="required")),
    (
        CODE.AGGREGATES_ONLY,
        "GDPR Art. 5(1)(c), GDPR Art. 89(1)",
        ORDER_READ,
        {},
        with_purpose(ORDERS, aggregates_only=True),
    ),
    (CODE.FAIL_CLOSED, "GDPR Art. 5(1)(f)", ORDER_READ, {"items": None}, None),
    (CODE.NO_SUBJECT, "GDPR Art. 17", ORDER_READ, {"status": SubjectStatus.ERASED}, None),
    (CODE.RESTRICTED, "GDPR Art. 18(2)", ORDER_READ, {"restrictions": (Restriction(None, None),)}, None),
    (CODE.DM_OBJECTION, "GDPR Art. 21(2), (3)", POSTAL_READ, {"objections": (objection(),)}, None),
    (CODE.OBJECTION, "GDPR Art. 21(1)", POSTAL_READ, {"objections": (objection(POSTAL),)}, WEIGHED),
    (CODE.NO_BASIS, "GDPR Art. 6(1)(b)", ORDER_READ, NO_CONTRACT, None),
    (CODE.NO_BASIS, "GDPR Art. 6(1)", ORDER_READ, {}, with_purpose(ORDERS, basis=basis(LegalBasis.PUBLIC_TASK))),
    (CODE.NO_BASIS, "GDPR Art. 6(1)", ORDER_READ, {}, with_purpose(ORDERS, basis={})),
    (
        CODE.NO_BASIS,
        "GDPR Art. 7(3)",
        POSTAL_READ,
        declared(POSTAL, ConsentState.WITHDRAWN, Channel.POST),
        None,
    ),
    (CODE.LI_NOT_INFORMED, "GDPR Art. 13(1)(d)", POSTAL_READ, {"notices": ()}, None),
    (CODE.CONSENT_MISSING, "GDPR Art. 6(1)(a)", NEWSLETTER_READ, {"permissions": ()}, None),
    *(
        (CODE.CONSENT_MISSING, "GDPR Art. 6(1)(a)", NEWSLETTER_READ, by_mail(state), None)
        for state in (ConsentState.UNKNOWN, ConsentState.REQUESTED, ConsentState.DEFERRED, ConsentState.REFUSED)
    ),
    (CODE.CONSENT_WITHDRAWN, "GDPR Art. 7(3)", NEWSLETTER_READ, by_mail(ConsentState.WITHDRAWN), None),
    (CODE.CONSENT_WITHDRAWN, "GDPR Art. 7(3)", NEWSLETTER_READ, by_mail(ConsentState.REVOKED), None),
    (CODE.CONSENT_EXPIRED, "GDPR Art. 6(1)(a)", NEWSLETTER_READ, by_mail(ConsentState.EXPIRED), None),
    *(
        (
            CODE.CONSENT_EXPIRED,
            "GDPR Art. 6(1)(a)",
            NEWSLETTER_READ,
            {"permissions": (permission(state=state, expires_at=NOW),)},
            None,
        )
        for state in (ConsentState.GIVEN, ConsentState.REFUSED, ConsentState.INVALIDATED)
    ),
    (CODE.CONSENT_INVALID, "GDPR Art. 7(1)", NEWSLETTER_READ, by_mail(ConsentState.INVALIDATED), None),
    (
        CODE.CONSENT_INVALID,
        "GDPR Art. 22(2)(c)",
        RECOMMENDATION_READ,
        {"permissions": (permission(RECOMMENDATIONS, channel=Channel.ANY),)},
        None,
    ),
    (
        CODE.PURPOSE_INCOMPATIBLE,
        "GDPR Art. 6(4)",
        ask("post_house", POSTAL, "street"),
        {"items": (item("street", NEWSLETTER),)},
        None,
    ),
    (CODE.PURPOSE_INCOMPATIBLE, "GDPR Art. 6(4)", AFFINITY_READ, {}, DERIVED_BEYOND),
    (CODE.CHANNEL_NOT_ALLOWED, "UWG § 7", ask("mailer", NEWSLETTER, "email", channel=Channel.FAX), {}, None),
    (
        CODE.ART9_MISSING,
        "GDPR Art. 9(1)",
        ask("shop", ORDERS, "street"),
        {},
        with_part("fields", "street", special="religion"),
    ),
    (CODE.MINOR, "GDPR Art. 8", NEWSLETTER_READ, {"majority_month": date(2034, 1, 1)}, None),
    (CODE.MINIMISED, "GDPR Art. 5(1)(c)", ask("mailer", NEWSLETTER, "income"), {}, None),
    (CODE.MINIMISED, "GDPR Art. 5(1)(c)", ask("mailer", NEWSLETTER), {}, None),
    (
        CODE.MINIMISED,
        "GDPR Art. 5(1)(c)",
        ask("recommender", RECOMMENDATIONS, "purchases"),
        {"items": (item("purchases", observed_at=days(900)),)},
        None,
    ),
    (CODE.UNKNOWN_FIELD, "GDPR Art. 5(1)(c)", ask("mailer", NEWSLETTER, "shoe_size"), {}, None),
    (
        CODE.RETENTION_OVER,
        "GDPR Art. 5(1)(e)",
        INVOICE_READ,
        {"items": (item("invoices", delete_after=date(2026, 11, 20)),)},
        None,
    ),
    (CODE.SCORE_STALE, "GDPR Art. 5(1)(d)", AFFINITY_READ, {"items": (SPOILED,)}, None),
    (CODE.ADM_BLOCKED, "GDPR Art. 22(1)", ORDER_READ, {}, BY_NOTHING),
    (CODE.ADM_BLOCKED, "GDPR Art. 22(2)(a)", ORDER_READ, NO_CONTRACT, OF_THE_DUTY),
    (CODE.ADM_BLOCKED, "GDPR Art. 22(2)(c)", ORDER_READ, {}, BY_CONSENT),
    (CODE.ADM_BLOCKED, "GDPR Art. 22(3)", ORDER_READ, {}, REVIEWED),
    (CODE.ADM_BLOCKED, "GDPR Art. 22(3)", ORDER_READ, CONTESTED, OF_THE_DUTY),
    (CODE.QUOTA, "GDPR Art. 32(1)", ORDER_READ, {"within_budget": False}, LIMITED),
]
# Those of channels, recipients, special categories and the soft opt-in stand in tables of their own.


@pytest.mark.gdpr("5(1)(a)")
@pytest.mark.parametrize(
    ("code", "cites", "request_", "facts", "document"),
    GROUNDS,
    ids=[f"{code} {cites} {number}" for number, (code, cites, *_) in enumerate(GROUNDS)],
)
def test_a_refusal_cites_the_article_that_it_rests_on(
    code: ReasonCode, cites: str, request_: AccessRequest, facts: Mapping[str, object], document: PolicyDocument | None
) -> None:
    decision = decide(request_, customer(**facts), document)
    assert isinstance(decision, Deny)
    assert code in reasons(decision)
    assert {", ".join(one.cites) for one in decision.reasons if one.code is code} == {cites}
