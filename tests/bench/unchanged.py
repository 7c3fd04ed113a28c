"""Whether a change that should change nothing did: scores of every demo, words of every page.

`python -m tests.bench.unchanged record FOLDER` on the state before, `… compare FOLDER` after.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import Module

from explainers import BASELINES, METHODS, explain
from explainers.kinds import KINDS
from explainers.methods.registry import Method
from explainers.models.prepared import build
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import demos, gallery
from explainers.service.parsing.parsers import PARSERS

TOLERANCE = 1e-6
QUICK = {"samples": 12, "steps": 12, "count": 2, "window": 24, "stride": 24, "block": 24}
PAGES = (
    "/",
    "/explain",
    "/learn",
    "/learn?about=deeplift",
    "/learn?axiom=sensitivity",
    "/compare",
    "/compare?across=classes&closer=Agreement",
    "/compare?across=baselines",
    "/compare?across=models&down=pictures&target=0&baseline=mean",
    "/explain?baseline=blur",
    "/explain?method=deeplift&o.deeplift.rule=reveal_cancel&baseline=mean",
    "/explain?method=occlusion&sanity=true",
    "/explain?method=nothing&baseline=17",
    "/explain?model=upload",
    "/explain?model=diabetes&row=5",
    "/explain?model=diabetes&rather=1",
    "/explain?method=saliency&versus=true&rather=3",
    *(f"/explain?model={name}" for name in demos()),
    *(f"/compare?model={name}&closer=Answers" for name in ("diabetes", "lstm", "dna", "digits")),
    *(
        f"/story?story={key}"
        for key in (
            "cheating",
            "blind",
            "baseline",
            "additive",
            "lstm",
            "dna",
            "digits",
            "diabetes",
            "useless",
            "shares",
            "weights",
            "together",
            "wrong_sign",
        )
    ),
    *(f"/story?story={key}&part=2" for key in ("additive", "lstm", "dna", "digits", "diabetes")),
)
# What depends on the machine and the moment.
_PASSING = re.compile(r"\d[\d,.]*\s?(?:ms|s|minutes|MB|GB)\b|\d[\d,]* of [\d,]+ passes[^\n]*")


class DemoInput(NamedTuple):
    """A demo's network, its first input (1, …), and some of its data (M, …)."""

    name: str
    spec: ModelSpec
    model: Module
    x: Tensor
    data: Tensor


def demo_inputs() -> Iterator[DemoInput]:
    """Every demo with its first input."""
    for name, demo in demos().items():
        model, _, spec = build(demo.spec, None)
        kind = KINDS[spec.kind]
        if spec.kind == "picture":
            found = PARSERS["picture"].parse(gallery(name)[0].path.read_bytes())
        else:
            found = PARSERS[spec.kind].parse(demo.data.read_bytes(), suffix=demo.data.suffix)
        x = torch.from_numpy(kind.inputs(found, spec, [0]))
        yield DemoInput(name, spec, model, x, torch.from_numpy(kind.some(found, spec, 50)))


def quick_options(method: Method, kind: str) -> dict[str, Any]:
    """Options with which a method of such inputs ends soon."""
    options = _quick(method.options)
    if isinstance(options.get("block"), int) and kind != "picture":
        options.pop("block")
    return options


def scores() -> Iterator[tuple[str, np.ndarray]]:
    """What every method says of every demo's first input, against every baseline that fits."""
    for name, spec, model, x, data in demo_inputs():
        for key, method in METHODS.items():
            if method.kinds is not None and spec.kind not in method.kinds:
                continue
            options = quick_options(method, spec.kind)
            for against, entry in BASELINES.items():
                if spec.kind not in entry.kinds:
                    continue
                given = {"data": data} if entry.uses_data else {}
                baseline = entry.make(x, **given, **_quick(entry.options))
                try:
                    answer = explain(
                        model, x, key, baseline, 0, score="logit", batch_size=16, **options
                    )
                except ValueError as problem:
                    yield f"{name} {key} {against}", np.array(str(problem))
                    continue
                yield f"{name} {key} {against}", answer.scores.numpy()


def _quick(options: type) -> dict:
    known = options.__dataclass_fields__
    return {name: value for name, value in QUICK.items() if name in known}


def pages() -> Iterator[tuple[str, str]]:
    """What stands on every page, once all of it is there."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
    from conftest import FLAGS
    from driver import page_text, running, settled
    from playwright.sync_api import sync_playwright

    from tests.__main__ import browser

    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        launched = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        for address in PAGES:
            page = launched.new_page(viewport={"width": 1280, "height": 800})
            page.goto(server.url + address)
            settled(page)
            said, same = "", 0
            while same < 8:
                page.wait_for_timeout(500)
                before, said = said, _PASSING.sub("…", page_text(page))
                same = same + 1 if said == before and "Loading the model" not in said else 0
            yield address, said
            page.close()
        launched.close()


def main() -> None:
    """Record, or compare and print what differs; exit 1 where something does."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    only = sys.argv[3] if len(sys.argv) > 3 else "scores pages"
    folder.mkdir(exist_ok=True)
    differ = 0
    if "scores" in only:
        new = dict(scores())
        if what == "record":
            np.savez(folder / "scores.npz", **new)
        else:
            old = np.load(folder / "scores.npz")
            for name in sorted({*old.files, *new}):
                worst = _difference(old, new, name)
                if not worst <= TOLERANCE:
                    differ += 1
                    print(f"{name}: {worst}")
            print(f"{len(new)} explanations compared")
    if "pages" in only:
        now = dict(pages())
        if what == "record":
            (folder / "pages.json").write_text(json.dumps(now, indent=1), encoding="utf-8")
        else:
            old = json.loads((folder / "pages.json").read_text(encoding="utf-8"))
            for address, text in old.items():
                gone = [line for line in text.splitlines() if line not in now[address]]
                come = [line for line in now[address].splitlines() if line not in text]
                if gone or come:
                    differ += 1
                    print(address, "gone:", gone, "come:", come, sep="\n  ")
            print(f"{len(now)} pages compared")
    sys.exit(differ > 0)


def _difference(old, new: dict, name: str) -> float:
    """The largest difference, as a share of the largest score; infinite where one is missing."""
    if name not in old.files or name not in new:
        return float("inf")
    a, b = old[name], new[name]
    if a.dtype.kind == "U" or b.dtype.kind == "U":
        return 0.0 if str(a) == str(b) else float("inf")
    return float(np.abs(a - b).max() / max(np.abs(a).max(), 1e-30))


if __name__ == "__main__":
    main()
