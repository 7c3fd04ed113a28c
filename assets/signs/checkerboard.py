"""How much of a chessboard is in the demo networks' maps: the mark of convolutions with stride.

Such a convolution gives some cells more weights than their neighbours, and every map that goes back
through it a pattern as wide as the stride (Odena, Dumoulin & Olah 2016, "Deconvolution and
checkerboard artifacts", doi:10.23915/distill.00003).

python -m assets.signs.checkerboard prints the table of the README: over the sample pictures, each
explained for its own class against a blurred copy.
"""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from assets.signs.localisation import BASELINE
from explainers import METHODS, explain
from explainers.kinds import picture
from explainers.models.zoo.signs import CLASSES, DEMO_MODELS, INPUT_SIZE, load_demo, samples

METHODS_COMPARED = ("deeplift", "integrated_gradients", "gradient_x_input")
STRIDES = (2, 4, 8)
"""Of the cells behind one, two and three halvings."""


def unevenness(maps: Sequence[np.ndarray], stride: int) -> float:
    """How unequal cells are that differ in nothing but their place in a grid of that stride.

    Cells are gathered by their row and column modulo the stride, over all maps, each divided by its
    total strength. Without a grid all stride² gather about the same.

    Parameters
    ----------
    maps : sequence of ndarray, shape (H, W)
        H and W multiples of the stride.
    stride : int

    Returns
    -------
    float
        The standard deviation of what they gather over its mean: 0 for none, at most
        sqrt(stride² − 1), where one of them has all.

    Examples
    --------
    >>> board = np.indices((8, 8)).sum(0) % 2
    >>> unevenness([board], 2), unevenness([np.ones((8, 8))], 2)
    (1.0, 0.0)
    """
    gathered = np.zeros((stride, stride))
    for heat in maps:
        rows, columns = heat.shape
        parts = np.abs(heat).reshape(rows // stride, stride, columns // stride, stride)
        gathered += parts.sum((0, 2)) / np.abs(heat).sum()
    return float(gathered.std() / gathered.mean())


def finest(maps: Sequence[np.ndarray]) -> float:
    """The share of the maps' energy in the finest waves: those of two cells, to a quarter.

    Parameters
    ----------
    maps : sequence of ndarray, shape (H, W)

    Returns
    -------
    float
        Of the spectral power, what is at 3/8 cycles a cell or more along the rows or the columns,
        a mean over the maps. Noise without a pattern has 7/16 there.

    Examples
    --------
    >>> finest([np.indices((8, 8)).sum(0) % 2 - 0.5]), finest([np.ones((8, 8))])
    (1.0, 0.0)
    """
    shares = []
    for heat in maps:
        power = np.abs(np.fft.fft2(heat)) ** 2
        down, across = (np.abs(np.fft.fftfreq(side)) >= 3 / 8 for side in heat.shape)
        shares.append(power[down[:, None] | across].sum() / power.sum())
    return float(np.mean(shares))


def maps(model: torch.nn.Module, method: str) -> list[np.ndarray]:
    """The map (H, W) of every sample picture for its own class."""
    found = []
    for sample in samples():
        pixels = torch.from_numpy(picture.pixels(Image.open(sample.path), INPUT_SIZE, "crop"))
        answer = explain(model, pixels[None], method, BASELINE, CLASSES.index(sample.label))
        found.append(answer.scores[0].sum(0).numpy())
    return found


def main() -> None:
    """Print the table in Markdown."""
    heads = " | ".join(f"grid of {stride}" for stride in STRIDES)
    print(f"| network, method | {heads} | finest waves |\n|---|{'---|' * 4}")
    for name, demo in DEMO_MODELS.items():
        model = load_demo(name)
        for method in METHODS_COMPARED:
            found = maps(model, method)
            uneven = " | ".join(f"{unevenness(found, stride):.2f}" for stride in STRIDES)
            label = f"{demo.title}, {METHODS[method].name}"
            print(f"| {label} | {uneven} | {finest(found):.0%} |")


if __name__ == "__main__":
    main()
