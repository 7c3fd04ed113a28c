"""A process that runs TorchScript behind the wall or free, and prints how it went.

`python script_attacks.py sandboxed|free FILE`: the script in FILE is asked for its answers to two
inputs.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np

from explainers.errors import Problem
from explainers.models.formats.torchscript import prepare, serve_script
from tests.hostile.attackers.reports import tell


def main() -> None:
    how, file = sys.argv[1:]
    data = Path(file).read_bytes()
    prepare()

    def attempt() -> str:
        try:
            given = serve_script(data)(np.arange(6, dtype=np.float32).reshape(2, 3))
        except Problem as problem:
            return f"refused: {problem}"
        return f"done {given.tolist()}"

    tell(how, attempt, seconds=5)


if __name__ == "__main__":
    main()
