"""Checks that are added to a run use its maps: nothing is explained again, and nothing is lost."""

import numpy as np
import pyarrow.parquet as pq
import pytest

import explainers.api
from explainers import Cancelled, Problem, explain_many
from explainers.many.keeping.journal import SetAside
from explainers.many.run import open_run
from tests.many.small_runs import SPEC, Tiny, pictures

METHOD = {"method": "integrated_gradients", "steps": 6, "spec": SPEC, "shard": 3}
BOTH = ["proof", "agreement"]


def rows_of(run) -> list[dict]:
    return [{**row, "seconds": None, "centre": str(row["centre"])} for row in run.rows()]


def assert_alike(run, due) -> None:
    for row, other in zip(rows_of(run), rows_of(due), strict=True):
        assert row == pytest.approx(other, abs=1e-5)
    for (index, one), (other, scores) in zip(run.maps(), due.maps(), strict=True):
        assert index == other
        np.testing.assert_array_equal(one, scores)


def test_added_they_are_those_of_a_run_that_had_them_from_the_start(tmp_path, monkeypatch):
    source, to = pictures(tmp_path / "in", 7), tmp_path / "out"
    (source / "003.png").write_bytes(b"no picture")
    due = explain_many(Tiny(), source, **METHOD, to=tmp_path / "due", checks=BOTH)
    asked = {**METHOD, "to": to}
    before = list(explain_many(Tiny(), source, **asked).rows())
    kept = {path: path.read_bytes() for path in to.rglob("*.npz")}

    def explain(*given, **words):
        raise AssertionError("nothing is explained again")

    def stop(progress):
        seen.append(progress.done)
        if progress.done >= 4:
            raise Cancelled

    seen: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr(explainers.api, "explain", explain)
        with pytest.raises(Cancelled):
            explain_many(Tiny(), source, **asked, checks=["proof"], progress=stop)
        assert seen[0] == 0 and open_run(to).done == 7
        assert [row["proven"] is None for row in open_run(to).rows()][:4] == [False] * 3 + [True]
        explain_many(Tiny(), source, **asked, checks=["proof"])
    run = explain_many(Tiny(), source, **asked, checks=BOTH)
    assert_alike(run, due)
    assert run.told["asked"]["checks"] == BOTH and run.failed == 1
    pairs = zip(run.rows(), before, strict=True)
    assert all(row["seconds"] > other["seconds"] for row, other in pairs if not row["error"])
    assert all(path.read_bytes() == data for path, data in kept.items())
    for path in (to / "rows").iterdir():  # as they were written before shards told their checks
        pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(None), path)
    seen.clear()
    explain_many(Tiny(), source, **asked, checks=BOTH, progress=lambda p: seen.append(p.done))
    assert not seen, "all is there"
    with pytest.raises(Problem, match="holds another run; .*checks"):
        explain_many(Tiny(), source, **asked, checks=["proof"])


def test_a_run_that_is_not_finished_goes_on_with_them(tmp_path):
    source, to = pictures(tmp_path / "in", 7), tmp_path / "out"

    def stop(progress):
        if progress.done >= 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        explain_many(Tiny(), source, **METHOD, to=to, maps="zarr", progress=stop)
    run = explain_many(Tiny(), source, **METHOD, to=to, maps="zarr", checks=BOTH)
    due = explain_many(Tiny(), source, **METHOD, to=tmp_path / "due", checks=BOTH)
    assert_alike(run, due)


def test_what_ends_its_process_while_it_is_checked_keeps_its_map(tmp_path):
    source, to = pictures(tmp_path / "in", 5), tmp_path / "out"
    asked = {"method": "saliency", "spec": SPEC, "shard": 3, "to": to}
    before = [row["support"] for row in explain_many(Tiny(), source, **asked).rows()]
    SetAside({2: 2}, {2: "Explaining it ended its process twice (signal 9)."}).keep(to)
    run = explain_many(Tiny(), source, **asked, checks=["proof"])
    rows = list(run.rows())
    assert [row["support"] for row in rows] == before and run.failed == 0
    assert rows[2]["unchecked"].startswith("Explaining it ended its process twice (signal 9")
    assert [row["proven"] is None for row in rows] == [False, False, True, False, False]
    assert [index for index, _ in run.maps()] == list(range(5))
