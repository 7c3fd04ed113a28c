"""Values that lie between 0 and 1 by construction are never put through a softmax again."""

import pytest
import torch
import torch.nn.functional as F
from heads import ONE, A, B, X
from torch import nn

from explainers.output_form import observe, with_form

BETWEEN_0_AND_1 = {
    "relu6 / 6": lambda x: F.relu6(A(x) + 3) / 6,
    "ReLU6 · 1/6": lambda x: nn.ReLU6()(A(x) + 3) * (1 / 6),
    "relu, then at most 1": lambda x: A(x).relu().clamp(max=1),
    "clamped twice": lambda x: A(x).clamp(min=0).clamp(max=1),
    "smaller of relu and 1": lambda x: torch.minimum(A(x).relu(), X.new_ones(())),
    "decisions": lambda x: (A(x) > 0).double(),
    "decisions by sign": lambda x: (A(x).sign() + 1) / 2,
    "decisions by a step": lambda x: torch.heaviside(A(x), X.new_ones(())),
    "one of several": lambda x: F.one_hot(A(x).argmax(1), 3).double(),
    "closeness": lambda x: 1 / (1 + A(x) ** 2),
    "a kernel": lambda x: torch.exp(-(A(x) ** 2)),
    "product with itself": lambda x: (lambda z: (-(z * z)).exp())(A(x)),
    "survival": lambda x: torch.exp(-A(x).relu()),
    "complementary log-log": lambda x: 1 - torch.exp(-torch.exp(A(x))),
    "cosine": lambda x: (F.cosine_similarity(x[:, :2], x[:, 2:])[:, None] + 1) / 2,
    "squared tanh": lambda x: A(x).tanh().square(),
    "squared cosine": lambda x: A(x).cos() ** 2,
    "gated": lambda x: A(x).sigmoid() * (B(x) > 0).double(),
    "masked": lambda x: A(x).sigmoid().masked_fill(B(x) > 0, 0.0),
    "softsign by hand": lambda x: (lambda z: z / (1 + z.abs()) / 2 + 0.5)(A(x)),
    "softsign by hand, scaled first": lambda x: (lambda z: 0.5 * z / (z.abs() + 1) + 0.5)(A(x)),
    "algebraic sigmoid": lambda x: (lambda z: 0.5 + 0.5 * z / (1 + z**2).sqrt())(A(x)),
    "turned algebraic sigmoid": lambda x: (lambda z: (1 - z / (1 + z * z) ** 0.5) / 2)(A(x)),
    "shares of relus": lambda x: (lambda z: z / (z.sum(1, keepdim=True) + 1e-9))(A(x).relu()),
    "shares of squares": lambda x: (lambda z: z / z.sum(1)[:, None])(A(x) ** 2),
    "shares of softplus": lambda x: (lambda z: z / z.sum(1, True))(F.softplus(A(x))),
    "shares of sigmoids": lambda x: (lambda z: z / z.sum(1, keepdim=True))(A(x).sigmoid()),
    "one evidence over all": lambda x: (lambda z: z / (1 + z))(F.softplus(A(x))),
    "share of the largest": lambda x: (lambda z: z / z.amax(1, keepdim=True))(A(x).exp() + 1),
    "one of two": lambda x: (lambda a, b: a / (a + b))(A(x).abs(), A(x[:, [1, 0, 2, 3]]).abs()),
    "part of a norm": lambda x: (lambda z: z.abs() / z.norm(dim=1, keepdim=True))(A(x)),
    "padded": lambda x: torch.where(B(x) > 0, A(x).sigmoid(), X.new_zeros(())),
}


@pytest.mark.parametrize("name", BETWEEN_0_AND_1)
def test_shares_are_explained_as_they_are(name):
    model, notes, of_logit = BETWEEN_0_AND_1[name], [], []
    found = with_form(model, "probability", note=notes.append)(X)
    assert torch.equal(found, model(X)) and not notes
    assert torch.equal(with_form(model, "logit", note=of_logit.append)(X), model(X))
    assert len(of_logit) == 1 and "as they are" in of_logit[0]
    _, meaning, _ = observe(model, 100 * X)
    assert meaning is not None and meaning.unit


SCORES = {
    "relu": lambda x: A(x).relu(),
    "relu6": lambda x: F.relu6(A(x)),
    "hard swish": lambda x: A(x) * F.relu6(A(x) + 3) / 6,
    "distances": lambda x: -torch.cdist(x, X[:3]),
    "squared distances": lambda x: -((x[:, None] - X[:3]) ** 2).sum(-1),
    "cosines": lambda x: F.cosine_similarity(x[:, None], X[:3], dim=-1),
    "masked scores": lambda x: A(x) * (B(x) > 0).double(),
    "filled scores": lambda x: A(x).masked_fill(B(x) > 1, -5.0),
    "a layer of shares": lambda x: F.linear(F.relu6(A(x)) / 6, B.weight[:, :3], B.bias),
    "a layer norm": lambda x: F.layer_norm(A(x), (3,)),
    "quotients": lambda x: A(x) / ONE(x).abs(),
    "a quotient by another's size": lambda x: A(x) / (1 + A(x + 1).abs()),
    "a quotient by half the size": lambda x: (lambda z: z.abs() / (0.1 + 0.1 * z.abs()))(A(x)),
    "a quotient by another's size, moved": lambda x: A(x) / (A(x).abs()[:, [1, 2, 0]] + 9),
    "a product with a size": lambda x: (lambda z: z * (1 + z.abs()))(A(x)),
    "a size less something": lambda x: (lambda z: z / (z.abs() - 5))(A(x)),
    "root": lambda x: (A(x).abs() + 1).sqrt(),
}


@pytest.mark.parametrize("name", SCORES)
def test_scores_with_bounds_of_their_own_stay_scores(name):
    model, notes = SCORES[name], []
    found = with_form(model, "probability", note=notes.append)(X)
    torch.testing.assert_close(found, model(X).softmax(1))
    assert torch.equal(with_form(model, "logit", note=notes.append)(X), model(X)) and not notes
