"""Hostile .pt2 files: each ends in a sentence, nothing in it runs, and the next file is read."""

import dataclasses
import io
import json
import os
import pickle
import resource
import sys

import numpy as np
import pytest
import torch
from pt2_files import changed, exported, graph_changed, members_of, packed
from pt2_hostile import CONFIG, hostile, program, replaced
from torch import nn

from explainers import Problem
from explainers.models.formats.pt2 import Kind, Node, Program, Ref, load_program
from explainers.models.formats.pt2.operations import ATEN, CHECKS
from explainers.models.formats.pt2.program import checked
from explainers.models.formats.pt2.reading import read_program
from explainers.models.formats.pt2.reading.sizes import read_size
from explainers.service.parsing.parsers import PARSERS
from explainers.service.parsing.parsers.pt2 import program as program_of
from explainers.service.sandbox.sandbox import sandbox_layers


class Net(nn.Module):
    """Two layers; its first operation takes x."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(4, 3), nn.Linear(3, 2)

    def forward(self, x):
        return self.second(self.first(x).relu())


# For some files, words of the reason: each is caught where it should be, not by luck further on.
REASONS = {
    "Runs a pickled tensor": "pickle",
    "Runs weights/model.pt": "pickle",
    "deflated": "compressed",
    "Runs constants/custom_obj_0": "program",
    "Runs aotinductor/model/a.so": "compiled",
    "a bomb": "compressed",
    "a member twice": "twice",
    "named ../../escape": "outside",
    "sizes that lie": "overlap",
    "a wrong checksum": "damaged",
    "cut": "cut off",
    "terabytes": "more than 2 GB",
    "terabytes of one number": "more than 2 GB",
    "memory before": "impossible",
    "memory behind": "does not hold",
    "a circle": "before anything",
    "backwards": "before anything",
    "names twice": "two values",
    "nested": "no plain JSON",
    "a key twice": "no plain JSON",
    "not a number": "no plain JSON",
    "NaN for weights": "NaN",
    "terabytes to be made": "makes a tensor of",
    "too many operations": "operations",
    "numbers in another member": "missing",
    "another schema": "version 9",
}


@pytest.fixture(scope="module")
def good() -> bytes:
    torch.manual_seed(0)
    return exported(Net().eval(), torch.rand(2, 4))


def test_every_hostile_file_gets_a_sentence_and_runs_nothing(good, tmp_path):
    mark = tmp_path / "touched"
    accepted, met = [], set()
    for name, data in hostile(good, str(mark)):
        assert data != good, name
        try:
            read_program(data)
            accepted.append(name)
        except Problem as problem:
            assert 20 < len(str(problem)) < 600, name
            assert REASONS.get(name, "") in str(problem), name
            met.add(name)
            if name.startswith("Opens the operation"):
                assert "is not on the list" in str(problem) or "as_strided" in name, name
            if name.startswith("Evaluates"):
                assert "not plain" in str(problem), name
        assert not mark.exists(), name
    # A pickle's bytes in place of numbers are numbers, if there are enough of them and none is NaN.
    assert met > {*REASONS} and len(met - {"Runs a pickle as weights"}) >= 80
    assert {*accepted} <= {"Runs a pickle as weights"}


def test_the_control_is_accepted_also_when_packed_again(good, tmp_path):
    again = packed(members_of(good))
    for same in (good, again, changed(good, CONFIG, lambda _: None), graph_changed(good, len)):
        assert len(read_program(same).nodes) == 3
    extra = ("archive/extra/notes.txt", b"mine")
    assert read_program(packed([*members_of(good), extra])).producer.startswith("torch 2.")


def test_the_pickle_would_have_run(tmp_path):
    mark = tmp_path / "mark"
    pickle.loads(program(str(mark))).close()
    assert mark.exists()


def test_torch_itself_would_have_run_the_example_inputs_and_we_do_not_open_them(good, tmp_path):
    mark = tmp_path / "mark"
    evil = replaced(good, "sample_inputs/model.pt", program(str(mark)))
    assert len(read_program(evil).nodes) == 3 and not mark.exists()


@pytest.mark.skipif(not sandbox_layers().complete, reason="this system has no complete wall")
def test_hostile_files_end_in_a_sentence_at_the_wall_and_honest_ones_pass(
    parser_pool, good, tmp_path
):
    mark = tmp_path / "touched"
    model, card = load_program(program_of(parser_pool.parse("pt2", good)))
    assert card.rows is None and model(torch.rand(5, 4)).shape == (5, 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, data in hostile(good, str(mark)):
        before = max(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        if name != "Runs a pickle as weights":
            with pytest.raises(Problem) as caught:
                parser_pool.parse("pt2", data)
            assert "Traceback" not in str(caught.value), name
        assert not mark.exists(), name
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert (after - before) * 1024 < 300e6, f"{name}: the server grew"
    assert parser_pool.parse("pt2", good)[0]["output"] == 7


def test_a_million_operations_are_refused_before_they_are_understood(good):
    row = b'{"target":"torch.ops.aten.relu.default","inputs":[],"outputs":[],"metadata":{}}'
    head, tail = b'{"graph_module":{"graph":{"nodes":[', b']}},"schema_version":{"major":8}}'
    text = head + b",".join([row] * 1_000_000) + tail
    with pytest.raises(Problem, match=r"has \d+ MB"):
        read_program(replaced(good, "models/model.json", text))
    text = head + b",".join([row] * 100_000) + b']},"signature":{}},"schema_version":{"major":8}}'
    with pytest.raises(Problem, match="100,000 operations"):
        read_program(replaced(good, "models/model.json", text))


def facts_of(good: bytes) -> tuple[dict, dict]:
    facts, arrays = read_program(good).to_facts()
    return json.loads(json.dumps(facts)), arrays


LIES = {
    "an unknown operation": lambda f, a: f["nodes"][0].__setitem__(0, "aten.save.default"),
    "a python function": lambda f, a: f["nodes"][0].__setitem__(0, "builtins.eval"),
    "a list for an operation": lambda f, a: f["nodes"][0].__setitem__(0, ["x"]),
    "a later value": lambda f, a: f["nodes"][0][1].__setitem__(0, {"ref": 6}),
    "its own value": lambda f, a: f["nodes"][0][1].__setitem__(0, {"ref": 5}),
    "a negative value": lambda f, a: f["nodes"][0][1].__setitem__(0, {"ref": -1}),
    "a truth as value": lambda f, a: f["nodes"][0][1].__setitem__(0, {"ref": True}),
    "an unknown word": lambda f, a: f["nodes"][0][1].__setitem__(0, {"os": "system"}),
    "an unknown type": lambda f, a: f["nodes"][0][1].__setitem__(0, {"dtype": "load"}),
    "a dunder of torch": lambda f, a: f["nodes"][0][1].__setitem__(0, {"dtype": "__dict__"}),
    "lists of lists of lists": lambda f, a: f["nodes"][0][1].__setitem__(0, [[[[1]]]]),
    "an argument without name": lambda f, a: f["nodes"][0][2].__setitem__("a b", 1),
    "too much made": lambda f, a: f["nodes"][0].__setitem__(3, [10**9]),
    "no such output": lambda f, a: f.__setitem__("output", 99),
    "a text for an output": lambda f, a: f.__setitem__("output", "7"),
    "no array": lambda f, a: a.clear(),
    "strings for weights": lambda f, a: a.__setitem__("array0", np.array(["x"])),
    "the same name twice": lambda f, a: f["stored"].__setitem__(0, f["stored"][1]),
    "no role": lambda f, a: f["stored"][0].__setitem__(1, "function"),
    "an impossible side": lambda f, a: f["input"][2].__setitem__(1, -4),
    "a type of input": lambda f, a: f["input"].__setitem__(1, "object"),
    "no nodes": lambda f, a: f.pop("nodes"),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_reading_process_says_is_not_believed(good, lie):
    facts, arrays = facts_of(good)
    assert Program.from_facts(facts, arrays).output == 7
    PARSERS["pt2"].check(facts, arrays)
    LIES[lie](facts, arrays)
    with pytest.raises(Problem):
        Program.from_facts(facts, arrays)
    with pytest.raises(ValueError):
        PARSERS["pt2"].check(facts, arrays)


def test_numbers_that_are_no_plain_numbers_cross_the_wall(good):
    plain = read_program(good)
    node = Node("aten.clamp.default", (Ref(7), float("-inf"), 3.5))
    kind = Node("aten.to.dtype", (Ref(8), Kind("dtype", "float64"), True, (1, (None, "a"))))
    whole = dataclasses.replace(plain, nodes=(*plain.nodes, node, kind), output=9)
    facts, arrays = whole.to_facts()
    text = json.dumps(facts, allow_nan=False)
    assert Program.from_facts(json.loads(text), arrays).nodes == whole.nodes


@pytest.mark.parametrize(
    "nodes",
    [
        [Node("aten.zeros.default", ((1 << 14, 1 << 15),))],
        [Node("aten.repeat.default", (Ref(0), (1 << 20, 1 << 20)))],
        [Node("aten.arange.default", (1 << 40,))],
    ],
)
def test_tensors_that_are_too_large_are_refused_outside(good, nodes):
    plain = read_program(good)
    small = dataclasses.replace(plain, nodes=(Node("aten.zeros.default", ((4, 4),)),), output=5)
    assert checked(small) is small
    with pytest.raises(Problem, match="makes a tensor of"):
        checked(dataclasses.replace(plain, nodes=tuple(nodes), output=5))


def test_what_grows_by_its_steps_is_refused_before_it_runs(good):
    plain = read_program(good)
    grows = [Node("aten.cat.default", ((Ref(4 + i), Ref(4 + i)), 1)) for i in range(1, 40)]
    few = dataclasses.replace(plain, nodes=(plain.nodes[0], *grows[:3]), output=8)
    assert load_program(checked(few))[0](torch.rand(2, 4)).shape == (2, 24)
    with pytest.raises(Problem, match="more than fits"):
        load_program(checked(dataclasses.replace(plain, nodes=(plain.nodes[0], *grows), output=44)))


def test_every_operation_on_the_list_exists_and_none_draws_or_reads():
    assert len(ATEN) > 400
    drawing = set()
    for name in ATEN | CHECKS:
        _, packet, overload = name.split(".")
        operation = getattr(getattr(torch.ops.aten, packet), overload)
        types = " ".join(str(argument.type) for argument in operation._schema.arguments)
        assert not any(word in types for word in ("Generator", "Storage", "Stream", "__torch__"))
        if torch.Tag.nondeterministic_seeded in operation.tags:
            drawing.add(packet)
    trains = ("dropout", "attention", "lstm", "gru", "rnn_")
    assert all(any(word in packet for word in trains) for packet in drawing)


def test_dropout_that_trains_draws_nothing(good):
    plain = read_program(good)
    rows = [
        ("aten.dropout.default", (Ref(0), 0.5, True), (None,)),
        ("aten.dropout_.default", (Ref(0), 0.5, True), (None,)),
        ("aten.native_dropout.default", (Ref(0), 0.5, True), (None, None)),
        ("aten.alpha_dropout.default", (Ref(0), 0.5, True), (None,)),
        ("aten.feature_dropout.default", (Ref(0), 0.5, True), (None,)),
    ]
    for op, args, makes in rows:
        one = dataclasses.replace(plain, nodes=(Node(op, args, {}, makes),), output=5)
        x = torch.rand(3, 4)
        assert torch.equal(load_program(checked(one))[0](x), x), op


@pytest.mark.parametrize(
    "text, free",
    [
        ("s0", True),
        ("s0*2 + 1", True),
        ("Max(1, s0//2)", True),
        ("Symbol('s77', positive=True, integer=True)", True),
        ("Mul(Integer(2), Symbol('s0', integer=True))", True),
    ],
)
def test_sizes_that_torch_prints_are_understood(text, free):
    assert (read_size({"as_expr": {"expr_str": text}}) is None) is free
    assert read_size({"as_int": 3}) == 3


def test_reading_imports_no_torch_and_no_pickle_of_its_own():
    import subprocess

    code = (
        "import sys; import explainers.models.formats.pt2.reading;"
        "import explainers.service.parsing.parsers.pt2;"
        "assert not {'torch', 'onnx'} & {*sys.modules}, 'imported'"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=os.getcwd(), check=False)
    assert done.returncode == 0


def test_a_file_that_is_something_else_is_told_so():
    buffer = io.BytesIO()
    torch.save({"w": torch.zeros(3)}, buffer)
    for data in (b"", b"words", buffer.getvalue(), packed([("a/b", b"c")])):
        with pytest.raises(Problem, match=r"torch\.export\.save|\.pt2"):
            read_program(data)
