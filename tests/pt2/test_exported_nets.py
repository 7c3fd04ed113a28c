"""Nets from PyTorch through .pt2 and back: the same outputs and the same explanations."""

import copy
import functools
import json
from itertools import product

import pytest
import torch
from pt2_files import exported, program_of, saved
from pt2_nets import LARGE, SMALL, made
from torch import nn

from explainers import explain
from explainers.models.formats.pt2 import Program, load_exported, load_program
from explainers.models.formats.pt2.reading import read_program

pytestmark = pytest.mark.filterwarnings("ignore")


@functools.cache
def program(name: str, dynamic: bool) -> torch.export.ExportedProgram:
    """A network as exported for any number of rows, or for one; tracing it takes long."""
    return program_of(*made(name), dynamic)


def file_of(name: str, dynamic: bool = True, decomposed: bool = False) -> bytes:
    """What is saved of it."""
    traced = program(name, dynamic)
    return saved(traced.run_decompositions() if decomposed else traced)


def back(data: bytes):
    """The model and card that come out on the other side of the wall."""
    facts, arrays = read_program(data).to_facts()
    return load_program(Program.from_facts(json.loads(json.dumps(facts)), arrays))


def close(found, wanted, most: float) -> None:
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() <= most * wanted.abs().max().clamp(min=1e-3)


METHODS = {"saliency": {}, "integrated_gradients": {"steps": 16}, "deeplift": {}}
# Of those whose export takes long, each way once.
LONG = {"LSTM", "GRU", "recurrent, tanh", "transformer encoder", "vision transformer"}
WAYS = [
    pytest.param(name, dynamic, decomposed, id=f"{name}-{dynamic=}-{decomposed=}")
    for name in SMALL
    for dynamic, decomposed in product((True, False), repeat=2)
    if name not in LONG or dynamic == decomposed
]


@pytest.mark.parametrize(("name", "dynamic", "decomposed"), WAYS)
def test_a_file_explains_like_the_python_model(name, dynamic, decomposed):
    reference, x = made(name)
    found, card = back(file_of(name, dynamic, decomposed))
    assert card.rows is None and card.gradients and card.input.shape == (None, *x.shape[1:])
    with torch.no_grad():
        truth = copy.deepcopy(reference)(x)
        close(found(x), truth, 1e-5)
        close(found(x), truth, 1e-5)  # nothing is remembered of the first time
        close(torch.cat([found(row[None]) for row in x]), truth, 1e-5)
    for method, options in METHODS.items():
        scores = explain(found, x, method, target=0, **options).scores
        close(scores, wanted(name, method), 1e-4)


@functools.cache
def wanted(name: str, method: str) -> torch.Tensor:
    """The scores of the Python model, the same for every way of exporting it."""
    model, x = made(name)
    return explain(_forgetful(model), x, method, target=0, **METHODS[method]).scores


def _forgetful(model: nn.Module) -> nn.Module:
    """The model; for one that counts its calls, a wrapper whose every call is the first."""
    if not hasattr(model, "count"):
        return model

    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.start = model, model.count.clone()

        def forward(self, x):
            self.inner.count.copy_(self.start)
            return self.inner(x)

    return First()


@pytest.mark.parametrize("name", LARGE)
def test_picture_networks_explain_like_the_python_model(name):
    model, x = made(name)
    x = x[:2]
    found, card = back(file_of(name, dynamic=name in ("swin", "resnet")))
    assert card.rows is None and card.layout == "channels first"
    with torch.no_grad():
        close(found(x), model(x), 1e-5)
    for method in ("saliency", "deeplift", "grad_cam"):
        wanted = explain(model, x[:1], method, target=1).scores
        close(explain(found, x[:1], method, target=1).scores, wanted, 1e-4)
    options = {"target": 1, "steps": 4}
    wanted = explain(model, x[:1], "integrated_gradients", **options).scores
    close(explain(found, x[:1], "integrated_gradients", **options).scores, wanted, 1e-4)


@pytest.mark.parametrize("name", ["swin", "mobilenet_v2"])
def test_decomposed_picture_networks_for_one_row_take_any(name):
    model, x = made(name)
    found, card = back(file_of(name, dynamic=False, decomposed=True))
    assert card.rows is None
    with torch.no_grad():
        close(found(x), model(x), 1e-5)


@pytest.mark.parametrize("decomposed", [False, True])
def test_an_export_in_training_mode_answers_as_in_eval(decomposed):
    model, x = made("classifier")
    found, card = back(exported(copy.deepcopy(model).train(), x, decomposed=decomposed))
    assert "training mode" in card.warnings[0]
    with torch.no_grad():
        close(found(x), model(x), 1e-5)
    before = {k: v.clone() for k, v in found.state_dict().items()}
    explain(found.train(), x, "saliency", target=0)
    assert all(torch.equal(v, before[k]) for k, v in found.state_dict().items())


def test_statistics_of_the_batch_itself_are_taken_row_by_row():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv1d(4, 3, 3),
        nn.BatchNorm1d(3, track_running_stats=False),
        nn.Flatten(),
        nn.Linear(18, 2),
    ).eval()
    x = torch.rand(3, 4, 8)
    found, card = back(exported(model, x))
    assert card.rows == 1 and "one row" in card.notes[-1]
    with torch.no_grad():
        close(found(x), torch.cat([model(row[None]) for row in x]), 1e-5)
        assert (model(x) - found(x)).abs().max() > 1e-3


def test_names_of_parameters_are_those_of_the_python_model():
    model, _ = made("resnet")
    found, _ = back(file_of("resnet"))
    own = dict(model.named_parameters())
    assert dict(found.named_parameters()).keys() == own.keys()
    assert all(torch.equal(p, own[name]) for name, p in found.named_parameters())
    kinds = {name for name, m in found.named_modules() if isinstance(m, nn.Conv2d)}
    assert kinds == {name for name, m in model.named_modules() if isinstance(m, nn.Conv2d)}


def test_a_final_softmax_is_recognised():
    model, x = made("classifier")
    for decomposed in (False, True):
        found, _ = back(file_of("classifier", decomposed=decomposed))
        for score in ("logit", "probability"):
            wanted = explain(model, x, "saliency", target=0, score=score).scores
            close(explain(found, x, "saliency", target=0, score=score).scores, wanted, 1e-4)


def test_tied_weights_stay_tied_and_precision_follows():
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(5, 5), nn.Linear(5, 5)
            self.second.weight = self.first.weight

        def forward(self, x):
            y = self.second(self.first(x).relu())
            return y + torch.arange(5, dtype=torch.float32) + x.to(torch.float32)

    torch.manual_seed(0)
    model, x = Tied().eval(), torch.rand(3, 5)
    found, _ = load_exported(exported(model, x))
    assert len({id(p) for p in found.parameters()}) == 3
    with torch.no_grad():
        assert found.double()(x.double()).dtype == torch.float64
        close(found(x.double()), model.double()(x.double()), 1e-12)


def test_half_precision_is_computed_in_single():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 2)).to(torch.bfloat16).eval()
    x = torch.rand(3, 6)
    found, card = load_exported(exported(model, x.bfloat16()))
    assert card.input.dtype == "float32"
    with torch.no_grad():
        close(found(x), model.float()(x), 1e-5)


def test_randomising_the_weights_goes_through_the_named_layers():
    from explainers.checks.randomisation import stages

    model, x = made("letters")
    found, _ = back(file_of("letters"))
    assert stages(found, x) == stages(model, x)
