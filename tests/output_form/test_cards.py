"""The card of an uploaded network says what its answers are, and asks what cannot be known."""

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

from explainers.models.inspection.answers import inspect_answers
from explainers.models.inspection.guesses import Guess
from explainers.models.prepared import Prepared
from explainers.models.spec import AS_THEY_ARE, TAKEN_FOR, ModelSpec
from explainers.models.zoo import signs
from explainers.models.zoo.demos import demos
from explainers.models.zoo.torchvision_models import build_architecture

ROW, PICTURE, DNA = Guess("table", (4,)), Guess("picture", (3, 32, 32)), Guess("sequence", (4, 50))
WIDTH = {"table": 4, "picture": 3 * 32 * 32, "sequence": 200}


class Net(nn.Module):
    """A small trained-like network with an ending."""

    def __init__(self, ending, outputs=3, kind="table", scale=1.0, shift=0.0):
        super().__init__()
        torch.manual_seed(2)
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(WIDTH[kind], 8), nn.Tanh())
        self.heads = nn.ModuleList(nn.Linear(8, outputs) for _ in range(2))
        self.ending, self.scale, self.shift = ending, scale, shift

    def forward(self, x):
        hidden = self.body(x)
        return self.ending(*(head(hidden) * self.scale + self.shift for head in self.heads))


def out_of_sight(values):
    return torch.from_numpy(values.detach().numpy())


def plain(z, w):
    return z


SIBLINGS = {
    # What it is, the card's word, what is shown by default, whether that is sure.
    "regression in thousands": (Net(plain, shift=1000), "numbers", False),
    "of all magnitudes": (
        Net(lambda z, w: z * torch.tensor([1, 1e3, 1e-3])),
        "numbers",
        False,
    ),
    "averaged sigmoids": (Net(lambda z, w: (z.sigmoid() + w.sigmoid()) / 2), "fractions", True),
    "averaged softmaxes": (
        Net(lambda z, w: torch.stack([z.softmax(1), w.softmax(1)]).mean(0)),
        "probabilities",
        True,
    ),
    "sigmoid and clip": (Net(lambda z, w: z.sigmoid().clip(1e-6, 1 - 1e-6)), "sigmoid", True),
    "sigmoid, widely clipped": (Net(lambda z, w: z.sigmoid().clip(0.2, 0.8)), "fractions", True),
    "1 − p": (Net(lambda z, w: 1 - z.sigmoid()), "sigmoid", True),
    "1 − p alone": (Net(lambda z, w: 1 - z.sigmoid(), 1), "sigmoid", True),
    "1 − p beside p": (
        Net(lambda z, w: torch.cat([1 - z.sigmoid(), z.sigmoid()], 1), 1),
        "softmax",
        True,
    ),
    "two heads": (Net(lambda z, w: torch.cat([z.sigmoid(), w.sigmoid()], 1)), "sigmoid", True),
    "two heads of classes": (
        Net(lambda z, w: torch.cat([z.softmax(1), w.softmax(1)], 1)),
        "sigmoid",
        True,
    ),
    "rates": (Net(lambda z, w: F.softplus(z)), "numbers", True),
    "exponentials": (Net(lambda z, w: z.exp()), "numbers", True),
    "ReLU": (Net(lambda z, w: z.relu()), "numbers", False),
    "percent": (Net(lambda z, w: 100 * z.softmax(1)), "percent", True),
    "percent each": (Net(lambda z, w: 100 * z.sigmoid()), "percent", True),
    "tanh": (Net(lambda z, w: z.tanh()), "numbers", True),
    "tanh as shares": (Net(lambda z, w: (z.tanh() + 1) / 2), "sigmoid", True),
    "rounded": (Net(lambda z, w: z.sigmoid().round()), "fractions", True),
    "hardsigmoid": (Net(lambda z, w: F.hardsigmoid(z)), "fractions", True),
    "normalised rates": (Net(lambda z, w: F.normalize(F.softplus(z), p=1)), "probabilities", True),
    "log_softmax": (Net(lambda z, w: F.log_softmax(z, 1)), "log_probabilities", True),
    "softmax": (Net(lambda z, w: z.softmax(1)), "softmax", True),
    "softmax over the batch": (Net(lambda z, w: z.softmax(0)), "sigmoid", True),
    "softmin": (Net(lambda z, w: F.softmin(z, 1)), "softmax", True),
    "one number": (Net(plain, 1), "number", False),
    "one number, flat": (Net(lambda z, w: z[:, 0], 1), "number", False),
    "classes out of sight": (Net(lambda z, w: out_of_sight(z.softmax(1))), "probabilities", True),
    "labels out of sight": (Net(lambda z, w: out_of_sight(z.sigmoid())), "fractions", False),
    "rates out of sight": (
        Net(lambda z, w: out_of_sight(F.softplus(z)), scale=4.0),
        "numbers",
        False,
    ),
    "percent out of sight": (
        Net(lambda z, w: out_of_sight(100 * z.softmax(1))),
        "percent",
        True,
    ),
    "a row's scores": (Net(plain), "logits", False),
}


@pytest.mark.parametrize("name", SIBLINGS)
def test_what_the_answers_of_a_row_are(name):
    network, are, sure = SIBLINGS[name]
    with torch.no_grad():
        found = inspect_answers(network, ROW, [])
    assert (found.are, found.sure) == (are, sure)


@pytest.mark.parametrize("name", [n for n in SIBLINGS if n != "softmax over the batch"])
def test_nothing_is_shown_as_per_cent_that_is_no_share(name):
    """The default of the card, as a page asks for it: from 0 to 1, or as the network gives it."""
    from explainers.passes import Passes

    network, are, _ = SIBLINGS[name]
    answers = TAKEN_FOR.get(are, "classes")
    spec = ModelSpec("upload", "", kind="table", shape=(4,), mean=(0.0,), std=(1.0,))
    x = 3 * torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
    form = "output" if answers in AS_THEY_ARE else "probability"
    passes = Passes(Prepared(network, spec).eval(), score=form)
    shown = passes.outputs(x)
    own = network(x).detach()
    own = own[:, None] if own.ndim == 1 else own
    if answers == "numbers":
        torch.testing.assert_close(shown, own)
    else:
        assert ((shown >= -1e-5) & (shown <= 1 + 1e-5)).all()
        if are not in ("logits", "log_probabilities"):
            torch.testing.assert_close(shown, own)
    assert passes.notes == []


def test_classifiers_of_pictures_are_no_question():
    photos = [Image.open(sample.path).convert("RGB") for sample in signs.samples()[:2]]
    with torch.no_grad():
        for outputs, scale in ((10, 40.0), (10, 0.1), (1000, 1.0), (3, 5.0)):
            found = inspect_answers(Net(plain, outputs, "picture", scale), PICTURE, photos)
            assert (found.are, found.sure) == ("logits", True)
        signnet = inspect_answers(signs.load_demo("signs"), Guess("picture", (3, 96, 96)), photos)
        assert (signnet.are, signnet.sure) == ("logits", True)


@pytest.mark.parametrize("name", ["squeezenet1_1", "resnet18", "shufflenet_v2_x0_5"])
def test_torchvisions_classifiers_are_no_question(name):
    torch.manual_seed(0)
    network = build_architecture(name, 1000).eval()
    with torch.no_grad():
        found = inspect_answers(network, Guess("picture", (3, 64, 64)), [])
    assert (found.are, found.sure) == ("logits", True)


def test_a_regression_on_pictures_in_thousands_is_a_question():
    with torch.no_grad():
        found = inspect_answers(Net(plain, 10, "picture", shift=900), PICTURE, [])
    assert (found.are, found.sure) == ("numbers", False)


def test_dna_networks():
    with torch.no_grad():
        scores = inspect_answers(Net(plain, 3, "sequence"), DNA, [])
        shares = inspect_answers(Net(lambda z, w: z.softmax(1), 3, "sequence"), DNA, [])
    assert scores[1:] == ("logits", False) and shares[1:] == ("softmax", True)


def test_the_demos_are_explained_without_a_note():
    """Of each that answers with classes: what is shown is from 0 to 1."""
    from explainers.models.prepared import build
    from explainers.passes import Passes

    for demo in demos().values():
        model, _, spec = build(demo.spec, None)
        side = (3, spec.size, spec.size) if spec.kind == "picture" else spec.shape
        if spec.kind == "picture" and len(spec.mean) == 1:
            side = (1, *side[1:])
        x = torch.rand(2, *side, generator=torch.Generator().manual_seed(0))
        for score in ("logit", "probability"):
            if spec.answers in AS_THEY_ARE:
                continue
            passes = Passes(model, score=score)
            shown = passes.outputs(x)
            assert passes.notes == []
            assert score == "logit" or ((shown >= 0) & (shown <= 1)).all()
