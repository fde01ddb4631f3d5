"""The mutation run keeps its word: code is swapped in place, and the page says what the results say."""

from datetime import date
from pathlib import Path

from policies import periods
from policies.periods import plus
from tests.mutation.plugin import Seen, chosen
from tests.mutation.results import packed, unpacked
from tests.mutation.swap import changed_functions, loaded_functions, place, swap

SOUND = "LIMIT = 3\n\n\ndef small(number, most=LIMIT):\n    return number < most\n\n\nclass Part:\n    size = 2\n"


def changed(old: str, new: str) -> list[str] | None:
    assert old in SOUND
    found = changed_functions(compile(SOUND, "x", "exec"), compile(SOUND.replace(old, new), "x", "exec"))
    return None if found is None else [code.co_qualname for code in found]


def test_a_change_inside_a_function_can_be_swapped_and_one_outside_cannot() -> None:
    assert changed("number < most", "number <= most") == ["small"]
    for old, new in [("LIMIT = 3", "LIMIT = 4"), ("most=LIMIT", "most=9"), ("size = 2", "size = 3")]:
        assert changed(old, new) is None
    assert changed("number < most", "number < most") == []


def test_who_imported_a_function_calls_the_mutant() -> None:
    path = str(periods.__file__)
    functions = loaded_functions(path)
    source = Path(path).read_text(encoding="utf-8")
    mutant = source.replace("month=month + 1, day=day", "month=month + 1, day=1")
    (code,) = changed_functions(compile(source, path, "exec"), compile(mutant, path, "exec")) or []
    sound = plus.__code__
    before = plus(date(2026, 1, 31), "P1M")
    try:
        assert swap(functions, [code])
        assert plus(date(2026, 1, 31), "P1M").day == 1
    finally:
        plus.__code__ = sound
    assert plus(date(2026, 1, 31), "P1M") == before
    assert not swap({}, [code])
    assert place(code) == place(sound)


def test_verdicts_are_kept_in_few_words() -> None:
    ids = {"AddNot:0", "AddNot:12", "NumberReplacer:3"}
    assert packed(ids) == {"AddNot": "0 12", "NumberReplacer": "3"}
    assert unpacked(packed(ids)) == ids


def test_files_take_turns_until_the_time_is_used_up() -> None:
    place = ("rules.py", "check", 1)
    seen = [
        *(Seen(f"a.py::test_{number}", 0.5, frozenset({place}), failed=False) for number in range(20)),
        Seen("b.py::test_slow", 3.0, frozenset({place}), failed=False),
        Seen("b.py::test_red", 0.1, frozenset({place}), failed=True),
        Seen("c.py::test_elsewhere", 0.1, frozenset(), failed=False),
    ]
    nodes = [one.node for one in chosen(seen, {place})]
    assert nodes == ["a.py::test_0", "b.py::test_slow", *(f"a.py::test_{number}" for number in range(1, 10))]
    assert [one.node for one in chosen(seen[20:], {place})] == ["b.py::test_slow"]
