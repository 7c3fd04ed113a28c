"""Questions for tests, in one flat form that is easily varied, and what the worker answers."""

from dataclasses import dataclass, field, replace
from typing import Any

from explainers.models.spec import ModelSpec
from explainers.models.zoo import demos
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.tasks import BaselineRef, InputRef, Task
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.explain_rows import ExplainRows
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.inspect import Inspect
from explainers.service.tasks.predict import Predict
from explainers.service.tasks.predict_rows import PredictRows
from explainers.service.tasks.prove import Prove, ProveAtRandom
from explainers.service.tasks.randomise import Randomise
from explainers.service.tasks.scale import Scale
from explainers.service.worker.task_runner import TaskRunner


@dataclass(frozen=True)
class Question:
    """The fields of the tasks about one input, and which `check` of it is asked for.

    Without a method or a check: the prediction.
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
    hide_with: BaselineRef | None = None
    item: int = 0
    values: tuple[float, ...] = ()
    rows: int = 0

    @property
    def task(self) -> Task:
        """The task that asks it."""
        shared = (
            self.model,
            InputRef(self.data, self.item, self.values),
            BaselineRef(self.baseline, self.baseline_options, self.own_baseline),
            self.device,
        )
        explanation = Explain(
            *shared, self.method, self.options, self.target, self.rather_than, self.score
        )
        made = {
            "": lambda: explanation if self.method else Predict(*shared),
            "proof": lambda: Prove(explanation, self.hide_with),
            "chance": lambda: ProveAtRandom(*shared),
            "randomisation": lambda: Randomise(explanation),
            "rows": lambda: ExplainRows(explanation, self.rows),
            "inspection": lambda: Inspect(self.model),
            "predicted rows": lambda: PredictRows(self.model, InputRef(self.data)),
            "importance": lambda: Importance(
                PredictRows(self.model, InputRef(self.data)), methods=("jacobian", "garson")
            ),
            "scale": lambda: Scale(self.model, InputRef(self.data)),
        }
        return made[self.check]()

    def digest(self) -> str:
        """That of the task."""
        return self.task.digest()


def answered(runner: TaskRunner, question: Question | Task) -> tuple[dict, dict]:
    """Facts and arrays, as they are kept in the store."""
    task = question.task if isinstance(question, Question) else question
    runner.run(task.digest(), task, lambda report: None)
    return runner.store.answer(task.digest())


def question_about(runner: TaskRunner, name: str, **changes) -> Question:
    """A question about the demo's own file, as the parser process would have left it."""
    demo = demos.demos()[name]
    data, suffix = demo.data.read_bytes(), demo.data.suffix
    digest = runner.store.put_blob(data)
    content = PARSERS[demo.spec.kind].parse(data, suffix=suffix)
    put(runner.store, demo.spec.kind, digest, content, suffix=suffix)
    numbers = demo.spec.answers == "numbers"
    question = Question(
        demo.spec, digest + suffix, target=0, score="output" if numbers else "logit"
    )
    return replace(question, **changes)
