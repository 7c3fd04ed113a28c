"""A process that runs TorchScript behind the wall or free, and says how it went; see `serve`.

It is given a file; the script in it is asked for its answers to two inputs.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.torchscript import prepare, serve_script
from tests.hostile.attackers.reports import serve


def attempt_of(file):
    """What runs the script and says what it answered."""
    data = Path(file).read_bytes()

    def attempt() -> str:
        try:
            given = serve_script(data)(np.arange(6, dtype=np.float32).reshape(2, 3))
        except Problem as problem:
            return f"refused: {problem}"
        return f"done {given.tolist()}"

    return attempt


if __name__ == "__main__":
    prepare()
    serve(attempt_of, seconds=5)
