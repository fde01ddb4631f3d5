"""What no parameter, cookie or form field may bring anything down with: numbers, days and texts at their ends."""

from collections.abc import Collection, Iterator
from urllib.parse import quote
from uuid import uuid4

TEXTS = ("a\0b", "\ud800", "9" * 400, str(2**63), "0001-01-01")
HOSTILE = (
    *TEXTS,
    str(2**31),
    str(2**63 - 1),
    "-1",
    "-" + "9" * 30,
    "١٢",
    "nan",
    "9999-12-31",
    "0001-01-01T00:00:00+14:00",
)
_SOUND = {
    "subject_id": str(uuid4()),
    "request_id": str(uuid4()),
    "index": "0",
    "level": "0",
    "number": "0",
    "purpose": "newsletter",
    "fields": "email",
}


def wire(text: str) -> str:
    """As it travels in an address or a form, whether or not it is a text."""
    return quote(text.encode(errors="surrogatepass"), safe="")


def sound(path: str) -> str:
    """An address with every parameter in its form."""
    return _filled(path, {})


def addresses(path: str, query: Collection[str], needed: Collection[str] = ()) -> Iterator[str]:
    """An address with each of its parameters in turn at every end; the `needed` ones are always there."""
    given = {name: _SOUND.get(name, "x") for name in needed}
    for name in _parameters(path):
        yield from (f"{_filled(path, {name: wire(one)})}?{_query(given)}" for one in HOSTILE)
    for name in query:
        yield from (f"{_filled(path, {})}?{_query(given | {name: wire(one)})}" for one in HOSTILE)


def _parameters(path: str) -> list[str]:
    return [part[1:-1].partition(":")[0] for part in path.split("/") if part.startswith("{")]


def _filled(path: str, others: dict[str, str]) -> str:
    given = {name: _SOUND.get(name, "x") for name in _parameters(path)} | others
    return path.replace(":path}", "}").format(**given)


def _query(pairs: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in pairs.items())
