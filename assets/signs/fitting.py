"""Fits the demo network to drawn signs so that the background has no say in its answer.

Scenes without a sign must leave all classes equally likely, the same signs before another
background must give the same logits, and the gradient must lie on the sign (Ross et al. 2017,
"Right for the right reasons", arXiv:1703.03717, which uses masks in the same way).
"""

import copy
import time
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from assets.signs.draw import LABELS
from explainers.models.zoo.signnet import SignNet

SIZE, BATCH, EMPTY, MOVED, PROBED = 96, 72, 14, 36, 16  # pixels, and the parts of a batch


@dataclass(frozen=True)
class Pictures:
    """Drawn pictures (N, 3, 96, 96) and masks (N, 1, 96, 96) as bytes, and classes (N,)."""

    pixels: Tensor
    masks: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.classes)

    def part(self, chosen: Tensor) -> "Pictures":
        """The pictures with these indices, or where this mask is true."""
        return Pictures(self.pixels[chosen], self.masks[chosen], self.classes[chosen])


def _augment(batch: Pictures, scenes: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Pictures in [0, 1] with new backgrounds for half, other light, blur, noise; and masks."""
    count = len(batch.pixels)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=rng)

    x, masks = batch.pixels.float() / 255, batch.masks.float() / 255
    other = scenes[torch.randint(len(scenes), (count,), generator=rng)].float() / 255
    swap = torch.where(uniform(0, 1, count, 1, 1, 1) < 0.5, 1, masks)
    x = swap * x + (1 - swap) * other
    if torch.rand(1, generator=rng) < 0.3:
        x = functional.avg_pool2d(functional.pad(x, (1,) * 4, mode="replicate"), 3, 1)
    gain = uniform(0.75, 1.25, count, 1, 1, 1)
    dark = uniform(0, 1, count, 1, 1, 1) < 0.2
    gain = torch.where(dark, uniform(0.1, 0.75, count, 1, 1, 1), gain)
    x = x * gain * uniform(0.93, 1.07, count, 3, 1, 1) + uniform(-0.04, 0.04, count, 1, 1, 1)
    x = x + 0.02 * torch.randn(x[:, :1].shape, generator=rng)
    down, right = torch.randint(0, 17, (2,), generator=rng).tolist()
    window = (..., slice(down, down + SIZE), slice(right, right + SIZE))
    x = functional.pad(x.clamp(0, 1), (8,) * 4, mode="reflect")[window]
    return x, functional.pad(masks, (8,) * 4)[window]


def _elsewhere(x: Tensor, masks: Tensor, scenes: Tensor, rng: torch.Generator) -> Tensor:
    """The same signs before other, noisy backgrounds."""
    count = len(x)
    other = scenes[torch.randint(len(scenes), (count,), generator=rng)].float() / 255
    mix, light, rough = torch.rand((3, count, 1, 1, 1), generator=rng)
    behind = mix.round() * x + (1 - mix.round()) * (0.2 + light) * other
    behind = (behind + 0.35 * rough * torch.randn(x.shape, generator=rng)).clamp(0, 1)
    return masks * x + (1 - masks) * behind


def _astray(model: SignNet, x: Tensor, masks: Tensor, classes: Tensor) -> Tensor:
    """The share (0 to 1) of the squared gradient of the class's logit that is off the sign."""
    x = x.detach().requires_grad_()
    own = model(x).gather(1, classes[:, None]).sum()
    power = torch.autograd.grad(own, x, create_graph=True)[0].square()
    off = (power * (1 - masks)).sum((1, 2, 3))
    return (off / (power.sum((1, 2, 3)) + 1e-9)).mean()


def fit(
    pictures: Pictures, scenes: Tensor, epochs: float, seed: int, start: SignNet | None = None
) -> SignNet:
    """Train a network on `pictures`, with `scenes` (M, 3, 96, 96) in bytes without a sign.

    It is a new one, or goes on from a copy of `start`, with smaller steps. The gradient is looked
    at in the second half of the training, on darkened pictures too.
    """
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    model = copy.deepcopy(start) if start else SignNet(len(LABELS))
    model = model.to(memory_format=torch.channels_last).train()
    rate = 0.0015 if start else 0.004
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.02)
    steps = int(epochs * len(pictures) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
    order, started = torch.empty(0, dtype=torch.long), time.perf_counter()
    for step in range(steps):
        if len(order) < BATCH:
            order = torch.randperm(len(pictures), generator=rng)
        chosen, order = pictures.part(order[:BATCH]), order[BATCH:]
        bare = scenes[torch.randint(len(scenes), (EMPTY,), generator=rng)]
        empty = torch.zeros(EMPTY, 1, SIZE, SIZE, dtype=torch.uint8)
        both = Pictures(
            torch.cat([chosen.pixels, bare]), torch.cat([chosen.masks, empty]), chosen.classes
        )
        x, masks = _augment(both, scenes, rng)
        x = torch.cat([x, _elsewhere(x[:MOVED], masks[:MOVED], scenes, rng)])
        logits = model(x.to(memory_format=torch.channels_last))
        signs, bare, moved = logits.split([BATCH, EMPTY, MOVED])
        classes = torch.cat([chosen.classes, chosen.classes[:MOVED]])
        loss = functional.cross_entropy(torch.cat([signs, moved]), classes)
        even = -bare.log_softmax(1).mean()
        same = (signs[:MOVED] - moved).square().mean()
        loss = loss + 0.15 * even + 0.1 * same
        if 2 * step > steps:
            probed, light = slice(MOVED, MOVED + PROBED), torch.rand(PROBED, 1, 1, 1, generator=rng)
            model.eval()
            loss = loss + _astray(model, light * x[probed], masks[probed], classes[probed])
            model.train()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            spent = time.perf_counter() - started
            print(f"  step {step} of {steps}: loss {loss.item():.3f}, {spent:.0f} s", flush=True)
    return model.to(memory_format=torch.contiguous_format).eval()


@torch.no_grad()
def predict(model: SignNet, pictures: Pictures) -> Tensor:
    """The class (N,) that the network gives each picture."""
    return torch.cat([model(part.float() / 255).argmax(1) for part in pictures.pixels.split(200)])


def accuracy(model: SignNet, pictures: Pictures) -> float:
    """The share of pictures named right."""
    return (predict(model, pictures) == pictures.classes).float().mean().item()
