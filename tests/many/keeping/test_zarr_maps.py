"""Maps that are kept as zarr: zarr reads them itself, resumed or not, and says what is missing."""

import contextlib
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
import zarr
from PIL import Image

from explainers import Cancelled, Problem, explain, explain_many
from explainers.many.keeping import whole_files
from explainers.many.run import open_run
from tests.many.small_runs import SPEC, TABLE, Tiny, pictures

METHOD = {"method": "integrated_gradients", "steps": 4, "spec": SPEC, "shard": 3}


def scores_of(folder) -> torch.Tensor:
    """What `explain` gives for the readable pictures of a folder; NaN for the others."""
    found = []
    for path in sorted(folder.glob("*.png")):
        if path.read_bytes() == b"no picture":
            found.append(np.full((8, 8), np.nan))
            continue
        x = torch.from_numpy(np.array(Image.open(path))).float()[None, None] / 255
        found.append(explain(Tiny(), x, "integrated_gradients", steps=4).scores[0, 0])
    return np.stack(found)


def test_zarr_reads_the_maps_of_explain_and_nan_where_there_is_none(tmp_path):
    source, to = pictures(tmp_path / "in", 8), tmp_path / "out"
    for name in ("001", "006", "007"):
        (source / f"{name}.png").write_bytes(b"no picture")
    run = explain_many(Tiny(), source, **METHOD, to=to, maps="zarr")
    group = zarr.open_group(to / "maps.zarr", mode="r")
    assert group.metadata.consolidated_metadata is not None
    maps = group["maps"]
    assert (maps.shape, maps.dtype, maps.chunks, maps.shards) == (
        *((8, 8, 8), np.float32, (1, 8, 8)),
        (3, 8, 8),
    )
    assert maps.metadata.dimension_names == ("input", "down", "across")
    assert group["input"][:].tolist() == list(range(8))
    np.testing.assert_allclose(maps[:], scores_of(source), atol=1e-6)
    np.testing.assert_array_equal(maps[4], maps[:][4])
    plain = dict(explain_many(Tiny(), source, **METHOD, to=tmp_path / "npz").maps())
    found = dict(run.maps())
    assert list(found) == list(plain) == [0, 2, 3, 4, 5]
    assert all((found[index] == plain[index]).all() for index in plain)
    assert [index for index, _ in open_run(to).maps({2, 4, 7})] == [2, 4]
    assert not (to / "maps").exists()
    with pytest.raises(Problem, match=r"holds another run; .*maps \(zarr there, none here\)"):
        explain_many(Tiny(), source, **METHOD, to=to)


def test_all_of_a_shard_may_fail_and_tables_have_columns(tmp_path):
    lines = ["", *[f"{k},{k * k}" for k in range(30)]]
    lines[1:4] = ["1,", "2,", "3,"]
    (tmp_path / "rows.csv").write_text("a,b" + "\n".join(lines) + "\n")

    def model(x):
        return 2 * x[:, 0] - x[:, 1]

    to, asked = tmp_path / "out", {"spec": TABLE, "shard": 3, "maps": "zarr"}
    run = explain_many(model, tmp_path / "rows.csv", "gradient_x_input", to=to, **asked)
    maps = zarr.open_array(to / "maps.zarr" / "maps", mode="r")
    due = np.array([[2 * k, -k * k] if k > 2 else [np.nan] * 2 for k in range(30)])
    np.testing.assert_array_equal(maps[:], due)
    assert maps.metadata.dimension_names == ("input", "column")
    assert (run.failed, len(list(run.maps()))) == (3, 27)


def test_ended_wherever_and_resumed_it_is_the_same(tmp_path, monkeypatch):
    source, to = pictures(tmp_path / "in", 7), tmp_path / "out"
    real, room = os.fsync, [0]

    def fsync(handle):
        room[0] -= 1
        if room[0] < 0:
            raise KeyboardInterrupt
        real(handle)

    def stop(progress):
        if progress.done >= 3:
            raise Cancelled

    monkeypatch.setattr(whole_files.os, "fsync", fsync)
    for files in range(2, 26, 2):  # each file needs one for itself and one for its folder
        room[0] = files
        with contextlib.suppress(KeyboardInterrupt, Cancelled):
            explain_many(Tiny(), source, **METHOD, to=to, maps="zarr", progress=stop)
    monkeypatch.undo()
    run = explain_many(Tiny(), source, **METHOD, to=to, maps="zarr")
    assert [row["index"] for row in run.rows()] == list(range(7))
    maps = zarr.open_group(to / "maps.zarr", mode="r")["maps"]
    np.testing.assert_allclose(maps[:], scores_of(source), atol=1e-6)
    assert not list(to.rglob("*.part"))
    (to / "maps.zarr" / "maps" / "c" / "1" / "0" / "0").unlink()
    assert open_run(to).done == 4, "rows without their maps are made again"
    again = explain_many(Tiny(), source, **METHOD, to=to, maps="zarr")
    np.testing.assert_array_equal(np.stack([one for _, one in again.maps()]), maps[:])


def test_what_no_array_can_hold_is_a_sentence(tmp_path):
    source = pictures(tmp_path / "in", 2)
    padded = {**METHOD, "spec": replace(SPEC, fit="pad"), "maps": "zarr"}
    with pytest.raises(Problem, match="maps of one shape; where pictures are padded"):
        explain_many(Tiny(), source, **padded, to=tmp_path / "a")
    assert explain_many(Tiny(), source, **{**padded, "maps": "npz"}, to=tmp_path / "a").done == 2
    with pytest.raises(Problem, match="no form of maps 'hdf5'; there are npz, zarr"):
        explain_many(Tiny(), source, **METHOD, to=tmp_path / "b", maps="hdf5")


@pytest.mark.parametrize("form", ["npz", "zarr"])
def test_damaged_maps_are_a_sentence_and_made_again_when_their_rows_are_deleted(tmp_path, form):
    source, to = pictures(tmp_path / "in", 6), tmp_path / "out"
    run = explain_many(Tiny(), source, **METHOD, to=to, maps=form)
    before = dict(run.maps())
    (path,) = [*to.glob("maps/00001.npz"), *to.glob("maps.zarr/maps/c/1/0/0")]
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], bytes(len(whole)), b""):
        path.write_bytes(damaged)
        with pytest.raises(Problem, match=r"shard 1 .* damaged. Delete rows/00001.parquet"):
            dict(run.maps())
    (to / "rows" / "00001.parquet").unlink()
    after = dict(explain_many(Tiny(), source, **METHOD, to=to, maps=form).maps())
    assert all(np.array_equal(before[index], after[index]) for index in range(6))


def test_where_the_description_of_the_array_was_lost_it_is_written_again(tmp_path):
    source, to = pictures(tmp_path / "in", 4), tmp_path / "out"
    ask = {**METHOD, "to": to, "maps": "zarr"}
    before = dict(explain_many(Tiny(), source, **ask).maps())
    (to / "maps.zarr" / "zarr.json").unlink()
    run = explain_many(Tiny(), source, **ask)
    assert run.done == 4 and dict(run.maps()).keys() == before.keys()
