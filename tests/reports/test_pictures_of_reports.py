"""Pictures that leave: the same numbers and colours as on screen, words in the file, no markup."""

import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import torch
from PIL import Image

from explainers import explain
from explainers.errors import Problem
from explainers.figures import colours
from explainers.reports.explanation import Explanation, Feature
from explainers.reports.pictures import photo
from explainers.reports.pictures.picture import picture
from explainers.reports.pictures.sheet import DPI
from tests.reports.test_numbers import answer_about

HOSTILE = ("$x$", "<b>bold</b>", "a --> <script>alert(1)</script>", r"\frac{1}{2}", "名前", "x_i^2")


def of_a_table() -> Explanation:
    scores = np.array([3, -1.5, 0.7, -0.2, 0.1, 4], np.float32)
    given = {"names": HOSTILE, "title": HOSTILE[2], "sentence": r"*a\*b* carries **75 %**"}
    about = "risk <i>"
    return Explanation("table", "integrated_gradients", scores, True, about, 7.1, 1.0, **given)


def of_a_photo() -> Explanation:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 14, 14)).astype(np.float32)
    shown = rng.integers(0, 256, (90, 160, 3), dtype=np.uint8)
    seen = (0.21875, 0.0, 0.5625, 1.0)
    about = ("picture", "integrated_gradients", scores, True, "stop", 2.0, 0.1)
    return Explanation(*about, photo=shown, region=seen)


def test_the_map_in_the_file_has_the_colours_of_the_screen():
    """Dot for dot: the photo in grey, and over what the network saw the map at its opacity."""
    one = of_a_photo()
    image = np.asarray(Image.open(io.BytesIO(picture(one).file("png"))).convert("RGB"))
    wanted = photo.composite(one)
    height, width = wanted.shape[:2]
    left = (image.shape[1] - width) // 2
    # Where it starts is looked for, not known: the first row whose dots are the picture's.
    starts = [
        top
        for top in range(image.shape[0] - height)
        if np.array_equal(image[top, left : left + width], wanted[0])
    ]
    assert starts, "no row of the file is the first of the picture"
    found = image[starts[0] : starts[0] + height, left : left + width]
    assert np.array_equal(found, wanted)
    alpha = photo.OPACITY * np.abs(one.heat / colours.colour_limit(one.heat)).clip(0, 1)
    cell = (slice(round(height / 28), round(height / 28) + 1), 700)
    row, column = 0, int((700 / width - 0.21875) / 0.5625 * 14)
    grey = np.asarray(
        Image.fromarray(one.photo).convert("L").resize((width, height), Image.Resampling.NEAREST)
    )
    colour = colours.paint(one.heat, True)[row, column].astype(float)
    share = np.floor(255 * alpha[row, column] / photo.OPACITY + 0.5) / 255 * photo.OPACITY
    blended = (1 - share) * grey[cell][0] + share * colour
    assert found[cell][0] == pytest.approx(blended, abs=2.5)


def test_the_bare_map_is_clear_at_zero():
    one = of_a_photo()
    scores = one.scores.copy()
    scores[:, 3, 4] = 0
    scores[:, 5, 6] = -9
    bare = Image.open(io.BytesIO(photo.bare_map(Explanation(*_about(one, scores)))))
    dots = bare.width // 14
    assert bare.mode == "RGBA" and dots == 71
    assert bare.getpixel((4 * dots + 9, 3 * dots + 9))[3] == 0
    assert bare.getpixel((6 * dots + 9, 5 * dots + 9)) == (*colours.SIGNED[0], 255)


def _about(one: Explanation, scores: np.ndarray) -> tuple:
    return one.kind, one.method, scores, one.signed, one.about, one.output


@pytest.fixture(scope="module")
def sheet():
    return picture(of_a_table())


def test_the_file_says_what_it_shows(sheet):
    image = Image.open(io.BytesIO(sheet.file("png")))
    assert image.width == 8 * DPI, "twice the 800 pixels of a page"
    assert "x_i^2: +4; $x$: +3; <b>bold</b>: −1.5" in image.text["Description"]
    assert image.text["Title"] == "a*b carries 75 %"
    assert any("no font" in text.get_text() for text in sheet.texts) or _has_chinese()


def _has_chinese() -> bool:
    from explainers.reports.pictures.words import families

    return len(families()) > 1


def test_the_numbers_of_a_scale_end_where_it_does():
    sheet = picture(of_a_photo())
    scale = sheet.axes[-1]
    renderer, box = sheet.canvas.get_renderer(), scale.get_window_extent()
    ends = [text.get_window_extent(renderer) for text in scale.get_xticklabels()]
    assert ends[0].x0 >= box.x0 - 1 and ends[-1].x1 <= box.x1 + 1


def test_no_name_is_markup_in_a_drawing(sheet):
    drawn = sheet.file("svg").decode()
    root = ElementTree.fromstring(drawn)
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"script", "b", "i", "foreignObject"}
    assert "text" not in tags, "letters are drawn as shapes: no font is needed to read it"
    assert "<script" not in drawn and not re.search(r"\son\w+=", drawn)
    assert drawn == sheet.file("svg").decode(), "the same sheet is the same file"


def test_fonts_are_in_the_pdf(sheet):
    written = sheet.file("pdf")
    assert written.startswith(b"%PDF") and b"/FontFile2" in written


def test_numbers_beside_the_bars_are_those_of_the_screen(sheet):
    words = {text.get_text() for axes in sheet.axes for text in axes.texts}
    assert {"1", "+4", "+3", "−1.5", "+0.7", "−0.2", "+0.1", "7.1"} <= words
    bars = [patch for axes in sheet.axes for patch in axes.patches if patch.get_width()]
    assert sorted(round(bar.get_width(), 4) for bar in bars) == [-1.5, -0.2, 0.1, 0.7, 3, 4]
    names = [label.get_text() for axes in sheet.axes for label in axes.get_yticklabels()]
    assert any("<b>bold</b>" in name for name in names) and any("$x$" in name for name in names)


def test_bars_of_what_one_column_became_are_one():
    one = Explanation(
        "table",
        "saliency",
        np.array([1, 2, 4], np.float32),
        False,
        "y",
        0.0,
        features=(Feature("colour", "red", (0, 2)), Feature("age", "41", (1,))),
    )
    names, values, scores = one.bars
    assert names == ["colour", "age"] and scores.tolist() == [5, 2]


@pytest.mark.parametrize("kind", ["series", "sequence"])
def test_an_answer_draws_itself(kind):
    answer, _ = answer_about(kind)
    sheet = answer.plot(1)
    assert sheet._repr_png_()[1:4] == b"PNG"
    if kind == "sequence":
        drawn = [patch for axes in sheet.axes for patch in axes.patches]
        heights = sorted(abs(patch.get_path().get_extents().height) for patch in drawn)
        wanted = sorted(answer.scores[1].sum(0).abs().tolist())
        assert heights == pytest.approx(wanted, rel=1e-4)
    assert '<img alt="' in answer._repr_html_()


def test_what_has_no_picture_says_so():
    with pytest.raises(Problem, match="have no picture"):
        answer_about("")[0].plot()
    assert "shape (2, 2, 2, 2)" in answer_about("")[0]._repr_html_()


def test_drawing_is_not_loaded_before_it_is_asked_for():
    asked = "explainers.api, explainers.service.notebook, explainers.reports.page.report_page"
    code = f"import {asked}, sys; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_user_may_write_into_the_inputs_afterwards():
    inputs = torch.ones(1, 3)
    answer = explain(lambda x: x.sum(1, keepdim=True), inputs, "gradient_x_input", target=0)
    inputs.zero_()
    assert answer.inputs.tolist() == [[1, 1, 1]]
