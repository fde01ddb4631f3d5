"""Where two policy documents differ, part by part, whatever the parts are: nothing that is declared can be forgotten.

What is here has no direction: it is told as other words where no provision and no measure tells it.

Legal: GDPR Art. 5(2).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from policies.declared import PolicyDocument
from policies.findings import Path
from policies.forms import Part, Words

# Made from the file, and no part of what it says.
_COMPUTED = frozenset({"digest", "lines"})
_THINGS = {
    "retention": "retention class ",
    "fields": "field ",
    "recipients": "recipient ",
    "clients": "client ",
    "roles": "role ",
    "score_models": "score model ",
}
_LONGEST_SHOWN = 80


class Difference(NamedTuple):
    """One part that two documents have otherwise; None where one of them does not have it."""

    path: Path
    was: object
    now: object

    @property
    def purpose(self) -> str:
        """The purpose it is about, if it is about one."""
        return self.path[1] if self.path[0] == "purposes" else ""

    @property
    def subject(self) -> str:
        """What it is about, in keys of the document."""
        return ".".join(self.path[2:] if self.purpose else self.path[1:])

    def __str__(self) -> str:
        """In words: short values as they are, of long ones only that there is another."""
        thing, keys = _named(self.path)
        if not keys:
            return f"{thing} is {'added' if self.was is None else 'removed'}"
        about = f"{thing}: {keys}" if thing else keys
        was, now = _shown(self.was), _shown(self.now)
        if was and now:
            return f"{about} is now {now} instead of {was}"
        if self.was is None or self.now is None:
            return f"{about} {'is now' if self.was is None else 'is no longer'} given"
        return f"{about} in other words"


def differences(before: PolicyDocument, after: PolicyDocument) -> Iterator[Difference]:
    """Every part in which the documents differ; none where they say the same."""
    for key in PolicyDocument.model_fields.keys() - _COMPUTED:
        yield from _between(getattr(before, key), getattr(after, key), (key,))


def _between(before: object, after: object, path: Path) -> Iterator[Difference]:
    if before == after:
        return
    if before is None or after is None:
        yield Difference(path, before, after)
        return
    one, other = _parts(before), _parts(after)
    found = [inner for key in {**one, **other} for inner in _between(one.get(key), other.get(key), (*path, key))]
    yield from found or [Difference(path, before, after)]  # texts have no parts, and lists may differ in order alone


def _parts(value: object) -> Mapping[str, object]:
    """The parts of a part by name; none of a text, a list of texts, or words in both languages."""
    if isinstance(value, Part) and not isinstance(value, Words):
        return {key: getattr(value, key) for key in type(value).model_fields}
    if isinstance(value, Mapping):
        return {str(key): part for key, part in value.items()}
    if isinstance(value, tuple):
        names = [getattr(part, "purpose", "") for part in value]
        return dict(zip(names, value, strict=True)) if all(names) and len(set(names)) == len(names) else {}
    return {}


def _named(path: Path) -> tuple[str, str]:
    """The thing, and the keys under it, without underscores."""
    thing, keys = ("", path[1:]) if path[0] == "policy" else (_THINGS.get(path[0], "") + path[1], path[2:])
    return thing, " ".join(keys).replace("_", " ")


def _shown(value: object) -> str | None:
    """A value for a line of text; None where it is long or has no single form."""
    match value:
        case None | ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case Part() | Mapping():
            return None
        case tuple():
            if any(isinstance(part, Part) for part in value):
                return None
            shown = ", ".join(str(part) for part in value)
        case _:
            shown = str(value)
    return shown if len(shown) <= _LONGEST_SHOWN else None
