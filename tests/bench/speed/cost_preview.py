"""Whether explanations take as long as is said before: `python -m tests.bench.speed.cost_preview`.

Of every demo and of EfficientNet-Lite0, every method with its usual options: the passes and the
seconds that pages name before, and those that it took. `--only NAME …` for some networks,
`--rounds N` for the median of several, `--cpu` for CPU time on one thread.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Iterator
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from explainers import METHODS, explain
from explainers.baselines import BASELINES
from explainers.kinds import KINDS
from explainers.kinds.layout import InputLayout
from explainers.kinds.picture import pixels
from explainers.models.prepared import Prepared, build
from explainers.models.times import pass_times as pass_times_module
from explainers.models.times.part_times import seconds_in_parts
from explainers.models.times.pass_times import pass_times
from explainers.models.zoo.imagenet.packaged import PACKAGED, installed
from explainers.models.zoo.imagenet.photos import photos
from explainers.output_cache import OutputCache
from explainers.service.tasks.explain import Explain
from tests.bench.unchanged import demo_inputs

SHORT = 0.3
"""Seconds below which nobody minds; what is off there is not counted."""


def networks() -> Iterator[tuple[str, Prepared, Any, Tensor, Tensor]]:
    """Each with its spec, one input (1, …) and its usual baseline."""
    for name, spec, model, x, data in demo_inputs():
        usual = BASELINES[KINDS[spec.kind].default_baseline]
        yield name, model, spec, x, usual.make(x, **({"data": data} if usual.uses_data else {}))
    for name in list(installed())[:1]:
        model, _, spec = build(PACKAGED[name].spec, None)
        seen = pixels(Image.open(photos()[0].path).convert("RGB"), spec.size, spec.fit)
        x = torch.from_numpy(seen)[None]
        yield name, model, spec, x, BASELINES["blur"].make(x)


def main() -> None:
    """Measure and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--methods", nargs="*", default=list(METHODS))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cpu", action="store_true", help="time of one thread, for a busy machine")
    given = parser.parse_args()
    if given.cpu:
        torch.set_num_threads(1)
        pass_times_module.clock = time.process_time
    clock = pass_times_module.clock
    print("| network | method | passes | said | s | said | share | draws |", flush=True)
    print("|---|---|---|---|---|---|---|---|", flush=True)
    off = counted = 0
    for name, model, spec, x, baseline in networks():
        if given.only and name not in given.only:
            continue
        cache, layout = OutputCache(), InputLayout.of(tuple(x.shape[1:]), spec.kind)
        references = baseline.shape[1] if baseline.ndim > x.ndim else 1
        for key, method in METHODS.items():
            if key not in given.methods or (method.kinds and spec.kind not in method.kinds):
                continue
            task = Explain(spec, method=key)
            facts = {"shape": list(x.shape[1:]), "references": references}
            for _ in range(2):  # as a prediction has made
                model(x)
            times = pass_times(model, x, "logit")
            facts |= times.facts
            facts["seconds_per_part"] = seconds_in_parts(model, x, times.forward, "logit")
            passes, said, took = task.cost(x.shape[1:], references), task.seconds(facts), []
            explain(model, x, key, score="logit", **method.trial_options(layout))  # its first use
            for _ in range(given.rounds):
                started = clock()
                answer = explain(
                    model, x, key, baseline, score="logit", kind=spec.kind, cache=cache
                )
                took.append(clock() - started)
            seconds = statistics.median(took)
            share = said / seconds
            matters = max(said, seconds) > SHORT
            counted += matters
            off += matters and not 0.5 <= share <= 1.5
            draws = answer.settings.get("samples_taken", [""])[0]
            print(
                f"| {name} | {method.name} | {answer.passes} | {passes} | {seconds:.2f} | "
                f"{said:.2f} | {share:.2f}{' off' * (matters and not 0.5 <= share <= 1.5)}"
                f" | {draws} |",
                flush=True,
            )
    print(f"\n{off} of {counted} that take more than {SHORT} s are off by more than 50 %;")
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
