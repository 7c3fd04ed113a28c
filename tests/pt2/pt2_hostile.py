"""Hostile .pt2 files by name, each made of an honest one; what each would do is in its name."""

from __future__ import annotations

import copy
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from pt2_files import changed, graph_changed, members_of, packed

CONFIG = "model_weights_config.json"


class _Opens:
    """Opening its pickle makes a file."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self):
        return open, (self.mark, "w")


def program(mark: str) -> bytes:
    """A pickle that makes the file `mark` when it is opened."""
    return pickle.dumps(_Opens(mark))


def replaced(data: bytes, end: str, content: bytes) -> bytes:
    """The archive with another content of the member whose name ends so."""
    return packed([(n, content if n.endswith(end) else c) for n, c in members_of(data)])


def _target(name: str) -> Callable[[dict], None]:
    return lambda graph: graph["nodes"][0].update(target=name)


def _size(entry: dict) -> Callable[[dict], None]:
    return lambda graph: graph["tensor_values"]["x"]["sizes"].__setitem__(0, entry)


def _meta(**fields) -> Callable[[dict], None]:
    def change(said: dict) -> None:
        next(iter(said["config"].values()))["tensor_meta"].update(fields)

    return change


def _argument(value: dict) -> Callable[[dict], None]:
    return lambda graph: graph["nodes"][0]["inputs"][0].update(arg=value)


def _many(graph: dict) -> None:
    (first, *_), rest = graph["nodes"], graph["nodes"][1:]
    graph["nodes"] = (
        [first]
        + [
            {**first, "outputs": [{"as_tensor": {"name": f"n{i}"}}], "metadata": {}}
            for i in range(50_000)
        ]
        + rest
    )


def _backwards(graph: dict) -> None:
    graph["nodes"].reverse()


def _circle(graph: dict) -> None:
    last = graph["nodes"][-1]["outputs"][0]["as_tensor"]["name"]
    graph["nodes"][0]["inputs"][0]["arg"] = {"as_tensor": {"name": last}}


def _twice(graph: dict) -> None:
    graph["nodes"].append(copy.deepcopy(graph["nodes"][0]))


def _huge(graph: dict) -> None:
    node = graph["nodes"][0]
    sizes = {"name": "size", "arg": {"as_ints": [1 << 40, 1 << 40]}, "kind": 1}
    graph["nodes"].insert(
        0,
        {
            "target": "torch.ops.aten.zeros.default",
            "inputs": [sizes],
            "metadata": {},
            "outputs": [{"as_tensor": {"name": "huge"}}],
        },
    )
    node["inputs"][0]["arg"] = {"as_tensor": {"name": "huge"}}


def _sparse(graph: dict) -> None:
    graph["nodes"][0]["inputs"].append({"name": "layout", "arg": {"as_layout": 1}, "kind": 2})


def sizes_lie(data: bytes) -> bytes:
    """The directory says that the first member reaches into the second, with a fitting checksum."""
    (at,) = struct.unpack_from("<I", data, data.rindex(b"PK\x05\x06") + 16)
    (size,) = struct.unpack_from("<I", data, at + 24)
    (header,) = struct.unpack_from("<I", data, at + 42)
    first = header + 30 + sum(struct.unpack_from("<2H", data, header + 26))
    size += 400
    lie = struct.pack("<3I", zlib.crc32(data[first : first + size]), size, size)
    return data[: at + 16] + lie + data[at + 28 :]


def _flipped(data: bytes, part: bytes) -> bytes:
    """The file with one bit of the part changed."""
    at = data.index(part)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def bomb() -> bytes:
    """Three hundred megabytes of zeros in a few hundred kilobytes."""
    zeros = bytes(3_000_000)
    members = [("a/archive_format", b"pt2"), ("a/models/model.json", b"{}")]
    members += [(f"a/data/weights/weight_{i}", zeros) for i in range(100)]
    return packed(members, zipfile.ZIP_DEFLATED)


def hostile(good: bytes, mark: str) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of files made of an honest one whose input is called x."""
    members, evil = members_of(good), program(mark)
    root = members[0][0].split("/")[0]
    text = dict(members)[f"{root}/models/model.json"]
    weights = f"{root}/data/weights/weight_0"
    yield "Runs a pickle as weights", replaced(good, "/weight_0", evil)
    yield (
        "Runs a pickled tensor",
        changed(
            replaced(good, "/weight_0", evil),
            CONFIG,
            lambda said: [entry.update(use_pickle=True) for entry in said["config"].values()],
        ),
    )
    for name in (
        "weights/model.pt",
        "constants/model.pt",
        "constants/custom_obj_0",
        "constants/opaque_obj_0",
        "aotinductor/model/a.so",
    ):
        yield f"Runs {name}", packed([*members, (f"{root}/data/{name}", evil)])
    yield "Runs a pickle instead of all", evil
    for name in (
        "torch.ops.evil.run.default",
        "torch.ops.aten.save.default",
        "builtins.eval",
        "torch.ops.aten.relu.default.__globals__",
        "os.system",
        "_operator.methodcaller",
        "torch.ops.aten.from_file.default",
        "torch.ops.higher_order.cond",
        "torch.load",
        "torch.ops.aten.__class__.mro",
        "torch.ops.prim.Print.default",
        "_operator.pow",
        "torch.ops.aten.set_.source_Storage",
        "torch.ops.aten.as_strided.default",
        "torch.ops.aten.rand.default",
        "torch.ops.aten.item.default",
    ):
        yield f"Opens the operation {name}", graph_changed(good, _target(name))
    for value in (
        {"as_graph": {"name": "g", "graph": {}}},
        {"as_operator": "os.system"},
        {"as_custom_obj": {"name": "o", "class_fqn": "os.system"}},
        {"as_string_to_argument": {}},
        {"as_tensor": {"name": "nobody"}},
        {"as_int": "7"},
        {"as_ints": [[1]]},
        {"as_bool": 1},
        {},
        {"as_int": 1 << 70},
        {"as_string": "x" * 5000},
        {"as_float": "__import__"},
    ):
        yield f"the argument {str(value)[:40]}", graph_changed(good, _argument(value))
    for words in (
        f"__import__('os').mkdir({mark!r})",
        "s0.__class__",
        "[s for s in s0]",
        "(lambda: 1)()",
        "open('/etc/passwd')",
        "Symbol('os.system(1)')",
        "s0 if 1 else 2",
        "9**9**9" * 500,
        "(" * 5000,
        "Symbol('a', integer=__import__('os'))",
    ):
        entry = {"as_expr": {"expr_str": words, "hint": None}}
        yield f"Evaluates {words[:30]}", graph_changed(good, _size(entry))
    yield "a negative size", graph_changed(good, _size({"as_int": -1}))
    yield "deflated", packed(members, zipfile.ZIP_DEFLATED)
    yield "a bomb", bomb()
    yield "a member twice", packed([*members, (weights, bytes(8))])
    for name in (
        "../../escape",
        f"{root}/../escape",
        "/etc/passwd",
        f"{root}//models/model.json",
        f"{root}/models\\model.json",
        f"{root}/unknown",
        "other/byteorder",
    ):
        yield f"named {name}", packed([*members, (name, b"1")])
    yield "sizes that lie", sizes_lie(good)
    yield "a wrong checksum", _flipped(good, dict(members)[weights])
    yield "cut", good[: len(good) // 2]
    yield "two models", packed([*members, (f"{root}/models/other.json", text)])
    yield "no model", packed([m for m in members if "/models/" not in m[0]])
    yield "no weights", packed([m for m in members if "weight_0" not in m[0]])
    yield "terabytes", changed(good, CONFIG, _meta(sizes=[{"as_int": 1 << 40}] * 2))
    yield (
        "terabytes of one number",
        changed(good, CONFIG, _meta(sizes=[{"as_int": 1 << 36}] * 2, strides=[{"as_int": 0}] * 2)),
    )
    yield "memory before", changed(good, CONFIG, _meta(strides=[{"as_int": -4}, {"as_int": 1}]))
    yield "memory behind", changed(good, CONFIG, _meta(storage_offset={"as_int": 1 << 20}))
    yield "numbers of unknown type", changed(good, CONFIG, _meta(dtype=99))
    yield (
        "numbers in another member",
        changed(
            good,
            CONFIG,
            lambda said: [e.update(path_name="../../byteorder") for e in said["config"].values()],
        ),
    )
    yield "terabytes to be made", graph_changed(good, _huge)
    yield "a circle", graph_changed(good, _circle)
    yield "backwards", graph_changed(good, _backwards)
    yield "names twice", graph_changed(good, _twice)
    yield "sparse", graph_changed(good, _sparse)
    yield "too many operations", graph_changed(good, _many)
    yield "nested", replaced(good, "models/model.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000)
    yield "a key twice", replaced(good, "models/model.json", text[:-1] + b',"schema_version":{}}')
    yield "not a number", replaced(good, "models/model.json", b'{"schema_version": NaN}')
    yield (
        "another schema",
        changed(good, "model.json", lambda s: s["schema_version"].update(major=9)),
    )
    yield (
        "outputs that are not made",
        graph_changed(good, lambda graph: graph["nodes"][-1].update(outputs=[])),
    )
    size = len(dict(members)[weights])
    broken = np.full(size // 4, np.nan, np.float32).tobytes()
    yield "NaN for weights", replaced(good, "/weight_0", broken)
