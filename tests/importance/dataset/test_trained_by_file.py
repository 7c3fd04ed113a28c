"""Networks trained anew by a function of the server's file of models."""

import pytest
import torch

from explainers import ModelProblem, Problem
from explainers.importance.tables.stored import StoredTable
from explainers.kinds import table as tables
from explainers.models.formats.python_models import read_python_models
from explainers.models.formats.python_networks import python_training
from explainers.service.parsing.parsed_uploads import put
from explainers.service.settings import ModelSettings
from explainers.service.tasks import InputRef
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.predict_rows import PredictRows
from explainers.service.worker import task_runner

# A network of no dense layers alone cannot be built anew by anybody but its owner.
FILE = """
import torch

EVIDENT = {"line": {"kind": "table", "columns": ["a", "b", "c"], "answers": "numbers",
                    "train": "fit"}}


class Line(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.weights = torch.nn.Parameter(weights)

    def forward(self, x):
        return torch.einsum("nf,fo->no", x.sin(), self.weights)


def fit(inputs, labels, seed):
    return Line(torch.linalg.lstsq(inputs.sin(), labels.float().reshape(-1, 1)).solution)


def models():
    return {"line": Line(torch.tensor([[1.0], [3.0], [0.0]]))}
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "models.py"
    path.write_text(FILE)
    monkeypatch.setattr(task_runner, "model_settings", lambda: ModelSettings(path))
    return path


@pytest.fixture
def ask(runner, file):
    """Importance by networks trained anew, of rows whose truth is sin a + 3 sin b."""
    x = torch.randn(60, 3, generator=torch.Generator().manual_seed(0))
    truth = (x.sin() @ torch.tensor([1.0, 3.0, 0.0])).tolist()
    lines = [
        ",".join(f"{v:.6f}" for v in (*row, y)) for row, y in zip(x.tolist(), truth, strict=True)
    ]
    data = "\n".join(["a,b,c,y", *lines]).encode()
    digest = runner.store.put_blob(data)
    put(runner.store, "table", digest, tables.read(data, ".csv"), suffix=".csv")

    def asked(*methods: str) -> StoredTable:
        spec = read_python_models(file)["line"].spec
        rows = PredictRows(spec, InputRef(digest + ".csv"), "y")
        task = Importance(rows, methods=methods)
        return StoredTable.of(*runner.run(task.digest(), task, lambda report: None))

    return asked


def test_its_function_trains_what_nobody_else_can_build(ask):
    table = ask("forward_addition", "backward_elimination")
    assert table.methods == ("forward_addition", "backward_elimination")
    assert table.values[:, :2].tolist() == [[2, 1], [2, 1]]


def test_without_one_the_table_says_what_is_lacking(file, ask):
    file.write_text(FILE.replace('"train": "fit"', ""))
    table = ask("jacobian", "forward_addition")
    assert table.methods == ("jacobian",)
    assert any("train(inputs, labels, seed)" in note for note in table.notes)


def test_a_function_that_is_not_there_is_named(file):
    file.write_text(FILE.replace('"fit"', '"fits"'))
    with pytest.raises(ModelProblem, match="no function of that name: def fits\\(inputs"):
        python_training(file, "line")
    file.write_text(FILE.replace('"fit"', "3"))
    with pytest.raises(Problem, match="train cannot be '3'"):
        read_python_models(file)


def test_a_change_of_the_file_is_said(file):
    with pytest.raises(Problem, match="has changed since"):
        python_training(file, "line", "another digest")
