"""Where in the user's model an operation stands, read from the Python stack at that moment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from explainers.locations import PROJECT

_OURS = str(PROJECT / "explainers") + os.sep
_TORCH = str(Path(torch.__file__).resolve().parent) + os.sep


def where(model: Callable) -> str:
    """For example "in layer 'encoder.2' (Gate), net.py line 41"; call it while the model runs."""
    names = {}
    if isinstance(model, nn.Module):
        names = {id(module): name for name, module in model.named_modules()}
    layer = line = None
    frame = sys._getframe(1)
    while frame is not None and (layer is None or line is None):
        if frame.f_code.co_name == "record" and frame.f_code.co_filename.startswith(_OURS):
            break  # below this the model was called
        path, owner = frame.f_code.co_filename, frame.f_locals.get("self")
        if layer is None and isinstance(owner, nn.Module) and id(owner) in names:
            name = names[id(owner)]
            layer = f"layer {name!r} ({type(owner).__name__})" if name else type(owner).__name__
        outside = not path.startswith((_OURS, _TORCH, "<"))
        if line is None and outside and not path.endswith(f"{os.sep}contextlib.py"):
            line = f"{os.path.basename(path)} line {frame.f_lineno}"
        frame = frame.f_back
    told = ", ".join(part for part in (layer, line) if part)
    return f"in {told}" if told else "in the model"
