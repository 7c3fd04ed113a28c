"""The checks of a run's maps against closed forms, the single proof, and runs of before them."""

import math

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from small_runs import SPEC, TABLE, Tiny, pictures

from explainers import Problem, explain, explain_many
from explainers.checks.agreement import similarities
from explainers.checks.proof import prove
from explainers.many.checking.map_checks import Explained, check_cost, checked
from explainers.many.keeping import shards as shards_file
from explainers.many.run import open_run
from explainers.models.spec import ModelSpec
from explainers.output_cache import OutputCache

WEIGHTS = torch.tensor([5.0, -3.0, 2.0, 1.0])
BOTH = ("proof", "agreement")
NUMBERS = ("deletion", "insertion", "chance", "proven", "overlap", "rank_correlation")
BEFORE = ("index", "name", "digest", "class", "answer", "support", "centre", "error")


def linear(x):
    return x @ WEIGHTS.to(x)


def table_of(folder, rows):
    path = folder / "rows.csv"
    lines = [",".join(map(str, row)) for row in rows]
    path.write_text("a,b,c,d\n" + "\n".join(lines) + "\n")
    return path


def test_a_linear_model_is_proven_and_its_methods_agree_exactly(tmp_path):
    """Contributions w·x: hidden in their order 1, 2, … of four, the score falls by each in turn."""
    rows = [(1.0, 1.0, 1.0, 1.0), (-2.0, 1.0, 3.0, -1.0), (0.5, -4.0, 1.0, 2.0)]
    source = table_of(tmp_path, rows)
    run = explain_many(
        linear, source, "gradient_x_input", to=tmp_path / "out", spec=TABLE, checks=BOTH
    )
    for row, values in zip(run.rows(), rows, strict=True):
        shares = np.sort(np.array(values) * WEIGHTS.numpy())[::-1]
        shown = np.concatenate([[0], np.cumsum(shares)])  # with 0, 1, … 4 of them shown
        insertion = ((shown[1:] + shown[:-1]) / 2).mean()
        deletion = ((2 * shown[-1] - shown[1:] - shown[:-1]) / 2).mean()
        assert row["insertion"] == pytest.approx(insertion, rel=1e-5)
        assert row["deletion"] == pytest.approx(deletion, rel=1e-5)
        assert row["proven"] and insertion - deletion > row["chance"]
        assert row["rank_correlation"] == pytest.approx(1) and row["overlap"] == pytest.approx(1)
        assert row["unchecked"] is None


def explained(heat, x, model=linear, method="gradient_x_input", target=None):
    return Explained(
        model,
        x,
        torch.zeros_like(x)[:, None],
        target or [0] * len(x),
        np.asarray(heat),
        method,
        {},
        "output",
        "output",
        "table",
        OutputCache(),
    )


def test_what_is_planted_is_proven_and_its_opposite_is_not():
    """Of one weight among 40 the mean over all orders of insertion less deletion is 0: a coin."""
    x = torch.ones(3, 40)
    heat = np.zeros((3, 40), np.float32)
    heat[0, 7], heat[1, 7], heat[2] = 1, -1, 0.5  # the weight, all but the weight, nothing known

    def model(x):
        return 2 * x[:, 7]

    found = checked(explained(heat, x, model), ["proof"])
    assert [row["proven"] for row in found][:2] == [True, False]
    # The trapezoids end at whole units; the weight goes first, and last.
    assert found[0]["insertion"] == pytest.approx(2 * (1 - 0.5 / 40), rel=1e-5)
    assert found[0]["deletion"] == pytest.approx(2 * 0.5 / 40, rel=1e-5)
    assert found[1]["insertion"] < 0.2 < 1.8 < found[1]["deletion"]
    constant = checked(explained(heat, x, lambda x: 0 * x[:, 0] + 0.3), ["proof"])
    assert [row["proven"] for row in constant] == [False] * 3  # no difference is none


def test_overlap_and_rank_correlation_are_those_of_compare(tmp_path):
    source = pictures(tmp_path / "in", 3)
    run = explain_many(
        Tiny(), source, "saliency", to=tmp_path / "out", spec=SPEC, checks=["agreement"]
    )
    maps = dict(run.maps())
    with torch.no_grad():
        for row in run.rows():
            name = row["name"]
            x = shown(source / name)
            others = [
                explain(Tiny(), x, key, "zeros", row["class"], **options).scores[0, 0].numpy()
                for key, options in (("deeplift", {}), ("integrated_gradients", {"steps": 16}))
            ]
            signs = [False, True, True]  # slopes are strengths, contributions are not
            overlap, ranks = similarities([maps[row["index"]], *others], signs)
            assert row["overlap"] == pytest.approx(overlap[0, 1:].mean(), abs=1e-3)
            assert row["rank_correlation"] == pytest.approx(ranks[0, 1:].mean(), abs=1e-3)
            assert row["proven"] is None and row["deletion"] is None


def shown(path):
    from PIL import Image

    return torch.from_numpy(np.array(Image.open(path))).float()[None, None] / 255


def test_the_proof_is_that_of_one_input_whatever_shares_its_passes(tmp_path, monkeypatch):
    source = pictures(tmp_path / "in", 4)
    kept = {}
    for most in (1, 2**17):
        monkeypatch.setattr("explainers.many.checking.map_checks.VALUES_AT_ONCE", most)
        run = explain_many(
            Tiny(), source, "deeplift", to=tmp_path / str(most), spec=SPEC, checks=["proof"]
        )
        kept[most] = list(run.rows())
    for row, other in zip(*kept.values(), strict=True):
        x = shown(source / row["name"])
        scores = explain(Tiny(), x, "deeplift", "zeros", row["class"]).scores[:, 0]
        proof = prove(Tiny(), x, scores, "zeros", [row["class"]])
        for name in ("deletion", "insertion", "chance"):
            assert row[name] == pytest.approx(getattr(proof, name).item(), abs=1e-5)
            assert row[name] == pytest.approx(other[name], abs=1e-5)


def test_a_run_is_the_same_but_for_its_checks_resumes_and_says_what_differs(tmp_path):
    source = pictures(tmp_path / "in", 5)
    asked = {"method": "deeplift", "spec": SPEC, "shard": 2}
    plain = explain_many(Tiny(), source, **asked, to=tmp_path / "plain")
    whole = explain_many(Tiny(), source, **asked, to=tmp_path / "whole", checks=BOTH)
    for row, other in zip(plain.rows(BEFORE), whole.rows(BEFORE), strict=True):
        assert row == other
    assert all(row[name] is None for row in plain.rows() for name in NUMBERS)
    before = [{**row, "seconds": 0} for row in whole.rows()]
    assert all(row[name] is not None for row in before for name in NUMBERS)
    (tmp_path / "whole" / "rows" / "00001.parquet").unlink()
    again = explain_many(Tiny(), source, **asked, to=tmp_path / "whole", checks=BOTH)
    assert [{**row, "seconds": 0} for row in again.rows()] == before
    with pytest.raises(Problem, match="what differs is checks"):
        explain_many(Tiny(), source, **asked, to=tmp_path / "whole")
    with pytest.raises(Problem, match="no check"):
        explain_many(Tiny(), source, **asked, to=tmp_path / "x", checks=["truth"])


def test_runs_of_before_the_columns_are_read_and_gone_on_with(tmp_path, monkeypatch):
    source, to = pictures(tmp_path / "in", 4), tmp_path / "out"
    asked = {"method": "saliency", "spec": SPEC, "shard": 2, "to": to}
    now = shards_file.schema()
    with monkeypatch.context() as before:
        old = now
        for name in (*NUMBERS, "unchecked"):
            old = old.remove(old.get_field_index(name))
        before.setattr(shards_file, "schema", lambda mapped=True: old)
        explain_many(Tiny(), source, **asked)
    assert "proven" not in pq.read_schema(to / "rows" / "00000.parquet").names
    (to / "rows" / "00001.parquet").unlink()
    run = explain_many(Tiny(), source, **asked)
    assert [row["proven"] for row in run.rows()] == [None] * 4
    assert list(open_run(to).rows(["overlap", "index"]))[0] == {"overlap": None, "index": 0}
    assert [list(row) for row in run.rows()] == [now.names] * 4


def test_what_cannot_be_checked_says_why_and_keeps_its_map(tmp_path):
    """A network that refuses every masked input: its map is there, its proof is not."""

    def model(x):
        if bool((x == 0).any(1).logical_and((x != 0).any(1)).any()):
            raise RuntimeError("no holes, please")
        return x.sum(1)

    source = table_of(tmp_path, [(1.0, 2.0, 3.0, 4.0), (4.0, 3.0, 2.0, 1.0)])
    run = explain_many(
        model, source, "gradient_x_input", to=tmp_path / "out", spec=TABLE, checks=BOTH
    )
    for row in run.rows():
        assert row["error"] is None and row["answer"] == pytest.approx(10)
        assert "no holes, please" in row["unchecked"] and row["proven"] is None
        assert row["rank_correlation"] == pytest.approx(1)
    assert run.failed == 0 and len(dict(run.maps())) == 2


def test_padding_and_other_kinds_are_checked_too(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    from PIL import Image

    for number, size in enumerate([(8, 4), (3, 8)]):
        values = np.random.default_rng(number).integers(1, 200, size[::-1], dtype=np.uint8)
        Image.fromarray(values).save(source / f"{number}.png")
    padded = ModelSpec("upload", "tiny", size=8, mean=(0.0,), std=(1.0,), fit="pad")
    asked = {"to": tmp_path / "out", "spec": padded, "checks": BOTH}
    rows = list(explain_many(Tiny(), source, "deeplift", **asked).rows())
    assert all(row["unchecked"] is None and row["proven"] is not None for row in rows)
    fasta = tmp_path / "a.fa"
    fasta.write_text(">a\nACGTACGT\n>b\nTTTTACGT\n")
    dna = ModelSpec(
        "upload", "dna", kind="sequence", shape=(4, 8), answers="numbers", mean=(0.0,), std=(1.0,)
    )

    def starts_with_a(x):
        return x[:, 0, 0] * 3 + x[:, 3, 1]

    run = explain_many(
        starts_with_a, fasta, "gradient_x_input", to=tmp_path / "dna", spec=dna, checks=BOTH
    )
    first, second = run.rows()
    assert first["proven"] and second["proven"] and first["rank_correlation"] == pytest.approx(1)


@pytest.mark.parametrize("shape, kind", [((3, 96, 96), "picture"), ((4,), "table")])
def test_the_price_of_a_proof_is_what_it_takes(shape, kind):
    calls = 0

    def model(x):
        nonlocal calls
        calls += len(x)
        return x.flatten(1).sum(1)

    x = torch.rand(1, *shape)
    heat = torch.rand(1, *(shape[1:] if kind == "picture" else shape))
    prove(model, x, heat, "zeros", score="output", batch_size=50)  # learns how it behaves
    calls = 0
    prove(model, x, heat, "zeros", score="output", batch_size=50, cache=OutputCache())
    assert math.isclose(calls, check_cost("proof", "deeplift", shape, kind), rel_tol=0.15)
