"""Writes which of timm's networks have which names and shapes; needs timm, and half an hour.

python -m tests.bench.timm_signatures
"""

from pathlib import Path

from explainers.models.zoo import timm_signatures
from explainers.models.zoo.architectures import TIMM
from explainers.models.zoo.timm_models import _build_pattern, timm_names


def main() -> None:
    """Build every network without data, and write a line for each signature."""
    names: dict[str, list[str]] = {}
    for name in timm_names():
        pattern = _build_pattern(name.removeprefix(TIMM))
        if pattern is not None:
            key = timm_signatures.signature(pattern.shapes)
            names.setdefault(key, []).append(name.removeprefix(TIMM))
    write(names)


def write(names: dict[str, list[str]]) -> None:
    """Write the file, the shortest name of each signature first."""
    lines = sorted(
        " ".join([key, *sorted(alike, key=lambda n: (len(n), n))]) for key, alike in names.items()
    )
    file = Path(timm_signatures.__file__).with_suffix(".txt")
    file.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
