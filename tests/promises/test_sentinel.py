"""One unmistakable person goes through the use cases over HTTP, and is then searched for everywhere (R-AUD-6, R-ENC-3).

Searched are log lines, problem bodies, metrics, every row of the audit tables, and the bytes of the database and its
write-ahead log; in every spelling a leak could have. A planted copy must be found, or the search would prove nothing.
"""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.http.v1.api import Api
from tests.http.v1.conftest import serve
from tests.postgres import Postgres
from tests.sentinel import files_under, places_of, spellings

PERSON = {
    "first_name": "Kunigunde-Sentinel",
    "last_name": "Unauffindbar-Suchwort",
    "email": "kunigunde.unauffindbar@example.com",
    "phone": "+493023125777",
    "street": "Sentinelstraße 4711",
}
NEEDLES = spellings(*PERSON.values())
AUDIT_TABLES = ("audit_leaf", "audit_opening", "audit_intent", "audit_checkpoint", "audit_person_key")


@pytest.fixture
async def api(database_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    """The application over HTTP."""
    async with serve(database_url, tmp_path) as api:
        yield api


async def _live(api: Api) -> list[str]:
    """A life in the registry; returns the bodies of all problems that came back."""
    problems: list[str] = []
    now = datetime.now(UTC)

    async def ask(client: str | None, method: str, path: str, body: object = None) -> dict[str, object]:
        response = await api.call(client, method, path, body)
        if response.status_code >= 400:
            problems.append(response.text)
        found = response.json()
        return found if isinstance(found, dict) else {}

    customer = {
        "external_id": "sentinel-1",
        "source": "shop",
        "registered_at": now.isoformat(),
        "values": {
            name: {"value": value, "collected_for": "order_fulfilment", "observed_at": now.isoformat()}
            for name, value in PERSON.items()
        },
        "relationships": [{"kind": "contract", "reference": "o-1", "source": "shop", "opened_at": now.isoformat()}],
        "notices": ["privacy_notice"],
    }
    subject_id = str((await ask("shop", "PATCH", "/v1/subjects", customer))["subject_id"])
    read = f"/v1/subjects/{subject_id}?purpose="
    await ask("shop", "GET", f"{read}order_fulfilment&fields=first_name,last_name,email,phone,street")
    await ask("mailer", "GET", f"{read}newsletter&fields=email")
    await ask("shop", "POST", "/v1/subjects/lookup", _lookup("email", PERSON["email"]))
    await ask("shop", "POST", "/v1/subjects/lookup", _lookup("phone", PERSON["phone"]))
    await ask(None, "POST", "/v1/subjects/lookup", _lookup("email", PERSON["email"]))
    await ask("shop", "PATCH", "/v1/subjects", {**customer, "unknown": PERSON["email"]})
    await ask("shop", "PATCH", "/v1/subjects", {**customer, "values": {PERSON["last_name"]: {"value": "x"}}})
    await ask("shop", "POST", "/v1/consents", {"subject_id": PERSON["email"], "purpose": PERSON["last_name"]})
    grant = {
        "subject_id": subject_id,
        "purpose": "newsletter",
        "action": "grant",
        "channel": "email",
        "method": "checkbox_ticked",
        "given_at": (now - timedelta(days=1)).isoformat(),
        "notice": "newsletter_consent",
        "evidence": {"entered": PERSON["email"]},
    }
    await ask("shop", "POST", "/v1/consents", grant)
    await ask("shop", "POST", "/v1/consents", {"subject_id": subject_id, "action": "withdraw"})
    await ask("shop", "POST", "/v1/objections", {"subject_id": subject_id})
    corrected = {"street": PERSON["street"] + "b"}
    wish = {"subject_id": subject_id, "kind": "rectification", "touchpoint": "hotline", "values": corrected}
    await ask("service_desk", "POST", "/v1/requests", wish)
    await ask("shop", "PATCH", f"/v1/{PERSON['last_name']}", customer)
    return problems


def _lookup(kind: str, value: str) -> dict[str, str]:
    return {"purpose": "order_fulfilment", "kind": kind, "value": value}


async def _audit_rows(api: Api) -> bytes:
    found: list[bytes] = []
    async with api.house.registry.database.reading() as session:
        for table in AUDIT_TABLES:
            for row in await session.execute(text(f"SELECT * FROM {table}")):  # noqa: S608 - own names
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    return b"\n".join(found)


def _database_files(api: Api, request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    if api.house.registry.database.engine == "sqlite":
        return files_under(tmp_path, leave_out="mail")
    postgres: Postgres = request.getfixturevalue("postgres")
    postgres.execute("checkpoint")
    return [*postgres.files(), *files_under(tmp_path, leave_out="mail")]


async def test_the_unmistakable_person_is_found_nowhere(
    api: Api, tmp_path: Path, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="httpx")  # the caller's own log names what the caller asks
    problems = await _live(api)
    assert len(problems) > 5
    await api.house.registry.log.export(tmp_path / "export", with_salts=True)
    searched = tmp_path / "searched"
    searched.mkdir()
    (searched / "log-lines").write_text(caplog.text)
    (searched / "problems").write_text("\n".join(problems))
    (searched / "metrics").write_text(api.app.state.metrics.text({}))
    (searched / "audit-rows").write_bytes(await _audit_rows(api))
    files = _database_files(api, request, tmp_path)
    assert places_of(NEEDLES, files) == []
    planted = tmp_path / "planted"
    planted.write_bytes(b"\0" * 1000 + PERSON["email"].encode() + b"\0" * 1000)
    assert len(places_of(NEEDLES, [*files, planted])) > 0
