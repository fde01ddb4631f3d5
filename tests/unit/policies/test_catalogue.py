"""The shipped retailer: whole, consistent with its notices, and no more than the law allows."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache

import pytest

from policies.documents import Basis, Purpose
from policies.gates import Existing, check
from policies.matrix import matrix
from policies.notices import NoticeKind, NoticeText, parse_notices
from policies.periods import months
from policies.vocabulary import Category, Channel, EventKind, LegalBasis
from tests.unit.policies.people import CATALOGUE, retailer
from tests.unit.policies.small_shop import shop

FIELDS = {
    Category.MASTER: (
        "salutation first_name last_name email phone street postcode city country birth_date customer_number language"
    ),
    Category.SOCIODEMOGRAPHIC: "income household_size education marital_status occupation",
    Category.TRANSACTIONAL: (
        "purchases invoices payment_terms bank_account dunning_level returns complaints prize_draw_entry"
    ),
    Category.BEHAVIOURAL: "visits newsletter_clicks",
    Category.PSYCHOGRAPHIC: "survey_answers values_segment",
    Category.SCORE: "purchase_affinity credit_score fraud_hint",
    Category.EVIDENCE: "consent_evidence age_check request_wishes request_answers",
}
EVENTS = {
    "purchases": EventKind.PURCHASE,
    "invoices": EventKind.INVOICE,
    "returns": EventKind.RETURN,
    "complaints": EventKind.COMPLAINT,
    "visits": EventKind.VISIT,
    "newsletter_clicks": EventKind.CLICK,
    "survey_answers": EventKind.SURVEY_ANSWER,
    "consent_evidence": EventKind.CONSENT_EVIDENCE,
    "request_wishes": EventKind.REQUEST_WISH,
    "request_answers": EventKind.REQUEST_ANSWER,
}
CLIENTS = (
    "shop mailer recommender post_house accounting service_desk crm_sync importer portal console registry"
    " sales logistics marketing product_development service"
)
ESTIMATES = {"values_segment", "purchase_affinity", "credit_score", "fraud_hint"}
USES = (
    "order_fulfilment payment_and_dunning credit_check accounting_duty customer_care warranty newsletter"
    " similar_goods_email telephone_advertising postal_advertising recommendations market_research product_development"
    " prize_draws fraud_prevention age_verification legal_claims data_subject_request privacy_control consent_proof"
    " key_operations security_incident supervisory_authority"
)
ON = date(2026, 11, 21)


@cache
def notices() -> tuple[NoticeText, ...]:
    files = sorted((CATALOGUE / "notices").glob("*.txt"))
    return tuple(notice for path in files for notice in parse_notices(path.read_bytes()))


def purposes(article: LegalBasis) -> Iterator[tuple[str, Purpose]]:
    for name, purpose in retailer().purposes.items():
        if any(basis.article is article for basis in purpose.basis.values()):
            yield name, purpose


def test_every_category_has_its_fields() -> None:
    for category in Category:
        declared = {name for name, field in retailer().fields.items() if field.category is category}
        assert declared == set(FIELDS[category].split())


def test_behaviour_is_kept_as_events_and_estimates_are_marked() -> None:
    """R-5.1d-1: inferred values are labelled as estimates."""
    fields = retailer().fields
    assert {name: field.event for name, field in fields.items() if field.event} == EVENTS
    assert {name for name, field in fields.items() if field.estimate} == ESTIMATES


def test_every_client_is_there_and_every_purpose_in_force_has_one() -> None:
    document = retailer()
    assert set(document.clients) == set(CLIENTS.split())
    served = {purpose for client in document.clients.values() for purpose in client.purposes}
    assert served == set(document.purposes)


@pytest.mark.gdpr("5(1)(c)")
def test_every_field_is_needed_by_some_purpose_in_force() -> None:
    """That people may ask for their data is no reason to keep more of it than their requests themselves."""
    needed = {"request_wishes", "request_answers"}
    for name, purpose in retailer().purposes.items():
        if purpose.state == "active" and name != "data_subject_request":
            needed |= purpose.collectable
    assert needed == set(retailer().fields)


@pytest.mark.gdpr("15")
def test_a_request_of_the_person_reaches_every_field() -> None:
    """R-15.1-1."""
    assert retailer().purposes["data_subject_request"].allowed == set(retailer().fields)


@pytest.mark.gdpr("5(1)(c)")
def test_the_date_of_birth_is_read_by_the_person_alone() -> None:
    readers = {name for name, purpose in retailer().purposes.items() if "birth_date" in purpose.allowed}
    assert readers == {"data_subject_request"}


@pytest.mark.gdpr("6(1)(b)")
def test_no_contract_asks_for_a_salutation() -> None:
    """R-5.1c-3, C-394/23."""
    for name, purpose in purposes(LegalBasis.CONTRACT):
        assert "salutation" not in purpose.collectable, name


@pytest.mark.gdpr("5(1)(e)")
def test_every_retention_class_is_used_and_names_its_law() -> None:
    """R-DEL-1."""
    document = retailer()
    assert {field.retention for field in document.fields.values()} == set(document.retention)
    for name, retention in document.retention.items():
        assert re.search(r"§|Art\.", retention.why), name


@pytest.mark.gdpr("17(3)(b)")
def test_only_invoices_and_what_proves_compliance_outlive_an_erasure() -> None:
    """R-17.3-1, R-7.1-4, R-DE-RET-1: vouchers are kept eight years from the end of the year."""
    document = retailer()
    kept = {name for name, field in document.fields.items() if document.retention[field.retention].obligation}
    assert kept == {"invoices", "consent_evidence", "request_wishes", "request_answers"}
    assert all(document.retention[document.fields[name].retention].told for name in kept), "letters name the ground"
    vouchers = document.retention[document.fields["invoices"].retention]
    assert (vouchers.period, vouchers.starts) == ("P8Y", "year_end")


@pytest.mark.gdpr("18(2)")
def test_only_duties_of_law_and_claims_go_on_under_restriction_or_take_data_from_any_purpose() -> None:
    """A claim names its case; an age check is a duty of law that reaches nothing but its own result (R-8-4)."""
    for name, purpose in retailer().purposes.items():
        by_law = purpose.articles == {LegalBasis.LEGAL_OBLIGATION} and name != "age_verification"
        claims = name == "legal_claims" and purpose.case_reference == "required"
        assert purpose.while_restricted == (by_law or claims), name
        assert purpose.from_any_purpose == (by_law or claims), name


@pytest.mark.gdpr("5(1)(b)")
def test_the_result_of_an_age_check_serves_nothing_else() -> None:
    """R-8-4, § 20 TDDDG."""
    readers = {name for name, purpose in retailer().purposes.items() if "age_check" in purpose.collectable}
    assert readers == {"age_verification", "data_subject_request"}
    assert not retailer().purposes["age_verification"].direct_marketing


@pytest.mark.gdpr("21")
def test_what_rests_on_an_interest_can_be_objected_to() -> None:
    interests = dict(purposes(LegalBasis.LEGITIMATE_INTERESTS))
    assert set(interests) == {
        "postal_advertising",
        "credit_check",
        "fraud_prevention",
        "product_development",
        "legal_claims",
    }
    for name, purpose in interests.items():
        assert purpose.objection == ("absolute" if purpose.direct_marketing else "weighed"), name
        assert set(purpose.channels) <= {Channel.POST}, name


@pytest.mark.gdpr("13(1)(d)")
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_privacy_notice_names_every_interest(language: str) -> None:
    """R-6.1f-2, C-394/23: an interest that nobody was told of cannot be relied on."""
    told = next(text.text for text in notices() if text.id == "privacy_notice" and text.language == language)
    for name, purpose in purposes(LegalBasis.LEGITIMATE_INTERESTS):
        assert purpose.lia is not None, name
        interest = getattr(purpose.lia.interest, language).removeprefix("To ")
        assert interest[0].lower() + interest[1:] in told or interest in told, name


@pytest.mark.gdpr("5(1)(c)")
def test_advertising_and_profiling_look_back_no_further_than_24_months() -> None:
    """R-5.1c-2: mandatory per category; master data is no behaviour."""
    for name, purpose in retailer().purposes.items():
        if purpose.direct_marketing or purpose.profiling:
            beyond = purpose.fields.keys() - {Category.MASTER} - purpose.look_back.keys()
            assert not beyond, name
            assert all(months(window) <= 24 for window in purpose.look_back.values()), name


@pytest.mark.gdpr("22(2)(c)")
def test_profiling_rests_on_explicit_consent_of_adults() -> None:
    """R-22-2, R-8-3."""
    profiling = [purpose for purpose in retailer().purposes.values() if purpose.profiling and purpose.direct_marketing]
    assert profiling
    for purpose in profiling:
        assert purpose.minimum_age == 18
        for basis in purpose.basis.values():
            assert (basis.article, basis.explicit) == (LegalBasis.CONSENT, True)


@pytest.mark.gdpr("13(1)")
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_purpose_is_named_by_its_notice_and_the_privacy_notice(language: str) -> None:
    texts = {notice.id: notice for notice in notices() if notice.language == language}
    for name, purpose in retailer().purposes.items():
        if purpose.notice is not None:
            assert name in texts[purpose.notice].purposes
            consents = any(basis.article is LegalBasis.CONSENT for basis in purpose.basis.values())
            kind = NoticeKind.CONSENT_TEXT if consents else NoticeKind.PRIVACY_NOTICE
            assert texts[purpose.notice].kind is kind
        if purpose.state == "active":
            assert name in texts["privacy_notice"].purposes
    assert {purpose for notice in texts.values() for purpose in notice.purposes} == set(retailer().purposes)


@pytest.mark.gdpr("13(1)(a)")
def test_every_text_names_the_controller_and_every_consent_asks_for_one_purpose() -> None:
    """R-7.2-2: one choice per purpose."""
    controller = retailer().policy.controller
    for notice in notices():
        assert controller.name in notice.text
        assert controller.contact in notice.text
        if notice.kind is NoticeKind.CONSENT_TEXT:
            assert len(notice.purposes) == 1


@pytest.mark.gdpr("13(1)(e)")
def test_every_recipient_is_named_with_address() -> None:
    """R-15.1c-1, C-154/21: by name; whoever sends the newsletter also in its consent."""
    for notice in notices():
        for code, recipient in retailer().recipients.items():
            told = any(code in retailer().purposes[purpose].recipients for purpose in notice.purposes)
            assert (f"{recipient.name}, {recipient.address}" in notice.text) == told


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize("language", ["de", "en"])
def test_where_an_unknown_age_counts_as_adult_the_consent_declares_it(language: str) -> None:
    words = {"de": "mindestens {} Jahre alt", "en": "at least {} years old"}[language]
    texts = {notice.id: notice.text for notice in notices() if notice.language == language}
    for _, purpose in purposes(LegalBasis.CONSENT):
        assert purpose.notice is not None
        assert words.format(purpose.minimum_age) in texts[purpose.notice]


@pytest.mark.gdpr("28(3)")
def test_processors_have_a_contract_and_foreign_systems_are_named() -> None:
    """R-26/28-1."""
    document = retailer()
    for name, recipient in document.recipients.items():
        assert (recipient.contract is not None) == (recipient.role == "processor"), name
        assert recipient.country == "DE"
    for client in document.clients.values():
        for purpose in client.purposes:
            assert client.recipient is None or client.recipient in document.purposes[purpose].recipients


@pytest.mark.gdpr("7(1)")
def test_proof_of_consent_is_out_of_reach_of_marketing() -> None:
    """R-7.1-2."""
    readers = {name for name, purpose in retailer().purposes.items() if "consent_evidence" in purpose.collectable}
    assert readers == {"consent_proof", "data_subject_request"}


def test_every_use_of_a_retailer_is_there() -> None:
    assert set(retailer().purposes) == set(USES.split())
    assert [name for name, purpose in retailer().purposes.items() if not purpose.in_force] == ["market_research"]


def test_the_shipped_document_passes_every_gate() -> None:
    assert check(retailer(), None, Existing(ON), notices()) == ()


@pytest.mark.gdpr("6(1)")
def test_the_matrix_in_the_comment_is_the_document() -> None:
    source = (CATALOGUE / "retailer.yaml").read_text(encoding="utf-8")
    assert "".join(f"# {line}\n" for line in matrix(retailer())) in source


@pytest.mark.parametrize(
    ("article", "sign"),
    [
        (LegalBasis.CONSENT, "a"),
        (LegalBasis.CONTRACT, "b"),
        (LegalBasis.LEGAL_OBLIGATION, "c"),
        (LegalBasis.VITAL_INTERESTS, "d"),
        (LegalBasis.PUBLIC_TASK, "e"),
        (LegalBasis.LEGITIMATE_INTERESTS, "f"),
        (LegalBasis.SOFT_OPT_IN, "uwg"),
    ],
)
def test_a_cell_of_the_matrix_is_the_letter_of_its_article(article: LegalBasis, sign: str) -> None:
    bases = {Category.MASTER: Basis(article=article, why="x"), Category.SCORE: Basis(article=article, why="x")}
    purposes = {"post": shop().purposes["news"].model_copy(update={"basis": bases, "state": "inactive"})}
    lines = matrix(shop().model_copy(update={"purposes": purposes}))
    assert lines[:2] == (
        "use     master  sociodemographic  transactional  behavioural  psychographic  score  evidence",
        f"(post)  {sign:<6}  .                 .              .            .              (-)    .",
    )


@pytest.mark.gdpr("22(1)")
def test_nobody_is_refused_by_a_machine() -> None:
    """R-22-3: whatever decides significantly has a human, and no exception is claimed."""
    deciding = {name: one for name, one in retailer().purposes.items() if one.significant_decision}
    assert set(deciding) == {"credit_check", "fraud_prevention"}
    for purpose in deciding.values():
        assert (purpose.human_review, purpose.adm_exception) == ("required", None)


@pytest.mark.gdpr("5(1)(b)")
def test_product_development_sees_groups_and_no_department_sees_everything() -> None:
    document = retailer()
    for name in document.clients["product_development"].purposes:
        assert document.purposes[name].aggregates_only, name
    for code in ("sales", "logistics", "marketing", "product_development", "service", "accounting"):
        seen = {field for name in document.clients[code].purposes for field in document.purposes[name].allowed}
        assert seen < document.fields.keys(), code


def test_contacts_lie_at_example_addresses() -> None:
    text = (CATALOGUE / "retailer.yaml").read_text() + "".join(notice.text for notice in notices())
    hosts = re.findall(r"@([\w.-]*\w)", text)
    assert hosts
    assert set(hosts) == {"example.com"}
