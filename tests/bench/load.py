"""Many visitors at once on the real server, while much goes wrong: is every answer theirs?

python -m tests.bench.load [--visitors 20] [--explanations 60] [--minutes 10] [--kills 5]
                          [--attacker both|never|always]

prints Markdown tables. Each visitor has a session of its own, uploads pictures that nobody else
has, and asks for explanations at an even pace; what the page then says (the sentence and the
check) is compared with what the library says of that picture. On the way the worker is killed, what
reads uploads, what starts networks, and the store is away for ten seconds. That is done twice: the
second time one visitor opens eight tabs of the slowest job, and a hostile link is opened a minute.
Health is asked for all the time.
"""

import argparse
import asyncio
import collections
import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from PIL import Image

from explainers.api import explain
from explainers.baselines import BASELINES
from explainers.figures.text import words
from explainers.figures.text.sides import EFFECT, SENSITIVITY
from explainers.kinds import picture
from explainers.methods import METHODS
from explainers.models.prepared import build
from explainers.models.zoo.demos import demos
from tests.bench.crowd.disturbances import Faults, attack, open_hostile_links
from tests.bench.crowd.visitor import CHECK, Unanswered, Visitor
from tests.bench.resident import watched

ROOT = Path(__file__).resolve().parents[2]
PARTS = {"both": (False, True), "never": (False,), "always": (True,)}
EXPLANATIONS_A_PICTURE = 5
SECONDS_TO_WAIT = 120
SECONDS_BETWEEN_TRIES, TRIES = 3, 8
# What a page says while the store is away; whoever reads it tries again.
AWAY = ("cannot keep anything now", "no longer kept here", "Upload a picture")
# Numbers on the page are rounded, and may round to either side.
PER_CENT, RELATIVE = 0.11, 0.012
METHODS_ASKED = (
    ("integrated_gradients", "steps", lambda k: 8 + k),
    ("deeplift", "rule", lambda k: "rescale"),
    ("gradient_x_input", None, None),
    ("rise", "seed", lambda k: k),
    ("smoothgrad", "seed", lambda k: k),
    ("occlusion", "window", lambda k: 12 + k % 20),
)
BASELINES_ASKED = ("zeros", "white", "mean", "blur", "noise")


class Case:
    """What one visitor asks for, and what the library answers."""

    def __init__(self, visitor: int, number: int) -> None:
        round_, place = divmod(number, EXPLANATIONS_A_PICTURE)
        self.new_picture = place == 0
        self.method, option, value = METHODS_ASKED[(visitor + number) % len(METHODS_ASKED)]
        self.baseline = BASELINES_ASKED[(visitor + number // 2) % len(BASELINES_ASKED)]
        self.options = {option: value(number)} if option else {}
        if self.method == "rise":
            self.options["samples"] = 300
        self.data = photo(1000 * visitor + round_)

    @property
    def link(self) -> dict[str, str]:
        """The address that asks for it."""
        options = {f"o.{self.method}.{name}": v for name, v in self.options.items()}
        return {
            "model": "signs",
            "from": "Upload",
            "baseline": self.baseline,
            "method": self.method,
            **{name: v if isinstance(v, str) else json.dumps(v) for name, v in options.items()},
        }

    def expected(self, model, classes) -> tuple[str, str]:
        """The sentence and the check, from the library's own answer."""
        size = demos()["signs"].spec.size
        x = picture.pixels(picture.read(self.data), size, "crop")
        import torch

        x = torch.from_numpy(x)[None]
        hidden = BASELINES[self.baseline].make(x)
        with torch.no_grad():
            shares, of_hidden = (model(at).softmax(1)[0].double() for at in (x, hidden))
        target = int(shares.argmax())
        found = explain(model, x, self.method, hidden, target, score="logit", **self.options)
        gap = None if found.gap is None else found.gap.item()
        facts = {
            "output": found.output.item(),
            "gap": gap,
            "baseline_output": found.baseline_output.item(),
        }
        about, what = classes[target], EFFECT if found.signed else SENSITIVITY
        said = (words.percent(float(share[target])) for share in (shares, of_hidden))
        heat = found.scores[0].sum(0).double().numpy()
        return (
            words.picture_sentence(heat, f"*{about}*", what, {}),
            words.check(about, *said, facts, METHODS[self.method].complete, "picture"),
        )


def photo(seed: int) -> bytes:
    """A PNG of 96 × 96: a sample sign, mixed with coarse random colours of this seed."""
    random = np.random.default_rng(seed)
    signs = sorted((ROOT / "assets" / "signs" / "samples").glob("*.png"))
    sign = Image.open(signs[seed % len(signs)]).convert("RGB").resize((96, 96))
    noise = Image.fromarray(random.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((96, 96))
    buffer = io.BytesIO()
    Image.blend(sign, noise, float(random.uniform(0.2, 0.5))).save(buffer, "PNG")
    return buffer.getvalue()


def alike(shown: str, expected: str) -> bool:
    """Whether two texts have the same words, and numbers that differ by rounding alone."""
    number = r"[-−]?\d+(?:\.\d+)?(?:e[-+−]?\d+)?"
    if re.sub(number, "#", shown) != re.sub(number, "#", expected):
        return False
    pairs = zip(re.findall(number, shown), re.findall(number, expected), strict=True)
    values = [[float(one.replace("−", "-")) for one in pair] for pair in pairs]
    return all(abs(a - b) <= max(PER_CENT, RELATIVE * abs(b)) for a, b in values)


@contextlib.contextmanager
def server(folder: Path):
    """The app on a free port with an empty store: its port and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*command, "--server.address=127.0.0.1"],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={**os.environ, "EVIDENT_STORE": str(folder / "store")},
        )
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                    break
                time.sleep(0.1)
            yield port, process
        finally:
            process.terminate()
            process.wait(30)


async def visit(port: int, cases: list[Case], expected, pace: float, late: float, results) -> None:
    """One visitor's hour: each explanation at its time, or as soon as the one before is done."""
    started = time.monotonic() + late
    await asyncio.sleep(late)
    async with Visitor(port, {"model": "signs", "from": "Upload"}) as visitor:
        for number, (case, (sentence, check)) in enumerate(zip(cases, expected, strict=True)):
            await asyncio.sleep(max(0.0, started + number * pace - time.monotonic()))
            begun = time.monotonic()
            try:
                page = await asked(visitor, case)
                shown = page.find(CHECK).split(CHECK)[1].strip().rstrip(".")
                headings = [text.lstrip("# ") for text in page.texts.values() if text[:1] == "#"]
                right = alike(shown, check) and any(alike(one, sentence) for one in headings)
                how = "right" if right else "wrong"
                if not right:
                    print(
                        f"wrong: {case.link}\n  {shown}\n  {check}\n  {sentence}",
                        headings,
                        file=sys.stderr,
                    )
            except (Unanswered, OSError) as error:
                how = "lost"
                print(f"lost: {case.link}: {error}", file=sys.stderr)
            results.append((how, time.monotonic() - begun))


async def asked(visitor: Visitor, case: Case):
    """The page with the explanation; tried again, as a person would, while the store is away."""
    for again in range(TRIES):
        try:
            if case.new_picture:
                await visitor.upload(case.data)
            return await visitor.explanation(case.link, SECONDS_TO_WAIT)
        except Unanswered as error:
            if again + 1 == TRIES or not any(words in str(error) for words in AWAY):
                raise
        await asyncio.sleep(SECONDS_BETWEEN_TRIES)
    raise AssertionError


async def crowd(port, faults: Faults, process, asked, expected, seconds, kills, attacked: bool):
    """Everybody at once; results, and what each process held in memory by the second."""
    results, pace = [], seconds / len(asked[0])
    watching = asyncio.create_task(watched(process.pid))
    beside = [faults.happen(kills, seconds), faults.poll()]
    if attacked:
        beside += [attack(port), open_hostile_links(port)]
    others = [asyncio.create_task(one) for one in beside]
    visitors = [
        visit(port, cases, answers, pace, pace * index / len(asked), results)
        for index, (cases, answers) in enumerate(zip(asked, expected, strict=True))
    ]
    await asyncio.gather(*visitors)
    for task in (watching, *others):
        task.cancel()
    for ended in await asyncio.gather(*others, return_exceptions=True):
        if isinstance(ended, Exception):
            raise ended
    return results, await watching


def shown(results, memory) -> None:
    """Print a run's tables."""
    count = collections.Counter(how for how, _ in results)
    times = np.array([seconds for _, seconds in results])
    print(
        "| asked | right | wrong | lost | seconds, median | 95 % | slowest |\n|---|---|---|---|"
        f"---|---|---|\n| {len(results)} | {count['right']} | {count['wrong']} | {count['lost']}"
        f" | {np.median(times):.2f} | {np.quantile(times, 0.95):.2f} | {times.max():.2f} |\n"
    )
    print(
        "| resident memory, MB | first minute, median | first minute, most | last minute, median "
        "| last minute, most |\n|---|---|---|---|---|"
    )
    for name, first, last in memory:
        if first:
            figures = [f(part) / 1e6 for part in (first, last) for f in (np.median, np.max)]
            print(f"| {name} | " + " | ".join(f"{figure:.0f}" for figure in figures) + " |")
    print()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--explanations", type=int, help="of each visitor; 6 a minute")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--attacker", choices=list(PARTS), default="both")
    given = parser.parse_args()
    each = given.explanations or round(6 * given.minutes)
    runs, failed = {}, 0
    model, classes, _ = build(demos()["signs"].spec, None)
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (port, process):
        for number, attacked in enumerate(PARTS[given.attacker]):
            first = number * given.visitors
            asked = [[Case(first + v, k) for k in range(each)] for v in range(given.visitors)]
            expected = [[case.expected(model, classes) for case in cases] for cases in asked]
            faults, started = Faults(process, port, Path(folder) / "store"), time.monotonic()
            results, memory = asyncio.run(
                crowd(
                    port,
                    faults,
                    process,
                    asked,
                    expected,
                    60 * given.minutes,
                    given.kills,
                    attacked,
                )
            )
            done = ", ".join(f"{name} {times}×" for name, times in faults.done.items())
            print(
                f"{'With' if attacked else 'Without'} the attacker: {given.visitors} visitors, "
                f"{each} explanations each, in {(time.monotonic() - started) / 60:.1f} minutes; "
                f"{done}; health asked {faults.polls} times, {faults.wrong_polls} times wrong.\n"
            )
            shown(results, memory)
            runs[attacked] = np.quantile([seconds for _, seconds in results], 0.95)
            failed += sum(how != "right" for how, _ in results) + faults.wrong_polls
        log = (Path(folder) / "log").read_text()
    both = len(runs) == 2
    if both:
        print(f"95 % with the attacker: {runs[True] / runs[False]:.2f} times that without.")
    if "Traceback" in log:
        print(
            f"\nThe server's log has {log.count('Traceback')} tracebacks.\n{log[-3000:]}",
            file=sys.stderr,
        )
    sys.exit(1 if failed or (both and runs[True] > 2 * runs[False]) else 0)


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server ends too
    main()
