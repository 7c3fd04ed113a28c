"""Volumes as pictures: every slice in the colours of one scale, alone and beside the others."""

import io
from dataclasses import replace

import numpy as np
import pytest
from answering import Question, answered
from PIL import Image

from explainers.figures import colours
from explainers.reports import numbers
from explainers.reports.explanation import Explanation
from explainers.reports.page.report_page import Source, report_page
from explainers.reports.pictures.photo import OPACITY
from explainers.reports.pictures.picture import picture
from explainers.reports.pictures.volume import slice_of
from explainers.service.explained import explained
from explainers.service.notebook import cells as notebook_cells
from explainers.service.notebook import script
from explainers.service.parsing.parsers import PARSERS
from tests.reports.test_reports import NAMES, Elements
from tests.shapes.test_volumes import DEPTH, SIDE, asked, given, network, numpy_file, upload
from tests.shapes.test_volumes import runner as runner

HOSTILE = NAMES[2]


def of_two_channels() -> Explanation:
    """Two channels of three slices; the middle slice holds 9 of 10 parts of the strength."""
    scores = np.zeros((6, 2, 4), np.float32)
    scores[1, 0, 0], scores[4, 0, 0], scores[4, 1, 3] = 2.0, 4.0, -3.0  # slice 2: 6 and −3
    scores[3, 0, 1] = 1.0  # slice 1, of the second channel
    values = np.full((6, 2, 4), 0.5, np.float32)  # drawn black, so that colours can be told
    return Explanation(
        "picture",
        "integrated_gradients",
        scores,
        True,
        HOSTILE,
        2.0,
        0.1,
        title=HOSTILE,
        input=values,
        depth=3,
        sentence="Here.",
        names=tuple(f"slice {at}" for at in range(6)),
    )


def tiles(sheet) -> list[np.ndarray]:
    return [axes.images[0].get_array() for axes in sheet.axes if axes.get_title(loc="left")]


def test_all_slices_have_one_scale_and_say_their_share():
    one = of_two_channels()
    sheet = picture(one)
    assert [axes.get_title(loc="left") for axes in sheet.axes][:3] == [
        "1: 10.0 %",
        "2: 90.0 %",
        "3: 0.0 %",
    ]
    limit = np.percentile([6, 3, 1] + [0] * 21, 99.5)
    heats = np.zeros((3, 2, 4))
    heats[1, 0, 0], heats[1, 1, 3], heats[0, 0, 1] = 6, -3, 1
    black = np.zeros((2, 4, 3), np.uint8)
    for drawn, heat in zip(tiles(sheet), heats, strict=True):
        cells = drawn[
            drawn.shape[0] // 4 :: drawn.shape[0] // 2, drawn.shape[1] // 8 :: drawn.shape[1] // 4
        ]
        assert np.array_equal(cells[:2, :4], colours.overlay(black, heat, True, limit, OPACITY))
    assert "2 (90.0 %)" in sheet.alt and HOSTILE in sheet.alt
    ends = [label.get_text() for label in sheet.axes[-1].get_xticklabels()]
    assert ends[1] == "0" and ends[2].startswith("5."), "the 99.5th percentile of all slices"


def test_a_slice_alone_has_the_scale_of_all():
    one = of_two_channels()
    alone = slice_of(one, 1)
    assert alone.scores.tolist() == [[[6, 0, 0, 0], [0, 0, 0, -3]]]
    assert alone.limit == slice_of(one, 0).limit and alone.photo.shape == (2, 4, 3)
    image = Image.open(io.BytesIO(picture(alone).file("png")))
    assert image.width == 1600 and "slice 2 of 3" in image.text["Description"]
    shown = np.zeros((10, 20, 3), np.uint8)
    region = (0.1, 0.0, 0.5, 1.0)
    assert slice_of(replace(one, photo=shown, region=region), 1).region == region


def test_a_report_of_a_volume_shows_all_slices_and_not_the_input():
    one = of_two_channels()
    hidden, shown = (report_page(one, Source(with_input=told)) for told in (False, True))
    page = Elements(shown)
    (drawn,) = [each for tag, each in page.tags if tag == "img"]
    assert drawn["src"].startswith("data:image/png") and HOSTILE in drawn["alt"]
    assert "90.0 % of the map's strength lies in slice 2" in page.words
    assert not {tag for tag, _ in page.tags} & {"b", "i"}
    white = tiles(picture(replace(one, input=None)))[2]
    assert (white == 255).all() and len(hidden) < len(shown) < 3_000_000
    noise = np.random.default_rng(0).normal(size=(24, 64, 64)).astype(np.float32)
    large = replace(one, scores=noise, input=noise, depth=24)
    assert len(report_page(large, Source(with_input=True))) < 3_000_000


def test_the_script_of_a_volume_computes_draws_and_checks_it(runner, tmp_path, monkeypatch, capsys):
    spec = asked(upload(runner, network()), DEPTH)
    array = np.random.default_rng(0).normal(size=(DEPTH, SIDE, SIDE)).astype(np.float32)
    digest = given(runner, array)
    question = Question(spec, digest, method="gradient_x_input", target=1)
    prediction = answered(runner, replace(question, method=""))
    task, content = question.task, PARSERS["picture"].parse(numpy_file(array))
    one = explained(task, prediction, answered(runner, question), content, about="b", title="scan")
    assert one.depth == DEPTH and one.names[1] == "slice 2"
    with np.load(io.BytesIO(numbers.as_npz([one]))) as arrays:
        assert arrays["scores"].shape == (1, DEPTH, SIDE, SIDE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scan.npy").write_bytes(numpy_file(array))
    (tmp_path / "net.onnx").write_bytes(
        runner.store.path(f"{spec.weights.partition('.')[0]}.blob").read_bytes()
    )
    found: dict = {}
    exec(
        compile(script(notebook_cells(task, one, "scan.npy", "net.onnx")), "script", "exec"), found
    )
    assert "Reproduced: largest difference" in capsys.readouterr().out
    drawn = tiles(found["figure"])
    assert len(drawn) == DEPTH
    for ours, theirs in zip(drawn, tiles(picture(one)), strict=True):
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 2


@pytest.mark.parametrize("depth", [1, 40])
def test_any_number_of_slices_has_room(depth):
    scores = np.ones((depth, 3, 5), np.float32)
    sheet = picture(replace(of_two_channels(), scores=scores, input=scores, depth=depth))
    boxes = [axes.get_position() for axes in sheet.axes]
    assert len(tiles(sheet)) == depth
    assert all(0 < box.x0 < box.x1 < 1 and 0 < box.y0 < box.y1 < 1 for box in boxes)
