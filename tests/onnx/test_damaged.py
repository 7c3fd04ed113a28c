"""Bytes that are no ONNX model, or once were: cut off, changed, random."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from onnx_files import built
from test_refusals import assert_refused

from explainers.errors import Problem
from explainers.models.formats.onnx import load_graph, read_graph

F32 = np.float32
node = helper.make_node


def test_what_is_no_onnx_file():
    for data in (b"", b"PK\x03\x04 a zip", b"\x80\x04.", b"x" * 1000):
        assert_refused(data, "Export")


def test_files_cut_off_anywhere():
    model = built(
        [node("Conv", ["x", "w"], ["y"])], {"w": np.ones((2, 3, 3, 3), F32)}, ("n", 3, 8, 8)
    )
    del model.opset_import[1:]  # the last bytes are then needed
    data = model.SerializeToString()
    read_graph(data)
    for end in range(0, len(data) - 1):
        try:
            read_graph(data[:end])
        except Problem:
            continue
        pytest.fail(f"read a file cut off after {end} of {len(data)} bytes")


BENIGN = built(
    [node("Conv", ["x", "w"], ["a"]), node("Relu", ["a"], ["y"])],
    {"w": np.ones((2, 3, 3, 3), F32)},
    ("n", 3, 8, 8),
).SerializeToString()


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(BENIGN) - 1), st.integers(0, 255)), max_size=6))
def test_changed_bytes_are_read_or_refused(changes):
    data = bytearray(BENIGN)
    for place, value in changes:
        data[place] = value
    try:
        read_graph(bytes(data)).to_facts()
    except Problem as problem:
        assert len(str(problem)) < 700


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(BENIGN) - 1), st.integers(0, 255))
def test_a_changed_byte_leaves_a_model_that_runs_or_a_sentence(place, value):
    data = bytearray(BENIGN)
    data[place] = value
    try:
        model, _ = load_graph(read_graph(bytes(data)))
    except Problem as problem:
        assert len(str(problem)) < 700
        return
    assert len(model(torch.rand(2, 3, 8, 8))) == 2


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data):
    with pytest.raises(Problem):
        read_graph(data)
