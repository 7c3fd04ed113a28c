"""Networks with several inputs: one is explained, with the others held where it is said."""

import io
import warnings

import numpy as np
import pytest
import torch
from answering import Question, answered
from onnx import TensorProto, helper
from torch import nn

from explainers import Problem, explain
from explainers.models.formats.file_card import Port
from explainers.models.formats.onnx import load_onnx
from explainers.models.formats.pt2 import load_exported
from explainers.models.formats.several_inputs import decide
from explainers.models.prepared import build
from explainers.models.spec import ModelSpec
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS

X = torch.rand(3, 6, generator=torch.Generator().manual_seed(0)) + 0.5


def exported(net: nn.Module, given: tuple, names: list[str], free: dict) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net, given, file, dynamo=False, input_names=names, output_names=["y"], dynamic_axes=free
        )
    return file.getvalue()


class Twins(nn.Module):
    """The same layers on two inputs, compared."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 4))
        self.head = nn.Linear(8, 2)

    def forward(self, a, b):
        a, b = self.layers(a), self.layers(b)
        return self.head(torch.cat([a - b, a * b], 1))


class Voice(nn.Module):
    """A recurrent step with its state and a sampling rate, as detectors of speech have them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.lstm, self.head = nn.LSTM(6, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, input, state, sr):
        out, _ = self.lstm(input[:, None], (state[:1], state[1:]))
        return torch.sigmoid(self.head(out[:, 0])) * (sr / 16000.0)


TWINS = exported(Twins(), (X, X.clone()), ["a", "b"], {"a": {0: "n"}, "b": {0: "n"}, "y": {0: "n"}})
VOICE = exported(
    Voice(),
    (X, torch.zeros(2, 3, 4), torch.tensor(16000)),
    ["input", "state", "sr"],
    {"input": {0: "n"}, "state": {1: "n"}, "y": {0: "n"}},
)


@pytest.mark.parametrize("name, value", [("a", 0.0), ("a", 0.25), ("b", -1.0)])
def test_one_twin_is_explained_with_the_other_held(name, value):
    other = {"a": "b", "b": "a"}[name]
    model, card = load_onnx(TWINS, answers={"explain": name, f"hold {other}": str(value)})
    net, held = Twins().eval(), torch.full_like(X, value)

    def alone(x):
        fixed = torch.full_like(x, value)
        return net(x, fixed) if name == "a" else net(fixed, x)

    torch.testing.assert_close(model(X), net(X, held) if name == "a" else net(held, X))
    assert card.gradients and card.rows is None
    assert (
        f"only “{name}” is explained, with “{other}” (of its shape) at {value:g}"
        in card.warnings[0]
    )
    for method in ("integrated_gradients", "deeplift", "saliency", "occlusion"):
        ours = explain(model, X, method, "zeros", 1).scores
        theirs = explain(alone, X, method, "zeros", 1).scores
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name, value", [("a", 0.0), ("a", 0.25), ("b", -1.0)])
@pytest.mark.parametrize("free", [True, False])
def test_one_twin_of_an_exported_program_is_explained(name, value, free):
    batch = {0: torch.export.Dim("batch")}
    given = (X, X.clone()) if free else (X[:1], X[:1].clone())
    program = torch.export.export(
        Twins().eval(), given, dynamic_shapes=(batch, batch) if free else None
    )
    file = io.BytesIO()
    torch.export.save(program, file)
    facts, arrays = PARSERS["pt2"].parse(file.getvalue())
    PARSERS["pt2"].check(facts, arrays)
    other = {"a": "b", "b": "a"}[name]
    model, card = load_exported(
        file.getvalue(), answers={"explain": name, f"hold {other}": str(value)}
    )
    net, held = Twins().eval(), torch.full_like(X, value)
    torch.testing.assert_close(model(X), net(X, held) if name == "a" else net(held, X))
    assert f"only “{name}” is explained" in card.warnings[-1]

    def alone(x):
        fixed = torch.full_like(x, value)
        return net(x, fixed) if name == "a" else net(fixed, x)

    for method in ("integrated_gradients", "deeplift"):
        ours = explain(model, X, method, "zeros", 1).scores
        torch.testing.assert_close(
            ours, explain(alone, X, method, "zeros", 1).scores, atol=1e-5, rtol=1e-4
        )


def test_an_exported_program_with_a_state_and_a_rate():
    given = (X[:1], torch.zeros(2, 1, 4), torch.tensor(16000))
    file = io.BytesIO()
    torch.export.save(torch.export.export(Voice().eval(), given), file)
    model, card = load_exported(file.getvalue())
    expected = Voice().eval()(X, torch.zeros(2, 3, 4), torch.tensor(16000))
    torch.testing.assert_close(model(X), expected)
    assert "“state” (2 × 1 × 4) at 0, “sr” at 16000 held fixed" in " ".join(card.warnings)
    half = load_exported(file.getvalue(), {"hold sr": "8000"})[0](X)
    torch.testing.assert_close(half, expected / 2)


def test_states_and_a_sampling_rate_are_held_where_nobody_says_another():
    model, card = load_onnx(VOICE)
    net = Voice().eval()
    expected = net(X, torch.zeros(2, 3, 4), torch.tensor(16000))
    torch.testing.assert_close(model(X), expected)
    assert "only “input” is explained, with “state” (2 × 1 × 4) at 0, “sr” at 16000" in (
        " ".join(card.warnings)
    )
    half = load_onnx(VOICE, answers={"hold sr": "8000"})[0](X)
    torch.testing.assert_close(half, expected / 2)
    state = load_onnx(VOICE, answers={"hold state": "0.5"})[0](X)
    torch.testing.assert_close(state, net(X, torch.full((2, 3, 4), 0.5), torch.tensor(16000)))


@pytest.mark.parametrize("data, other", [(TWINS, "b"), (VOICE, "state")])
def test_onnxruntime_holds_the_same_inputs(data, other):
    answers = {f"hold {other}": "0.5"}
    plain, _ = load_onnx(data, answers=answers)
    from explainers.models.formats.onnx.reading import read_graph
    from explainers.models.formats.onnx.rewriting.holding import with_held_inputs
    from explainers.models.formats.onnx.runtime import RuntimeModel

    graph = read_graph(data)
    held = with_held_inputs(graph, decide(graph.inputs, answers))
    rows = None if other == "b" else 1
    torch.testing.assert_close(RuntimeModel(data, held, rows=rows)(X), plain(X).detach())


def test_every_answer_says_at_what_the_others_were_held(runner):
    digest = runner.store.put_blob(TWINS)
    put(runner.store, "onnx", digest, PARSERS["onnx"].parse(TWINS))
    spec = ModelSpec("upload", "network", f"{digest}.onnx")
    card = answered(runner, Question(spec, "", check="inspection"))[0]
    assert (card["kind"], card["input"]) == ("table", [6])
    assert [q["name"] for q in card["chain"]["questions"]] == ["explain", "hold b"]
    spec = ModelSpec(
        "upload",
        "network",
        f"{digest}.onnx",
        kind="table",
        shape=(6,),
        mean=(0.0,),
        std=(1.0,),
        choices=(("explain", "b"), ("hold a", "2")),
    )
    question = Question(spec, "", values=tuple(X[0].tolist()), method="saliency", target=0)
    facts, arrays = answered(runner, question)
    assert any("only “b” is explained, with “a” (of its shape) at 2" in n for n in facts["notes"])
    net = Twins().eval()
    wanted = explain(lambda x: net(torch.full_like(x, 2), x), X[:1], "saliency", target=0).scores
    np.testing.assert_allclose(arrays["scores"], wanted[0].numpy(), atol=1e-6)
    model, _, _ = build(spec, (TWINS, ".onnx"))
    assert explain(model, X, "saliency", target=0).notes == tuple(facts["notes"])


@pytest.mark.parametrize(
    "answers, words",
    [
        ({"explain": "z"}, "no input 'z' of numbers; it has x .float32., y .float32."),
        ({"explain": "n"}, "no input 'n' of numbers"),
        ({"hold y": "many"}, "'y' is held at a number, such as 0, not at 'many'"),
        ({"hold y": "nan"}, "is held at a number"),
        ({"hold n": "0.5"}, "'n' is held at a number"),
    ],
)
def test_answers_that_are_not_possible_get_a_sentence(answers, words):
    ports = (Port("x", "float32", (None, 3)), Port("y", "float32", (1,)), Port("n", "int64", ()))
    with pytest.raises(Problem, match=words):
        decide(ports, answers)
    for strange in (Port("s", "other", (1,)), Port("s", "float32", None)):
        with pytest.raises(Problem, match="'s' is no tensor of numbers"):
            decide((ports[0], strange), {})
    with pytest.raises(Problem, match="too large"):
        decide((ports[0], Port("s", "float32", (10**5, 10**5))), {})


def test_masks_are_held_at_one():
    ports = (Port("attention_mask", "float32", (1, 4)), Port("x", "float32", (None, 4)))
    assert decide(ports, {}).explained.name == "x" and decide(ports, {}).held[0].value == 1


def test_columns_one_by_one_are_no_inputs_to_hold():
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", 1]) for n in "ab"]
    graph = helper.make_graph(
        [helper.make_node("Add", ["a", "b"], ["y"])],
        "g",
        ports,
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    try:
        _, card = load_onnx(helper.make_model(graph).SerializeToString())
    except Problem:
        return
    assert not any("held fixed" in note for note in card.warnings)
