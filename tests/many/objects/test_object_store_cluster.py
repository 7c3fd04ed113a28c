"""A Dask cluster whose workers write into an object store: as into a folder, whatever ends."""

import os
import random

import numpy as np
import pytest
from PIL import Image

from explainers import explain_many
from explainers.many.cluster.attempts import Attempts
from explainers.many.keeping.folders import names_in
from explainers.many.keeping.journal import EXPLAINING, READING, WRITING, Place, SetAside
from explainers.many.remote.location import location
from tests.many.cluster_processes import Cluster
from tests.many.small_runs import ASKED, Deadly, Tiny, pictures

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")
COUNT = 18


@pytest.fixture
def cluster(bucket, tmp_path):
    cluster = Cluster(str(tmp_path / "workers"), environment=bucket.environment)
    yield cluster
    cluster.kill()


@forks
def test_a_killed_worker_and_a_deadly_input(cluster, bucket, tmp_path):
    """A worker that is killed costs its shard; an input that ends its own is set aside."""
    source = pictures(tmp_path / "in", COUNT)
    values = np.array(Image.open(source / "003.png"))
    values[0, 0] = 255
    Image.fromarray(values).save(source / "003.png")
    for path in source.iterdir():
        bucket.put(f"in/{path.name}", path.read_bytes())
    cluster.start(2, allowed_failures=0)
    to, held = f"{bucket.url}/out", []

    def kill_one(progress):
        if progress.done >= 8 and not held and names_in(location(f"{to}/cluster")):
            held.extend(one for one in cluster.workers[:] if one.is_alive())
            held[0].kill()

    asked = {**ASKED, "to": to}
    given = f"{bucket.url}/in"
    with cluster.with_nanny():
        run = explain_many(Deadly(), given, **asked, backend=cluster.address, progress=kill_one)
    assert held[0].exitcode == -9
    rows = list(run.rows())
    assert [row["index"] for row in rows] == list(range(COUNT))
    assert {row["name"]: row["error"] for row in rows if row["error"]} == {
        "003.png": "Explaining it ended its worker twice. It is set aside."
    }
    fine = [path for path in sorted(source.iterdir()) if path.stem != "003"]
    alone = explain_many(Tiny(), fine, **ASKED, to=tmp_path / "alone")
    due = [row["answer"] for row in alone.rows()]
    assert [row["answer"] for row in rows if not row["error"]] == pytest.approx(due, rel=1e-6)
    maps = [one for _, one in run.maps()]
    np.testing.assert_allclose(maps, [one for _, one in alone.maps()], rtol=1e-6, atol=1e-9)
    assert set(SetAside.of(run.path).endings) == {3}
    assert {name.partition("/")[0] for name in bucket.names("out")} == {
        *("run.json", "files.tsv", "lock", "rows", "maps", "set_aside.json")
    }
    # Whoever goes on without a cluster finds nothing to do.
    assert explain_many(Deadly(), given, **asked).done == COUNT


@pytest.mark.parametrize("seed", range(5))
def test_the_place_that_is_kept_covers_what_is_worked_on(seed):
    """Of every step of every chunk; and an input that is alone is never blamed for another."""
    chance, at = random.Random(seed), 0
    folder = location(f"memory://places/{seed}")
    attempts, puts = Attempts(folder, 0), 0
    attempts.begin()
    reader, last = Attempts(folder, 0)._place, None
    while at < 64:
        stop = at + chance.choice((1, 1, 4, 9))
        reading = [Place(READING, at, stop), *(Place(READING, k, k + 1) for k in range(at, stop))]
        for place in [*reading, Place(EXPLAINING, at, stop), Place(EXPLAINING, at, stop)]:
            attempts.at(place)
            kept = reader.read()
            assert kept.start <= place.start and place.stop <= kept.stop
            assert (kept.start, kept.stop) == (at, stop), "none of another chunk"
            assert stop > at + 1 or kept == place
            puts += kept != last
            last = kept
        at = stop
    attempts.at(Place(WRITING, 0, at))
    assert reader.read().step == WRITING
    assert puts < 64
    attempts.end()
    assert reader.read() is None
