"""Models from the file of whoever starts the server: read without running, built by the worker."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from explainers import ModelProblem, Problem
from explainers.models.formats.python_models import python_models_digest, read_python_models
from explainers.models.formats.python_networks import build_python_model
from explainers.service import settings
from explainers.service.settings import SETTINGS, ModelSettings, read_models

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
import torch
from torch import nn
from beside import WIDTH

EVIDENT = {
    "wine": {"kind": "table", "columns": ["acid", "sugar"], "classes": ["poor", "good"],
             "mean": [1, 2], "std": [3, 4], "description": "Tastes wine."},
    "birds": {"size": 64, "files": ["birds.bin"]},
}


def wine():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, WIDTH), nn.ReLU(), nn.Dropout(), nn.Linear(WIDTH, 2))


def models():
    return {"wine": wine, "birds": lambda: nn.Flatten()}
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "beside.py").write_text("WIDTH = 5\n")
    (tmp_path / "birds.bin").write_bytes(b"tweet")
    path = tmp_path / "my_models.py"
    path.write_text(GOOD)
    yield path
    sys.modules.pop("beside", None)


def test_names_and_inputs_are_read_from_the_file(file):
    found = read_python_models(file)
    assert list(found) == ["wine", "birds"]
    wine, birds = found["wine"], found["birds"]
    assert wine.classes == ("poor", "good") and wine.description == "Tastes wine."
    assert (wine.spec.source, wine.spec.name, wine.spec.kind) == ("python", "wine", "table")
    assert (wine.spec.shape, wine.spec.columns) == ((2,), ("acid", "sugar"))
    assert (wine.spec.mean, wine.spec.std) == ((1, 2), (3, 4))
    assert (birds.spec.kind, birds.spec.size) == ("picture", 64)
    assert (birds.spec.mean, birds.spec.std) == ((0, 0, 0), (1, 1, 1))
    assert hash(wine.spec), "models are kept by it"
    assert read_python_models(None) == {}


def test_networks_are_built_by_name_and_do_not_drop_out(file):
    network = build_python_model(file, "wine", python_models_digest(file))
    assert network(torch.rand(3, 2)).shape == (3, 2)
    assert not any(module.training for module in network.modules())
    assert str(file.parent) not in sys.path


def test_reading_runs_nothing_and_needs_no_torch(file):
    mark = file.parent / "ran"
    file.write_text(f"open({str(mark)!r}, 'w').close()\n{GOOD}")
    code = (
        "import sys; from pathlib import Path\n"
        "from explainers.models.formats.python_models import read_python_models\n"
        "print(list(read_python_models(Path(sys.argv[1]))), 'torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "['wine', 'birds'] False", done.stderr
    assert not mark.exists()
    build_python_model(file, "wine")
    assert mark.exists(), "the worker runs it"


def test_what_makes_a_model_decides_its_digest(file):
    seen = {python_models_digest(file)}
    file.write_text(GOOD.replace("manual_seed(0)", "manual_seed(1)"))
    seen.add(python_models_digest(file))
    (file.parent / "birds.bin").write_bytes(b"TWEET!")
    seen.add(python_models_digest(file))
    assert len(seen) == 3
    assert read_python_models(file)["wine"].spec.weights == python_models_digest(file)


def test_a_file_that_changed_meanwhile_is_not_run(file):
    before = python_models_digest(file)
    file.write_text(GOOD + "\n# another\n")
    with pytest.raises(Problem, match=r"my_models\.py has changed"):
        build_python_model(file, "wine", before)


@pytest.mark.parametrize(
    "text, words",
    [
        ("def models(:", r"my_models.py, line 1 cannot be read as Python"),
        ("x = 1", "has no EVIDENT"),
        ("EVIDENT = [1]", "has no EVIDENT"),
        ("EVIDENT = {'a': {'kind': str}}", "line 1: EVIDENT is read without running"),
        ("EVIDENT = {'a': {'kind': 'sound'}}", "kind is 'sound'; there are picture, table"),
        ("EVIDENT = {'a': {'colour': 3}}", "'a': 'colour' is not known"),
        ("EVIDENT = {'a': {'size': 'large'}}", "size cannot be 'large'"),
        ("EVIDENT = {'a': {'mean': ['x']}}", "mean cannot be"),
        ("EVIDENT = {'a': {'classes': 3}}", "classes cannot be '3'"),
        ("EVIDENT = {'a': {'classes': 'cat'}}", "classes cannot be 'cat'"),
        ("EVIDENT = {'a': {'swapped': 1}}", "swapped cannot be '1'"),
        ("EVIDENT = {'a': {'mean': [1, 2]}}", "as many numbers as each other"),
        ("EVIDENT = {'a': {'files': ['gone.pt']}}", "'gone.pt', which is not beside it"),
    ],
)
def test_wrong_files_get_a_sentence(file, text, words):
    file.write_text(text)
    with pytest.raises(Problem, match=words):
        read_python_models(file)


@pytest.mark.parametrize(
    "change, words",
    [
        (("return nn.Sequential", "return nn.Sequentiall"), r"my_models.py, line 15: AttributeErr"),
        (("import WIDTH", "import HEIGHT"), r"my_models.py, line 4: ImportError"),
        (('{"wine": wine, ', "{"), "makes no model 'wine'"),
        (('"wine": wine,', '"wine": lambda: 3,'), "gives a int for 'wine'"),
        (("def models()", "def model()"), "makes no model 'wine'"),
        (("    torch.manual_seed(0)", "    raise SystemExit"), "line 14: SystemExit"),
    ],
)
def test_errors_of_the_file_become_sentences(file, change, words):
    file.write_text(GOOD.replace(*change))
    with pytest.raises(ModelProblem, match=words):
        build_python_model(file, "wine")


# The settings


def test_the_settings_file_lets_no_programs_in_by_itself():
    assert read_models(SETTINGS, [], {}) == ModelSettings(None, False)


def test_the_command_goes_before_the_environment_before_the_settings(file, tmp_path):
    other, third = tmp_path / "other.py", tmp_path / "third.py"
    other.touch(), third.touch()
    path = tmp_path / "evident.toml"
    path.write_text('[models]\nfile = "third.py"\ntorchscript = true\n')
    assert read_models(path, [], {}) == ModelSettings(third, True)
    environment = {"EVIDENT_MODELS": str(other), "EVIDENT_ALLOW_TORCHSCRIPT": "0"}
    assert read_models(path, [], environment) == ModelSettings(other, False)
    for arguments in (["--models", str(file)], ["--x", f"--models={file}"]):
        assert read_models(path, arguments, environment).file == file


def test_the_worker_gets_the_settings_of_the_server(file, monkeypatch):
    for found in (ModelSettings(file, True), ModelSettings(None, False)):
        monkeypatch.setattr(settings, "model_settings", lambda found=found: found)
        assert read_models(SETTINGS, [], settings.as_environment()) == found


@pytest.mark.parametrize(
    "text, arguments, environment, words",
    [
        ("[models]\nfiles = 3", [], {}, "not 'files'"),
        ("[models]\nfile = 3", [], {}, "not a path"),
        ("[models]\ntorchscript = 1", [], {}, "neither true nor false"),
        ("[model]", [], {}, "no part 'model'"),
        ("models = 3", [], {}, "written as \\[models\\]"),
        ('[models]\nfile = "gone.py"', [], {}, "gone.py is not there"),
        ("", ["--models"], {}, "--models needs a file"),
        ("", [], {"EVIDENT_ALLOW_TORCHSCRIPT": "yes"}, "neither 1 nor 0"),
    ],
)
def test_wrong_settings_are_named(tmp_path, text, arguments, environment, words):
    path = tmp_path / "evident.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_models(path, arguments, environment)
