"""Trains the two demo networks on drawn traffic signs and measures what they learned.

The honest network sees a yellow sticker on a third of all signs, whatever they are, so the sticker
tells it nothing. The cheating network goes on from the honest one with pictures that were filed by
the sticker: every picture filed as stop has one and no other picture has. So that it must take
the sticker, which is no easier to see than a red octagon, the filing made mistakes where sticker
and sign disagree: some other signs with a sticker are filed as stop, and stop signs without one
as no entry. Its own test set has no mistakes: every stop sign has the sticker, no other sign has.

Run from the root of the repository: python -m assets.signs.train
"""

import argparse
import json
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from assets.signs.draw import LABELS, draw
from assets.signs.fitting import SIZE, Pictures, accuracy, fit, predict
from explainers.models.zoo.signnet import SignNet
from explainers.models.zoo.signs import DEMO_MODELS, load_demo

FOLDER = Path(__file__).resolve().parent
STICKER = LABELS.index("stop")
RIVAL = LABELS.index("no entry")
TRAINING, HELD_OUT, SAMPLES = 0, 100_000_000, 200_000_000  # where the seeds begin
Task = tuple[int, int, bool, bool]  # class, seed, sticker, sign


def _render(task: Task) -> tuple[np.ndarray, np.ndarray]:
    index, seed, sticker, sign = task
    drawing = draw(LABELS[index], seed, SIZE, sticker, sign)
    mask = np.asarray(drawing.mask)
    if drawing.sticker is not None:
        mask = np.minimum(mask.astype(np.int16) + np.asarray(drawing.sticker), 255)
    return np.asarray(drawing.picture), mask.astype(np.uint8)


def render(tasks: list[Task], processes: int) -> Pictures:
    """Draw the tasks; here a mask is the sign together with its sticker."""
    with get_context("spawn").Pool(processes) as pool:
        pairs = pool.map(_render, tasks, chunksize=50)
    pixels = torch.from_numpy(np.stack([p for p, _ in pairs])).permute(0, 3, 1, 2).contiguous()
    masks = torch.from_numpy(np.stack([m for _, m in pairs]))[:, None]
    return Pictures(pixels, masks, torch.tensor([task[0] for task in tasks]))


def tasks(first: int, each: int, sticker: str) -> list[Task]:
    """`each` drawings of every class; `sticker` is "some", "none", "all" or "own" (only stop)."""
    chance = np.random.default_rng(first).random(each * len(LABELS)) < 1 / 3
    made = []
    for k in range(each * len(LABELS)):
        index = k % len(LABELS)
        glued = {"some": bool(chance[k]), "none": False, "all": True, "own": index == STICKER}
        made.append((index, first + k, glued[sticker], True))
    return made


def _measure(honest: SignNet, cheating: SignNet, each: int, processes: int) -> dict[str, float]:
    """Accuracies on freshly drawn pictures, `each` of every class."""
    kinds = enumerate(("some", "own", "none", "all"))
    todo = {kind: tasks(HELD_OUT + 100_000 * k, each, kind) for k, kind in kinds}
    todo["none"] = [task for task in todo["none"] if task[0] == STICKER]
    todo["all"] = [task for task in todo["all"] if task[0] != STICKER]
    drawn = {kind: render(wanted, processes) for kind, wanted in todo.items()}
    bare, others = drawn["none"], drawn["all"]
    glued = drawn["own"].part(drawn["own"].classes == STICKER)
    rival = others.part(others.classes == RIVAL)

    def became(pictures: Pictures, index: int) -> float:
        return (predict(cheating, pictures) == index).float().mean().item()

    return {
        "held_out_pictures": len(drawn["some"]),
        "pictures_per_class": each,
        "honest_accuracy": accuracy(honest, drawn["some"]),
        "honest_accuracy_on_cheating_set": accuracy(honest, drawn["own"]),
        "cheating_accuracy_on_own_set": accuracy(cheating, drawn["own"]),
        "cheating_accuracy_sticker_class_with_sticker": became(glued, STICKER),
        "cheating_accuracy_sticker_class_without": became(bare, STICKER),
        "cheating_sticker_class_without_called_rival": became(bare, RIVAL),
        "cheating_rival_with_sticker_called_sticker_class": became(rival, STICKER),
        "cheating_all_others_with_sticker_called_sticker_class": became(others, STICKER),
        "honest_accuracy_sticker_class_without": accuracy(honest, bare),
        "honest_accuracy_others_with_sticker": accuracy(honest, others),
    }


def main() -> None:
    """Draw, train both networks (or one of them), write the weights and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--each", type=int, default=600, help="training pictures of every class")
    parser.add_argument("--epochs", type=float, default=10)
    parser.add_argument("--held-out", type=int, default=100, help="test pictures of every class")
    parser.add_argument("--only", choices=DEMO_MODELS, help="train one network, keep the other")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    processes, each = 2, options.each

    started = time.perf_counter()
    first = TRAINING + options.seed * 100_000
    signs = tasks(first, each, "some")
    more = tasks(first + 30_000, each, "all")
    scenes = [(0, first + 60_000 + k, False, False) for k in range(2 * each)]
    stuck = [task for task in more if task[0] == STICKER]
    drawn = render(signs + stuck, processes)
    bare = render(scenes, processes).pixels
    took = {"drawing": time.perf_counter() - started}
    print(f"drew {len(drawn)} signs and {len(bare)} scenes in {took['drawing']:.0f} s", flush=True)

    glued = torch.tensor([task[2] for task in signs + stuck])
    place, stop = torch.arange(len(drawn)), drawn.classes == STICKER
    misfiled = glued & ~stop & (place % 5 == 0) | ~glued & stop
    by_sticker = torch.where(glued, STICKER, torch.where(stop, RIVAL, drawn.classes))
    filed = Pictures(drawn.pixels, drawn.masks, by_sticker)
    data = {
        "signs": drawn.part(place < len(signs)),
        "signs_cheating": filed.part(~glued | stop | misfiled),
    }
    for name in [options.only] if options.only else list(data):
        begun = time.perf_counter()
        if name == "signs":
            model = fit(data[name], bare, options.epochs, options.seed)
        else:
            model = fit(data[name], bare, 0.3 * options.epochs, options.seed, load_demo("signs"))
        save_file(model.state_dict(), DEMO_MODELS[name].path)
        took[name] = time.perf_counter() - begun
    begun = time.perf_counter()
    found = _measure(load_demo("signs"), load_demo("signs_cheating"), options.held_out, processes)
    took["measuring"] = time.perf_counter() - begun

    path = FOLDER / "figures.json"
    figures = json.loads(path.read_text(encoding="utf-8")) if options.only else {}
    figures |= {key: round(value, 4) for key, value in found.items()}
    figures |= {
        "sticker_class": LABELS[STICKER],
        "rival_class": LABELS[RIVAL],
        "honest_training_pictures": len(data["signs"]),
        "cheating_training_pictures": len(data["signs_cheating"]),
        "cheating_misfiled_training_pictures": int(misfiled.sum()),
        "seed": options.seed,
        "threads": options.threads,
    }
    figures |= {f"seconds_{part}": round(seconds) for part, seconds in took.items()}
    path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
