"""Which method and baseline show best what a network for photos looked at: the table of the README.

python tests/bench/photo_defaults.py [--networks NAME…] [--photos NAME…] [--checks] prints, for each
method × baseline, means over photos and networks of: the deletion and the insertion area (hidden
with a blurred copy and with the mean colour, the mean of both, so that no baseline is favoured for
being its own judge), for the exact cells and for the smoothed map; their difference, the higher the
better; passes and seconds. With --checks also the likeness (rank correlation) to the map of the
network with random weights, which should be near 0, and to the map of the photo with a little
noise, which should be near 1. Each line is printed when it is known.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2]))
from explainers import explain  # noqa: E402
from explainers.checks.agreement import rank_correlation  # noqa: E402
from explainers.checks.faithfulness import deletion, insertion  # noqa: E402
from explainers.checks.randomisation import cascade  # noqa: E402
from explainers.figures.views.areas import area_map, find_areas  # noqa: E402
from explainers.figures.views.smoothing import smooth  # noqa: E402
from explainers.kinds.picture import pixels  # noqa: E402
from explainers.models.prepared import build  # noqa: E402
from explainers.models.zoo.imagenet.packaged import PACKAGED, installed  # noqa: E402
from explainers.models.zoo.imagenet.photos import photos  # noqa: E402

WAYS = (
    ("integrated_gradients", "blur", {"steps": 16}),
    ("integrated_gradients", "zeros", {"steps": 16}),
    ("integrated_gradients", "mean", {"steps": 16}),
    ("integrated_gradients", "noise", {"steps": 16}),
    ("grad_cam", "blur", {}),
    ("occlusion", "blur", {"window": 40, "stride": 20}),
    ("deeplift", "blur", {}),
    ("gradient_x_input", "blur", {}),
    ("smoothgrad", "blur", {"samples": 16}),
)
SHARES = (0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.7, 1)
HIDE_WITH = ("blur", "mean")


def heat_of(model, x, method, baseline, options, target=None):
    """The map (H, W), the class that it explains, and passes."""
    answer = explain(model, x, method, baseline, target, score="logit", kind="picture", **options)
    return answer.scores[0].sum(0).double().numpy(), answer.target[0], answer.passes


def areas_under(model, x, heat, target):
    """Deletion and insertion area, each the mean over what hides."""
    given = torch.from_numpy(np.ascontiguousarray(heat))[None].float()
    both = [
        [
            float(way(model, x, given, hide, target, shares=SHARES).area.mean())
            for way in (deletion, insertion)
        ]
        for hide in HIDE_WITH
    ]
    return np.mean(both, 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--networks", nargs="*", default=list(installed()))
    parser.add_argument("--photos", nargs="*", default=[photo.name for photo in photos()])
    parser.add_argument("--checks", action="store_true")
    parser.add_argument("--ways", nargs="*", type=int, default=list(range(len(WAYS))))
    given = parser.parse_args()
    totals: dict = {}
    for network in given.networks:
        model, names, spec = build(PACKAGED[network].spec, None)
        for photo in photos():
            if photo.name not in given.photos:
                continue
            seen = pixels(Image.open(photo.path).convert("RGB"), spec.size, spec.fit)
            x, picture = torch.from_numpy(seen)[None], seen.transpose(1, 2, 0) * 255
            found = find_areas(picture)
            for index in given.ways:
                method, baseline, options = WAYS[index]
                started = time.process_time()
                heat, target, passes = heat_of(model, x, method, baseline, options)
                seconds = time.process_time() - started
                row = [*areas_under(model, x, heat, target)]
                row += [*areas_under(model, x, smooth(heat), target)]
                row += [*areas_under(model, x, area_map(heat, found), target), passes, seconds]
                if given.checks:
                    noisy = (
                        x + 0.02 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
                    ).clamp(0, 1)
                    *_, (_, random) = cascade(model, x)
                    for other, shown in ((random, x), (model, noisy)):
                        row.append(
                            rank_correlation(
                                smooth(heat),
                                smooth(heat_of(other, shown, method, baseline, options, target)[0]),
                            )
                        )
                totals.setdefault((method, baseline), []).append(row)
                print(
                    network,
                    photo.name,
                    names[target],
                    method,
                    baseline,
                    np.round(row, 3).tolist(),
                    flush=True,
                )
    print(
        "\nmethod × baseline | cells: deletion, insertion | smooth: … | areas: … | passes | CPU s"
        " | likeness to random weights, to a noisy photo"
    )
    order = sorted(totals, key=lambda way: -float(np.diff(np.mean(totals[way], 0)[2:4])[0]))
    for way in order:
        print(" × ".join(way), np.round(np.mean(totals[way], 0), 3).tolist())


if __name__ == "__main__":
    main()
