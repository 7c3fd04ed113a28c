"""Every family of operations against onnxruntime, over attributes and operator sets."""

import numpy as np
import pytest
import torch
from onnx import TensorProto
from onnx_files import single, truth

from explainers.models.formats.onnx import read_graph
from explainers.models.formats.onnx.module import OnnxModel

F32, I64, BOOL = np.float32, np.int64, TensorProto.BOOL


def rand(*shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape).astype(F32)


def ints(*values):
    return np.array(values, I64)


def assert_same(op, shape, tensors=(), x=None, close=2e-5, **rest):
    """Our answer is onnxruntime's."""
    x = rand(*shape, seed=0) if x is None else x.astype(F32)
    data = single(op, shape, tensors, **rest)
    model = OnnxModel(read_graph(data)).eval()
    expected = truth(data, x)
    with torch.no_grad():
        found = model(torch.from_numpy(x)).numpy()
        precise = model.double()(torch.from_numpy(x).double())
    assert found.shape == expected.shape
    scale = np.abs(expected).max(initial=1)
    np.testing.assert_allclose(found, expected, atol=close * scale, rtol=0)
    np.testing.assert_allclose(precise, found, atol=1e-4 * scale)
    assert precise.dtype == torch.float64


CURVES = [
    "Relu",
    "Sigmoid",
    "Tanh",
    "Exp",
    "Abs",
    "Neg",
    "Reciprocal",
    "Erf",
    "Softsign",
    "Softplus",
    "HardSwish",
    "Sin",
    "Cos",
    "Tan",
    "Atan",
    "Sinh",
    "Cosh",
    "Asinh",
    "Sign",
    "Floor",
    "Ceil",
    "Round",
    "LeakyRelu",
    "Elu",
    "Selu",
    "Celu",
    "Mish",
    "HardSigmoid",
    "ThresholdedRelu",
    "Shrink",
]


@pytest.mark.parametrize("op", CURVES)
def test_curves(op):
    assert_same(op, (3, 5))


@pytest.mark.parametrize("op", ["Log", "Sqrt", "Asin", "Acos", "Atanh", "Acosh"])
def test_curves_of_part_of_the_line(op):
    x = np.random.default_rng(0).uniform(0.1, 0.9, (3, 5)) + (1 if op == "Acosh" else 0)
    assert_same(op, (3, 5), x=x)


@pytest.mark.parametrize(
    ("op", "options"),
    [
        ("LeakyRelu", {"alpha": 0.3}),
        ("Elu", {"alpha": 2.0}),
        ("Celu", {"alpha": 0.5}),
        ("Selu", {"alpha": 1.5, "gamma": 2.0}),
        ("HardSigmoid", {"alpha": 0.3, "beta": 0.4}),
        ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
        ("Gelu", {"opset": 20}),
        ("Gelu", {"opset": 20, "approximate": "tanh"}),
        ("ThresholdedRelu", {"alpha": 0.2}),
        ("Shrink", {"bias": 0.1, "lambd": 0.3}),
        ("Clip", {"opset": 6, "min": -0.5, "max": 0.5}),
    ],
)
def test_curves_with_attributes(op, options):
    assert_same(op, (3, 5), **options)


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (-0.5, None), (None, 0.5)])
def test_clip(bounds):
    assert_same("Clip", (3, 5), [np.array(b, F32) if b is not None else None for b in bounds])


@pytest.mark.parametrize("slope", [(1,), (4, 1, 1), (5,)])
def test_prelu(slope):
    assert_same("PRelu", (2, 4, 3, 5), [rand(*slope)])


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul", "Div", "Max", "Min", "Mean", "Sum"])
@pytest.mark.parametrize("other", [(), (5,), (4, 1), (2, 4, 5)])
def test_arithmetic(op, other):
    assert_same(op, (2, 4, 5), [rand(*other)])


@pytest.mark.parametrize("op", ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
def test_comparisons(op):
    assert_same(op, (2, 6), [np.zeros(6, F32)], x=np.array([[-1, 0, 1, 2, 0, -3]] * 2), gives=BOOL)


@pytest.mark.parametrize("op", ["And", "Or", "Xor"])
def test_logic(op):
    assert_same(
        op, (2, 2), [np.array([True, False])], x=np.array([[0, 1], [1, 0]]), takes=BOOL, gives=BOOL
    )


@pytest.mark.parametrize(("op", "fmod"), [("Div", None), ("Mod", 0), ("Mod", 1)])
def test_whole_numbers(op, fmod):
    extra = {} if fmod is None else {"fmod": fmod}
    assert_same(
        op,
        (1, 4),
        [ints(3, 3, -3, -3)],
        x=np.array([[7, -7, 7, -7]]),
        takes=TensorProto.INT64,
        gives=TensorProto.INT64,
        **extra,
    )


@pytest.mark.parametrize("exponent", [2.0, 3.0, 0.5, -1.0, [1.0, 2.0, 0.5]])
def test_power(exponent):
    assert_same("Pow", (2, 3), [np.array(exponent, F32)], x=np.abs(rand(2, 3)) + 0.1)


@pytest.mark.parametrize("options", [{}, {"alpha": 0.5, "beta": 2.0}, {"transB": 1}])
@pytest.mark.parametrize("bias", [None, (6,), (3, 6), (1,)])
def test_gemm(options, bias):
    weight = rand(6, 4) if options.get("transB") else rand(4, 6)
    assert_same("Gemm", (3, 4), [weight] + ([] if bias is None else [rand(*bias)]), **options)


def test_matmul_einsum_where():
    assert_same("MatMul", (2, 3, 4), [rand(4, 5)])
    assert_same("Einsum", (2, 3, 4), [rand(4, 5)], equation="bij,jk->bik")
    assert_same("Where", (2, 3), [rand(2, 3), rand(3)], x=np.array([[1, 0, 1]] * 2), takes=BOOL)


WINDOWS = [
    {},
    {"strides": [2, 2]},
    {"pads": [1, 1, 1, 1]},
    {"pads": [0, 1, 1, 0]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
    {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    {"auto_pad": "VALID"},
    {"dilations": [2, 2], "pads": [1, 1, 1, 1]},
]


@pytest.mark.parametrize("options", WINDOWS)
@pytest.mark.parametrize("group", [1, 2])
def test_conv(options, group):
    assert_same("Conv", (2, 4, 9, 8), [rand(6, 4 // group, 3, 2), rand(6)], group=group, **options)


@pytest.mark.parametrize("rank", [1, 3])
def test_conv_in_other_dimensions(rank):
    assert_same("Conv", (2, 3, *[7] * rank), [rand(4, 3, *[3] * rank)], pads=[1] * 2 * rank)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"strides": [2, 2]},
        {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]},
        {"strides": [2, 2], "pads": [0, 1, 1, 0]},
        {"strides": [2, 2], "output_shape": [10, 12]},
        {"strides": [2, 2], "auto_pad": "SAME_UPPER"},
        {"dilations": [2, 1]},
        {"group": 2},
    ],
)
def test_conv_transpose(options):
    assert_same(
        "ConvTranspose",
        (2, 4, 5, 6),
        [rand(4, 3, 3, 3), rand(3 * options.get("group", 1))],
        **options,
    )


@pytest.mark.parametrize(
    ("options", "ceil_mode"),
    [
        (options, mode)
        for options in WINDOWS
        for mode in ((0,) if "auto_pad" in options else (0, 1))
    ],
)
@pytest.mark.parametrize("op", ["MaxPool", "AveragePool", "AveragePool counting", "LpPool"])
def test_pooling(op, options, ceil_mode):
    extra = {"count_include_pad": 1} if "counting" in op else {}
    opset = 22 if "MaxPool" in op or "Lp" in op else 19
    assert_same(
        op.split()[0],
        (2, 3, 9, 8),
        kernel_shape=[3, 2],
        ceil_mode=ceil_mode,
        opset=opset,
        **extra,
        **options,
    )


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"])
def test_global_pooling(op):
    assert_same(op, (2, 3, 4, 5))
    assert_same(op, (2, 3, 4))


REDUCTIONS = ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSumExp", "SumSquare", "LogSum"]


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axes", [None, [1], [-1, 1], [0, 1, 2]])
@pytest.mark.parametrize("keepdims", [0, 1])
def test_reductions(name, axes, keepdims):
    op, x = f"Reduce{name}", np.abs(rand(2, 3, 4)) + 0.1
    given = {} if axes is None else {"axes": axes}
    assert_same(op, (2, 3, 4), x=x, opset=11, keepdims=keepdims, **given)
    tensors = [] if axes is None else [ints(*axes)]
    assert_same(op, (2, 3, 4), tensors, x=x, opset=18, keepdims=keepdims)


def test_reduction_that_does_nothing():
    assert_same("ReduceSum", (2, 3), [np.zeros(0, I64)], noop_with_empty_axes=1)


@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
@pytest.mark.parametrize(
    "options", [{"axis": 1}, {"axis": -1, "keepdims": 0}, {"axis": 1, "select_last_index": 1}]
)
def test_places(op, options):
    assert_same(op, (2, 3, 4), x=np.round(rand(2, 3, 4)), gives=TensorProto.INT64, **options)


@pytest.mark.parametrize(
    "options", [{}, {"exclusive": 1}, {"reverse": 1}, {"exclusive": 1, "reverse": 1}]
)
def test_cumulative_sum(options):
    assert_same("CumSum", (2, 3, 4), [np.array(1, I64)], **options)


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_softmax(op, opset, axis):
    assert_same(op, (2, 3, 4), opset=opset, **({} if axis is None else {"axis": axis}))


def test_normalisations():
    assert_same(
        "BatchNormalization",
        (2, 3, 4, 4),
        [rand(3), rand(3), rand(3), np.abs(rand(3)) + 0.5],
        epsilon=1e-3,
    )
    assert_same("InstanceNormalization", (2, 3, 4, 4), [rand(3), rand(3)])
    assert_same("GroupNormalization", (2, 4, 3, 3), [rand(2), rand(2)], num_groups=2, opset=18)
    assert_same("GroupNormalization", (2, 4, 3, 3), [rand(4), rand(4)], num_groups=2, opset=21)
    assert_same("LayerNormalization", (2, 3, 4), [rand(4), rand(4)])
    assert_same("LayerNormalization", (2, 3, 4), [rand(3, 4)], axis=1)
    assert_same("RMSNormalization", (2, 3, 4), [rand(4)], opset=23)
    assert_same("LpNormalization", (2, 3, 4), axis=1, p=1)
    assert_same("LpNormalization", (2, 3, 4))
    assert_same("LRN", (2, 5, 3, 3), size=3, alpha=0.1, beta=0.6, bias=1.5)
