"""Relative completeness error of DeepLIFT on torchvision's models, beside captum's and shap's.

python tests/bench/deeplift/deeplift_completeness.py [names …] prints the table row by row.
Random weights, randomised batch-norm statistics, two inputs (one for maxvit_t); black, random and
blurred references; figures are medians over inputs and references of
|Σ contributions − difference| / |difference|.
"""

from __future__ import annotations

import signal
import sys
import warnings
from pathlib import Path

import torch
import torchvision
from torch import nn

sys.path.insert(0, str(Path(__file__).parents[3]))
from explainers import explain  # noqa: E402

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

RULES = ("rescale", "reveal_cancel", "genomics")
PATIENCE = 20  # seconds for captum or shap on one model
# The smallest side that the model accepts, or that keeps the run short.
SIDES = {
    "vgg11_bn": 32,
    "vgg16": 32,
    "inception_v3": 96,
    "maxvit_t": 224,
}
NAMES = (
    "alexnet",
    "vgg11_bn",
    "vgg16",
    "resnet18",
    "resnet50",
    "squeezenet1_1",
    "densenet121",
    "mobilenet_v2",
    "mobilenet_v3_large",
    "efficientnet_b0",
    "shufflenet_v2_x1_0",
    "googlenet",
    "inception_v3",
    "convnext_tiny",
    "regnet_y_400mf",
    "mnasnet1_0",
    "vit_b_16",
    "swin_t",
    "swin_v2_t",
    "maxvit_t",
)


def built(name: str) -> nn.Module:
    """The model with random weights, statistics and, for the ViT, a random head."""
    torch.manual_seed(0)
    more = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    more |= {"image_size": SIDES.get(name, 64)} if name == "vit_b_16" else {}
    model = torchvision.models.get_model(name, weights=None, **more).eval()
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if norms:  # statistics of random pictures, so that a signal comes through, then shaken
        momenta = {norm: norm.momentum for norm in norms}
        for norm in norms:
            norm.train().momentum = None
        with torch.no_grad():
            model(torch.randn(8, 3, SIDES.get(name, 64), SIDES.get(name, 64)))
        model.eval()
        for norm in norms:
            norm.momentum = momenta[norm]
            norm.running_mean.add_(torch.randn_like(norm.running_mean) * 0.1)
            norm.running_var.mul_(torch.rand_like(norm.running_var) + 0.5)
    if name == "vit_b_16":
        nn.init.normal_(model.heads.head.weight, std=0.02)
    return model.to(DEVICE)


def cases(side: int, dtype: torch.dtype, count: int = 2):
    """Some inputs, and each of the three references for them."""
    x = torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1)).to(dtype)
    x = x.to(DEVICE)
    yield x, torch.zeros_like(x)
    yield x, torch.randn(x.shape, generator=torch.Generator().manual_seed(2)).to(x)
    yield x, torchvision.transforms.functional.gaussian_blur(x, 15, 5.0)


def ours(model, rule: str, side: int, dtype, count: int = 2) -> float:
    """Median error of one rule."""
    gaps = [
        explain(model, x, method="deeplift", baseline=b, target=3, rule=rule).gap.abs()
        for x, b in cases(side, dtype, count)
    ]
    return float(torch.cat(gaps).median())


def theirs(tool: str, name: str, side: int) -> str:
    """captum's or shap's error in float32 on a fresh model, or the error it ends with."""
    found = []
    signal.signal(signal.SIGALRM, _too_slow)
    signal.alarm(PATIENCE)
    try:
        for x, b in cases(side, torch.float32):
            model = built(name)
            if tool == "captum":
                from captum.attr import DeepLift

                scores = DeepLift(model).attribute(x, b, target=3)
            else:
                import shap

                parts = [
                    shap.DeepExplainer(model, b[k : k + 1]).shap_values(
                        x[k : k + 1], check_additivity=False
                    )[..., 3]
                    for k in range(len(x))
                ]
                scores = torch.cat([torch.as_tensor(part) for part in parts]).to(DEVICE)
            with torch.no_grad():
                change = model(x)[:, 3] - model(b)[:, 3]
            found.append(((scores.flatten(1).sum(1) - change) / change).abs().detach())
        return f"{float(torch.cat(found).median()):.1e}"
    except Exception as error:
        return type(error).__name__
    finally:
        signal.alarm(0)


def _too_slow(*_):
    raise TimeoutError


def main(names) -> None:
    """One row a model."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print(
        "| model | side | rescale f64 | reveal f64 | genomics f64 | rescale f32 | reveal f32 | "
        "genomics f32 | captum f32 | shap f32 |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for name in names:
        side, cells = SIDES.get(name, 64), []
        for dtype in (torch.float64, torch.float32):
            model = built(name).to(dtype)
            count = 1 if name == "maxvit_t" else 2
            cells += [f"{ours(model, rule, side, dtype, count):.1e}" for rule in RULES]
        cells += [theirs(tool, name, side) for tool in ("captum", "shap")]
        print(f"| {name} | {side} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or NAMES)
