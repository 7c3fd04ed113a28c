"""Running tasks: keeps loaded models, reads parsed uploads, and puts answers into the store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from explainers.models.spec import ModelSpec
from explainers.service.limits import limits
from explainers.service.parsing.parsed_uploads import gone, parsed
from explainers.service.parsing.upload_keys import UploadKey, network_key
from explainers.service.settings import model_settings
from explainers.service.storage.folder import Unwritable, demand_present
from explainers.service.storage.store import Store
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.context import LoadedModel, ProgressReport

if TYPE_CHECKING:
    from explainers.kinds import ParsedFile

Report = Callable[[ProgressReport], None]
MOST_UNKEPT = 4
"""Answers that wait until the store can be written."""
DEMOS_WARM = 12
"""Demos that are kept loaded besides: they are small, and must not drive a large network out."""


class TaskRunner:
    """The store, and the models used last, kept loaded."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._unkept: OrderedDict[str, Answer] = OrderedDict()
        self._loaded: OrderedDict[tuple[ModelSpec, str], LoadedModel] = OrderedDict()

    def run(self, job: str, task: Task, report: Report) -> Answer:
        """The task's answer, from the store or computed and put into it under the job's digest.

        `report` gets progress and may raise. Unwritable where the answer cannot be kept now; asked
        again, it is not computed again.
        """
        kept = self.store.answer(job)
        if kept is not None:
            return kept
        if job in self._unkept:
            facts, arrays = self._unkept.pop(job)
        else:
            facts, arrays = task.run(_Context(self, report))
        try:
            uploads = {upload.digest for upload in task.uploads()}
            self.store.put_answer(job, facts, made_from=uploads, **arrays)
        except Unwritable:
            while len(self._unkept) >= MOST_UNKEPT:
                self._unkept.popitem(last=False)
            self._unkept[job] = facts, arrays
            raise
        return facts, arrays

    def load(self, spec: ModelSpec, device: str) -> LoadedModel:
        """The model on the device; the one used longest ago makes room for it."""
        from explainers.models.prepared import build
        from explainers.output_cache import OutputCache
        from explainers.running.precision_trial import allow_tf32

        allow_tf32(False)  # predictions are as exact as explanations are
        key = (spec, device)
        if key in self._loaded:
            self._loaded.move_to_end(key)
            return self._loaded[key]
        small = spec.source == "demo"
        alike = [other for other in self._loaded if (other[0].source == "demo") == small]
        for other in alike[
            : max(0, len(alike) + 1 - (DEMOS_WARM if small else limits().models_warm))
        ]:
            old = self._loaded.pop(other)
            if hasattr(old.model.network, "close"):  # it runs in a process of its own
                old.model.network.close()
        model, class_names, own = build(spec, self._weights(spec), self._onnx_runtime(spec))
        own = replace(own, fit=spec.fit)
        train = self._training(spec)
        loaded = LoadedModel(model.to(device), class_names, own, OutputCache(), train)
        self._loaded[key] = loaded
        return loaded

    def parsed(self, upload: UploadKey) -> ParsedFile:
        """What the parser process made of an upload; its bytes are never decoded here.

        Unwritable where the store is not there now.
        """
        content = parsed(self.store, upload.kind, upload.digest, **upload.options)
        if content is None:
            demand_present(self.store.folder)
            content = parsed(self.store, upload.kind, upload.digest, **upload.options)
        if content is None:
            raise gone(upload.kind)
        return content

    def _weights(self, spec: ModelSpec) -> Any:
        """What `build` needs beside the spec: content that was parsed, else None or a file."""
        from explainers.service.parsing.parsers.onnx import graph
        from explainers.service.parsing.parsers.pt2 import program
        from explainers.service.parsing.parsers.state_dict import state_dict
        from explainers.service.runners.models import TorchScriptModel

        if spec.source == "python":
            return model_settings().file
        if spec.source != "upload":
            return None
        upload = network_key(spec.weights)
        content = self.parsed(upload)
        if upload.kind == "torchscript":  # a program, never loaded here
            return TorchScriptModel(self.store.path(f"{upload.digest}.blob"))
        return {"onnx": graph, "pt2": program}.get(upload.kind, state_dict)(content)

    def _training(self, spec: ModelSpec) -> Callable[..., Any] | None:
        """What trains such a network anew: only a file of whoever started the server can say."""
        from explainers.models.formats.python_networks import python_training

        file = model_settings().file
        if spec.source != "python" or file is None:
            return None
        return python_training(file, spec.name, spec.weights)

    def _onnx_runtime(self, spec: ModelSpec) -> Callable[..., Any]:
        """What runs a graph that torch cannot: onnxruntime, in a sandboxed process of its own."""
        from explainers.service.runners.models import OnnxRuntimeModel

        digest = network_key(spec.weights).digest
        return lambda graph, output: OnnxRuntimeModel(
            graph, self.store.path(f"{digest}.blob"), output
        )


@dataclass(frozen=True)
class _Context:
    """The runner, as one task sees it; see `TaskContext`."""

    runner: TaskRunner
    report: Report

    def answer(self, task: Task) -> Answer:
        return self.runner.run(task.digest(), task, self.report)

    def load(self, spec: ModelSpec, device: str) -> LoadedModel:
        loaded = self.runner.load(spec, device)
        self.report(ProgressReport(what="Asking the network"))  # a step takes less from here on
        return loaded

    def parsed(self, upload: UploadKey) -> ParsedFile:
        return self.runner.parsed(upload)
