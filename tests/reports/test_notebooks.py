"""The notebook and the script that leave: they run, draw the same picture, and check numbers."""

import io

import numpy as np
import pytest
from answering import answered
from PIL import Image

from explainers.models.zoo.demos import demos
from explainers.models.zoo.signs import samples
from explainers.reports.pictures.picture import picture
from explainers.service.explained import explained
from explainers.service.notebook import cells, script
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.tasks import BaselineRef, InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_the_script_of_a_picture_draws_it_again(runner, tmp_path, monkeypatch, capsys):
    path = samples()[0].path
    digest = runner.store.put_blob(path.read_bytes())
    content = PARSERS["picture"].parse(path.read_bytes())
    put(runner.store, "picture", digest, content)
    shared = (demos()["signs"].spec, InputRef(digest), BaselineRef("zeros"), "cpu")
    task = Explain(*shared, "gradient_x_input", {}, 0)
    prediction, answer = (answered(runner, one) for one in (Predict(*shared), task))
    one = explained(
        task,
        prediction,
        answer,
        content,
        about="stop\r1/0",
        title="cat '\"名前.png",
        sentence="Not \r1/0\n1/0 " + r"It is *a\*b* that carries 5 %.",
        check="contributions add up",
        photo=content[1]["pixels"],
    )
    monkeypatch.chdir(tmp_path)
    parts = cells(task, one, str(path))
    assert f"with `{path}` beside it" in parts[0][1], "a network that comes with Evident is there"
    assert "in the folder of Evident.\n" in f"{cells(task, one, 'assets/a.jpg')[0][1]}\n"
    found: dict = {}
    exec(compile(script(parts), "script", "exec"), found)
    assert "Reproduced: largest difference" in capsys.readouterr().out
    assert np.array_equal(pixels(found["figure"].file("png")), pixels(picture(one).file("png")))
    assert (tmp_path / "explanation.png").exists()
    wrong = script(parts).replace("scores = [", "scores = [9 + ")
    with pytest.raises(ValueError, match="Not reproduced"):
        exec(compile(wrong, "script", "exec"), {})
