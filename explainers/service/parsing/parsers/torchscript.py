"""TorchScript files: whether one is let in and looks like one; its pickle is never opened."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

from explainers.errors import Problem
from explainers.kinds.files.formats import declare
from explainers.models.formats.refusals import SCRIPTS
from explainers.service.limits import limits
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)
from explainers.service.parsing.parsers.validation import demand
from explainers.service.sandbox.sandbox import sandbox_layers
from explainers.service.settings import model_settings

_INSTEAD = "Export the network as .onnx or .pt2, or upload its weights as .safetensors."
MOST_MEMBERS, MOST_UNPACKED = 100_000, 20


def require_scripts_allowed() -> None:
    """Problem where this server lets no TorchScript in, or has no complete sandbox for it.

    Where the sandbox may be missing for other uploads, these still need it: they are programs.
    """
    if not model_settings().torchscript:
        raise Problem(
            f"TorchScript files are programs, and this server does not run them. {_INSTEAD} "
            "Whoever starts the server can let them in with EVIDENT_ALLOW_TORCHSCRIPT=1."
        )
    if not sandbox_layers().complete:
        raise Problem(
            "TorchScript files are programs, and this system has no complete wall to run them "
            f"behind. {_INSTEAD}"
        )


def _parse(untrusted_data: bytes) -> ParsedFile:
    try:
        with zipfile.ZipFile(io.BytesIO(untrusted_data)) as archive:
            members = archive.infolist()
    except Exception as error:
        raise _refusal("it is not a whole zip file") from error
    if len(members) > MOST_MEMBERS:
        raise _refusal(f"it has {len(members)} parts")
    roots = {member.filename.partition("/")[0] for member in members}
    paths = {member.filename.partition("/")[2] for member in members}
    if len(roots) != 1 or "data.pkl" not in paths:
        raise _refusal("the parts of a saved network are missing")
    if not any(path.startswith("code/") for path in paths):
        raise _refusal("there is no code in it")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED * len(untrusted_data):  # tensors are not packed, only code is
        raise _refusal(f"unpacked it is {unpacked / len(untrusted_data):.0f} times as large")
    return {"bytes": len(untrusted_data)}, {}


def _refusal(why: str) -> Problem:
    return Problem(
        f"This is not a TorchScript file: {why}. Save the network with torch.jit.save, or better "
        "export it as .onnx or .pt2."
    )


def _check(facts: Facts, arrays: Arrays) -> None:
    require_scripts_allowed()
    demand(set(facts) == {"bytes"} and not arrays, "facts")
    demand(type(facts["bytes"]) is int, "bytes")
    demand(0 < facts["bytes"] <= 1e6 * limits().weights_megabytes, "bytes")


def _warm_up_files() -> Iterable[WarmUpFile]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for part in ("data.pkl", "code/net.py"):
            archive.writestr(f"net/{part}", b"")
    yield buffer.getvalue(), {}


PARSERS["torchscript"] = Parser(
    parse=_parse,
    check=_check,
    description="a TorchScript network",
    limit="weights_megabytes",
    modules=("zipfile", "encodings.cp437", "encodings.ascii"),
    warm_up_files=_warm_up_files,
    seconds=30,
    needs_sandbox=True,
)

declare("networks", "TorchScript", *SCRIPTS, says="where the server allows programs")
