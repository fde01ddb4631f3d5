"""An organisation has nothing that only a human has, whoever sends it and however it is listed."""

from typing import Any
from uuid import UUID

import pytest

from policies.vocabulary import FieldName, SubjectKind
from registry.organisations import of_humans
from registry.tables import SubjectRow
from tests.http.v1.api import Api
from tests.http.v1.test_customers import ERIKA, only
from tests.http.v1.test_imports import send
from tests.unit.policies.people import retailer, with_part

FIRM: dict[str, Any] = {
    **ERIKA,
    "external_id": "F-1",
    "kind": "organisation",
    "values": {"last_name": {"value": "Muster GmbH"}, "email": {"value": "info@example.com"}},
}
BORN = {"birth_date": {"value": "2014-05-01"}}
OF_HUMANS = """salutation first_name birth_date income household_size education marital_status occupation
 values_segment age_check"""


async def kind_of(api: Api, subject: str) -> str:
    async with api.house.registry.database.reading() as session:
        return (await session.get_one(SubjectRow, UUID(subject))).kind


@pytest.mark.gdpr("4(1)")
def test_a_document_says_by_its_terms_what_only_a_human_has() -> None:
    """R-4.1-1: a company's name, address and orders are left."""
    assert of_humans(retailer()) == set(OF_HUMANS.split())
    for term in ("pd:BirthPlace", "pd:AgeExact", "pd:AgeRange"):
        assert "city" in of_humans(with_part("fields", "city", dpv=term))
    assert "birth_date" in of_humans(with_part("fields", "birth_date", dpv="pd:Other"))
    assert FieldName("survey_answers") not in of_humans(retailer())


@pytest.mark.gdpr("8(1)")
async def test_an_organisation_with_what_only_a_human_has_is_refused_by_place(api: Api) -> None:
    """R-4.1-1: nobody escapes their age by being listed as a company."""
    for name, value in [("birth_date", "2014-05-01"), ("first_name", "Erika")]:
        body = {**FIRM, "values": {**FIRM["values"], name: {"value": value}}}
        place = {"pointer": f"/values/{name}", "code": "invalid-value"}
        alone = await api.patch("shop", "/v1/subjects", body)
        assert (alone.status_code, alone.json()["errors"]) == (422, [place])
        many = (await api.patch("shop", "/v1/subjects", {"items": [body, FIRM]})).json()["items"]
        assert [one["status"] for one in many] == ["failed", "created" if name == "birth_date" else "updated"]
        assert [one["errors"] for one in await send(api, [body])] == [[place]]
    later = await api.patch("shop", "/v1/subjects", {**only(**BORN), "external_id": "F-1"})
    assert later.status_code == 422, "also where the kind is not repeated"
    cleared = await api.patch("shop", "/v1/subjects", {**only(birth_date=None), "external_id": "F-1"})
    assert cleared.status_code == 200


async def test_what_somebody_is_listed_as_is_corrected_and_stays_where_it_is_not_told(api: Api) -> None:
    subject = (await api.patch("shop", "/v1/subjects", FIRM)).json()["subject_id"]
    told = {**{name: FIRM[name] for name in ("external_id", "source")}, "collected_for": "order_fulfilment"}
    for kind in [None, "contact_person", None, "sole_trader", "person", "organisation"]:
        before = await kind_of(api, subject)
        response = await api.patch("shop", "/v1/subjects", told | ({"kind": kind} if kind else {}))
        assert response.json()["status"] == "updated"
        assert await kind_of(api, subject) == (kind or before)
    plain = (await api.patch("shop", "/v1/subjects", ERIKA)).json()["subject_id"]
    assert await kind_of(api, plain) == SubjectKind.PERSON


@pytest.mark.gdpr("4(1)")
async def test_nobody_becomes_an_organisation_while_values_of_a_human_are_on_file(api: Api) -> None:
    """R-4.1-1."""
    subject = (await api.patch("shop", "/v1/subjects", ERIKA)).json()["subject_id"]
    firm = {**only(), "kind": "organisation"}
    assert (await api.patch("shop", "/v1/subjects", firm)).status_code == 422
    assert await kind_of(api, subject) == "person"
    late = {**only(first_name={"value": None, "observed_at": "2001-01-01T00:00:00Z"}), "kind": "organisation"}
    assert (await api.patch("shop", "/v1/subjects", late)).status_code == 422, "it was not cleared"
    assert (await api.patch("shop", "/v1/subjects", {**only(first_name=None), "kind": "organisation"})).is_success
    assert (await api.patch("shop", "/v1/subjects", firm)).status_code == 200
    assert await kind_of(api, subject) == "organisation"
