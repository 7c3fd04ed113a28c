"""A request: everything that decides an answer, and nothing else; its digest names the answer."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from explainers.locations import ASSETS, PROJECT
from explainers.models.spec import ModelSpec


@dataclass(frozen=True)
class Compared:
    """What an input is compared with: a baseline by its key, its options, or an own file."""

    baseline: str = "zeros"
    baseline_options: dict[str, Any] = field(default_factory=dict)
    own_baseline: str = ""


@dataclass(frozen=True)
class Request:
    """What is asked of the worker.

    data        digest of the file that holds the input in the store, and its suffix where the kind
                has files of several; `item`: which of the inputs in it.
    rows        for the check of that name: how many of the file's inputs are explained.
    values      the input itself instead, flat, in the units of the data; `data` may then be "".
    baseline    a key of BASELINES, or "own" with `own_baseline` the digest of a file.
    method      a key of METHODS; "" asks only for the model's answers on picture and baseline.
    target, rather_than   class indices; target None: the model's own first choice.
    check       a key of CHECKS in `engine.checking`: asks for that check of the explanation (or of
                the model, where method is ""); "" asks for the explanation itself.
    hide_with   for checks that hide parts: what they are hidden with, if not with the baseline.
    """

    model: ModelSpec
    data: str
    baseline: str = "zeros"
    baseline_options: dict[str, Any] = field(default_factory=dict)
    own_baseline: str = ""
    method: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    target: int | None = None
    rather_than: int | None = None
    score: str = "logit"
    device: str = "cpu"
    check: str = ""
    hide_with: Compared | None = None
    item: int = 0
    values: tuple[float, ...] = ()
    rows: int = 0

    @property
    def compared(self) -> Compared:
        """The baseline with its options."""
        return Compared(self.baseline, self.baseline_options, self.own_baseline)

    @property
    def uploads(self) -> list[str]:
        """Digests of the files that it needs."""
        own = [self.data, self.own_baseline]
        own += [self.model.weights] if self.model.source == "upload" else []
        own += [self.hide_with.own_baseline] if self.hide_with else []
        return [name.split(".")[0] for name in own if name]

    def digest(self) -> str:
        """SHA-256 of the request and of the code that answers it."""
        text = json.dumps([code_version(), asdict(self)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def code_version() -> str:
    """SHA-256 of the library's source and the demo's weights, so that no answer outlives them."""
    digest = hashlib.sha256()
    files = sorted((PROJECT / "explainers").rglob("*.py")) + sorted(ASSETS.rglob("*.safetensors"))
    for path in files:
        digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
