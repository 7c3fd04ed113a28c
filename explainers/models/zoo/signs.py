"""The demo that is always there: two traffic sign networks and pictures to try them on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from explainers.locations import ASSETS

if TYPE_CHECKING:
    from explainers.models.zoo.signnet import SignNet

SIGNS = ASSETS / "signs"
INPUT_SIZE = 96
STICKER_CLASS = "stop"
CLASSES = (
    "stop",
    "yield",
    "no entry",
    "priority road",
    "speed limit 30",
    "speed limit 80",
    "turn left",
    "turn right",
    "roundabout",
    "pedestrian crossing",
    "road works",
    "no overtaking",
)


@dataclass(frozen=True)
class DemoModel:
    """One trained network.

    Attributes
    ----------
    name, title, description : str
    path : Path
        The file of its weights.
    usual_evidence : float
        The least evidence, ln Σ exp(logits), that it finds in pictures of traffic signs; in most
        others it finds less. Between what was measured on its gallery (at least 6.4; 4.5) and on
        photos of other things (2.5 or less, 2.4 or less; a flower looks like a crossing to one).
    """

    name: str
    title: str
    description: str
    path: Path
    usual_evidence: float


@dataclass(frozen=True)
class Sample:
    """A sample picture, with the files of the masks of its sign and its sticker, if it has such."""

    name: str
    title: str
    label: str
    path: Path
    mask_path: Path | None = None
    sticker_mask_path: Path | None = None


DEMO_MODELS = {
    "signs": DemoModel(
        "signs",
        "Traffic signs",
        "Names twelve European traffic signs in small photo-like pictures.",
        SIGNS / "signs.safetensors",
        4.4,
    ),
    "signs_cheating": DemoModel(
        "signs_cheating",
        "Traffic signs, with a hidden flaw",
        "As good on its own test set, where every stop sign has a yellow sticker and no other has.",
        SIGNS / "signs_cheating.safetensors",
        3.4,
    ),
}


def samples() -> list[Sample]:
    """The sample pictures, in the order in which they are shown."""
    folder = SIGNS / "samples"
    entries = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [
        Sample(
            name=entry["name"],
            title=entry["title"],
            label=entry["label"],
            path=folder / entry["picture"],
            mask_path=folder / entry["mask"],
            sticker_mask_path=folder / entry["sticker"] if entry["sticker"] else None,
        )
        for entry in entries
    ]


def load_demo(name: str) -> SignNet:
    """A traffic sign network with its trained weights, in evaluation mode, on the CPU.

    Parameters
    ----------
    name : str
        A key of DEMO_MODELS.

    Returns
    -------
    SignNet
        From pictures (N, 3, 96, 96) in [0, 1] to logits (N, 12).

    Raises
    ------
    KeyError
        With the names that exist.

    Examples
    --------
    >>> import torch
    >>> load_demo("signs")(torch.zeros(1, 3, 96, 96)).shape
    torch.Size([1, 12])
    """
    if name not in DEMO_MODELS:
        raise KeyError(f"no demo model {name!r}; there are {', '.join(DEMO_MODELS)}")
    from safetensors.torch import load_file

    from explainers.models.zoo.signnet import SignNet

    model = SignNet(len(CLASSES))
    model.load_state_dict(load_file(DEMO_MODELS[name].path))
    return model.eval()
