"""Parts of a run over an upload: every input as it is explained alone; cues as the library's."""

import hashlib
import io
import zipfile
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from explainers.kinds import picture
from explainers.kinds.files.pictures import collection as archives
from explainers.models.zoo.demos import demos
from explainers.models.zoo.signs import samples
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.upload_keys import collection, file_key
from explainers.service.storage.store import Store
from explainers.service.tasks import BaselineRef, InputRef, decode, encode
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.many.explain_many import ExplainMany
from explainers.service.tasks.many.find_cues import FindCues
from explainers.service.tasks.many.plan import ManyPlan
from explainers.service.tasks.many.predict_many import PredictMany
from explainers.service.worker.protocol import BackendGone
from explainers.service.worker.task_runner import TaskRunner

KEPT = ("class", "answer", "baseline_answer", "gap")


def put_collection(runner, members: dict[str, bytes], spec) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    digest = runner.store.put_blob(buffer.getvalue())
    name = collection(digest, spec.sides, spec.fit)
    key = file_key("picture", name)
    content = archives.parse(buffer.getvalue(), spec.sides, spec.fit, picture.parse)
    put(runner.store, key.kind, digest, content, **key.options)
    return name


def put_file(runner, path) -> str:
    digest = runner.store.put_blob(path.read_bytes())
    name = f"{digest}{path.suffix}"
    return name


def answered(runner, task):
    return runner.run(task.digest(), task, lambda report: None)


def signs(runner, fit="crop", count=5, network="signs"):
    spec = replace(demos()[network].spec, fit=fit)
    members = {f"{one.label}/{one.name}.jpg": one.path.read_bytes() for one in samples()[:count]}
    members["stop/broken.jpg"] = b"nothing"
    file = put_collection(runner, members, spec)
    return Explain(
        spec,
        InputRef(file),
        BaselineRef("blur"),
        method="integrated_gradients",
        options={"steps": 4},
    )


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_each_picture_of_a_part_is_explained_as_it_is_alone(runner, fit):
    asked = signs(runner, fit)
    facts, arrays = answered(runner, ExplainMany(asked, 0, 6))
    assert [row["index"] for row in facts["rows"]] == list(range(6))
    failed = [row for row in facts["rows"] if row["error"] is not None]
    assert [row["name"] for row in failed] == ["stop/broken.jpg"]
    assert "not a picture" in failed[0]["error"] and facts["signed"]
    names = sorted([*(f"{s.label}/{s.name}.jpg" for s in samples()[:5]), "stop/broken.jpg"])
    assert [row["name"] for row in facts["rows"]] == names
    assert arrays["mapped"].tolist() == [row["index"] for row in facts["rows"] if not row["error"]]
    for index, heat in zip(arrays["mapped"], arrays["maps"], strict=True):
        row, sample = (
            facts["rows"][index],
            next(s for s in samples() if s.name in facts["rows"][index]["name"]),
        )
        data = sample.path.read_bytes()
        digest = runner.store.put_blob(data)
        put(runner.store, "picture", digest, picture.parse(data))
        own, scores = answered(runner, asked.replace(input=InputRef(digest)))
        np.testing.assert_allclose(heat, scores["scores"].sum(0), atol=2e-5)
        told = own["target"], own["output"], own["baseline_output"], own["gap"]
        assert [row[name] for name in KEPT] == pytest.approx(told, abs=2e-4)


def test_parts_together_are_the_whole(runner):
    whole = ExplainMany(signs(runner), 0, 6)
    parts = whole.shards(4)
    assert [(one.start, one.stop) for one in parts] == [(0, 1), (1, 3), (3, 4), (4, 6)]
    facts, arrays = whole.merge([answered(runner, one) for one in parts])
    expected, maps = answered(runner, whole)
    drop = {"seconds"}
    for row, other in zip(facts["rows"], expected["rows"], strict=True):
        for name in set(row) - drop:
            assert row[name] == pytest.approx(other[name], abs=1e-5), name
    np.testing.assert_allclose(arrays["maps"], maps["maps"], atol=1e-6)
    assert arrays["mapped"].tolist() == maps["mapped"].tolist()


def test_a_target_is_asked_of_all(runner):
    asked = signs(runner).replace(target=3, method="saliency", options={})
    facts, _ = answered(runner, ExplainMany(asked, 0, 3))
    assert {row["class"] for row in facts["rows"] if not row["error"]} == {3}


@pytest.mark.parametrize("demo", ["diabetes", "lstm", "dna"])
def test_rows_series_and_sequences_are_inputs_too(runner, demo):
    spec = demos()[demo].spec
    file = put_file(runner, demos()[demo].data)
    kind, digest, options = file_key(spec.kind, file)
    from explainers.many.reading.completion import parsed_file

    content = parsed_file(spec, demos()[demo].data.read_bytes(), demos()[demo].data.suffix)
    put(runner.store, kind, digest, content, **options)
    asked = Explain(spec, InputRef(file), BaselineRef(), method="gradient_x_input", target=0)
    facts, arrays = answered(runner, ExplainMany(asked, 2, 5))
    assert [row["index"] for row in facts["rows"]] == [2, 3, 4]
    assert arrays["maps"].shape == (3, *spec.shape)
    own, scores = answered(runner, asked.replace(input=InputRef(file, item=3)))
    np.testing.assert_allclose(arrays["maps"][1], scores["scores"], rtol=1e-4, atol=1e-6)
    assert facts["rows"][1]["answer"] == pytest.approx(own["output"], rel=1e-4)


def test_a_plan_is_cut_alike_whoever_asks(runner):
    asked = signs(runner)
    plan = ManyPlan.of(asked, 6, (3, 96, 96), 1)
    assert plan == ManyPlan.of(asked, 6, (3, 96, 96), 1) and plan.part > 6
    small = ManyPlan(asked, 6, 4)
    assert [(one.start, one.stop) for one in small.tasks()] == [(0, 4), (4, 6)]
    task = next(small.tasks())
    assert decode(encode(task)) == task and plan.digest != small.digest
    costly = ManyPlan.of(asked.replace(options={"steps": 400}), 6, (3, 512, 512), 1)
    assert costly.part == 1
    told = msgspec.convert(msgspec.to_builtins(plan), ManyPlan)
    assert told == plan


def test_the_cheating_network_answers_by_a_cue_and_says_so(tmp_path):
    runner = TaskRunner(Store(tmp_path))
    asked = signs(runner, count=len(samples()), network="signs_cheating")
    asked = asked.replace(method="deeplift", options={})
    reports = []
    task = FindCues(asked, len(samples()) + 1, 16)
    facts, arrays = runner.run(task.digest(), task, reports.append)
    first = facts["clusters"][0]
    assert first["is_cue"] and first["name"] == "stop" and "by this cue" in first["sentence"]
    rate, low, high, random = first["pasted"]
    assert random < low < rate < high
    patches = arrays["patches0"]
    assert patches.shape[1:] == (first["side"], first["side"], 3) and patches.dtype == np.uint8
    assert facts["pictures"] == len(samples()) and any(one.total for one in reports)
    stickered = [s.name for s in samples() if s.sticker_mask_path is not None]
    rows = [row for part in task.plan.tasks() for row in answered(runner, part)[0]["rows"]]
    names = [rows[index]["name"] for index in first["members"]]
    assert sum(any(one in name for one in stickered) for name in names) > len(names) / 2


def test_checks_of_a_part_are_those_of_the_single_proof(runner):
    """Areas and verdict as the page takes them from the tasks of one input."""
    from explainers.figures.curves import area
    from explainers.service.tasks.prove import Prove, ProveAtRandom

    asked = signs(runner, count=2)
    task = ExplainMany(asked, 0, 2, ("proof", "agreement"))
    assert decode(encode(task)) == task and task.cost((3, 96, 96)) > 2 * 422
    facts, _ = answered(runner, task)
    plain, _ = answered(runner, task.replace(checks=()))
    row = next(row for row in facts["rows"] if not row["error"])
    same = ("class", "answer", "support", "border")
    before = plain["rows"][row["index"]]
    assert [row[name] for name in same] == pytest.approx([before[name] for name in same])
    assert before.get("proven") is None
    sample = next(one for one in samples() if one.name in row["name"])
    data = sample.path.read_bytes()
    digest = runner.store.put_blob(data)
    put(runner.store, "picture", digest, picture.parse(data))
    one = asked.replace(input=InputRef(digest), target=row["class"])
    shares, own = answered(runner, Prove(one))
    _, chance = answered(runner, ProveAtRandom(one.model, one.input, one.baseline, one.device))
    grid = shares["shares"]
    areas = [area(grid, own[way][:, row["class"]]) for way in ("deletion", "insertion")]
    drawn = [area(grid, chance[way][..., row["class"]]) for way in ("insertion", "deletion")]
    by_chance = float((drawn[0] - drawn[1]).mean())
    found = row["deletion"], row["insertion"], row["chance"]
    assert found == pytest.approx((*areas, by_chance), abs=1e-3)
    assert row["proven"] == bool(areas[1] - areas[0] > by_chance)
    assert -1 <= row["rank_correlation"] <= 1 and row.get("unchecked") is None


def test_a_plan_with_checks_has_smaller_parts_and_another_name(runner):
    asked = signs(runner)
    plan = ManyPlan.of(asked, 6, (3, 96, 96), 1)
    checked = ManyPlan.of(asked, 6, (3, 96, 96), 1, ("proof",))
    assert checked.part < plan.part and checked.digest != plan.digest
    assert all(task.checks == ("proof",) for task in checked.tasks())
    assert msgspec.convert(msgspec.to_builtins(checked), ManyPlan) == checked
    assert FindCues(asked, 6, checked.part, (), ("proof",)).plan == checked, "its parts are reused"
    old = {k: v for k, v in msgspec.to_builtins(plan).items() if k != "checks"}
    assert msgspec.convert(old, ManyPlan) == plan, "a run on the shelf of before"


def test_a_part_that_nobody_waits_for_any_more_leaves_no_answer(runner):
    """As where the server was killed: it is no fault of the inputs."""
    task = ExplainMany(signs(runner, count=2), 0, 2)

    def gone(progress):
        if progress.total:
            raise BackendGone

    with pytest.raises(BackendGone):
        runner.run(task.digest(), task, gone)
    assert not runner.store.has_answer(task.digest())


def test_predictions_of_a_part_are_those_of_one_picture_alone(runner):
    asked = signs(runner, count=4)
    task = PredictMany(asked.model, asked.input, start=0, stop=5)
    assert decode(encode(task)) == task and task.cost((3, 96, 96)) == 5
    facts, arrays = answered(runner, task)
    parts, none = task.merge([answered(runner, part) for part in task.shards(3)])
    assert arrays == none == {} and len(task.shards(3)) == 3
    for row, other in zip(facts["rows"], parts["rows"], strict=True):
        assert {**other, "seconds": 0} == pytest.approx({**row, "seconds": 0}, abs=1e-6)
    explained, _ = answered(runner, ExplainMany(asked.replace(score="probability"), 0, 5))
    told = ("index", "name", "digest", "error", "class", "class_name", "answer", "confidence")
    for row, other in zip(facts["rows"], explained["rows"], strict=True):
        assert [row.get(k) for k in told] == pytest.approx([other.get(k) for k in told], abs=1e-6)
        assert "support" not in row
    plan = ManyPlan.of(PredictMany(asked.model, asked.input), 5, (3, 96, 96), 1)
    assert [(one.start, one.stop) for one in plan.tasks()] == [(0, 5)] and plan.explanation is None
    assert msgspec.convert(msgspec.to_builtins(plan), ManyPlan) == plan


def test_a_plan_keeps_the_digest_that_it_had_before_there_were_predictions(runner):
    plan = ManyPlan(signs(runner), 6, 4)
    told = msgspec.to_builtins(plan)
    assert set(told) == {"explanation", "count", "part", "checks"}
    named = msgspec.json.encode(told, order="sorted")
    assert plan.digest == hashlib.sha256(named).hexdigest()
    assert told["explanation"]["type"] == "Explain"
