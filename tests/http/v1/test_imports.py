"""Bulk data in, line by line: good rows are stored whatever stands beside them, and every line has its outcome."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Collection, Iterable
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn

from api.demo.people import iter_customers
from api.v1.imports import LONGEST_LINE
from audit.log import AuditLog
from audit.store import AuditUnavailableError
from tests.http.v1.api import Api
from tests.http.v1.test_customers import ERIKA, only

NDJSON = {"Content-Type": "application/x-ndjson"}
PATH = "/v1/imports?mode=commit"


def ndjson(rows: Iterable[object]) -> bytes:
    return b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows)


async def send(api: Api, rows: Iterable[object], client: str = "importer") -> list[dict[str, Any]]:
    response = await api.http.post(PATH, content=ndjson(rows), headers={**api.bearer(client), **NDJSON})
    assert response.status_code == 200, response.text
    api.look_at(response, [])
    return [json.loads(line) for line in response.text.splitlines()]


def numbered(count: int, prefix: str = "I") -> list[dict[str, Any]]:
    return [{**ERIKA, "external_id": f"{prefix}-{number}"} for number in range(count)]


async def test_rows_are_stored_and_a_second_run_changes_the_same_people(api: Api) -> None:
    first = await send(api, numbered(45))
    assert [(one["line"], one["status"]) for one in first] == [(line, "created") for line in range(1, 46)]
    again = await send(api, numbered(45))
    assert [one["status"] for one in again] == ["updated"] * 45
    assert [one["subject_id"] for one in again] == [one["subject_id"] for one in first]
    assert [entry["n"] for entry in await api.log("import")] == [5, 20, 20] * 2


async def test_a_birth_day_that_cannot_be_costs_nobody_else(api: Api) -> None:
    rows = [{**only(birth_date={"value": "1990-01-01"}), "external_id": f"I-{number}"} for number in range(8)]
    rows[2]["values"] = {"birth_date": {"value": "9999-12-31"}}
    rows[5]["values"] = {"birth_date": {"value": "2150-01-01"}}
    told = [(one["status"], one.get("error")) for one in await send(api, rows, "shop")]
    assert told == [("failed", "invalid-value") if number in {2, 5} else ("created", None) for number in range(8)]


async def test_a_bad_row_is_told_and_costs_nobody_else(api: Api) -> None:
    rows = numbered(6)
    rows[1] = {**only(email={"value": "nowhere at all"}), "external_id": "I-1"}
    rows[3] = {**rows[3], "notices": ["chain_letter"]}
    outcomes = await send(
        api,
        [
            *rows,
            b"\n",
            b"not json\n",
            b'{"external_id": "Erika"}\n',
            b"[1]\n",
            {**ERIKA, "external_id": "I-9", "nickname": "Rikchen"},
            {**only(income={"value": "a lot"}), "external_id": "I-10"},
        ],
    )
    told = {one["line"]: (one["status"], one.get("error")) for one in outcomes}
    assert told == {
        1: ("created", None),
        2: ("failed", "invalid-value"),
        3: ("created", None),
        4: ("failed", "unknown-notice"),
        5: ("created", None),
        6: ("created", None),
        8: ("failed", "invalid-request"),
        9: ("failed", "invalid-request"),
        10: ("failed", "invalid-request"),
        11: ("failed", "invalid-request"),
        12: ("failed", "unknown-field"),
    }
    assert outcomes[1]["errors"] == [{"pointer": "/values/email", "code": "invalid-value"}]
    assert {"pointer": "/source", "code": "missing"} in outcomes[7]["errors"]
    shown = json.dumps(outcomes)
    assert not [word for word in ("nowhere", "chain_letter", "Erika", "nickname", "Rikchen", "a lot") if word in shown]


async def test_rows_of_another_clients_purpose_fail_and_are_recorded(api: Api) -> None:
    outcomes = await send(api, numbered(2), client="mailer")
    assert [(one["status"], one["error"]) for one in outcomes] == [("failed", "forbidden")] * 2
    assert [entry["why"] for entry in await api.log("import")] == [["UNAUTHORISED"]] * 2


async def test_the_demos_people_come_in_as_they_are(api: Api) -> None:
    people = [row for row, _ in zip(iter_customers(), range(25), strict=False)]
    outcomes = await send(api, [json.loads(json.dumps(row, default=list)) for row in people])
    assert [one["status"] for one in outcomes] == ["created"] * len(people)


async def test_a_consent_without_its_text_is_stored_as_unknown(api: Api) -> None:
    row = {
        **ERIKA,
        "consents": [
            {
                "purpose": "newsletter",
                "channel": "email",
                "method": "checkbox_ticked",
                "given_at": "2026-10-01T09:00:00Z",
                "notice": "newsletter_consent",
            }
        ],
    }
    (outcome,) = await send(api, [row])
    consents = await api.get("shop", f"/v1/subjects/{outcome['subject_id']}/consents", purpose="newsletter")
    assert [one["state"] for one in consents.json()["consents"]] == ["ConsentUnknown"]


async def test_the_last_line_needs_no_end_and_nothing_is_an_import_too(api: Api) -> None:
    assert await send(api, []) == []
    assert await send(api, [b"\n\n \n"]) == []
    assert [one["line"] for one in await send(api, [b"\n", json.dumps(ERIKA).encode()])] == [2]


async def test_a_line_that_is_too_long_stops_the_import_where_it_stands(api: Api) -> None:
    outcomes = await send(api, [*numbered(45), b"x" * (LONGEST_LINE + 2)])
    assert outcomes[-1]["status"] == "stopped"
    assert outcomes[-1]["error"] == "too-large"
    stored = [one["line"] for one in outcomes[:-1]]
    assert stored == list(range(1, len(stored) + 1))
    assert outcomes[-1]["line"] == len(stored) + 1


async def test_an_import_has_its_own_content_type_and_mode(api: Api) -> None:
    headers = api.bearer("importer")
    as_json = await api.http.post(PATH, content=b"{}", headers={**headers, "Content-Type": "application/json"})
    assert as_json.status_code == 415
    for query in ("", "?mode=guess", "?mode=commit&mode=commit"):
        response = await api.http.post(f"/v1/imports{query}", content=b"", headers={**headers, **NDJSON})
        assert response.status_code == 422
    assert (await api.http.post(PATH, content=b"", headers=NDJSON)).status_code == 401


async def test_an_import_is_larger_than_other_bodies(api: Api) -> None:
    padded = [json.dumps(row).encode() + b" " * 60_000 + b"\n" for row in numbered(20)]
    assert len(await send(api, padded)) == 20


@pytest.mark.gdpr("5(2)")
async def test_what_cannot_be_recorded_stops_the_import_and_is_not_tried_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    integrate, calls = AuditLog.integrate, 0

    async def fail_at_the_second(log: AuditLog, *intents: Collection[UUID]) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise AuditUnavailableError
        await integrate(log, *intents)

    monkeypatch.setattr(AuditLog, "integrate", fail_at_the_second)
    outcomes = await send(api, numbered(60))
    assert [one["status"] for one in outcomes] == ["created"] * 20 + ["stopped"]
    assert outcomes[-1] == {"line": 21, "status": "stopped", "error": "not-recorded"}
    assert calls == 2
    again = await send(api, numbered(60)[20:])
    assert [one["status"] for one in again] == ["updated"] * 20 + ["created"] * 20


async def test_an_import_whose_first_rows_cannot_be_recorded_is_a_problem(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(log: AuditLog, *intents: object) -> None:
        raise AuditUnavailableError

    monkeypatch.setattr(AuditLog, "integrate", fail)
    response = await api.http.post(PATH, content=ndjson(numbered(3)), headers={**api.bearer("importer"), **NDJSON})
    assert (response.status_code, response.json()["type"]) == (503, "/problems/not-recorded")
    assert response.headers["retry-after"]


async def test_two_imports_of_the_same_people_in_opposite_order_do_not_block_each_other(api: Api) -> None:
    rows = numbered(40)
    first, second = await asyncio.gather(send(api, rows), send(api, rows[::-1]))
    created = [one["subject_id"] for one in first + second if one["status"] == "created"]
    assert len(created) == len(set(created)) == 40
    assert {one["subject_id"] for one in first} == {one["subject_id"] for one in second}


@pytest.fixture
async def address(sqlite_api: Api) -> AsyncIterator[str]:
    """The application behind a real server, which alone shows who waits for whom."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(sqlite_api.app, lifespan="off", log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.mark.sqlite
async def test_outcomes_arrive_while_rows_are_still_being_sent(sqlite_api: Api, address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    token = sqlite_api.bearer("importer")["Authorization"]
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/x-ndjson\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())

    def write(rows: bytes) -> None:
        writer.write(f"{len(rows):x}\r\n".encode() + rows + b"\r\n")

    write(ndjson(numbered(21)))
    early = await asyncio.wait_for(reader.readuntil(b'"line":20,'), 20)
    assert early.startswith(b"HTTP/1.1 200")
    assert b'"line":21,' not in early
    write(ndjson(numbered(2, "J")))
    writer.write(b"0\r\n\r\n")
    late = await asyncio.wait_for(reader.readuntil(b'"line":23,'), 20)
    assert b'"line":22,' in late
    writer.close()


@pytest.mark.sqlite
async def test_a_client_that_sends_everything_before_it_reads_anything_is_served(sqlite_api: Api, address: str) -> None:
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        headers = {**sqlite_api.bearer("importer"), **NDJSON}
        response = await client.post(PATH, content=ndjson(numbered(200)), headers=headers)
    assert len(response.text.splitlines()) == 200


@pytest.mark.sqlite
async def test_an_import_that_is_cut_off_leaves_whole_rows_and_can_be_sent_again(sqlite_api: Api, address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    token = sqlite_api.bearer("importer")["Authorization"]
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Type: application/x-ndjson\r\n"
    body = ndjson(numbered(30))
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) // 2])
    await writer.drain()
    await asyncio.sleep(0.5)
    writer.close()
    await asyncio.sleep(0.5)
    outcomes = await send(sqlite_api, numbered(30))
    assert len({one["subject_id"] for one in outcomes}) == 30
