"""What entered the last activation is found behind whatever is done to its results."""

import pytest
import torch
import torch.nn.functional as F
from heads import ONE, TWO, A, B, X, filled, odds
from torch import nn

from explainers.output_form import with_form


def in_place_after(z):
    p = z.sigmoid()
    p.neg_()
    p += 1
    return p


def in_place(z):
    z = z + 0
    return z.sigmoid_()


def into_buffer(z):
    buffer = torch.empty_like(z)
    torch.sigmoid(z, out=buffer)
    return buffer


def over_itself(z):
    z = z + 0
    return torch.sigmoid(z, out=z)


def by_hand(z):
    e = (z - z.max(1, keepdim=True).values).exp()
    return e / e.sum(1, keepdim=True)


def by_logarithms(z):
    shifted = z - z.amax(1, True)
    return (shifted - shifted.exp().sum(1, True).log()).exp()


# Model, and what must be explained as its logit.
KNOWN = {
    "1 − p beside p": (
        lambda x: torch.cat([1 - ONE(x).sigmoid(), ONE(x).sigmoid()], 1),
        lambda x: odds(ONE(x)),
    ),
    "stacked": (
        lambda x: (lambda p: torch.stack([1 - p, p], 1))(ONE(x).sigmoid().squeeze(1)),
        lambda x: odds(ONE(x)),
    ),
    "filled in": (lambda x: filled(ONE(x)), lambda x: odds(ONE(x))),
    "1 − p of a softmax over two": (
        lambda x: (lambda p: torch.stack([1 - p, p], 1))(TWO(x).softmax(1)[:, 1]),
        lambda x: TWO(x) - TWO(x).flip(1),
    ),
    "one column": (lambda x: A(x).sigmoid()[:, 0], lambda x: A(x)[:, 0]),
    "columns of a softmax": (lambda x: A(x).softmax(1)[:, 1:], lambda x: A(x)[:, 1:]),
    "split and turned": (
        lambda x: torch.cat(A(x).sigmoid().split([1, 2], 1)[::-1], 1),
        lambda x: torch.cat([A(x)[:, 1:], A(x)[:, :1]], 1),
    ),
    "unbound": (lambda x: torch.stack(A(x).sigmoid().unbind(1)[::-1], 1), lambda x: A(x).flip(1)),
    "chunks": (lambda x: A(x).softmax(1).chunk(3, 1)[2], lambda x: A(x)[:, 2:]),
    "chosen": (
        lambda x: A(x).softmax(1).index_select(1, torch.tensor([2, 0])),
        lambda x: A(x)[:, [2, 0]],
    ),
    "highest": (lambda x: A(x).softmax(1).max(1).values, lambda x: A(x).max(1).values),
    "two highest": (lambda x: A(x).softmax(1).topk(2).values, lambda x: A(x).topk(2).values),
    "transposed": (lambda x: A(x).T.softmax(0).T, A),
    "moved": (lambda x: A(x)[:, :, None].movedim(1, 2).sigmoid().movedim(2, 1)[..., 0], A),
    "in place": (lambda x: in_place(A(x)), A),
    "in place afterwards": (lambda x: in_place_after(A(x)), lambda x: -A(x)),
    "out=": (lambda x: into_buffer(A(x)), A),
    "out= itself": (lambda x: over_itself(A(x)), A),
    "softmin": (lambda x: F.softmin(A(x), 1), lambda x: -A(x)),
    "nn.Softmin": (lambda x: nn.Softmin(1)(A(x)), lambda x: -A(x)),
    "clamped": (lambda x: A(x).sigmoid().clamp(1e-6, 1 - 1e-6), A),
    "clipped above": (lambda x: A(x).softmax(1).clamp_max(1), A),
    "expit": (lambda x: torch.special.expit(A(x)), A),
    "softmax by hand": (lambda x: by_hand(A(x)), A),
    "softmax without a shift": (
        lambda x: (lambda z: z.exp() / z.exp().sum(-1)[:, None])(A(x)),
        A,
    ),
    "softmax by logarithms": (lambda x: by_logarithms(A(x)), A),
    "softmax by logsumexp": (lambda x: (lambda z: (z - z.logsumexp(1, True)).exp())(A(x)), A),
    "sigmoid by hand": (lambda x: 1 / (1 + torch.exp(-A(x))), A),
    "reciprocal": (lambda x: (torch.exp(-A(x)) + 1).reciprocal(), A),
    "power": (lambda x: (1 + torch.exp(-A(x))) ** -1, A),
    "exp / (1 + exp)": (lambda x: (lambda z: z.exp() / (1 + z.exp()))(A(x)), A),
    "tanh": (lambda x: (torch.tanh(A(x)) + 1) / 2, lambda x: 2 * A(x)),
    "tanh turned": (lambda x: 0.5 - 0.5 * torch.tanh(A(x)), lambda x: -2 * A(x)),
    "temperature": (lambda x: (A(x) / 2.5).softmax(1), lambda x: A(x) / 2.5),
    "log_softmax and exp": (lambda x: F.log_softmax(A(x), 1).exp(), A),
    "exp of −softplus": (lambda x: (-F.softplus(-A(x))).exp(), A),
    "two heads": (
        lambda x: torch.cat([A(x).sigmoid(), B(x).softmax(1)], 1),
        lambda x: torch.cat([A(x), B(x)], 1),
    ),
    "either head": (
        lambda x: torch.where(x[:, :3] > 0, A(x).sigmoid(), B(x).sigmoid()),
        lambda x: torch.where(x[:, :3] > 0, A(x), B(x)),
    ),
    "dropout at rest": (lambda x: F.dropout(A(x).sigmoid(), 0.5, False), A),
    "cast": (lambda x: A(x).sigmoid().float(), lambda x: A(x).float()),
    "detached": (lambda x: A(x).softmax(1).detach().contiguous().clone(), A),
    "softmax in double": (lambda x: F.softmax(A(x).float(), 1, dtype=torch.float64), None),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_logit_is_what_entered_the_activation(name):
    model, logit = KNOWN[name]
    notes = []
    expected = A(X).float().double() if logit is None else logit(X)
    torch.testing.assert_close(with_form(model, "logit", note=notes.append)(X), expected)
    assert torch.equal(with_form(model, "probability", note=notes.append)(X), model(X))
    assert not notes


LOGARITHMS = {
    "log_softmax": lambda z: F.log_softmax(z, 1),
    "log of softmax": lambda z: z.softmax(1).log(),
    "logsigmoid": F.logsigmoid,
    "−softplus": lambda z: -F.softplus(-z),
}


@pytest.mark.parametrize("name", LOGARITHMS)
def test_logarithms_of_probabilities(name):
    def model(x):
        return LOGARITHMS[name](A(x))

    torch.testing.assert_close(with_form(model, "logit")(X), A(X))
    torch.testing.assert_close(with_form(model, "probability")(X), model(X).exp())
