"""Brings the demo's customers in through the same import that users' own data takes, with a progress bar."""

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
from tqdm import tqdm

from api.demo.accounts import DemoError
from api.demo.api_client import ApiClient
from api.demo.people import iter_customers

ROWS_PER_CALL = 500
CONSENT_PURPOSES = ("newsletter", "recommendations")


def load_customers(api: ApiClient, *, full: bool) -> None:
    """Import whoever is not there yet."""
    quotes = _quotes(api)
    rows = list(iter_customers(full=full))
    if _is_there(api, rows[-1]):
        print(f"{len(rows):,} customers are there already.")
        return
    outcomes: Counter[str] = Counter()
    with tqdm(total=len(rows), unit=" customers", desc="Importing", mininterval=_interval()) as progress:
        for start in range(0, len(rows), ROWS_PER_CALL):
            part = rows[start : start + ROWS_PER_CALL]
            for line in api.upload("importer", "/v1/imports?mode=commit", _lines(part, quotes)):
                outcomes[orjson.loads(line)["status"]] += 1
                progress.update()
    print("Imported: " + ", ".join(f"{count:,} {status}" for status, count in sorted(outcomes.items())))
    if outcomes.keys() - {"created", "updated"}:
        raise DemoError("some customers could not be imported")


def _interval() -> float:
    """Seconds between two drawings of the bar: often on a terminal, seldom in a file."""
    return 0.2 if sys.stderr.isatty() else 5


def _lines(rows: list[dict[str, Any]], quotes: dict[str, dict[str, str]]) -> Iterator[bytes]:
    for row in rows:
        consents = [{**consent, **quotes[consent["notice"]]} for consent in row.get("consents", [])]
        yield orjson.dumps({**row, "consents": consents}) + b"\n"


def _quotes(api: ApiClient) -> dict[str, dict[str, str]]:
    """The German consent texts as published, in the form in which a consent quotes them."""
    quotes: dict[str, dict[str, str]] = {}
    for purpose in CONSENT_PURPOSES:
        answer = api.call("importer", "GET", "/v1/notices/current", purpose=purpose, language="de")
        answer.raise_for_status()
        for text in answer.json()["notices"]:
            quotes[text["notice"]] = {key: text[key] for key in ("notice", "version", "language", "sha256")}
    return quotes


def _is_there(api: ApiClient, row: dict[str, Any]) -> bool:
    body = {
        "purpose": "order_fulfilment",
        "kind": "external_id",
        "value": row["external_id"],
        "source": row["source"],
    }
    answer = api.call(row["source"], "POST", "/v1/subjects/lookup", body)  # it knows its own numbers
    answer.raise_for_status()
    return bool(answer.json()["subject_ids"])
