"""The report of a run: what was counted, in one file that asks for nothing and stays small."""

import re

import numpy as np
import pytest

from explainers import Problem, explain_many
from explainers.commands import many
from explainers.commands.command_line import main
from explainers.commands.verify import verify
from explainers.many.cues.flips import Flips
from explainers.many.cues.hunt import Cluster
from explainers.many.strangeness import Strange, strangest
from explainers.reports.page.record import read_record
from explainers.reports.runs.contents import contents_of
from explainers.reports.runs.page import run_page
from tests.many.small_runs import SPEC, TABLE, Tiny, pictures
from tests.reports.test_reports import ALLOWED, NAMES, Elements

MORE = {"b", "thead", "tbody", "br"}


class Rows:
    """A run that is in no folder: rows and maps that are made when they are asked for."""

    def __init__(self, count: int, name: str = "photo", side: int = 16, kind: str = "picture"):
        self.count, self.name, self.side, self.kind = count, name, side, kind
        self.told = {
            "asked": {
                "network": "ab" * 32,
                "name": name,
                "method": "integrated_gradients",
                "baseline": "zeros",
                "target": None,
                "score": "logit",
                "options": {},
                "prepared": {"kind": kind, "columns": [name, "b"], "size": 16, "mean": [0.0]},
                "shard": 256,
            },
            "source": name,
            "inputs": count,
            "source_digest": "cd" * 32,
            "left_out": [name],
            "notes": [name],
            "classes": [f"{name} {k}" for k in range(3)],
            "versions": {"python": "3"},
        }

    def rows(self, columns=None):
        rng = np.random.default_rng(1)
        for index in range(self.count):
            said, sure = index % 3, float(rng.uniform(0.7, 0.9))
            filed = (said + (index % 50 == 0)) % 3
            row = {
                "index": index,
                "name": f"{self.name} {filed}/{index}.png",
                "digest": "",
                "class": said,
                "class_name": f"{self.name} {said}",
                "answer": 1.0,
                "confidence": 0.97 if index % 500 == 0 else sure,
                "baseline_answer": 0.0,
                "gap": 0.001 * sure,
                "support": 2.0,
                "opposition": -sure,
                "centre": [0.5 + sure / 99, 0.5],
                "border": 0.1 * sure + 0.8 * (index == 7),
                "seconds": 0.25,
                "error": f"{self.name} is damaged." if index % 100 == 99 else None,
            }
            yield row if columns is None else {key: row[key] for key in columns}

    def maps(self, wanted=None):
        shape = (2,) if self.kind == "table" else (self.side, self.side)
        rng = np.random.default_rng(2)
        for index in range(self.count):
            if index % 100 != 99 and (wanted is None or index in wanted):
                yield index, rng.normal(size=shape).astype(np.float32)


def cluster(name: str) -> Cluster:
    flips = Flips(0, 95, 0, 5)
    return Cluster(0, name, (1, 2, 3), np.zeros((3, 2), np.int64), 4, 0.9, 5.0, flips, flips)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_injects_anything(name, monkeypatch):
    monkeypatch.setattr("explainers.reports.runs.page._figure", lambda sheet: "")
    for chart in ("confusion_sheet", "confidence_sheet", "places_sheet"):
        monkeypatch.setattr(f"explainers.reports.runs.drawn.{chart}", lambda given: None)
    run = Rows(60, name, side=4)
    # Names of files end at a slash; those of classes may hold one.
    written = run_page(contents_of(run, clusters=[cluster(name)]), name, name)
    page = Elements(written)
    assert {tag for tag, _ in page.tags} <= ALLOWED | MORE
    assert sum(tag == "script" for tag, _ in page.tags) == 2, "its own, and the record"
    for _, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("src", "href", "action"):
            assert (attributes.get(key) or "data:").startswith("data:")
    assert name in page.words, "escaped once, and not twice"
    record, changed = read_record(written)
    assert record["by"] == name and changed == []
    assert read_record(written.replace(b"</h2>", b"!</h2>", 1))[1]


def test_it_says_what_was_counted():
    run = Rows(1000)
    page = run_page(contents_of(run))
    words, record = Elements(page).words, read_record(page)[0]["run"]
    rows = [row for row in run.rows() if row["error"] is None]
    wrong = [row for row in rows if row["name"].partition("/")[0] != row["class_name"]]
    assert record["failed"] == 10 and record["wrong"] == len(wrong) == 20
    assert "990 of 1,000 pictures explained; 10 have no answer" in words
    assert (
        f"{100 * len(wrong) / len(rows):.1f} % of the answers are others than the labels" in words
    )
    assert f"{len(wrong)} of {len(rows)} answers are another class than the folder" in words
    assert "247.5" in words, "seconds of all passes"
    assert "It is called “photo 0”, with 97 %, and filed under “photo 1”." in words
    assert "of its evidence lies at the border" in words
    assert words.count("photo is damaged.") == 10
    labels = [row["name"].partition("/")[0] for row in run.rows()]
    first = strangest(run.rows(), 24, labels, failed=False)
    assert record["strange"] == [[one.index, one.name] for one in first]
    assert all(words.index(one.name) for one in first)
    images = [attributes for tag, attributes in Elements(page).tags if tag == "img"]
    assert all(image["alt"] for image in images)
    assert len(images) == 3 + 3 + len(first), "charts, mean maps, maps of what is strange"
    assert not re.search(rb"(src|href)=\"(?!data:)|url\(|@import", page)


def test_it_says_what_the_checks_of_the_maps_say():
    run = Rows(40, side=2)
    assert "Checks of the maps" not in Elements(run_page(contents_of(run))).words
    run.told["asked"]["checks"] = ["proof", "agreement"]
    plain = list(run.rows())
    for row in plain:
        row |= {"proven": row["index"] % 4 != 0, "overlap": 0.6, "rank_correlation": 0.8}
        row |= {"insertion": 0.7, "deletion": 0.7 - 0.5 * row["proven"], "chance": 0.1}
        row |= {"unchecked": "A <b> refuses." if row["index"] == 3 else None}
    run.rows = lambda columns=None: [
        row if columns is None else {key: row[key] for key in columns} for row in plain
    ]
    page = run_page(contents_of(run))
    words = Elements(page).words
    assert "30 of 40 maps beat chance" in words and "Its map does not beat chance" in words
    assert "share 60.0 % of the hottest tenth" in words and "rank correlation of 0.80" in words
    assert "1 map could not be checked: A <b> refuses." in words
    assert read_record(page)[0]["run"]["checks"]["proven"] == 30


def test_a_changed_report_is_found_out(tmp_path):
    page, path = run_page(contents_of(Rows(40, side=2))), tmp_path / "report.html"
    path.write_bytes(page)
    holds, (said,) = verify(path)
    assert holds and "neither the page nor its record was changed" in said
    path.write_bytes(page.replace(b"40 of 40", b"39 of 40"))
    holds, (said,) = verify(path)
    assert not holds and "The page was changed" in said


def test_with_a_target_no_answer_is_wrong():
    run = Rows(200)
    run.told["asked"]["target"] = [2, 0]
    contents = contents_of(run, labels=["photo 1"] * 200)
    words = Elements(run_page(contents)).words
    assert contents.summary.confusion is None and "than the labels" not in words
    assert "output 2 rather than 0" in words


def test_colours_without_a_sign_are_said_so():
    run = Rows(60, side=4)
    assert "red supports, blue opposes" in Elements(run_page(contents_of(run))).words
    run.told["asked"]["method"] = "saliency"
    words = Elements(run_page(contents_of(run))).words
    assert "arker is stronger" in words and "red supports" not in words.lower()


def test_its_size_does_not_grow_with_the_run():
    noisy = Rows(30, side=224)
    small, large = (len(run_page(contents_of(run))) for run in (noisy, Rows(4000, side=2)))
    assert small < 6_000_000, "maps of noise compress worst"
    assert large < 2_000_000


def test_rows_of_a_table_tell_their_columns(tmp_path):
    values = np.random.default_rng(3).normal(size=(60, 2))
    values[17] = 30, -40
    lines = "\n".join(f"{a},{b}" for a, b in values)
    (tmp_path / "rows.csv").write_text(f"age,<b>\n{lines}\n")
    run = explain_many(
        lambda x: 3 * x[:, 0] - x[:, 1],
        tmp_path / "rows.csv",
        "gradient_x_input",
        to=tmp_path / "out",
        spec=TABLE,
    )
    page = run.report(tmp_path / "report.html", by="Ann").read_bytes()
    words = Elements(page).words
    means, sizes = (values * [3, -1]).mean(0), np.abs(values * [3, -1]).mean(0)
    cells = words[words.index("Mean |contribution|", words.index("Mean contribution")) :]
    for column, mean, size in zip(("age", "<b>"), means, sizes, strict=True):
        assert f"{column}{mean:.3g}{size:.3g}".replace("-", "−") in cells
    assert "60 of 60 rows explained" in words and "Ann" in words
    with pytest.raises(Problem, match="A report is a page"):
        run.report(tmp_path / "report.pdf")
    with pytest.raises(Problem, match="cannot be written"):
        run.report(tmp_path / "missing" / "report.html")


def test_the_command_writes_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        many, "explain_many", lambda *a, **k: explain_many(*a, **{**k, "isolate": False})
    )
    for folder, seed in (("3", 1), ("8", 2)):
        pictures(tmp_path / "in" / folder, 6, seed)
    (tmp_path / "in" / "3" / "bad.png").write_bytes(b"no picture")
    command = ["many", "digits", str(tmp_path / "in"), "--to", str(tmp_path / "out")]
    command += ["--method", "saliency", "--own-files", "--report"]
    for name, more in (("a.html", []), ("b.html", ["--with-input"])):
        assert main([*command, str(tmp_path / name), *more]) == 1
        assert f"The report is {tmp_path / name}." in capsys.readouterr().out
        page = (tmp_path / name).read_bytes()
        words = Elements(page).words
        assert "12 of 13 pictures explained; 1 has no answer" in words and "3/bad.png" in words
        record = read_record(page)[0]
        assert record["run"]["inputs"] == 13 and record["digests"]["inputs"]


def test_pictures_under_the_maps_are_those_of_the_run(tmp_path):
    from PIL import Image

    from explainers.many.reading.shown import shown_pictures

    source = tmp_path / "in"
    source.mkdir()
    rng = np.random.default_rng(5)
    for number in range(12):
        Image.fromarray(rng.integers(0, 200, (8, 8, 3), dtype=np.uint8)).save(
            source / f"{number:02d}.png"
        )
    spec = SPEC.__class__("upload", "rgb", size=8, mean=(0.0,) * 3, std=(1.0,) * 3)

    def model(x):
        lean = (Tiny().ramp * x).sum((1, 2, 3))
        return lean[:, None] * lean.new_tensor([1.0, -1.0])

    run = explain_many(model, source, "saliency", to=tmp_path / "out", spec=spec)
    some = [Strange(row["index"], row["name"], 1.0, ()) for row in run.rows()]
    photos = shown_pictures(run, source)(some)
    assert len(some) == len(photos) == 12
    for one in some:
        assert (photos[one.index] == np.asarray(Image.open(source / one.name))).all()
    changed = some[0]
    Image.new("RGB", (8, 8), "white").save(source / changed.name)
    assert changed.index not in shown_pictures(run, source)(some)
