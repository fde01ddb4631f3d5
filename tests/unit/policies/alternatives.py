"""Another value for every single part of a policy document, worked out from its schema: new keys are not forgotten."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple, get_args, get_origin

from policies.declared import PolicyDocument
from policies.findings import Path
from policies.forms import Part, Period
from policies.parties import Transfer
from tests.unit.policies.people import retailer

# Made from the file, and no part of what it says.
COMPUTED = ("digest", "lines")
_PERIOD = re.compile(r"P\d+[DMY]")


class Altered(NamedTuple):
    """A document in which one part, at `path`, is another; lawful or not does not matter to a comparison."""

    path: Path
    document: PolicyDocument


def alternatives(document: PolicyDocument) -> Iterator[Altered]:
    """The document with each of its parts changed once, left out, or given where it was not."""
    instrument = Transfer(instrument="standard_clauses", ref="SCC-1")
    examples = {type(part): part for part in (instrument, *_parts_in(retailer()))}
    for key in PolicyDocument.model_fields.keys() - COMPUTED:
        for path, value in _others(getattr(document, key), PolicyDocument.model_fields[key].annotation, examples):
            yield Altered((key, *path), document.model_copy(update={key: value}))


def _parts_in(value: object) -> Iterator[Part]:
    if isinstance(value, Part):
        yield value
        for key in type(value).model_fields.keys() - COMPUTED:
            yield from _parts_in(getattr(value, key))
    elif isinstance(value, Mapping | tuple):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _parts_in(part)


_Examples = Mapping[type[Part], Part]


def _others(value: object, schema: Any, examples: _Examples) -> Iterator[tuple[Path, object]]:  # noqa: ANN401 - a type
    """Other values for one part, each with the path of what is other inside it."""
    if isinstance(value, Part):
        if type(None) in get_args(schema):
            yield (), None
        held = {key: getattr(value, key) for key in type(value).model_fields}
        for key, field in type(value).model_fields.items():
            for path, other in _others(held[key], field.annotation, examples):
                yield (key, *path), type(value).model_construct(**held | {key: other})
    elif isinstance(value, Mapping):
        names, parts = get_args(_bare(schema))
        another = _other_value(next(iter(value), None), names, examples)
        yield (str(another),), {**value, another: _given(parts, examples)}
        for key, part in value.items():
            yield (key,), {one: held for one, held in value.items() if one != key}
            for path, other in _others(part, parts, examples):
                yield (key, *path), {**value, key: other}
    elif isinstance(value, tuple):
        yield from _other_lists(value, get_args(_bare(schema))[0], examples)
    else:
        yield (), _other_value(value, schema, examples)


def _other_lists(value: tuple[Any, ...], schema: Any, examples: _Examples) -> Iterator[tuple[Path, object]]:  # noqa: ANN401 - a type
    for place, part in enumerate(value):
        yield (str(place),), (*value[:place], *value[place + 1 :])
        for path, other in _others(part, schema, examples):
            yield (str(place), *path), (*value[:place], other, *value[place + 1 :])
    if len(value) > 1:
        yield (), value[::-1]
    yield (), (*value, _given(schema, examples))


def _given(schema: Any, examples: _Examples) -> object:  # noqa: ANN401 - a type
    """A value where there was none."""
    if get_origin(schema) is tuple:
        return (_given(get_args(schema)[0], examples),)
    return "P7D" if schema == Period else _other_value(None, schema, examples)


def _other_value(value: object, schema: Any, examples: _Examples) -> object:  # noqa: ANN401 - a type
    kinds = [*_kinds(schema)]
    for kind in kinds:
        if get_origin(kind) is Literal or (isinstance(kind, type) and issubclass(kind, StrEnum)):
            choices = get_args(kind) or tuple(kind)
            return next(choice for choice in choices if choice != value)
        if isinstance(kind, type) and issubclass(kind, Part):
            return examples[kind]
    if bool in kinds:
        return not value
    if int in kinds:
        return int(str(value)) + 1
    if date in kinds:
        return value + timedelta(days=1) if isinstance(value, date) else date(2026, 1, 1)
    return "P7D" if isinstance(value, str) and _PERIOD.fullmatch(value) else f"{value or ''}x"


def _bare(schema: Any) -> Any:  # noqa: ANN401 - a type
    """A type without what is said about it."""
    return get_args(schema)[0] if hasattr(schema, "__metadata__") else schema


def _kinds(schema: Any) -> Iterator[Any]:  # noqa: ANN401 - types
    """What a value may be, through unions and annotations."""
    schema = _bare(schema)
    if get_origin(schema) in {Literal, tuple} or isinstance(schema, type):
        yield schema
    else:
        for part in get_args(schema):
            yield from _kinds(part)
