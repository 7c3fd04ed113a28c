"""Weights alone: from the upload to the questions that they leave open, and to the explanation."""

import numpy as np
import torch
from answering import Question, answered
from safetensors.torch import save
from torch import nn

from explainers import explain
from explainers.models.spec import RECOGNISE, ModelSpec
from explainers.models.zoo.signs import samples
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS


def kept(runner, net: nn.Module) -> str:
    data = save(net.state_dict())
    weights = runner.store.put_blob(data)
    options = {"suffix": ".safetensors"}
    put(
        runner.store, "state_dict", weights, PARSERS["state_dict"].parse(data, **options), **options
    )
    return f"{weights}.safetensors"


def card(runner, weights: str, **choices) -> dict:
    photo = samples()[0].path.read_bytes()
    picture = runner.store.put_blob(photo)
    put(runner.store, "picture", picture, PARSERS["picture"].parse(photo))
    spec = ModelSpec("upload", RECOGNISE, weights, choices=tuple(choices.items()))
    return answered(runner, Question(spec, picture, check="inspection"))[0]


def test_a_perceptron_of_a_table_with_the_activation_that_was_answered(runner):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2)).eval()
    weights = kept(runner, net)
    found = card(runner, weights)
    assert (found["kind"], found["input"], found["outputs"]) == ("table", [5], 2)
    assert found["architecture"] == "plain chain" and "linear 5 → 8" in found["chain"]["sentence"]
    question = next(q for q in found["chain"]["questions"] if q["name"] == "activation")
    assert "tanh" in question["choices"] and question["default"] != "tanh"
    spec = ModelSpec(
        "upload",
        RECOGNISE,
        weights,
        kind="table",
        shape=(5,),
        mean=(0.0,),
        std=(1.0,),
        choices=(("activation", "tanh"),),
    )
    row = (0.3, -1.0, 2.0, 0.1, 0.7)
    request = Question(spec, "", values=row, method="integrated_gradients", target=1)
    _, arrays = answered(runner, request)
    expected = explain(net, torch.tensor([row]), target=1).scores[0].numpy()
    np.testing.assert_allclose(arrays["scores"], expected, atol=1e-4)


def test_a_recurrent_network_is_taken_for_series(runner):
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.head = nn.LSTM(3, 6, batch_first=True), nn.Linear(6, 2)

    found = card(runner, kept(runner, Net()))
    assert found["kind"] == "series" and found["input"][1] == 3 and found["outputs"] == 2


def test_a_convolution_over_letters_is_taken_for_dna(runner):
    net = nn.Sequential(
        nn.Conv1d(4, 8, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3)
    )
    found = card(runner, kept(runner, net))
    assert found["kind"] == "sequence" and found["input"][0] == 4 and found["outputs"] == 3
    assert found["questions"], "it may be a series of four variables as well"


def test_a_model_from_the_starters_file_is_built_in_the_worker(runner, tmp_path, monkeypatch):
    from explainers.models.formats.python_models import read_python_models
    from explainers.service.settings import ModelSettings
    from explainers.service.worker import task_runner

    file = tmp_path / "mine.py"
    file.write_text(
        'EVIDENT = {"double": {"kind": "table", "columns": ["a", "b"], "answers": "numbers"}}\n'
        "import torch\n"
        "class Double(torch.nn.Module):\n"
        "    def forward(self, x):\n"
        "        return 2 * x[:, :1] + x[:, 1:]\n"
        'def models():\n    return {"double": Double}\n'
    )
    monkeypatch.setattr(task_runner, "model_settings", lambda: ModelSettings(file))
    spec = read_python_models(file)["double"].spec
    request = Question(
        spec, "", values=(3.0, 4.0), method="integrated_gradients", target=0, score="output"
    )
    facts, arrays = answered(runner, request)
    np.testing.assert_allclose(arrays["scores"], [6, 4], atol=1e-5)
    assert facts["output"] == 10 and list(request.task.uploads()) == []
