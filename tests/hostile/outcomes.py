"""What became of an upload in a reading room: a result, or a sentence for a visitor."""

from explainers import Problem
from explainers.service.parsing.parser_pool import ParserPool
from tests import processes


def outcome(room: ParserPool, case: str, kind: str, options: dict, data: bytes, most: float) -> str:
    """ "result", of so many bytes at most, or the sentence that a visitor would read."""
    try:
        _, arrays = room.parse(kind, data, **options)
    except Problem as problem:
        said = str(problem)
        assert 20 < len(said) < 1000 and said.rstrip("`").strip(), case
        assert "Traceback" not in said and "](" not in said, case
        return said
    assert sum(value.nbytes for value in arrays.values()) < most, case
    return "result"


def children(room: ParserPool) -> list[int]:
    """Reading processes that are still there."""
    found = []
    for server in room._fork_servers.values():
        if server._process is not None:
            found += processes.children(server._process.pid)
    return found
