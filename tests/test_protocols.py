"""Whatever can be added as one file gives what its protocol asks for: every member is checked."""

import dataclasses
import io
import json
import zipfile

import msgspec
import numpy as np
import pytest
from answering import answered, question_about
from declared_types import declared_fields, follows, is_of_type

from explainers import BASELINES, METHODS
from explainers.context import Context
from explainers.kinds import KINDS
from explainers.kinds.layout import InputLayout
from explainers.kinds.statistics import DataStatistics
from explainers.methods.registry import Attribute
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import WORKED_EXAMPLE, demos
from explainers.models.zoo.signs import samples
from explainers.options import make_options
from explainers.service.limits import Limits
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.parsing.upload_keys import UploadKey, collection, file_key
from explainers.service.settings import model_settings
from explainers.service.tasks import TASKS, BaselineRef, InputRef, Task, decode, encode
from explainers.service.tasks.explain import Explain

SHAPES = {"picture": (3, 8, 8), "table": (5,), "series": (6, 3), "sequence": (4, 9)}
MEMBERS = [(registry, key) for registry in (METHODS, BASELINES, KINDS, PARSERS) for key in registry]


@pytest.mark.parametrize(
    "registry, key", MEMBERS, ids=lambda part: part if type(part) is str else ""
)
def test_every_member_has_the_declared_fields(registry, key):
    import torch

    member = registry[key]
    names = {
        "Tensor": torch.Tensor,
        "Context": Context,
        "InputLayout": InputLayout,
        "DataStatistics": DataStatistics,
    }
    for field, declared in declared_fields(type(member), **names).items():
        value = getattr(member, field)
        assert is_of_type(value, declared), f"{key}.{field} = {value!r} is no {declared}"
    if hasattr(member, "key"):
        assert member.key == key


def test_a_member_that_breaks_its_protocol_is_noticed():
    assert not is_of_type(lambda context: None, Attribute)
    assert not is_of_type(lambda options, context: None, Attribute), "in another order"
    assert not is_of_type(None, Attribute)
    hints = declared_fields(type(KINDS["table"]))
    assert not is_of_type("1", hints["dimensions"]) and not is_of_type(True, hints["dimensions"])
    assert not is_of_type(lambda parsed: None, hints["inputs"])


@pytest.mark.parametrize("key", METHODS)
def test_methods_estimate_and_can_be_tried_on_every_kind_that_they_take(key):
    entry = METHODS[key]
    assert dataclasses.is_dataclass(entry.options)
    for kind in entry.kinds or KINDS:
        layout = InputLayout.of(SHAPES[kind], kind)
        trial = make_options(entry.options, entry.trial_options(layout), entry.name)
        exact = make_options(entry.options, dict(entry.exact_options), entry.name)
        for options in (entry.options(), trial, exact):
            estimate = entry.estimate(options, layout)
            assert type(estimate) is int and estimate >= 1
            assert type(entry.knows_sign(options)) is bool
            assert type(entry.centred(options)) is bool
        assert entry.estimate(trial, layout) <= entry.estimate(entry.options(), layout)
    if entry.split_by:
        assert entry.split_by in {field.name for field in dataclasses.fields(entry.options)}


@pytest.mark.parametrize("key", BASELINES)
def test_baselines_are_like_the_inputs_of_their_kinds(key):
    import torch

    entry = BASELINES[key]
    assert set(entry.kinds) <= KINDS.keys() and set(entry.names) <= KINDS.keys()
    for kind in entry.kinds:
        shape = SHAPES[kind]
        inputs = torch.rand(2, *shape)
        if kind == "sequence":
            inputs = torch.nn.functional.one_hot(inputs.argmax(1), 4).movedim(-1, 1).float()
        baseline = entry.make(inputs, inputs if entry.uses_data else None)
        assert baseline.dtype == inputs.dtype
        assert baseline.shape in {inputs.shape} or (
            baseline.ndim == inputs.ndim + 1
            and (baseline.shape[0], *baseline.shape[2:]) == inputs.shape
        )


@pytest.mark.parametrize("key", KINDS)
def test_kinds_fit_their_parsers_and_baselines(key):
    entry = KINDS[key]
    assert key in PARSERS and len(SHAPES[key]) == entry.dimensions
    assert key in BASELINES[entry.default_baseline].kinds
    scores = np.arange(np.prod(SHAPES[key])).reshape(SHAPES[key])
    heat = entry.heat(scores)
    assert heat.sum() == scores.sum() and heat.ndim == scores.ndim - entry.channels
    assert np.broadcast_shapes(entry.along(SHAPES[key][entry.scaled_axis]), (1, *scores.shape)) == (
        1,
        *scores.shape,
    )


@pytest.fixture
def scripts_allowed(monkeypatch):
    """This server lets TorchScript in; what it was before is asked again afterwards."""
    monkeypatch.setenv("EVIDENT_ALLOW_TORCHSCRIPT", "1")
    model_settings.cache_clear()
    yield
    monkeypatch.undo()
    model_settings.cache_clear()


@pytest.mark.parametrize("key", PARSERS)
def test_parsers_take_their_own_files_and_their_checks_what_they_give(key, scripts_allowed):
    parser = PARSERS[key]
    assert parser.limit in {field.name for field in dataclasses.fields(Limits)}
    files = list(parser.warm_up_files())
    assert files
    for data, options in files:
        assert isinstance(data, bytes)
        facts, arrays = parser.parse(data, **options)
        parser.check(json.loads(json.dumps(facts)), arrays)
        assert all(isinstance(values, np.ndarray) for values in arrays.values())
        assert sum(values.nbytes for values in arrays.values()) <= parser.most_bytes


@pytest.fixture(scope="module")
def tasks(runner) -> dict[str, Task]:
    """One task of every type, on the diabetes demo where it needs a model."""
    question = question_about(
        runner, "diabetes", method="gradient_x_input", baseline="data_mean", rows=10
    )
    checks = {
        "Prove": "proof",
        "ProveAtRandom": "chance",
        "Randomise": "randomisation",
        "ExplainRows": "rows",
        "Inspect": "inspection",
        "Scale": "scale",
        "PredictRows": "predicted rows",
        "Importance": "importance",
        "Explain": "",
    }
    made = {name: dataclasses.replace(question, check=check).task for name, check in checks.items()}
    example, rows = WORKED_EXAMPLE + "saturation", made["PredictRows"]
    over_rows = {
        "Dependence": {"feature": 0, "points": 3},
        "Interactions": {"features": (0, 1), "samples": 8},
        "Plausibility": {"expected": ({"input": "body mass index (kg/m²)", "sign": "+"},)},
    }
    made |= {name: TASKS[name](rows=rows, **fields) for name, fields in over_rows.items()}
    signs = demos()["signs"].spec
    explanation = Explain(signs, InputRef(kept_collection(runner, signs)), method="saliency")
    return made | {
        "ExplainMany": TASKS["ExplainMany"](made["Explain"], 0, 4),
        "PredictMany": TASKS["PredictMany"](
            made["Explain"].model, made["Explain"].input, start=0, stop=4
        ),
        "FindCues": TASKS["FindCues"](explanation, 4, 3),
        "Predict": dataclasses.replace(question, method="").task,
        "Lesson": TASKS["Lesson"](example.removeprefix(WORKED_EXAMPLE), (1.0, 0.5)),
        "Axioms": TASKS["Axioms"](),
        "HideBoxes": TASKS["HideBoxes"](
            demos()["digits"].spec, InputRef(values=(0.5,) * 64), boxes=((0.0, 0.0, 0.5, 1.0),)
        ),
    }


def kept_collection(runner, spec) -> str:
    """Four signs in an archive, as the parser process would have left it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for one in samples()[:4]:
            file.writestr(f"{one.name}.jpg", one.path.read_bytes())
    digest = runner.store.put_blob(buffer.getvalue())
    name = collection(digest, spec.sides, spec.fit)
    kind, _, options = file_key("picture", name)
    put(runner.store, kind, digest, PARSERS[kind].parse(buffer.getvalue(), **options), **options)
    return name


@pytest.mark.parametrize("name", TASKS)
def test_tasks_cross_a_process_and_keep_their_name(tasks, name):
    task = tasks[name]
    assert type(task) is TASKS[name] and issubclass(TASKS[name], Task)
    again = decode(encode(task))
    assert again == task and again.digest() == task.digest()
    assert json.loads(encode(task))["type"] == name
    with pytest.raises(msgspec.ValidationError):
        decode(encode(task).replace(b'"type":', b'"more":1,"type":'))
    assert follows(task.run, TaskRun)


class TaskRun:
    """How tasks are run."""

    def __call__(self, context): ...


@pytest.mark.parametrize("name", TASKS)
def test_tasks_know_their_cost_and_their_uploads(tasks, name):
    task = tasks[name]
    cost = task.cost((10,), 3)
    assert type(cost) is int and cost >= task.cost((10,)) >= 1
    uploads = list(task.uploads())
    assert all(isinstance(upload, UploadKey) and upload.kind in PARSERS for upload in uploads)
    assert task.kind in {"", *KINDS}
    file = "picture_collection" if name == "FindCues" else "table"
    assert [upload.kind for upload in uploads] == [file] * (name not in NO_FILE)


NO_FILE = {"Inspect", "Lesson", "Axioms", "HideBoxes"}


def test_an_own_network_and_an_own_baseline_are_uploads_too():
    spec = ModelSpec("upload", "own", weights="1" * 64 + ".onnx", kind="table", shape=(4,))
    task = Explain(spec, InputRef("2" * 64 + ".csv"), BaselineRef("own", file="3" * 64 + ".csv"))
    kinds = {upload.digest[0]: upload.kind for upload in task.uploads()}
    assert kinds == {"1": "onnx", "2": "table", "3": "table"}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_that_cannot_be_split_is_its_own_shard(tasks, name):
    shards = tasks[name].shards(1)
    assert list(shards) == [tasks[name]]
    answer = ({"a": 1}, {"scores": np.ones(3), "inputs": np.ones(3)})
    facts, arrays = tasks[name].merge([({"seconds": 1.0} | answer[0], answer[1])])
    assert facts["a"] == 1 and np.array_equal(arrays["scores"], answer[1]["scores"])


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("most", [3, 4])
def test_merged_shards_are_the_whole(tasks, runner, name, most):
    task = tasks[name]
    shards = task.shards(most)
    several = name in ("ExplainRows", "ExplainMany", "PredictMany")
    assert 1 <= len(shards) <= most and several == (len(shards) > 1)
    if name != "ExplainRows":  # the other's rows tell seconds, and has a test of its own
        return
    assert len({shard.digest() for shard in shards} | {task.digest()}) == len(shards) + 1
    assert all(shard.shards(most) == [shard] for shard in shards), "a shard is not split again"
    assert sum(shard.cost((10,)) for shard in shards) == pytest.approx(task.cost((10,)), rel=0.1)
    facts, arrays = task.merge([answered(runner, shard) for shard in shards])
    whole_facts, whole = answered(runner, task)
    assert {**facts, "seconds": 0} == {**whole_facts, "seconds": 0}
    assert arrays.keys() == whole.keys()
    for array_name, values in whole.items():
        np.testing.assert_allclose(arrays[array_name], values, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", TASKS)
def test_answers_are_facts_and_arrays(tasks, runner, name):
    facts, arrays = answered(runner, tasks[name])
    assert json.loads(json.dumps(facts)) == facts
    assert all(isinstance(values, np.ndarray) for values in arrays.values())
