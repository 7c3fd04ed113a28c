"""Spectra and filters: what is linear is exact, and what is not adds up."""

import pytest
import torch
import torch.nn.functional as F
from enumeration import shapley

from explainers import explain

RULES = ("rescale", "reveal_cancel", "genomics")


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


X, B = normal(3, 8, seed=1), normal(3, 8, seed=2)
FILTER = torch.complex(normal(5, seed=3), normal(5, seed=4))
WINDOW = torch.hann_window(4, dtype=torch.float64)


def pair(x):
    return torch.complex(x[:, :4], x[:, 4:])


def filtered(x):
    return torch.fft.irfft(torch.fft.rfft(x) * FILTER, n=8)


def cut_in_place(x):
    spectrum = torch.fft.rfft(x)
    spectrum *= FILTER
    spectrum[:, 3:] = 0
    spectrum.real[:, 1] *= 2
    return torch.fft.irfft(spectrum, n=8)


def mixed_by_channel(x):
    spectrum = torch.fft.rfft(x.reshape(-1, 2, 4))
    weights = torch.complex(normal(2, 3, 3, seed=5), normal(2, 3, 3, seed=6))
    return torch.fft.irfft(torch.einsum("nci,coi->noi", spectrum, weights), n=4).flatten(1)


def in_two_dimensions(x):
    spectrum = torch.fft.fftshift(torch.fft.fft2(x.reshape(-1, 2, 4)), dim=(1, 2))
    return torch.fft.ifft2(spectrum * torch.complex(normal(2, 4), normal(2, 4))).imag.flatten(1)


def back_and_forth(x):
    pieces = torch.stft(x, 4, 1, window=WINDOW, return_complex=True) * 2
    return torch.istft(pieces, 4, 1, window=WINDOW, length=8)


def turned(x):
    phases = torch.polar(torch.ones(4, dtype=torch.float64), normal(4))
    return torch.view_as_real(torch.view_as_complex(x.reshape(-1, 4, 2)) * phases).flatten(1)


def matrix(x):
    weight, bias = torch.complex(normal(4, 4), normal(4, 4)), torch.complex(normal(4), normal(4))
    return torch.view_as_real(F.linear(pair(x), weight, bias)).flatten(1)


LINEAR = (
    filtered,
    cut_in_place,
    mixed_by_channel,
    in_two_dimensions,
    back_and_forth,
    turned,
    matrix,
    lambda x: torch.fft.hfft(pair(x))[:, :4],
    lambda x: torch.cat([torch.fft.fft(x), torch.fft.ifft(x).conj()], 1).imag,
    lambda x: (torch.fft.fft(x) * 2j - 3).cumsum(1).mean(1, keepdim=True).real,
    lambda x: torch.where(torch.arange(8) > 3, torch.fft.fft(x), 0).real / 3,
)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("transform", LINEAR)
def test_a_linear_filter_is_exact(transform, rule):
    weights = normal(transform(X).shape[1], seed=9)

    def model(x):
        return transform(x) @ weights

    nothing = torch.zeros(1, 8, dtype=torch.float64)
    column = model(torch.eye(8, dtype=torch.float64)) - model(nothing)
    answer = explain(model, X, "deeplift", B, rule=rule, fallback="refuse")
    torch.testing.assert_close(answer.scores, column * (X - B))


@pytest.mark.parametrize("rule", RULES)
def test_the_power_of_a_spectrum_is_that_of_the_series(rule):
    """Parseval: Σ|X_k|² = n Σ x², of which each value has n(x² − b²)."""
    for power in (lambda z: z.abs() ** 2, lambda z: (z * z.conj()).real):
        model = lambda x, power=power: power(torch.fft.fft(x)).sum(1)  # noqa: E731
        scores = explain(model, X, "deeplift", B, rule=rule).scores
        if rule == "rescale":
            torch.testing.assert_close(scores, 8 * (X**2 - B**2))
        torch.testing.assert_close(scores.sum(1), model(X) - model(B))


def test_two_spectra_are_multiplied_at_the_middle():
    """A convolution of two series, each moved as a whole: exact Shapley values."""
    one, other = normal(8, seed=7), normal(8, seed=8)

    def model(x):
        spectra = torch.fft.rfft(x[:, :1] * one), torch.fft.rfft(x[:, 1:] * other)
        return torch.fft.irfft(spectra[0] * spectra[1].conj(), n=8)[:, 2]

    x, b = normal(4, 2, seed=1), normal(4, 2, seed=2)
    scores = explain(model, x, "deeplift", b).scores
    for row, points in enumerate(zip(x, b, strict=True)):
        exact = shapley(lambda values: model(values[None])[0], *points)
        torch.testing.assert_close(scores[row], exact)


NOT_LINEAR = {
    "size": lambda x: torch.fft.rfft(x).abs(),
    "phase": lambda x: torch.fft.rfft(x).angle(),
    "log_size": lambda x: (torch.fft.rfft(x).abs() + 1e-3).log(),
    "phase_only": lambda x: torch.fft.irfft(torch.fft.rfft(x).sgn(), n=8),
    "stft": lambda x: torch.stft(x, 4, 2, window=WINDOW, return_complex=True).abs().flatten(1),
    "convolved": lambda x: torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(x.tanh()), n=8),
    "quotient": lambda x: (pair(x) / torch.complex(x[:, 4:].exp(), x[:, :4])).real,
    "power": lambda x: (pair(x) ** 3).imag + (pair(x) ** 1.5).real,
    "exponential": lambda x: pair(x).exp().real + pair(x).tanh().imag,
    "root": lambda x: (pair(x).sqrt() + pair(x).log()).real,
    "polar": lambda x: torch.polar(x[:, :4].exp(), x[:, 4:]).real,
    "product": lambda x: (
        (pair(x).reshape(-1, 2, 2) @ pair(x).reshape(-1, 2, 2).mH).abs().flatten(1)
    ),
    "spread": lambda x: (
        torch.fft.fft(x).std(1, keepdim=True) + torch.fft.fft(x).norm(dim=1)[:, None]
    ),
    "gate": lambda x: torch.where(x > 0, torch.fft.fft(x), 1j).imag,
    "relu_of_both": lambda x: torch.complex(pair(x).real.relu(), pair(x).imag.relu()).abs(),
    "convolution": lambda x: F.conv1d(pair(x)[:, None], FILTER[None, None, :2]).abs().flatten(1),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NOT_LINEAR)
def test_what_is_not_linear_adds_up(name, rule):
    transform = NOT_LINEAR[name]
    weights = normal(transform(X).shape[1], seed=9)
    for baseline in (B, torch.zeros_like(X)):
        if not torch.isfinite(transform(baseline)).all():
            continue
        answer = explain(lambda x: transform(x) @ weights, X, "deeplift", baseline, rule=rule)
        assert answer.gap.abs().max() < 1e-9
        assert not any("no rule" in note for note in answer.notes)


@pytest.mark.parametrize("rule", RULES)
def test_a_local_integral_through_complex_numbers_adds_up(rule):
    def model(x):
        return (pair(x).asin() * FILTER[:4]).real.sum(1)

    answer = explain(model, X, "deeplift", B, rule=rule, fallback="integral")
    assert answer.gap.abs().max() < 1e-9
    assert any("asin" in note for note in answer.notes)
