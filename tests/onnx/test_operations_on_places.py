"""Operations that move, pick, resize or make numbers, and recurrent layers, against onnxruntime."""

import numpy as np
import pytest
from onnx import TensorProto
from test_operations import F32, assert_same, ints, rand


@pytest.mark.parametrize(
    ("shape", "options"),
    [((0, -1), {}), ((2, 2, 6), {}), ((-1, 0, 1), {}), ((2, 12), {"allowzero": 1})],
)
def test_reshape(shape, options):
    assert_same("Reshape", (2, 3, 4), [ints(*shape)], opset=19, **options)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_flatten(axis):
    assert_same("Flatten", (2, 3, 4), axis=axis)


def test_axes_of_one():
    assert_same("Squeeze", (2, 1, 3, 1))
    assert_same("Squeeze", (2, 1, 3, 1), [ints(-1)])
    assert_same("Squeeze", (2, 1, 3, 1), opset=11, axes=[1])
    assert_same("Unsqueeze", (2, 3), [ints(0, -1)])
    assert_same("Unsqueeze", (2, 3), opset=11, axes=[1, 2])


def test_order_and_joining():
    assert_same("Transpose", (2, 3, 4))
    assert_same("Transpose", (2, 3, 4), perm=[0, 2, 1])
    assert_same("Concat", (2, 3), [rand(2, 4)], axis=-1)
    assert_same("Expand", (2, 1, 3), [ints(4, 1)])
    assert_same("Expand", (2, 1), [ints(3, 1, 4)])
    assert_same("Tile", (2, 3), [ints(2, 3)])
    assert_same("DepthToSpace", (2, 8, 3, 2), blocksize=2)
    assert_same("DepthToSpace", (2, 8, 3, 2), blocksize=2, mode="CRD")
    assert_same("SpaceToDepth", (2, 3, 4, 6), blocksize=2)


@pytest.mark.parametrize("sides", [None, (1, 4), (2, 3)])
def test_split(sides):
    if sides is None:
        assert_same("Split", (2, 5), outputs=2, axis=1, num_outputs=2, opset=18)
        assert_same("Split", (2, 6), outputs=2, axis=1, opset=13)
    else:
        assert_same("Split", (2, 5), [ints(*sides)], outputs=2, axis=1, opset=18)
        assert_same("Split", (2, 5), outputs=2, axis=1, split=sides, opset=11)


BIG = 2**63 - 1


@pytest.mark.parametrize(
    ("starts", "ends", "axes", "steps"),
    [
        ((1,), (BIG,), (1,), None),
        ((-2,), (-1,), (-1,), None),
        ((0, 1), (2, 9), None, None),
        ((-1,), (-BIG,), (2,), (-1,)),
        ((5,), (0,), (2,), (-2,)),
        ((0,), (BIG,), (2,), (2,)),
        ((3,), (1,), (1,), None),
    ],
)
def test_slice(starts, ends, axes, steps):
    optional = [None if v is None else ints(*v) for v in (axes, steps)]
    assert_same("Slice", (2, 3, 6), [ints(*starts), ints(*ends), *optional])
    if steps is None and axes is not None:
        assert_same("Slice", (2, 3, 6), opset=9, starts=starts, ends=ends, axes=axes)


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge", "wrap"])
@pytest.mark.parametrize("pads", [(0, 0, 1, 2, 0, 0, 2, 1), (0, 0, 3, 0, 0, 0, 0, 3)])
def test_pad(mode, pads):
    assert_same("Pad", (2, 2, 4, 5), [ints(*pads)], mode=mode, opset=19)


def test_pad_variants():
    assert_same("Pad", (2, 4, 5), [ints(0, -1, 2, 0, 1, -2), np.array(1.5, F32)], opset=18)
    assert_same("Pad", (2, 4, 5), [ints(1, 2), np.array(0, F32), ints(-1)], opset=18)
    assert_same("Pad", (2, 4), opset=10, pads=[0, 1, 0, 1], value=2.0)


def test_gather():
    assert_same("Gather", (3, 4, 5), [np.array(-1)], axis=1)
    assert_same("Gather", (3, 4, 5), [np.array([[0, 2], [-1, 1]])], axis=1)
    assert_same("GatherElements", (3, 4), [np.array([[0, -1], [1, 2], [3, 0]])], axis=1)
    assert_same("GatherND", (3, 4, 5), [np.array([[0, 1], [2, -1]])])
    assert_same("GatherND", (3, 4, 5), [np.array([[1], [2], [0]])], batch_dims=1)


def test_scatter():
    places = np.array([[0, 1], [2, -1]])
    for reduction in ("none", "add"):
        assert_same("ScatterND", (3, 4, 5), [places, rand(2, 5)], reduction=reduction)
    columns = np.array([[0, 3], [1, 2], [-1, 0]])
    for reduction in ("none", "add", "mul", "max", "min"):
        assert_same("ScatterElements", (3, 4), [columns, rand(3, 2)], axis=1, reduction=reduction)


def test_picking():
    for options in ({}, {"largest": 0}, {"axis": 1}):
        assert_same("TopK", (2, 3, 4), [ints(2)], outputs=2, **options)
    for upper, k in ((1, 0), (0, 1), (1, -1)):
        assert_same("Trilu", (2, 4, 4), [np.array(k)], upper=upper)
    for axis in (-1, 0, 1):
        assert_same(
            "OneHot",
            (2, 3),
            [np.array([4]), np.array([-1, 2], F32)],
            axis=axis,
            x=np.array([[0, 3, 1], [2, -1, 0]]),
            takes=TensorProto.INT64,
        )


def test_shapes_become_numbers():
    for options in ({}, {"start": 1}, {"end": -1}, {"start": -2, "end": 3}):
        assert_same("Shape", (2, 3, 4), opset=15, gives=TensorProto.INT64, **options)
    assert_same("Size", (2, 3), gives=TensorProto.INT64)


RESIZES = [
    {"mode": "nearest"},
    {"mode": "linear"},
    {"mode": "cubic"},
    {"mode": "cubic", "cubic_coeff_a": -0.5},
]
MAPS = ["half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "half_pixel_symmetric"]


@pytest.mark.parametrize("options", RESIZES)
@pytest.mark.parametrize("places", MAPS)
@pytest.mark.parametrize("sizes", [(9, 10), (3, 2), (5, 1)])
def test_resize_to_sizes(options, places, sizes):
    assert_same(
        "Resize",
        (2, 3, 5, 4),
        [None, None, ints(2, 3, *sizes)],
        opset=19,
        close=1e-4,
        coordinate_transformation_mode=places,
        **options,
    )


@pytest.mark.parametrize("nearest", ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
@pytest.mark.parametrize("scales", [(2.0, 1.5), (0.5, 0.7)])
def test_resize_by_scales(nearest, scales):
    for places in MAPS[:4]:
        assert_same(
            "Resize",
            (2, 3, 5, 4),
            [None, np.array((1, 1, *scales), F32)],
            opset=13,
            nearest_mode=nearest,
            coordinate_transformation_mode=places,
        )


def test_older_resizes():
    for op, opset in (("Upsample", 9), ("Resize", 10)):
        for mode in ("nearest", "linear"):
            assert_same(op, (2, 3, 4, 5), [np.array((1, 1, 2, 2), F32)], opset=opset, mode=mode)


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("variant", ["plain", "bias and state", "other curves", "reset"])
def test_recurrent(op, gates, direction, variant):
    ways, size, rows, taken = (2 if direction == "bidirectional" else 1), 5, 2, 3
    tensors = [rand(ways, gates * size, taken), rand(ways, gates * size, size)]
    options = {}
    if variant in ("bias and state", "reset"):
        state = [rand(ways, rows, size, seed=i) for i in range(2 if op == "LSTM" else 1)]
        tensors += [rand(ways, 2 * gates * size), None, *state]
    if variant == "other curves":
        names = {
            "LSTM": ["Sigmoid", "Softsign", "Tanh"],
            "GRU": ["HardSigmoid", "Tanh"],
            "RNN": ["Relu"],
        }[op]
        options["activations"] = names * ways
    if op == "GRU" and variant == "reset":
        options["linear_before_reset"] = 1
    assert_same(
        op, (4, rows, taken), tensors, opset=14, hidden_size=size, direction=direction, **options
    )


def test_quantised_weights_and_activations():
    scale, zero = np.array(0.05, F32), np.array(3, np.uint8)
    assert_same("QuantizeLinear", (2, 4), [scale, zero], gives=TensorProto.UINT8)
    assert_same(
        "DequantizeLinear",
        (2, 4),
        [scale, zero],
        takes=TensorProto.UINT8,
        x=np.array([[0, 1, 200, 255]] * 2),
    )


@pytest.mark.parametrize("options", [{}, {"is_causal": 1}, {"scale": 0.3, "softcap": 2.0}])
def test_attention(options):
    assert_same(
        "Attention", (2, 2, 5, 4), [rand(2, 2, 5, 4), rand(2, 2, 5, 3, seed=2)], opset=23, **options
    )
