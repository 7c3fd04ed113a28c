"""Whether a GPU gives the CPU's answers, and what it is worth beside captum; one script, minutes.

Run: python -m tests.bench.gpu [--device cuda] [--small]

Without a device `--device cpu --small` tries the script itself: then the same is compared with the
same, in small. Every section prints its lines as they are known; exit 1 where an answer is wrong.

1. Every method on every demo network, on the device and on the CPU.
2. Integrated Gradients of 50 steps on resnet50, float32, TF32 and bfloat16, beside captum.
3. DeepLIFT beside a plain forward and backward pass, occlusion beside captum.
4. Recurrent networks, whose kernels there have no way back in evaluation mode.
5. A pass that needs more memory than there is: halved until it fits.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator

import torch
import torchvision
from torch import Tensor, nn

from explainers import METHODS, explain
from explainers.running.precision_trial import RANKS, allow_tf32, has_tf32, rank_correlation
from tests.bench.unchanged import demo_inputs, quick_options

TOLERANCE = 1e-3
ROUNDS, TARGET = 3, 3
SHARE_OF_MEMORY = 0.25
Line = tuple[str, bool]
"""What was found, and whether it is right."""


def off(ours: Tensor, exact: Tensor) -> float:
    """The largest difference, as a share of the largest score."""
    ours, exact = ours.double().cpu(), exact.double().cpu()
    return float((ours - exact).abs().max() / exact.abs().max().clamp_min(1e-30))


def seconds(call: Callable[[], Tensor], device: torch.device) -> tuple[float, Tensor]:
    """Median wall time of a few calls after one that warms up, and the answer."""
    call()
    taken = []
    for _ in range(ROUNDS):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        started = time.perf_counter()
        answer = call()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken), answer


def methods_alike(device: torch.device, small: bool) -> Iterator[Line]:
    """Every method on every demo's first input, there and here."""
    for name, spec, model, x, _ in demo_inputs():
        worst: dict[str, float] = {}
        for key, method in METHODS.items():
            if method.kinds is not None and spec.kind not in method.kinds:
                continue
            options = quick_options(method, spec.kind)
            try:
                there, here = (
                    explain(model, x, key, "zeros", 0, score="logit", device=where, **options)
                    for where in (str(device), "cpu")
                )
            except ValueError:  # not of this network, on either
                continue
            worst[key] = off(there.scores, here.scores)
        last = max(worst, key=worst.__getitem__)
        words = f"{name}: {len(worst)} methods, {worst[last]:.0e} off at most ({last})"
        yield words, worst[last] < TOLERANCE


def integrated_gradients(device: torch.device, small: bool) -> Iterator[Line]:
    """50 steps on resnet50, in each precision, beside captum's."""
    from captum.attr import IntegratedGradients

    model, x, side = _network("resnet50", device, small)
    steps, each = (4 if small else 50), 64

    def ours(precision: str = "auto") -> Tensor:
        given = {"steps": steps, "target": TARGET, "precision": precision}
        return explain(model, x, "integrated_gradients", **given).scores

    def captum(model: nn.Module = model, x: Tensor = x) -> Tensor:
        return IntegratedGradients(model).attribute(
            x, target=TARGET, n_steps=steps, internal_batch_size=each
        )

    theirs, _ = seconds(captum, device)
    mine, found = seconds(ours, device)
    double = copy.deepcopy(model).double()
    exact = explain(double, x.double(), "integrated_gradients", steps=steps, target=TARGET).scores
    error = off(found, exact)
    what = f"resnet50, {side}², {steps} steps: "
    words = f"{mine * 1e3:.0f} ms, captum {theirs * 1e3:.0f} ms, {theirs / mine:.2f} times as fast"
    yield f"{what}float32 {words}; {error:.0e} off float64", error < 10 * TOLERANCE
    for precision in (*["tf32"] * has_tf32(device), "bfloat16"):
        took, found = seconds(lambda precision=precision: ours(precision), device)
        alike = rank_correlation(found, exact)
        fits = "may be used" if alike >= RANKS else "may not be used"
        yield f"{what}{precision} {mine / took:.2f} times as fast, ranks {alike:.4f}: {fits}", True


def passes_and_windows(device: torch.device, small: bool) -> Iterator[Line]:
    """DeepLIFT in plain passes on [inputs; references]; occlusion beside captum's."""
    from captum.attr import Occlusion

    for name in ("resnet50", "vgg16"):
        model, x, side = _network(name, device, small)
        pair = torch.cat([x, torch.zeros_like(x)])

        def plain(model: nn.Module = model, pair: Tensor = pair) -> Tensor:
            leaf = pair.clone().requires_grad_()
            return torch.autograd.grad(model(leaf)[:, TARGET].sum(), leaf)[0]

        unit, _ = seconds(plain, device)
        for rule in ("rescale", "reveal_cancel"):

            def ours(model: nn.Module = model, x: Tensor = x, rule: str = rule) -> Tensor:
                answer = explain(model, x, "deeplift", target=TARGET, rule=rule)
                assert answer.gap is not None
                return answer.gap

            took, gap = seconds(ours, device)
            words = f"DeepLIFT {rule}, {name}, {side}²: {took / unit:.2f} plain passes"
            yield f"{words}, gap {float(gap.abs()):.0e}", float(gap.abs()) < TOLERANCE
    model, x, side = _network("resnet18", device, small)
    window, stride = (side // 7, side // 14)

    def windows() -> Tensor:
        given = {"window": window, "stride": stride, "target": TARGET}
        return explain(model, x, "occlusion", **given).scores

    def captum() -> Tensor:
        with torch.no_grad():
            return Occlusion(model).attribute(
                x, (3, window, window), (3, stride, stride), 0, TARGET, perturbations_per_eval=64
            )

    (mine, found), (theirs, other) = seconds(windows, device), seconds(captum, device)
    error = off(found, other)
    words = f"occlusion, resnet18, {side}², windows of {window}: {theirs / mine:.2f} times captum"
    yield f"{words}, {error:.0e} apart", error < TOLERANCE


def recurrent(device: torch.device, small: bool) -> Iterator[Line]:
    """Slopes of recurrent networks in evaluation mode, there and here."""

    class Last(nn.Module):
        """The last answer of a recurrent network, as two scores."""

        def __init__(self, kind: type[nn.RNNBase]) -> None:
            super().__init__()
            self.rnn, self.head = kind(5, 16, 2, batch_first=True), nn.Linear(16, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.rnn(x.transpose(1, 2))[0][:, -1])

    for kind in (nn.LSTM, nn.GRU, nn.RNN):
        torch.manual_seed(0)
        model, x = Last(kind).eval(), torch.randn(2, 5, 40)
        for method in ("integrated_gradients", "deeplift", "saliency", "occlusion"):
            there, here = (
                explain(model, x, method, target=0, device=where).scores
                for where in (str(device), "cpu")
            )
            error = off(there, here)
            yield f"{kind.__name__}, {method}: {error:.0e} off", error < TOLERANCE


def memory(device: torch.device, small: bool) -> Iterator[Line]:
    """A batch that does not fit is halved; the answer is as if it had been small all along."""

    refused: list[int] = []  # what a model holds is put back after a call

    class Wide(nn.Module):
        """A network that wants a share of the device's memory for every point."""

        def __init__(self, each: int) -> None:
            super().__init__()
            self.each = each

        def forward(self, x: Tensor) -> Tensor:
            try:
                self._take(len(x))
            except torch.OutOfMemoryError:
                refused.append(len(x))
                raise
            return (x.flatten(1) ** 2).cumsum(1)[:, -2:]

        def _take(self, points: int) -> None:
            if device.type == "cuda":
                torch.empty(points * self.each, dtype=torch.uint8, device=device)
            elif points * self.each > 100:
                raise torch.OutOfMemoryError("out of memory, as on a device")

    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 100
    model, x = Wide(int(SHARE_OF_MEMORY * free)), torch.rand(1, 6)
    answer = explain(model, x, "integrated_gradients", steps=64, target=1, device=str(device))
    error = off(answer.scores, x**2)
    right = error < TOLERANCE and (bool(refused) or device.type == "cuda")
    yield f"64 points where {1 / SHARE_OF_MEMORY:.0f} fit: {error:.0e} off x²", right


SECTIONS = (methods_alike, integrated_gradients, passes_and_windows, recurrent, memory)


def _network(name: str, device: torch.device, small: bool) -> tuple[nn.Module, Tensor, int]:
    """One of torchvision's, with random weights, and a picture."""
    torch.manual_seed(0)
    model = getattr(torchvision.models, name)(weights=None).eval().requires_grad_(False)
    side = 64 if small else 224
    return model.to(device), torch.randn(1, 3, side, side, device=device), side


def main() -> int:
    """Run all sections; 1 where something is wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--small", action="store_true")
    asked = parser.parse_args()
    device = torch.device(asked.device)
    warnings.simplefilter("ignore")
    allow_tf32(False)  # captum's and plain passes are as exact as ours
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "the CPU, a stand-in"
    print(f"torch {torch.__version__}, torchvision {torchvision.__version__}, on {name}")
    wrong, started = 0, time.perf_counter()
    for section in SECTIONS:
        print(f"\n{section.__doc__}")
        for words, right in section(device, asked.small):
            wrong += not right
            print(f"{'  ' if right else 'WRONG '}{words}", flush=True)
    print(f"\n{wrong} wrong, after {time.perf_counter() - started:.0f} s")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
