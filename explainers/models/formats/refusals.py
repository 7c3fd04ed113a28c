"""Which files of models are refused whatever is in them, why, and how to make one that is not."""

from __future__ import annotations

from pathlib import PurePath

WEIGHTS = (".safetensors", ".pt", ".pth")
NETWORKS = (".onnx", ".pt2")
SCRIPTS = (".torchscript", ".ptl")
"""Programs: only where whoever started the server lets them in."""
HOW_TO_EXPORT = """from safetensors.torch import save_file
weights = {k: v.contiguous() for k, v in model.state_dict().items()}
save_file(weights, "weights.safetensors")"""
_KERAS = """model = keras.models.load_model("the file")
# build the same layers in PyTorch, or export the network as ONNX:
model.export("model.onnx", format="onnx")"""
EXPORT = {".h5": _KERAS, ".keras": _KERAS}
# Why these are refused, whatever is in them.
PROGRAMS = {
    ".py": "a program",
    ".h5": "Keras files can hold programs",
    ".keras": "Keras files can hold programs",
    ".joblib": "it is a pickle, and opening one runs what is inside",
    ".pkl": "it is a pickle, and opening one runs what is inside",
    ".pickle": "it is a pickle, and opening one runs what is inside",
    ".ckpt": "it is a pickle, and opening one runs what is inside",
    ".bin": "it is a pickle, and opening one runs what is inside",
    ".ptl": "TorchScript files are programs",
    ".torchscript": "TorchScript files are programs",
}


def refusal(name: str) -> str:
    """Why a file is not accepted, and the lines that make one that is.

    Parameters
    ----------
    name : str
        Of the file, with its suffix.

    Examples
    --------
    >>> print(refusal("network.pkl").split(". Accepted")[0])
    network.pkl is not accepted: it is a pickle, and opening one runs what is inside
    """
    suffix = PurePath(name).suffix.lower()
    why = PROGRAMS.get(suffix, "this format is not known here")
    return (
        f"{name} is not accepted: {why}. Accepted are networks as .onnx or .pt2, and weights as "
        f"state dicts: {', '.join(WEIGHTS)}. "
        f"Where the network is, run:\n\n```python\n{EXPORT.get(suffix, HOW_TO_EXPORT)}\n```"
    )
