"""Reading weights: what is accepted, and the sentence for everything else."""

import io
import json
import os
import pickle
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save, save_file

from explainers import Problem, load_model
from explainers.models.class_names import name_outputs, read_class_names
from explainers.models.formats.state_dict import read_state_dict
from explainers.models.uploaded import load_architecture
from explainers.models.zoo.architectures import ARCHITECTURES
from explainers.models.zoo.pretrained import pretrained


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return torchvision.models.squeezenet1_1(num_classes=7).eval()


def pickled(thing) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


def test_the_menu_lists_torchvisions_classifiers():
    known = torchvision.models.list_models(module=torchvision.models)
    assert set(ARCHITECTURES) <= set(known)
    assert len(ARCHITECTURES) >= 80


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".pth"])
def test_a_round_trip_gives_the_same_answers(small, suffix, tmp_path):
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        save_file(small.state_dict(), path)
    else:
        torch.save(small.state_dict(), path)
    loaded = load_model(path, "squeezenet1_1")
    x = torch.rand(1, 3, 64, 64)
    assert torch.equal(loaded(x), small(x))
    assert not loaded.training


def test_prefixes_and_wrappers_are_taken_off(small):
    state = {f"module.{key}": value for key, value in small.state_dict().items()}
    wrapped = {"epoch": 3, "state_dict": state, "optimizer": {"lr": 0.1}}
    found = read_state_dict(pickled(wrapped), ".pth")
    assert set(found) == set(small.state_dict())


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
@pytest.mark.parametrize("aux", [True, False])
def test_auxiliary_heads_may_be_there_or_not(name, aux):
    model = torchvision.models.get_model(name, num_classes=5, init_weights=False, aux_logits=aux)
    assert load_architecture(name, model.state_dict()).aux_logits == aux


def test_the_number_of_classes_is_read_from_the_weights():
    for name in ("vit_b_32", "mobilenet_v3_small", "densenet121", "swin_t"):
        state = torchvision.models.get_model(name, num_classes=13).state_dict()
        x = torch.rand(1, 3, 224, 224)
        assert load_architecture(name, state)(x).shape == (1, 13), name


def test_another_architecture_is_answered_with_what_differs(small):
    with pytest.raises(Problem) as refusal:
        load_architecture("resnet18", small.state_dict())
    assert "do not fit resnet18" in str(refusal.value)
    assert "missing in the file (conv1.weight" in str(refusal.value)
    resnet = torchvision.models.resnet18(num_classes=7).state_dict()
    resnet["layer1.0.conv1.weight"] = torch.zeros(64, 64, 5, 5)
    with pytest.raises(Problem, match=r"file \(64, 64, 5, 5\), model \(64, 64, 3, 3\)"):
        load_architecture("resnet18", resnet)
    with pytest.raises(Problem, match="Did you mean 'resnet18'"):
        load_architecture("resnet-18", resnet)


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_pickle_that_would_run_code_is_not_run(tmp_path):
    mark = tmp_path / "ran"
    benign = pickle.dumps(Bomb(mark))
    pickle.loads(benign)
    assert mark.exists(), "the attack itself works, so that its absence means something"
    mark.unlink()
    for data in (benign, pickled({"weight": torch.zeros(2), "bomb": Bomb(mark)})):
        with pytest.raises(Problem, match="not opened|cannot be read"):
            read_state_dict(data, ".pt")
        assert not mark.exists()


def test_a_pickled_module_is_refused_with_the_way_out(small):
    with pytest.raises(Problem, match="save_file"):
        read_state_dict(pickled(small), ".pth")


@pytest.mark.parametrize(
    "data, suffix, words",
    [
        (b"just some words, long enough to be read", ".safetensors", "not a .safetensors file"),
        (b"", ".safetensors", "not a .safetensors file"),
        (b"PK\x03\x04 broken", ".pt", "cannot be read"),
        (b"\x89HDF", ".h5", "not accepted"),
        (pickled([1, 2, 3]), ".pt", "not a state dict"),
        (pickled({"a": 1}), ".pt", "no tensors"),
        (save({"w": torch.tensor([float("nan"), 1.0])}), ".safetensors", "NaN"),
    ],
)
def test_other_files_get_a_sentence(data, suffix, words):
    with pytest.raises(Problem, match=words):
        read_state_dict(data, suffix)


def test_a_model_by_name_without_internet_says_where_to_put_the_file(monkeypatch):
    def offline(*_args, **_kwargs):
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: "/nowhere")
    monkeypatch.setattr(os, "makedirs", lambda *_args, **_kwargs: None)
    with pytest.raises(Problem, match=r"resnet18-.*\.pth.*put the file into /nowhere/checkpoints"):
        pretrained("resnet18")


def test_a_model_by_name_reads_its_file_and_its_preparation(monkeypatch, tmp_path):
    weights = torchvision.models.SqueezeNet1_1_Weights.DEFAULT
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    made = torchvision.models.squeezenet1_1()
    torch.save(made.state_dict(), folder / weights.url.split("/")[-1])
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "HASH_REGEX", __import__("re").compile("(?!x)x"))
    model, classes, spec = pretrained("squeezenet1_1")
    assert len(classes) == 1000 and "goldfish" in classes
    assert (spec.size, spec.mean[0]) == (224, 0.485)
    assert all(
        torch.equal(a, b) for a, b in zip(model.parameters(), made.eval().parameters(), strict=True)
    )


@pytest.mark.parametrize(
    "text, names",
    [
        ("cat\ndog\n\n", ("cat", "dog")),
        ('["cat", "dog"]', ("cat", "dog")),
        ('{"1": "dog", "0": "cat"}', ("cat", "dog")),
        ('{"cat": 0, "dog": 1}', ("cat", "dog")),
        (json.dumps({"0": ["n01", "cat"], "1": ["n02", "dog"]}), ("cat", "dog")),
        ("\ufeffcat\r\ndog", ("cat", "dog")),
    ],
)
def test_class_names(text, names):
    assert read_class_names(text.encode()) == names


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\x00", b"[1, 2", b'{"0": "a", "5": "b"}', b"", b'{"a": "b"}']
)
def test_broken_class_names_get_a_sentence(data):
    with pytest.raises(Problem):
        read_class_names(data)


def test_the_wrong_number_of_class_names_is_said():
    with pytest.raises(Problem, match="3 class names, but the model has 7 outputs"):
        name_outputs(("a", "b", "c"), 7)
    assert name_outputs((), 2) == ("class 0", "class 1")
