"""The story: one fictional person, fifteen scenes, every step a real HTTP call that must end as the law asks.

A scene that ends otherwise stops the demo: the story is a check, not a film.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from sqlalchemy.engine import make_url

from api.demo.accounts import DemoError
from api.demo.api_client import ApiClient
from api.demo.installation import Credentials
from api.settings import Settings
from registry.actors import Role

PERSON = {
    "first_name": "Wilhelmine",
    "last_name": "Unverwechselbar-Sonderfall",
    "phone": "+493023125999",
    "street": "Eigenartweg 77",
    "postcode": "10117",
    "city": "Berlin",
    "country": "DE",
}
LETTER_SECONDS = 10
_TOKEN = re.compile(r'name="token"\s+value="([^"]+)"')
_CODE = re.compile(r"\b(\d{8})\b")


class Story:
    """Tells the story once; each scene prints one line."""

    def __init__(self, api: ApiClient, settings: Settings, credentials: Credentials) -> None:
        self._api = api
        self._settings = settings
        self._credentials = credentials
        self._number = 0
        run = uuid4().hex[:8]
        self._external_id = f"story-{run}"
        self._person = {**PERSON, "email": f"wilhelmine.sonderfall.{run}@example.com"}
        self._id = ""
        self._letters = len(list((settings.home / "mail").glob("*.eml")))

    def tell(self) -> None:
        """All scenes, in order."""
        print("\nThe story of one customer:")
        with tempfile.TemporaryDirectory() as scratch:
            self._arrive()
            self._newsletter()
            self._order()
            self._refusals()
            self._withdraw_and_look()
            self._old_sync()
            self._unknown_purpose()
            self._verify(Path(scratch) / "before", "before the erasure")
            self._erase()
            self._sync_after_erasure()
            self._verify(Path(scratch) / "after", "after the erasure")
            self._tamper(Path(scratch))
            self._search_files()

    def _scene(self, text: str) -> None:
        self._number += 1
        print(f" {self._number:2d}. {text}", flush=True)

    def _expect(self, answer: httpx.Response, status: int, *codes: str) -> Any:  # noqa: ANN401 - any JSON
        body = answer.json()
        found = {reason["code"] for reason in body.get("reasons", [])} if isinstance(body, dict) else set()
        if answer.status_code != status or not found.issuperset(codes):
            raise DemoError(f"scene {self._number + 1}: expected {status} {codes}, got {answer.status_code} {found}")
        return body

    def _upsert(self, external_id: str, values: dict[str, str], **more: object) -> httpx.Response:
        now = datetime.now(UTC)
        given = {
            name: {"value": value, "collected_for": "order_fulfilment", "observed_at": now.isoformat()}
            for name, value in values.items()
        }
        body = {"external_id": external_id, "source": "shop", "values": given, **more}
        return self._api.call("shop", "PATCH", "/v1/subjects", body)

    def _arrive(self) -> None:
        now = datetime.now(UTC)
        order = {"kind": "contract", "reference": "order-1", "source": "shop", "opened_at": now.isoformat()}
        answer = self._upsert(
            self._external_id,
            self._person,
            registered_at=now.isoformat(),
            relationships=[order],
            notices=["privacy_notice"],
        )
        self._id = self._expect(answer, 201)["subject_id"]
        self._expect(self._grant("shop", "newsletter", "email", now), 201)
        invoice = {
            "kind": "invoice",
            "occurred_at": now.isoformat(),
            "collected_for": "accounting_duty",
            "payload": {"number": "2026-4711", "amount": "49.90", "currency": "EUR"},
        }
        self._expect(
            self._api.call("importer", "POST", f"/v1/subjects/{self._id}/events", {"events": [invoice]}),
            201,
        )
        self._scene("A customer registers, orders and subscribes to the newsletter. Their pseudonym: " + self._id)

    def _grant(self, client: str, purpose: str, channel: str, given_at: datetime) -> httpx.Response:
        texts = self._api.call(client, "GET", "/v1/notices/current", purpose=purpose).json()["notices"]
        text = next(one for one in texts if one["language"] == "de" and one["notice"].endswith("_consent"))
        body = {
            "subject_id": self._id,
            "purpose": purpose,
            "action": "grant",
            "channel": channel,
            "method": "checkbox_ticked",
            "touchpoint": "web_form",
            "given_at": given_at.isoformat(),
            **{key: text[key] for key in ("notice", "version", "language", "sha256")},
        }
        return self._api.call(client, "POST", "/v1/consents", body)

    def _newsletter(self) -> None:
        body = self._expect(self._api.read("mailer", self._id, "newsletter", "email"), 200)
        if body["fields"] != {"email": self._person["email"]}:
            raise DemoError("the mailer got something else than the address")
        self._scene("The mailer reads the e-mail address for `newsletter` → 200, only that field.")
        body = self._expect(self._api.read("mailer", self._id, "newsletter", "email", "income"), 200)
        (withheld,) = body["withheld"]
        if withheld["field"] != "income" or "income" in body["fields"]:
            raise DemoError("income was not withheld")
        code = withheld["reasons"][0]["code"]
        self._scene(f"It asks for `income` too → named as withheld ({code}), never delivered.")

    def _order(self) -> None:
        self._expect(self._api.read("shop", self._id, "order_fulfilment", "street", "postcode", "city"), 200)
        self._scene("The shop reads the address for `order_fulfilment` → 200.")
        body = {
            "subject_id": self._id,
            "kind": "contract",
            "source": "shop",
            "reference": "order-1",
            "closed_at": (datetime.now(UTC) - timedelta(milliseconds=1)).isoformat(),
        }
        self._expect(self._api.call("shop", "POST", "/v1/relationships/close", body), 200)
        self._expect(self._api.read("shop", self._id, "order_fulfilment", "street"), 403, "NO_BASIS")
        self._scene("The order is closed, no warranty runs: the same read → 403 NO_BASIS (Art. 6(1)(b) GDPR).")

    def _refusals(self) -> None:
        self._expect(
            self._api.read("recommender", self._id, "recommendations", "purchases"),
            403,
            "CONSENT_MISSING",
        )
        self._scene("The recommender asks without a profiling consent → 403 CONSENT_MISSING.")

    def _withdraw_and_look(self) -> None:
        with httpx.Client(base_url=self._api.address, timeout=60, follow_redirects=True) as browser:
            page = self._log_in(browser)
            if self._person["last_name"] not in page:
                raise DemoError("the portal does not show the person's own data")
            looked = "Newsletter-Versand" in page or "Mailversand" in page
            if not looked:
                raise DemoError("the portal does not show who looked")
            self._scene("In the portal, after a one-time code, the customer sees what is stored and who looked.")
            form = {"token": _token(page), "purpose": "newsletter", "channel": "email"}
            done = browser.post("/portal/consents/withdraw", data=form, headers=_same_origin(self._api.address))
            done.raise_for_status()
        self._expect(self._api.read("mailer", self._id, "newsletter", "email"), 403, "CONSENT_WITHDRAWN")
        self._scene("They withdraw with one click: the very next newsletter read → 403 CONSENT_WITHDRAWN (Art. 7(3)).")

    def _log_in(self, browser: httpx.Client) -> str:
        start = browser.get("/portal")
        headers = _same_origin(self._api.address)
        form = {"token": _token(start.text), "email": self._person["email"]}
        asked = browser.post("/portal/code", data=form, headers=headers)
        asked.raise_for_status()
        form = {"token": _token(asked.text), "email": self._person["email"], "code": self._newest_code()}
        return browser.post("/portal/login", data=form, headers=headers).raise_for_status().text

    def _newest_code(self) -> str:
        found = _CODE.search(self._next_letter())
        if found is None:
            raise DemoError("no code in the newest letter")
        return found.group(1)

    def _old_sync(self) -> None:
        answer = self._grant("crm_sync", "newsletter", "email", datetime.now(UTC) - timedelta(days=365))
        if answer.status_code != httpx.codes.CONFLICT:
            raise DemoError(f"an old consent was answered {answer.status_code}")
        listed = self._expect(self._api.call("crm_sync", "GET", "/v1/conflicts", subject_id=self._id), 200)["conflicts"]
        if not any(one["kind"] == "consent_older_than_withdrawal" for one in listed):
            raise DemoError("the conflict is not listed")
        self._expect(self._api.read("mailer", self._id, "newsletter", "email"), 403, "CONSENT_WITHDRAWN")
        self._scene("Last night's sync arrives with last year's consent → 409, conflict listed, still withdrawn.")

    def _unknown_purpose(self) -> None:
        self._expect(self._api.read("mailer", self._id, "curiosity", "email"), 403, "UNKNOWN_PURPOSE")
        self._scene("Somebody invents a purpose → 403 UNKNOWN_PURPOSE, and the log has it.")

    def _erase(self) -> None:
        body = {"subject_id": self._id, "kind": "erasure", "touchpoint": "hotline"}
        received = self._expect(self._api.call("service_desk", "POST", "/v1/requests", body), 201)
        path = f"/console/requests/{self._id}/{received['request_id']}"
        with httpx.Client(base_url=self._api.address, timeout=60, follow_redirects=True) as browser:
            self._log_in_staff(browser, Role.DECIDER)
            page = browser.get(path).raise_for_status()
            form = {"token": _token(page.text), "decision": "accepted"}
            browser.post(f"{path}/decision", data=form, headers=_same_origin(self._api.address)).raise_for_status()
        answer = self._next_letter()
        end = f"31.12.{datetime.now(UTC).year + 8}"
        if end not in answer:
            raise DemoError("the answer does not name the invoice's end date")
        self._expect(self._api.read("mailer", self._id, "newsletter", "email"), 404)
        kept = self._expect(self._api.read("accounting", self._id, "accounting_duty", "invoices"), 200)
        if kept["fields"]["invoices"][0]["number"] != "2026-4711":
            raise DemoError("the invoice was not kept")
        self._scene(
            f"They ask for erasure (due {received['due_on']}); the decider grants it: profile gone,"
            f" the invoice kept for accounting alone until {end} (§ 147 AO).",
        )

    def _next_letter(self) -> str:
        """The letter that has come since the last one was read; it leaves after the answer."""
        until = time.monotonic() + LETTER_SECONDS
        while time.monotonic() < until:
            letters = sorted((self._settings.home / "mail").glob("*.eml"))
            if len(letters) > self._letters:
                self._letters = len(letters)
                message = message_from_bytes(letters[-1].read_bytes(), policy=policy.default)
                return str(message.get_content())
            time.sleep(0.05)
        raise DemoError("no letter came")

    def _log_in_staff(self, browser: httpx.Client, role: Role) -> None:
        page = browser.get("/console/login").raise_for_status()
        form = {
            "token": _token(page.text),
            "login": self._credentials.accounts[role].login,
            "password": self._credentials.accounts[role].password,
            "code": self._credentials.accounts.code(role),
        }
        browser.post("/console/login", data=form, headers=_same_origin(self._api.address)).raise_for_status()

    def _sync_after_erasure(self) -> None:
        answer = self._upsert(self._external_id, {"email": self._person["email"]})
        self._expect(answer, 409)
        lookup = {"purpose": "order_fulfilment", "kind": "email", "value": self._person["email"]}
        if self._expect(self._api.call("shop", "POST", "/v1/subjects/lookup", lookup), 200)["subject_ids"]:
            raise DemoError("the erased person is found by e-mail")
        self._scene("The next sync sends them again → 409, blocked; nobody is created, nobody is found.")

    def _export(self, directory: Path) -> None:
        """The DPO downloads the log from the console."""
        with httpx.Client(base_url=self._api.address, timeout=120, follow_redirects=True) as browser:
            self._log_in_staff(browser, Role.DPO)
            archive = directory.with_suffix(".download")
            with browser.stream("GET", "/console/audit/export") as answer:
                answer.raise_for_status()
                suffix = ".zip" if "zip" in answer.headers["content-type"] else ".tar"
                archive = archive.with_suffix(suffix)
                with archive.open("wb") as file:
                    for chunk in answer.iter_bytes():
                        file.write(chunk)
        shutil.unpack_archive(archive, directory)

    def _verify(self, directory: Path, when: str) -> None:
        self._export(directory)
        code, said = run_verify(directory)
        if code != 0:
            raise DemoError(f"the exported log does not verify: {said}")
        self._scene(f"The DPO exports the log; a plain Python without this project verifies it {when}.")

    def _tamper(self, scratch: Path) -> None:
        changed, hidden = scratch / "changed", scratch / "hidden"
        shutil.copytree(scratch / "after", changed)
        bundle = max(_root(changed).glob("tile/entries/**/*"), key=lambda path: path.is_file() and path.stat().st_size)
        content = bundle.read_bytes().replace(b'"out":"deny"', b'"out":"DENY"', 1)
        bundle.write_bytes(content)
        code, said = run_verify(changed)
        if code == 0:
            raise DemoError("a changed entry was not found")
        self._scene(f"One entry of a copy is changed → found (exit {code}): {_last_line(said)}")
        shutil.copytree(scratch / "after", hidden)
        openings = _root(hidden) / "openings.csv"
        lines = openings.read_text().splitlines(keepends=True)
        openings.write_text("".join(lines[:-1]))
        code, said = run_verify(hidden)
        if code == 0:
            raise DemoError("a hidden access was not found")
        self._scene(f"One opening of a copy is deleted → found (exit {code}): {_last_line(said)}")

    def _search_files(self) -> None:
        database = Path(make_url(self._settings.database).database or "")
        files = sorted(database.parent.glob(database.name + "*"))
        needles = [self._person["email"], self._person["last_name"], self._person["phone"]]
        hits = [path.name for path in files for needle in needles if needle.encode() in path.read_bytes()]
        with sqlite3.connect(database) as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
        if hits or not pages:
            raise DemoError(f"the erased person's data lies readable in {hits}")
        size = sum(path.stat().st_size for path in files)
        self._scene(f"The database files ({size / 1e6:.0f} MB) are searched for the e-mail address → not found.")


def run_verify(directory: Path) -> tuple[int, str]:
    """Check an export with its own `verify.py`, in a Python that sees nothing of this project but cryptography."""
    root = _root(directory)
    with tempfile.TemporaryDirectory() as elsewhere:
        run = subprocess.run(  # noqa: S603 - our own file, in a Python of its own
            [sys.executable, "-I", str(root / "verify.py"), str(root)],
            check=False,
            capture_output=True,
            text=True,
            cwd=elsewhere,
            timeout=300,
        )
    return run.returncode, run.stdout + run.stderr


def _root(directory: Path) -> Path:
    """Where the export's files lie, with or without a folder of their own in the archive."""
    return next(iter(directory.rglob("verify.py"))).parent


def _token(page: str) -> str:
    found = _TOKEN.search(page)
    if found is None:
        raise DemoError("a page has no form")
    return unescape(found.group(1))


def _same_origin(address: str) -> dict[str, str]:
    return {"Origin": address, "Sec-Fetch-Site": "same-origin"}


def _last_line(said: str) -> str:
    lines: Iterable[str] = (line for line in said.splitlines() if line.strip())
    return list(lines)[-1]
