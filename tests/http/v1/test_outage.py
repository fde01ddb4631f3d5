"""A database out of reach is a problem that passes: 503 everywhere, nobody's data, and no restart afterwards."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from asyncpg.exceptions import CannotConnectNowError, DeadlockDetectedError, UniqueViolationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from registry.errors import NotReadyError
from registry.outage import is_outage, told_as_not_ready
from tests.house import ANNA
from tests.http.v1.api import Api
from tests.http.v1.conftest import serve
from tests.http.v1.test_customers import ERIKA, purchase
from tests.postgres import Postgres


def calls(subject: str) -> list[tuple[str, str, object]]:
    """One call of every kind of use case."""
    of = f"/v1/subjects/{subject}"
    contract = {"kind": "contract", "reference": "order-9", "source": "shop", "opened_at": "2026-01-01T00:00:00Z"}
    consent = {"action": "withdraw", "subject_id": subject, "purpose": "newsletter"}
    return [
        ("GET", f"{of}?purpose=order_fulfilment&fields=email", None),
        ("GET", f"{of}/consents?purpose=newsletter", None),
        ("GET", "/v1/notices/current?purpose=newsletter", None),
        ("GET", "/v1/conflicts", None),
        ("GET", "/v1/audit", None),
        ("GET", "/v1/audit/0", None),
        ("POST", "/v1/disclosures", {"purpose": "newsletter", "fields": ["email"], "subject_ids": [subject]}),
        ("POST", "/v1/decisions", {"purpose": "newsletter", "subject_ids": [subject]}),
        ("POST", "/v1/subjects/lookup", {"purpose": "newsletter", "kind": "email", "value": ANNA["email"]}),
        ("PATCH", "/v1/subjects", ERIKA),
        ("POST", f"{of}/events", purchase()),
        ("POST", "/v1/relationships", {**contract, "subject_id": subject}),
        ("POST", "/v1/consents", consent),
        ("POST", "/v1/objections", {"subject_id": subject}),
        ("POST", "/v1/requests", {"subject_id": subject, "kind": "access", "touchpoint": "store"}),
    ]


async def statuses(api: Api, subject: str) -> dict[str, int]:
    answered = {}
    for method, path, body in calls(subject):
        client = "console" if path.startswith("/v1/audit") else "shop"
        response = await api.http.request(method, path, headers=api.bearer(client), json=body)
        api.look_at(response, [body])
        answered[f"{method} {path.partition('?')[0]}"] = response.status_code
        assert ANNA["email"] not in response.text or response.status_code < 400
    return answered


def unanswered(answered: dict[str, int]) -> dict[str, int]:
    """What was not answered with success."""
    return {call: status for call, status in answered.items() if status not in {200, 201}}


async def pages(api: Api) -> dict[str, httpx.Response]:
    cookies = {"portal_session": "00" * 32, "console_session": "00" * 32}
    api.http.cookies.update(cookies)
    paths = ("/portal/me", "/portal/me.json", "/console", "/console/conflicts")
    return {path: await api.http.get(path) for path in paths}


@pytest.mark.postgresql
@pytest.mark.gdpr("32(1)(b)")
async def test_a_stopped_server_is_503_on_every_route_and_page_and_comes_back_by_itself(
    postgres: Postgres, postgresql_url: str, tmp_path: Path
) -> None:
    async with serve(postgresql_url, tmp_path) as api:
        subject = str(await api.house.customer(newsletter=True))
        assert unanswered(await statuses(api, subject)) == {}
        bearer = api.bearer("shop")
        postgres.stop(immediate=True)
        try:
            assert set((await statuses(api, subject)).values()) == {503}
            for path, page in (await pages(api)).items():
                assert page.status_code == 503, path
                assert "text/html" in page.headers["content-type"]
            form = {"grant_type": "client_credentials", "client_id": "shop", "client_secret": "x"}
            assert (await api.http.post("/oauth/token", data=form)).status_code == 503
            assert (await api.http.get("/.well-known/jwks.json")).status_code == 200
            assert (await api.http.get("/openapi.json")).status_code == 200
            unknown = await api.http.get("/v1/purposes", headers={"Authorization": "Bearer forged"})
            assert unknown.status_code == 503, "a refusal that cannot be recorded is not answered"
        finally:
            postgres.start()
        again = await api.http.get("/v1/purposes", headers=bearer)
        for _ in range(50):
            again = await api.http.get(f"/v1/subjects/{subject}?purpose=order_fulfilment&fields=email", headers=bearer)
            if again.status_code == 200:
                break
            await asyncio.sleep(0.1)
        assert again.json()["fields"]["email"] == ANNA["email"]
        assert unanswered(await statuses(api, subject)) == {}


PASSING: dict[str, Exception] = {
    "refused": ConnectionRefusedError(),
    "too slow": TimeoutError(),
    "no connection free": PoolTimeoutError(),
    "starting up": CannotConnectNowError(""),
    "deadlock": DeadlockDetectedError(""),
    "operational": OperationalError("", {}, Exception()),
    "starting up, told by SQLAlchemy": DBAPIError("", {}, CannotConnectNowError("")),
    "broken off": DBAPIError("", {}, Exception(), connection_invalidated=True),
}
STAYING: dict[str, Exception] = {
    "twice": DBAPIError("", {}, UniqueViolationError("")),
    "twice, told by SQLAlchemy": IntegrityError("", {}, Exception()),
    "value": ValueError(),
    "key": KeyError(),
}


@pytest.mark.parametrize("name", [*PASSING, *STAYING])
def test_what_passes_is_told_from_what_is_a_defect(name: str) -> None:
    error = {**PASSING, **STAYING}[name]
    assert is_outage(error) is (name in PASSING)
    with pytest.raises(NotReadyError if name in PASSING else type(error)), told_as_not_ready():
        raise error


def test_an_outage_is_told_by_its_type_alone() -> None:
    with pytest.raises(NotReadyError) as caught, told_as_not_ready():
        raise ConnectionRefusedError(f"{ANNA['email']} {uuid4()}")
    assert str(caught.value) == "the database does not answer: ConnectionRefusedError"
    assert caught.value.__cause__ is None
