"""Two documents are no different only where they say the same, whatever is declared in them one day."""

import pytest

from policies.diff import Change, compare
from policies.differences import Difference, differences
from policies.documents import Compatible, Purpose, Words
from policies.holdings import FieldPart
from tests.unit.policies.alternatives import alternatives
from tests.unit.policies.small_shop import shop, with_field, with_purpose

MIRROR = {"WIDENS": "NARROWS", "NARROWS": "WIDENS", "REWORDS": "REWORDS"}
ALTERED = list(alternatives(shop()))


def marks(changes: tuple[Change, ...]) -> set[tuple[str, str, str, str]]:
    return {(one.direction, one.purpose, one.kind, one.subject) for one in changes}


@pytest.mark.gdpr("5(2)")
def test_whatever_changes_in_a_document_is_told_and_told_the_other_way_round() -> None:
    """R-6.1-2: nothing comes into force that the difference did not tell."""
    for path, other in ALTERED:
        there, back = compare(shop(), other), compare(other, shop())
        assert there, path
        assert {(MIRROR[direction], *rest) for direction, *rest in marks(there)} == marks(back), path


def test_every_key_of_the_schema_is_tried() -> None:
    """Otherwise a key that is new could be forgotten."""
    for section, name, schema in (("fields", "email", FieldPart), ("purposes", "news", Purpose)):
        tried = {
            one.path[2] for one in ALTERED if one.path[:2] == (section, name) and len(one.path) > len((section, name))
        }
        assert tried == schema.model_fields.keys()


def test_a_document_read_again_is_no_different() -> None:
    again = shop().model_copy(update={"digest": "other", "lines": {}})
    assert list(differences(shop(), again)) == []


@pytest.mark.parametrize(
    ("path", "was", "now", "words"),
    [
        (("policy", "version"), "1", "2", "version is now 2 instead of 1"),
        (("policy", "dpo_opinion", "note"), None, "why", "dpo opinion note is now why instead of none"),
        (("purposes", "news", "title"), *2 * (Words(de="a", en="b"),), "news: title in other words"),
        (("purposes", "news", "profiling"), False, True, "news: profiling is now yes instead of no"),
        (("purposes", "news", "channels"), ("email", "sms"), (), "news: channels is now none instead of email, sms"),
        (("purposes", "news", "budget"), None, shop().policy, "news: budget is now given"),
        (("purposes", "news", "budget"), shop().policy, None, "news: budget is no longer given"),
        (("purposes", "news", "x_y"), (shop().policy,), (), "news: x y in other words"),
        (("purposes", "news"), None, "x", "news is added"),
        (("purposes", "news"), "x", None, "news is removed"),
        (("recipients", "sender", "address"), "x" * 80, "y" * 80, f"address is now {'y' * 80} instead of {'x' * 80}"),
        (("recipients", "sender", "address"), "x" * 81, "y", "recipient sender: address in other words"),
        (("recipients", "sender", "address"), "x", "y" * 81, "recipient sender: address in other words"),
        (("retention", "plain"), None, "x", "retention class plain is added"),
        (("fields", "email"), None, "x", "field email is added"),
        (("clients", "till"), None, "x", "client till is added"),
        (("roles", "dpo"), None, "x", "role dpo is added"),
        (("score_models", "guesser", "owner"), "a", "b", "score model guesser: owner is now b instead of a"),
    ],
)
def test_a_part_is_told_by_its_name(path: tuple[str, ...], was: object, now: object, words: str) -> None:
    assert str(Difference(path, was, now)).endswith(words)


@pytest.mark.parametrize(
    ("path", "purpose", "subject"),
    [
        (("purposes", "news", "basis", "master", "why"), "news", "basis.master.why"),
        (("recipients", "sender", "name"), "", "sender.name"),
        (("fields", "email", "title"), "", "email.title"),
        (("policy", "version"), "", "version"),
    ],
)
def test_a_part_belongs_to_its_purpose(path: tuple[str, ...], purpose: str, subject: str) -> None:
    one = Difference(path, "a", "b")
    assert (one.purpose, one.subject) == (purpose, subject)


SOURCES = tuple(Compatible(purpose=name, assessment="KOMP-1") for name in ("orders", "tips"))
OTHER = SOURCES[0].model_copy(update={"assessment": "KOMP-2"})


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (SOURCES, (OTHER, SOURCES[1]), [("orders", "assessment")]),
        (SOURCES, (SOURCES[1], OTHER), [("orders", "assessment")]),
        (SOURCES, SOURCES[:1], [("tips",)]),
        ((), SOURCES, [("orders",), ("tips",)]),
        (SOURCES, SOURCES[::-1], [()]),
        ((SOURCES[0], SOURCES[0]), (SOURCES[0], OTHER), [()]),
        (SOURCES, SOURCES, []),
    ],
)
def test_parts_of_a_list_go_by_the_purpose_they_name(
    before: tuple[Compatible, ...], after: tuple[Compatible, ...], found: list[tuple[str, ...]]
) -> None:
    """As long as each is named once; another order is a difference too."""
    documents = (with_purpose(shop(), "letters", compatible_from=part) for part in (before, after))
    paths = sorted(one.path for one in differences(*documents))
    assert paths == [("purposes", "letters", "compatible_from", *path) for path in found]


def test_parts_of_a_mapping_are_found_one_by_one() -> None:
    words = Words(de="a", en="b")
    documents = (with_field(shop(), "email", values=part) for part in ({"x": words}, {"y": words}))
    assert sorted(differences(*documents)) == [
        (("fields", "email", "values", "x"), words, None),
        (("fields", "email", "values", "y"), None, words),
    ]
