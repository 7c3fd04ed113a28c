"""The one tensor that is explained, whatever a network returns, in the order (N, classes, places…).

Python models return dictionaries, tuples and lists of them; files give one tensor.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from explainers.errors import ModelProblem, Problem
from explainers.models.spec import Places

if TYPE_CHECKING:
    from torch import Tensor

MEANT = ("out", "logits", "pred_logits", "class_logits", "scores", "output", "prediction", "mask")
"""Names, in a dictionary, of the answer that is meant; torchvision's "aux" only helps training."""
PICKED_BOXES = (
    "This is a detector that picks its boxes itself (non-maximum suppression, or the best so many, "
    "inside): how many boxes there are and which comes first changes with every input, so none of "
    "its numbers can be followed while parts of the input are hidden. Give the network without "
    "that step (export with nms=False, or the head's raw scores): then the score of one box can be "
    "explained."
)


def explained_tensor(output: Any) -> Tensor:
    """The tensor that is explained of what a network returned.

    Parameters
    ----------
    output : Tensor, mapping or sequence
        Of a mapping the entry that is called like the answer (see MEANT), else its only one of
        floating type; of a sequence the first, but not boxes (N, M, 4) beside scores (N, M, C).
        Anything else is given back as it is.

    Raises
    ------
    Problem
        For lists of boxes, as torchvision's detectors give them.

    Examples
    --------
    >>> import torch
    >>> explained_tensor({"out": torch.ones(1, 2, 3, 3), "aux": torch.zeros(1, 2, 3, 3)}).sum()
    tensor(18.)
    >>> boxes, scores = torch.zeros(1, 100, 4), torch.zeros(1, 100, 92)
    >>> explained_tensor((boxes, scores)).shape
    torch.Size([1, 100, 92])
    """
    from torch import Tensor

    if isinstance(output, Tensor):
        return output
    if isinstance(output, Mapping):
        if "boxes" in output and "scores" in output and getattr(output["scores"], "ndim", 0) < 3:
            raise ModelProblem(PICKED_BOXES)
        for name in MEANT:
            if isinstance(output.get(name), Tensor):
                return output[name]
        return explained_tensor(list(output.values()))
    if isinstance(output, Sequence) and not isinstance(output, str):
        if output and all(isinstance(one, Mapping) and "boxes" in one for one in output):
            raise ModelProblem(PICKED_BOXES)
        tensors = [t for t in output if isinstance(t, Tensor) and t.is_floating_point()]
        kept = without_boxes([tuple(t.shape) for t in tensors])
        if kept:
            return tensors[kept[0]]
    return output  # whoever explains says what is wrong with it


def without_boxes(shapes: Sequence[tuple[int | None, ...] | None]) -> list[int]:
    """The places in a list of answers, without boxes (N, M, 4) that lie beside scores (N, M, C).

    Examples
    --------
    >>> without_boxes([(1, 100, 4), (1, 100, 92)]), without_boxes([(1, 100, 4)])
    ([1], [0])
    """
    scored = {(s[0], s[1]) for s in shapes if s is not None and len(s) == 3 and s[2] != 4}
    return [
        place
        for place, s in enumerate(shapes)
        if s is None or len(s) != 3 or s[2] != 4 or (s[0], s[1]) not in scored
    ]


def arranged(output: Tensor, places: Places) -> Tensor:
    """An answer with its classes first, and without what describes boxes: (N, classes, places…).

    Parameters
    ----------
    output : Tensor, shape (N, …)
        As the network gives it.
    places : Places

    Raises
    ------
    Problem
        Where the answer has no such dimensions.

    Examples
    --------
    >>> import torch
    >>> output = torch.tensor([[[7.0, 7, 9, 9, 0.5, 0.2, 0.4]]])
    >>> arranged(output, Places(classes=-1, box=5))
    tensor([[[0.1000],
             [0.2000]]])
    >>> arranged(torch.zeros(1, 5, 6), Places(grid=(2, 3))).shape
    torch.Size([1, 5, 2, 3])
    """
    if places.classes == 0:
        return output.unsqueeze(1)
    if places.classes < 0:
        output = output.movedim(-1, 1)
    if output.ndim < 3 or output.shape[1] <= places.box:
        raise Problem(
            f"The network's answer has shape {tuple(output.shape)}, which leaves no scores of "
            "classes at places. Set anew how its answer is to be read."
        )
    if places.grid and output.ndim == 3 and math.prod(places.grid) == output.shape[2]:
        output = output.unflatten(2, places.grid)
    if not places.box:
        return output
    scores = output.narrow(1, places.box, output.shape[1] - places.box)
    return scores * output.narrow(1, 4, 1) if places.box == 5 else scores


def steps_first(output: Tensor, length: int, channels_first: bool) -> Tensor:
    """An answer of series (N, steps, outputs), also where the network gives (N, outputs, steps).

    The steps are those that are as many as the input's; of others the longer side, where the
    network takes its channels first as convolutions do.

    Parameters
    ----------
    output : Tensor, shape (N, …)
        Of three dimensions; others are given back as they are.
    length : int
        How many steps, or letters, the input has.
    channels_first : bool
        Whether the network takes its channels, variables or letters before the steps.

    Examples
    --------
    >>> import torch
    >>> steps_first(torch.zeros(1, 2, 90), 90, True).shape
    torch.Size([1, 90, 2])
    >>> steps_first(torch.zeros(1, 90, 2), 90, True).shape
    torch.Size([1, 90, 2])
    """
    if output.ndim != 3:
        return output
    first, last = output.shape[1:]
    turned = last == length != first or (channels_first and length != first and last > first)
    return output.movedim(2, 1) if turned else output
