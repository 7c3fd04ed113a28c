"""Parsing networks in .pt2 files, without torch's own loader."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.kinds.files.formats import declare
from explainers.service.codec import MOST_ARRAYS, MOST_FACTS
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)

if TYPE_CHECKING:
    from explainers.models.formats.pt2.program import Program


def _parse(untrusted_data: bytes) -> ParsedFile:
    from explainers.models.formats.pt2.reading import read_program

    facts, arrays = read_program(untrusted_data).to_facts()
    letters = len(json.dumps(facts)) + 100 * len(arrays)
    if letters > MOST_FACTS or len(arrays) > MOST_ARRAYS:
        raise Problem(
            "The model has more operations or tensors than are accepted. Loops may have been "
            "unrolled: export with a shorter input."
        )
    return facts, arrays


def _check(facts: Facts, arrays: Arrays) -> None:
    program((facts, arrays))


def program(parsed: ParsedFile) -> Program:
    """The program in the parsed form of a .pt2 file; ValueError where it is none."""
    from explainers.models.formats.pt2.program import Program

    try:
        return Program.from_facts(*parsed)
    except Problem as problem:
        raise ValueError(str(problem)) from problem


def _warm_up_files() -> Iterable[WarmUpFile]:
    """Written by hand: exporting takes seconds, and imports much that reading does not need."""
    import zipfile

    meta = {
        "dtype": 7,
        "sizes": [{"as_int": 2}],
        "requires_grad": False,
        "layout": 7,
        "device": {"type": "cpu", "index": None},
        "strides": [{"as_int": 1}],
        "storage_offset": {"as_int": 0},
    }
    free = {
        **meta,
        "sizes": [{"as_expr": {"expr_str": "Symbol('s0')"}}, {"as_int": 2}],
        "strides": [{"as_int": 2}, {"as_int": 1}],
    }
    x, w, y = ({"name": name} for name in "xwy")
    node = {
        "target": "torch.ops.aten.mul.Tensor",
        "outputs": [{"as_tensor": y}],
        "metadata": {},
        "inputs": [
            {"name": name, "arg": {"as_tensor": value}, "kind": 1}
            for name, value in (("self", x), ("other", w))
        ],
    }
    graph = {
        "inputs": [],
        "outputs": [],
        "nodes": [node],
        "sym_int_values": {},
        "sym_bool_values": {},
        "tensor_values": {"x": free, "w": meta, "y": free},
    }
    signature = {
        "input_specs": [
            {"parameter": {"arg": w, "parameter_name": "w"}},
            {"user_input": {"arg": {"as_tensor": x}}},
        ],
        "output_specs": [{"user_output": {"arg": {"as_tensor": y}}}],
    }
    module = {"graph": graph, "signature": signature}
    model = {"graph_module": module, "schema_version": {"major": 8}}
    payload = {"path_name": "weight_0", "use_pickle": False, "is_param": True, "tensor_meta": meta}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (
            ("archive_format", "pt2"),
            ("models/model.json", json.dumps(model)),
            ("data/weights/weight_0", bytes(8)),
            ("data/weights/model_weights_config.json", json.dumps({"config": {"w": payload}})),
            ("data/constants/model_constants_config.json", json.dumps({"config": {}})),
        ):
            archive.writestr(f"archive/{name}", content)
    yield buffer.getvalue(), {}


PARSERS["pt2"] = Parser(
    parse=_parse,
    check=_check,
    description="a network",
    limit="weights_megabytes",
    modules=("zipfile", "explainers.models.formats.pt2.reading"),
    warm_up_files=_warm_up_files,
    group="torch",
    seconds=120,
    memory=1_500_000_000,
    most_bytes=2_000_000_000,
    needs_sandbox=True,
)

declare("networks", "torch.export", ".pt2", says="never unpickled")
