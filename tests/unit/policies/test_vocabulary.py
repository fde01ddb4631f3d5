"""Codes are texts: where one is asked for, the other is found."""

import inspect

import pytest

from policies import vocabulary
from policies.vocabulary import Word

WORDS = [one for _, one in inspect.getmembers(vocabulary, inspect.isclass) if issubclass(one, Word) and one is not Word]


@pytest.mark.parametrize("words", WORDS)
def test_a_code_is_found_by_its_text_and_a_text_by_its_code(words: type[Word]) -> None:
    assert len(words) > 1
    for word in words:
        by_text: dict[str, int] = {word.value: 1}
        by_code: dict[str, int] = {word: 1}
        assert by_code[word.value] == by_text[word] == 1
