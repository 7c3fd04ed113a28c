"""Networks from files run as torch's operations: what their outputs are is followed there too."""

import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explainers.models.formats.onnx import load_onnx
from explainers.models.formats.pt2 import load_exported
from explainers.output_form import with_form

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "onnx"), str(TESTS / "pt2")]

import onnx_files  # noqa: E402
import pt2_files  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")

X = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))


class Net(nn.Module):
    def __init__(self, ending, outputs):
        super().__init__()
        torch.manual_seed(4)
        self.body = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, outputs))
        self.ending = ending

    def forward(self, x):
        return self.ending(self.body(x))


def beside(z):
    p = torch.sigmoid(z)
    return torch.cat([1 - p, p], 1)


def in_place(z):
    p = torch.sigmoid(z)
    p *= -1
    p += 1
    return p


def by_hand(z):
    e = torch.exp(z - z.amax(1, keepdim=True))
    return e / e.sum(1, keepdim=True)


# Ending, outputs of the last layer, and its logit (None: the answers are explained as they are).
ENDINGS = {
    "1 − p beside p": (beside, 1, lambda z: torch.cat([-z, z], 1)),
    "one column": (lambda z: torch.sigmoid(z)[:, :1], 3, lambda z: z[:, :1]),
    "clamp": (lambda z: torch.clamp(torch.sigmoid(z), 1e-6, 1 - 1e-6), 3, lambda z: z),
    "transposed": (lambda z: torch.softmax(z.transpose(0, 1), 0).transpose(0, 1), 3, lambda z: z),
    "softmin": (lambda z: F.softmin(z, 1), 3, lambda z: -z),
    "in place": (in_place, 3, lambda z: -z),
    "percent": (lambda z: 100 * torch.softmax(z, 1), 3, lambda z: z),
    "tanh": (lambda z: (torch.tanh(z) + 1) / 2, 3, lambda z: 2 * z),
    "softmax by hand": (by_hand, 3, lambda z: z),
    "sigmoid by hand": (lambda z: 1 / (1 + torch.exp(-z)), 3, lambda z: z),
    "two heads": (
        lambda z: torch.cat([z[:, :1].sigmoid(), z[:, 1:].softmax(1)], 1),
        3,
        lambda z: z,
    ),
    "mean of heads": (lambda z: (z.softmax(1) + z.flip(1).softmax(1)) / 2, 3, None),
    "rates": (F.softplus, 3, None),
}


def loaded(network, form):
    if form == "onnx":
        return load_onnx(onnx_files.exported(network, X))[0]
    if form == "onnx of fixed batch":
        return load_onnx(onnx_files.exported(network, X[:2], free=False))[0]
    if form == "pt2":
        return load_exported(pt2_files.exported(network, X))[0]
    return load_exported(pt2_files.exported(network, X, dynamic=False, decomposed=True))[0]


ALL_FORMS = ("onnx of fixed batch", "pt2", "pt2 of fixed batch")
CASES = [(name, "onnx") for name in ENDINGS]
CASES += [(name, form) for name in ("1 − p beside p", "one column", "rates") for form in ALL_FORMS]
CASES += [("softmax by hand", "pt2"), ("mean of heads", "pt2")]


@pytest.mark.parametrize("name, form", CASES)
def test_the_logit_of_a_file_is_that_of_its_network(name, form):
    ending, outputs, logit = ENDINGS[name]
    network, notes = Net(ending, outputs).eval().requires_grad_(False), []
    model = loaded(network, form)
    found = with_form(model, "logit", note=notes.append)(X)
    expected = network(X) if logit is None else logit(network.body(X))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert len(notes) == (logit is None)
    shown = with_form(model, "probability")(X)
    torch.testing.assert_close(shown, network(X), rtol=1e-4, atol=1e-5)
