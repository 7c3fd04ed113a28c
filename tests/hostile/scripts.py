"""A process that runs TorchScript behind the wall or free, and prints how it went.

`python scripts.py walled|free FILE`: the script in FILE is asked for its answers to two inputs.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np

from explainers.engine.wall import raise_wall
from explainers.models.scripted import prepare, serve_script
from explainers.problems import Problem


def main() -> None:
    how, file = sys.argv[1:]
    data = Path(file).read_bytes()
    prepare()
    answer = os.dup(1)
    if how == "walled":
        raise_wall(memory=1 << 30, seconds=5, keep=(answer,))
    try:
        given = serve_script(data)(np.arange(6, dtype=np.float32).reshape(2, 3))
        said = f"done {given.tolist()}"
    except Problem as problem:
        said = f"refused: {problem}"
    os.write(answer, said.encode())
    os._exit(0)


if __name__ == "__main__":
    main()
