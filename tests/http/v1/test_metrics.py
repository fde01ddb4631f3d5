"""The operator's monitoring sees how much happens where, and nothing of anybody."""

from pathlib import Path
from uuid import uuid4

import pytest

from api.metrics import MEDIA_TYPE, Metrics, is_operator
from registry.rights import RequestKind, Wish, receive_request
from tests.house import ANNA, SHOP
from tests.http.v1.api import Api
from tests.http.v1.conftest import serve

TOKEN = "of-the-operator"


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Bearer x", TOKEN, "Basic x"])
@pytest.mark.sqlite
async def test_without_the_operators_token_there_is_no_such_page(sqlite_api: Api, authorization: str | None) -> None:
    """No token is set here: an empty one opens nothing."""
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await sqlite_api.call(None, "GET", "/metrics", headers=headers)
    assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")


def test_the_token_is_compared_as_a_whole() -> None:
    assert is_operator(f"Bearer {TOKEN}", TOKEN)
    assert not is_operator(f"Bearer {TOKEN}", "")
    assert not is_operator("Bearer ", "")
    assert not is_operator(f"Bearer {TOKEN}x", TOKEN)
    assert not is_operator(f"bearer {TOKEN}é", TOKEN)


@pytest.mark.gdpr("5(1)(c)")
async def test_answers_are_counted_by_route_and_no_label_leads_to_anybody(database_url: str, tmp_path: Path) -> None:
    async with serve(database_url, tmp_path, metrics_token=TOKEN) as api:
        subject = await api.house.customer(newsletter=True)
        await receive_request(api.house.registry, SHOP, subject, RequestKind.ACCESS, Wish())
        for _ in range(3):
            await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
        await api.get("mailer", f"/v1/subjects/{uuid4()}", purpose="newsletter", fields="email")
        await api.http.get(f"/{ANNA['last_name']}")
        await api.http.request("TELEPORT", f"/v1/subjects/{subject}")
        await api.http.get("/portal")
        response = await api.http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.headers["content-type"] == MEDIA_TYPE
    lines = response.text.splitlines()
    read = 'registry_answers_total{method="GET",route="/v1/subjects/{subject_id}",status='
    assert f'{read}"200"}} 3' in lines
    assert f'{read}"404"}} 1' in lines
    assert 'registry_answers_total{method="GET",route="/portal",status="200"} 1' in lines
    assert 'registry_answers_total{method="other",route="/v1/subjects/{subject_id}",status="405"} 1' in lines
    assert 'registry_answer_seconds_count{route="/v1/subjects/{subject_id}"} 5' in lines
    assert "registry_requests_open 1" in lines
    assert "registry_requests_overdue 0" in lines
    assert "registry_letters_waiting 0" in lines
    for name in (str(subject), ANNA["last_name"], "TELEPORT", "mailer", "newsletter"):
        assert name not in response.text


def test_times_are_counted_up_from_bucket_to_bucket() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.01, 0.01, 3.0, 100.0):
        metrics.count("GET", "/v1/purposes", 200, seconds)
    lines = [line for line in metrics.text({}).splitlines() if "_bucket" in line or "_sum" in line]
    assert [line.rpartition(" ")[2] for line in lines] == ["1", "3", "3", "3", "3", "4", "5", "103.021000"]
    assert metrics.text({"registry_x": ("What.", 7.0)}).endswith("# TYPE registry_x gauge\nregistry_x 7\n")
