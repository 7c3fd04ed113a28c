"""The code under "As code" prints the numbers of the page, wherever the model comes from."""

import contextlib
import io

import numpy as np
import pytest
import torch
from answering import Question, answered, question_about
from exportable import Recurrent
from safetensors.torch import save
from torch import nn

from explainers.models.formats.python_models import read_python_models
from explainers.models.spec import RECOGNISE, ModelSpec
from explainers.models.zoo import demos
from explainers.service.parsing.upload_keys import VARIABLES_FIRST
from explainers.service.recipe import recipe
from tests.onnx import onnx_files
from tests.pt2 import pt2_files
from tests.service.test_script_runner import allowed as allowed

NAMES = [name for name, demo in demos.demos().items() if demo.data and demo.spec.kind != "picture"]
ROWS = np.random.default_rng(0).standard_normal((30, 4)).astype(np.float32)
COLUMNS = ("weight", "height", "age", "dose")


def run(text: str) -> tuple[float, ...]:
    """What a recipe prints: the sum of scores, the output, and the baseline's."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "recipe", "exec"), {})
    found = printed.getvalue().split()
    return tuple(float(found[place]) for place in (3, 5, 7))


@pytest.mark.parametrize("name", NAMES)
def test_the_recipe_prints_the_same_numbers(runner, name):
    demo = demos.demos()[name]
    own = {"table": "data_mean", "series": "data_median", "sequence": "shuffled"}[demo.spec.kind]
    request = question_about(runner, name, method="integrated_gradients", baseline=own, item=1)
    facts, arrays = answered(runner, request)
    printed = run(recipe(request.task, str(demo.data)))
    wanted = (arrays["scores"].sum(), facts["output"], facts["baseline_output"])
    assert printed == pytest.approx(wanted, rel=1e-3, abs=1e-4)


def test_the_recipe_of_a_model_in_python_names_its_file(tmp_path):
    (tmp_path / "own.py").write_text(
        "import torch\n"
        'EVIDENT = {"sum": {"kind": "table", "columns": ["weight", "dose"]}}\n'
        'def models():\n    return {"sum": lambda: torch.nn.Linear(2, 2)}\n'
    )
    (tmp_path / "own.csv").write_text("dose,weight\n1,2\n3,4\n")
    spec = read_python_models(tmp_path / "own.py")["sum"].spec
    request = Question(
        spec, "0" * 64 + ".csv", baseline="zeros", method="integrated_gradients", target=0
    )
    given = (str(tmp_path / "own.csv"), str(tmp_path / "own.py"))
    total, output, baseline = run(recipe(request.task, *given))
    assert total == pytest.approx(output - baseline, rel=1e-2)


def scripted(net: nn.Module) -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(net), buffer)
    return buffer.getvalue()


WRITTEN = {
    ".safetensors": lambda net: save(net.state_dict()),
    ".onnx": lambda net: onnx_files.exported(net, torch.from_numpy(ROWS[:2])),
    ".pt2": lambda net: pt2_files.exported(net, torch.from_numpy(ROWS[:2])),
    ".torchscript": scripted,
}


def of_the_table(tmp_path, data: bytes, suffix: str, **fields) -> tuple[float, ...]:
    """What the recipe prints that explains row 2 of a table with an uploaded network."""
    lines = [",".join(COLUMNS), *(",".join(map(str, row)) for row in ROWS)]
    (tmp_path / "own.csv").write_text("\n".join(lines))
    (tmp_path / f"weights{suffix}").write_bytes(data)
    answers, choices = fields.pop("answers", "classes"), fields.pop("choices", ())
    spec = ModelSpec(
        "upload",
        RECOGNISE,
        "0" * 64 + suffix,
        mean=(0.0,),
        std=(1.0,),
        kind="table",
        shape=(4,),
        columns=COLUMNS,
        answers=answers,
        choices=choices,
    )
    request = Question(spec, "1" * 64 + ".csv", baseline="data_mean", target=0, item=1, **fields)
    return run(recipe(request.task, str(tmp_path / "own.csv"), str(tmp_path / f"weights{suffix}")))


@pytest.mark.parametrize("suffix", list(WRITTEN))
def test_the_recipe_of_an_uploaded_network_gives_its_answers(tmp_path, allowed, suffix):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)).eval()
    slopes = suffix != ".torchscript"
    _, output, baseline = of_the_table(
        tmp_path,
        WRITTEN[suffix](net),
        suffix,
        method="integrated_gradients" if slopes else "occlusion",
        choices=(("activation", "tanh"),) if suffix == ".safetensors" else (),
    )
    with torch.no_grad():
        rows = torch.from_numpy(np.stack([ROWS[1], ROWS.mean(0)]))
        wanted = net(rows)[:, 0].tolist()
    assert [output, baseline] == pytest.approx(wanted, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("turned", ["", VARIABLES_FIRST])
def test_the_recipe_reads_arrays_as_the_page_did(tmp_path, turned):
    torch.manual_seed(0)
    net = Recurrent(nn.LSTM, 2, 4, 2).eval()
    values = np.random.default_rng(0).standard_normal((3, 9, 2)).astype(np.float32)
    np.save(tmp_path / "own.npy", values.swapaxes(1, 2) if turned else values)
    (tmp_path / "net.onnx").write_bytes(onnx_files.exported(net, torch.rand(1, 9, 2)))
    spec = ModelSpec(
        "upload",
        "network",
        "0" * 64 + ".onnx",
        mean=(0.0,),
        std=(1.0,),
        kind="series",
        shape=(9, 2),
        columns=("variable 1", "variable 2"),
    )
    request = Question(
        spec, f"{'1' * 64}.{turned}npy", baseline="zeros", method="saliency", target=1, item=2
    )
    printed = run(recipe(request.task, str(tmp_path / "own.npy"), str(tmp_path / "net.onnx")))
    with torch.no_grad():
        wanted = net(torch.from_numpy(values[2:]))[0, 1]
    assert printed[1] == pytest.approx(wanted.item(), abs=1e-5)


def test_the_recipe_of_a_forest_gives_its_answers(tmp_path):
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(9, random_state=0).fit(ROWS, ROWS[:, 0] * ROWS[:, 1] > 0)
    data = to_onnx(forest, ROWS[:1], options={"zipmap": False}).SerializeToString()
    _, output, baseline = of_the_table(
        tmp_path, data, ".onnx", method="occlusion", score="output", answers="probabilities"
    )
    wanted = forest.predict_proba(np.stack([ROWS[1], ROWS.mean(0)]))[:, 0].tolist()
    assert [output, baseline] == pytest.approx(wanted, abs=1e-5)
