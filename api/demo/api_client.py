"""A calling system as an integrator would write it: a token per client, JSON in, JSON out."""

from collections.abc import Iterable, Iterator
from typing import Any

import httpx

TIMEOUT_SECONDS = 60


class ApiClient:
    """The machine API at one address, for several clients."""

    def __init__(self, address: str, secrets: dict[str, str]) -> None:
        self.address = address
        self._secrets = secrets
        self._tokens: dict[str, str] = {}
        self._http = httpx.Client(base_url=address, timeout=TIMEOUT_SECONDS)

    def token(self, client: str) -> str:
        """A bearer token of a client."""
        if client not in self._tokens:
            answer = self._http.post(
                "/oauth/token",
                data={"grant_type": "client_credentials"},
                auth=(client, self._secrets[client]),
            )
            answer.raise_for_status()
            self._tokens[client] = answer.json()["access_token"]
        return self._tokens[client]

    def call(self, client: str, method: str, path: str, body: Any = None, **query: str) -> httpx.Response:  # noqa: ANN401 - any JSON
        """One call; the answer whatever its status."""
        headers = {"Authorization": f"Bearer {self.token(client)}"}
        return self._http.request(method, path, params=query, json=body, headers=headers)

    def read(self, client: str, subject_id: str, purpose: str, *fields: str) -> httpx.Response:
        """The purpose-checked read."""
        return self.call(client, "GET", f"/v1/subjects/{subject_id}", purpose=purpose, fields=",".join(fields))

    def upload(self, client: str, path: str, lines: Iterable[bytes]) -> Iterator[str]:
        """Stream NDJSON up, and the result of each row down."""
        headers = {"Authorization": f"Bearer {self.token(client)}", "Content-Type": "application/x-ndjson"}
        with self._http.stream("POST", path, content=iter(lines), headers=headers) as answer:
            if not answer.is_success:
                answer.read()
                answer.raise_for_status()
            yield from answer.iter_lines()
