"""Weights of unusual kinds: of a byte each, without numbers, sparse, quantised."""

import io

import pytest
import safetensors.torch
import torch

from explainers.errors import Problem
from explainers.models.formats.state_dict import read_state_dict
from explainers.service.parsing.parsers.state_dict import state_dict

BYTES = [
    getattr(torch, name)
    for name in ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz")
]


def saved(tensor: torch.Tensor) -> bytes:
    buffer = io.BytesIO()
    torch.save({"layer.weight": tensor, "layer.bias": torch.zeros(2)}, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", BYTES, ids=str)
def test_numbers_of_a_byte_keep_their_values(kind):
    numbers = [[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]]
    tensor = torch.tensor(numbers).to(kind)
    for data, suffix in (
        (saved(tensor), ".pt"),
        (
            safetensors.torch.save({"layer.weight": tensor, "layer.bias": torch.zeros(2)}),
            ".safetensors",
        ),
    ):
        (weight, _) = sorted(read_state_dict(data, suffix).values(), key=lambda t: -t.ndim)
        assert weight.dtype == torch.float32 and weight.tolist() == numbers
        layer = torch.nn.Linear(3, 2)
        layer.load_state_dict({"weight": weight, "bias": torch.zeros(2)})
        assert layer(torch.ones(1, 3)).tolist() == [[-0.5, 2.75]]


def test_a_number_of_a_byte_that_is_none_is_found():
    broken = torch.tensor([[1.0, float("nan")]]).to(torch.float8_e4m3fn)
    with pytest.raises(Problem, match="NaN or infinite"):
        read_state_dict(saved(broken), ".pt")


OTHERS = {
    "no numbers: the model was on the meta device": lambda: torch.zeros(2, 3, device="meta"),
    "sparse, nested or quantised": lambda: torch.eye(3).to_sparse(),
    "is sparse": lambda: torch.eye(3).to_sparse_csr(),
    "dequantize": lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("words", OTHERS)
def test_what_holds_no_plain_numbers_is_said(words):
    with pytest.raises(Problem, match=words) as told:
        read_state_dict(saved(OTHERS[words]()), ".pt")
    assert "'layer.weight'" in str(told.value) or "'weight'" in str(told.value)
    assert read_state_dict(saved(torch.eye(2)), ".pt"), "a dense one is read"


def test_they_are_read_behind_the_wall_too(parser_pool):
    tensor = torch.tensor([[1.0, -2.0]]).to(torch.float8_e4m3fn)
    found = state_dict(parser_pool.parse("state_dict", saved(tensor), suffix=".pt"))
    assert found["layer.weight"].tolist() == [[1.0, -2.0]]
    with pytest.raises(Problem, match="meta device"):
        parser_pool.parse("state_dict", saved(torch.zeros(2, 3, device="meta")), suffix=".pt")
    with pytest.raises(Problem, match="sparse"):
        parser_pool.parse("state_dict", saved(torch.eye(3).to_sparse()), suffix=".pt")
