"""No parameter of the API brings an answer down: not the largest number, the first day or a zero byte.

The parameters are read off the OpenAPI document, so that no new one can be forgotten.
"""

from typing import Any

from tests.http.hostile import HOSTILE, addresses
from tests.http.v1.api import Api, described

READ = {path: operations["get"] for path, operations in described()["paths"].items() if "get" in operations}


async def test_no_parameter_brings_an_answer_down(api: Api) -> None:
    tried = 0
    for path, operation in READ.items():
        asked: list[dict[str, Any]] = [one for one in operation.get("parameters", []) if one["in"] == "query"]
        needed = [one["name"] for one in asked if one.get("required")]
        for address in addresses(path, [one["name"] for one in asked], needed):
            response = await api.http.get(address, headers=api.bearer("console"))
            assert response.status_code < 500, address
            tried += 1
    assert tried >= 20 * len(HOSTILE)


async def test_no_parameter_in_a_path_that_is_written_to_brings_an_answer_down(api: Api) -> None:
    for path, operations in described()["paths"].items():
        if "post" in operations:
            for address in addresses(path, []):
                response = await api.http.post(address, headers=api.bearer("shop"), json={"events": []})
                assert response.status_code < 500, address
