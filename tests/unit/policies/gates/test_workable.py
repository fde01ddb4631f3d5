"""What the registry needs for itself: its own purposes with their clients, and bases that facts can carry."""

import pytest

from policies.documents import Basis, PolicyDocument, parse
from policies.gates import workable
from policies.matrix import LEGEND, matrix
from policies.vocabulary import Category, EventKind, LegalBasis
from tests.unit.policies.people import retailer
from tests.unit.policies.small_shop import SHOP, completed, edited, faults, findings, with_field, with_purpose

ASKING = "data_subject_request"
CONTROL = "privacy_control"
PROOF = "consent_proof"


def without(document: PolicyDocument, part: str, name: str) -> PolicyDocument:
    """The document without one purpose, field or client."""
    kept = {key: one for key, one in getattr(document, part).items() if key != name}
    return document.model_copy(update={part: kept})


def holding(document: PolicyDocument, code: str, *purposes: str) -> PolicyDocument:
    """The document with a client that has these purposes."""
    client = document.clients[code].model_copy(update={"purposes": purposes})
    return document.model_copy(update={"clients": {**document.clients, code: client}})


@pytest.mark.gdpr("12(2)", "15(1)")
@pytest.mark.parametrize("name", [ASKING, CONTROL, PROOF])
def test_each_is_declared_and_active(name: str) -> None:
    """R-15.1-1: observed alone, nothing would leave."""
    gate = workable.own_purposes_are_there
    assert faults(gate, retailer()) == []
    (fault,) = faults(gate, without(retailer(), "purposes", name))
    assert fault.path == ("purposes",)
    assert name in fault.message
    for state in ("observe", "inactive", "retired"):
        found = faults(gate, with_purpose(retailer(), name, state=state))
        assert [fault.path for fault in found] == [("purposes", name, "state")]
    nothing = retailer().model_copy(update={"purposes": {}})
    assert [fault.path for fault in faults(gate, nothing)] == [("purposes",)] * len(workable.OWN_PURPOSES)


@pytest.mark.gdpr("15(1)")
@pytest.mark.parametrize(
    ("code", "name"), [(code, name) for name, clients in workable.OWN_PURPOSES.items() for code in clients]
)
def test_each_is_held_by_the_client_the_code_acts_as(code: str, name: str) -> None:
    """R-15.1-1."""
    gate = workable.own_purposes_are_there
    others = [one for one in retailer().clients[code].purposes if one != name]
    (fault,) = faults(gate, holding(retailer(), code, *others))
    assert fault.path == ("clients", code, "purposes")
    assert name in fault.message
    found = faults(gate, without(retailer(), "clients", code))
    assert {fault.path for fault in found} == {("clients",)}
    assert len(found) == sum(code in clients for clients in workable.OWN_PURPOSES.values())


@pytest.mark.gdpr("15(1)", "15(3)")
@pytest.mark.parametrize(
    "field", ["street", "income", "purchases", "visits", "survey_answers", "fraud_hint", "age_check"]
)
def test_a_copy_of_the_data_is_of_every_field(field: str) -> None:
    """R-15.1-1."""
    purpose = retailer().purposes[ASKING]
    fields = {category: tuple(one for one in names if one != field) for category, names in purpose.fields.items()}
    (fault,) = faults(workable.requests_see_everything, with_purpose(retailer(), ASKING, fields=fields))
    assert fault.path == ("purposes", ASKING, "fields")
    assert fault.message.endswith(f"also {field}")
    other = with_purpose(retailer(), "accounting_duty", fields={})
    assert faults(workable.requests_see_everything, other) == []


@pytest.mark.gdpr("12(2)", "18(2)")
@pytest.mark.parametrize(
    "change",
    [
        {"while_restricted": False},
        {"from_any_purpose": False},
        {"objection": "weighed"},
        {"case_reference": "required"},
        {"aggregates_only": True},
        {"significant_decision": True},
        {"minimum_age": 18},
        {"look_back": {Category.SCORE: "P6M"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_nothing_holds_back_from_people_what_is_theirs(change: dict[str, object]) -> None:
    """R-15.1-1."""
    found = faults(workable.requests_see_everything, with_purpose(retailer(), ASKING, **change))
    assert [fault.path for fault in found] == [("purposes", ASKING, *change)]
    assert faults(workable.requests_see_everything, with_purpose(retailer(), CONTROL, **change)) == []


@pytest.mark.gdpr("12(1)")
@pytest.mark.parametrize("article", list(LegalBasis))
def test_answering_people_is_a_duty_of_law(article: LegalBasis) -> None:
    """R-15.1-1: no consent to withdraw and no contract to end."""
    basis = {**retailer().purposes[ASKING].basis, Category.SCORE: Basis(article=article, why="x")}
    found = faults(workable.requests_see_everything, with_purpose(retailer(), ASKING, basis=basis))
    bound = article is LegalBasis.LEGAL_OBLIGATION
    assert [fault.path for fault in found] == [("purposes", ASKING, "basis")] * (not bound)
    alone = dict.fromkeys(basis, Basis(article=article, why="x"))
    found = faults(workable.requests_see_everything, with_purpose(retailer(), ASKING, basis=alone))
    assert [fault.path for fault in found] == [("purposes", ASKING, "basis")] * (not bound)


@pytest.mark.gdpr("7(1)", "12(3)")
def test_letters_and_proofs_have_a_place() -> None:
    """R-12.6-3: without one, no request could be taken and no consent proven."""
    gate = workable.letters_and_proofs_have_a_place
    assert faults(gate, retailer()) == []
    for field, kind in (("request_wishes", EventKind.REQUEST_WISH), ("request_answers", EventKind.REQUEST_ANSWER)):
        (fault,) = faults(gate, with_field(retailer(), field, event=None))
        assert fault.path == ("fields",)
        assert f"kind {kind}," in fault.message
    (fault,) = faults(gate, with_purpose(retailer(), PROOF, fields={}))
    assert fault.path == ("purposes", PROOF, "fields")
    collecting = with_purpose(retailer(), PROOF, fields={}, collects={Category.EVIDENCE: ("consent_evidence",)})
    assert faults(gate, collecting) == []
    assert faults(gate, without(retailer(), "purposes", PROOF)) == [], "that it is missing is another finding"


@pytest.mark.gdpr("6(1)(d)", "6(1)(e)")
@pytest.mark.parametrize("article", list(LegalBasis))
@pytest.mark.parametrize("state", ["active", "observe", "inactive", "retired"])
def test_a_basis_that_no_fact_could_carry_is_not_put_in_force(article: LegalBasis, state: str) -> None:
    """R-6.1-1."""
    basis = {Category.MASTER: Basis(article=article, why="x")}
    found = faults(workable.bases_can_be_judged, with_purpose(retailer(), "warranty", basis=basis, state=state))
    judged = article not in {LegalBasis.VITAL_INTERESTS, LegalBasis.PUBLIC_TASK} or state in {"inactive", "retired"}
    assert [fault.path for fault in found] == [("purposes", "warranty", "basis", "master")] * (not judged)


def test_a_document_about_nothing_is_refused_and_drawn() -> None:
    """R-15.1-1: each finding has a line, and the look at it is its heading alone."""
    parts = ("retention", "fields", "recipients", "purposes", "clients")
    empty = SHOP[: SHOP.index("retention:\n")] + "".join(f"{part}: {{}}\n" for part in parts)
    document = parse(empty.encode())
    found = {fault.path for gate in workable.GATES for fault in faults(gate, document)}
    assert found == {("purposes",), ("fields",)}
    assert all(document.line(*path) for path in found)
    assert matrix(document)[1:] == LEGEND
    assert findings(SHOP) == ()
    assert "state: active" in completed(edited())
