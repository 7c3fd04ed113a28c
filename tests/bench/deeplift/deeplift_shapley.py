"""How near DeepLIFT's rules for softmax, products and layer norm are to exact Shapley values.

python tests/bench/deeplift/deeplift_shapley.py prints the table: mean over random pairs of
Σ|found − exact| / Σ|exact|; 0 is exact.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from tests.deeplift.test_shapley import (  # noqa: E402
    by_products,
    compared,
    distance,
    integrated,
    normalised,
    pairs,
)


def softmax(x):
    """The first of the outputs."""
    return x.softmax(1)[:, 0]


def main() -> None:
    """One row a function and spread of its inputs."""
    print("| function | our rule | as products | integral |\n|---|---|---|---|")
    for width in (2, 3):
        for spread in (0.5, 1.0, 3.0):
            x, b = pairs(width, spread)
            ours, exact = compared(softmax, x, b)
            others = distance(by_products(x, b), exact), distance(integrated(softmax, x, b), exact)
            name = f"{width}-way softmax, spread {spread:g}"
            print(f"| {name} | {ours:.3f} | {others[0]:.3f} | {others[1]:.3f} |")
    for name, function in (
        ("x₁x₂", lambda x: x[:, 0] * x[:, 1]),
        ("x₁x₂ + x₃x₄ (a matrix product)", lambda x: x[:, 0] * x[:, 2] + x[:, 1] * x[:, 3]),
    ):
        x, b = pairs(4, 1.0)
        ours, exact = compared(function, x, b)
        print(f"| {name} | {ours:.1e} | | {distance(integrated(function, x, b), exact):.1e} |")
    x, b = pairs(4, 1.0, 0.05)
    ours, exact = compared(normalised, x, b)
    ig = distance(integrated(normalised, x, b), exact)
    print(f"| layer norm of 4, reference nearly flat | {ours:.3f} | | {ig:.3f} |")


if __name__ == "__main__":
    main()
