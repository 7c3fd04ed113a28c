"""What became of an upload in a reading room: a result, or a sentence for a visitor."""

import time

from explainers import Problem
from explainers.service.parsing.parser_pool import ParserPool
from tests import processes


def outcome(
    parser_pool: ParserPool, case: str, kind: str, options: dict, data: bytes, most: float
) -> str:
    """ "result", of so many bytes at most, or the sentence that a visitor would read."""
    try:
        _, arrays = parser_pool.parse(kind, data, **options)
    except Problem as problem:
        sentence = str(problem)
        assert 20 < len(sentence) < 1000 and sentence.rstrip("`").strip(), case
        assert "Traceback" not in sentence and "](" not in sentence, case
        return sentence
    assert sum(value.nbytes for value in arrays.values()) < most, case
    return "result"


def children(parser_pool: ParserPool) -> list[int]:
    """Reading processes that are still there; one that was ended may take a moment to go."""
    until = time.monotonic() + 10
    while True:
        pids = []
        for server in parser_pool._fork_servers.values():
            if server._process is not None:
                pids += processes.children(server._process.pid)
        if not pids or time.monotonic() > until:
            return pids
        time.sleep(0.05)
