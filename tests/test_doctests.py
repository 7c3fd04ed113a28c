"""The examples in the library's docstrings run, and give what they say."""

import doctest
import importlib
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
import torch
from import_graph import our_files

FLAGS = doctest.NORMALIZE_WHITESPACE


def examples(module: ModuleType) -> Iterator[doctest.DocTest]:
    """The docstrings of a module that have examples, with fresh names for each."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    yield from (test for test in finder.find(module) if test.examples)


def modules_with_examples() -> list[str]:
    """Modules of the library in whose text an example stands."""
    return [
        name
        for name, path in our_files().items()
        if name.startswith("explainers") and ">>> " in path.read_text(encoding="utf-8")
    ]


@pytest.fixture(autouse=True)
def printed_alike():
    """Numbers are printed as in a fresh session, and drawn from the same seed."""
    torch.set_printoptions(profile="default")
    with np.printoptions(precision=8, suppress=False, threshold=1000), torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_give_what_they_say(name):
    module, report = importlib.import_module(name), []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    tried = [runner.run(test, out=report.append).attempted for test in examples(module)]
    assert runner.summarize(verbose=False).failed == 0, "".join(report)
    assert sum(tried) > 0, "the examples stand where doctest does not look"


def test_a_wrong_example_is_noticed():
    module = ModuleType("wrong")
    module.__doc__ = ">>> 1 + 1\n3\n"
    runner, report = doctest.DocTestRunner(optionflags=FLAGS), []
    for test in examples(module):
        runner.run(test, out=report.append)
    assert runner.failures == 1 and "Expected:\n    3" in "".join(report)
