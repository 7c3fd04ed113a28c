"""Thousands of damaged uploads through the real reading processes; a script, run by hand.

`python tests/hostile/fuzz.py [CASES] [SEED]`. Good files of every kind are mutated; each case gets
a process of its own. It prints counts a kind and stops at the first case that ends in anything but
a result or a sentence, leaves a process behind, or touches a file outside.
"""

from __future__ import annotations

import itertools
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from explainers.errors import Problem
from explainers.service.parsing.parser_pool import ParserPool
from explainers.service.parsing.parsers import PARSERS
from tests.hostile import data_files, files
from tests.hostile.outcomes import children

DEATH = "ended without a result"
INTERESTING = (0, 1, 0x7F, 0x80, 0xFF)


def seeds() -> dict[str, list[tuple[dict, bytes]]]:
    """Good files, and hostile ones that are small, by kind."""
    files_by_kind = {
        kind: [(o, d) for d, o in parser.warm_up_files()] for kind, parser in PARSERS.items()
    }
    mark = "/nonexistent/evident"
    hostile = itertools.chain(files.everything(mark), data_files.everything(files.Runs(mark)))
    for kind, options, data in (case for _, case in hostile):
        if len(data) < 50_000:
            files_by_kind[kind].append((options, data))
    return files_by_kind


def mutated(data: bytes, others: list[bytes], draw: random.Random) -> bytes:
    """One to four changes: bits, bytes, lengths, cuts, copies, and joints with another file."""
    data = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(data) + 1)
        if draw.random() < 0.5:  # heads decide most
            at = min(at, draw.randrange(120))
        how = draw.randrange(7)
        if how == 0 and at < len(data):
            data[at] ^= 1 << draw.randrange(8)
        elif how == 1 and at < len(data):
            data[at] = draw.choice(INTERESTING)
        elif how == 2:
            width = draw.choice((2, 4, 8))
            top = 2 ** (8 * width)
            value = draw.choice((0, 1, top // 2, top - 1, draw.randrange(70_000) % top))
            data[at : at + width] = value.to_bytes(width, draw.choice(("little", "big")))
        elif how == 3:
            del data[at : at + draw.randrange(1, 40)]
        elif how == 4:
            data[at:at] = data[at : at + draw.randrange(1, 200)] * draw.randrange(1, 20)
        elif how == 5:
            data[at:at] = draw.randbytes(draw.randrange(1, 20))
        else:
            other = draw.choice(others)
            data[at:] = other[draw.randrange(len(other) + 1) :]
    return bytes(data)


def outcome(parser_pool: ParserPool, kind: str, options: dict, data: bytes) -> str:
    """ "result", "sentence", or "death": a process that ended without saying anything."""
    try:
        parser_pool.parse(kind, data, **options)
    except Problem as problem:
        assert str(problem).strip()
        return "death" if DEATH in str(problem) else "sentence"
    return "result"


def tree(*folders: Path) -> set[tuple]:
    """Every file there, with what would change if it were touched."""
    states = set()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                status = path.stat()
                states.add((str(path), status.st_size, status.st_mtime_ns))
    return states


def main(cases: int = 10_000, seed: int = 0) -> None:
    """Run so many cases and print what became of them."""
    pool, counts, known = seeds(), Counter(), list(PARSERS)
    good_files = {kind: len(list(parser.warm_up_files())) for kind, parser in PARSERS.items()}
    parser_pool, started = ParserPool(), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        watched = Path(name)
        (watched / "file").write_text("stays")
        before = tree(watched)

        def run(index: int) -> tuple[str, str]:
            draw = random.Random(f"{seed} {index}")
            kind = known[index % len(known)]
            good = draw.random() < 0.6
            options, data = draw.choice(pool[kind][: good_files[kind]] if good else pool[kind])
            data = mutated(data, [d for _, d in pool[kind] if d], draw)
            try:
                return kind, outcome(parser_pool, kind, options, data)
            except BaseException:
                print(f"case {index} of seed {seed} ({kind})", file=sys.stderr)
                raise

        with ThreadPoolExecutor(4) as threads:
            for index, ending in enumerate(threads.map(run, range(cases)), 1):
                counts[ending] += 1
                if index % 2000 == 0:
                    print(index, f"{time.monotonic() - started:.0f} s", flush=True)
        assert tree(watched) == before, "a file was touched"
        os.chdir("/")
    left = children(parser_pool)
    assert not left, f"processes left: {left}"
    parser_pool.close()
    for (kind, what), count in sorted(counts.items()):
        print(f"{kind:10} {what:10} {count}")
    print(f"{cases} cases in {time.monotonic() - started:.0f} s: only results and sentences")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
