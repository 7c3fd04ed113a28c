"""Each private name of PyTorch does what we use it for, and nothing public does so yet.

A test that fails here after an upgrade says which line of `torch_private` has changed or can go.
"""

import importlib.util
import inspect
import re
import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence

from explainers.dispatch import torch_private
from explainers.dispatch.torch_private import OperationMode, OpOverload, WrapperTensor
from explainers.methods.deeplift import operations, rules  # noqa: F401
from explainers.methods.deeplift.rule_registry import (
    COMPLEX_DECOMPOSITIONS,
    COMPLEX_RULES,
    DECOMPOSITIONS,
    RULES,
)

aten = torch.ops.aten
MATH = torch.nn.attention.SDPBackend.MATH


class Listing(OperationMode):
    """Runs every operation and lists it."""

    def __init__(self):
        super().__init__()
        self.operations = []

    def run(self, operation, args, kwargs):
        self.operations.append(operation)
        return operation(*args, **kwargs)


class Answering(WrapperTensor):
    """Answers every operation with a plain tensor."""

    def run(self, operation, args, kwargs):
        return torch.full((2,), 7.0)


def operations_of(function):
    """What the function calls."""
    with torch.no_grad(), Listing() as listing:
        function()
    return listing.operations


# Dispatch


def test_the_type_of_an_operation_has_no_public_name():
    assert type(aten.add.Tensor) is OpOverload
    assert not hasattr(torch, "OpOverload")
    assert "OpOverload" not in torch.library.__all__


def test_a_mode_sees_every_operation_also_of_composed_functions():
    def function():
        return F.scaled_dot_product_attention(*torch.ones(3, 1, 1, 4, 2), torch.zeros(4, 4))

    with torch.nn.attention.sdpa_kernel(MATH):
        called = operations_of(function)
    assert aten.bmm.default in called
    assert not any(operation is aten.scaled_dot_product_attention.default for operation in called)


def test_no_public_module_has_the_mode():
    assert importlib.util.find_spec("torch.utils.python_dispatch") is None
    assert not hasattr(torch.utils, "TorchDispatchMode")


def test_a_wrapper_has_shape_strides_type_and_device_and_no_memory():
    tensor = torch.zeros(2, 3, dtype=torch.float64).t()
    wrapper = Answering.like(tensor)
    assert (wrapper.shape, wrapper.stride()) == (tensor.shape, tensor.stride())
    assert (wrapper.dtype, wrapper.device) == (tensor.dtype, tensor.device)
    with pytest.raises(RuntimeError, match="data pointer"):
        wrapper.untyped_storage().data_ptr()


def test_what_a_wrapper_answers_is_not_wrapped_again():
    assert type(torch.relu(Answering.like(torch.zeros(2)))) is torch.Tensor
    assert type(torch.zeros(2) + Answering.like(torch.zeros(2))) is torch.Tensor


def test_public_ways_to_a_tensor_of_another_class_keep_memory_or_lose_the_device():
    tensor = torch.zeros(2)
    assert tensor.as_subclass(Answering).untyped_storage().data_ptr() == tensor.data_ptr() != 0
    assert torch.empty(2, device="meta").device != tensor.device


def test_without_dispatch_a_wrapper_changes_its_own_shape():
    wrapper = Answering.like(torch.zeros(2, 3))
    with torch_private.no_dispatch():
        wrapper.t_()
    assert wrapper.shape == (3, 2)
    wrapper.t_()
    assert wrapper.shape == (3, 2)


def test_no_public_context_switches_dispatch_off():
    assert not hasattr(torch.utils, "no_dispatch")
    assert not [name for name in torch.overrides.__all__ if "disable" in name.lower()]


# Switches


def test_writing_the_public_switch_of_onednn_is_refused_after_flags_are_frozen(monkeypatch):
    before = torch_private.mkldnn_enabled()
    module = torch.backends.flags_frozen.__globals__
    monkeypatch.setitem(module, "__allow_nonbracketed_mutation_flag", False)
    with pytest.raises(RuntimeError, match="not allowed"):
        torch.backends.mkldnn.enabled = not before
    try:
        torch_private.set_mkldnn_enabled(not before)
        assert torch.backends.mkldnn.enabled is torch_private.mkldnn_enabled() is not before
    finally:
        torch_private.set_mkldnn_enabled(before)


def test_the_public_context_of_onednn_sets_other_switches_too():
    assert set(inspect.signature(torch.backends.mkldnn.flags).parameters) > {"enabled"}


# Nested arguments


def test_arguments_go_flat_and_come_back():
    largest = torch.ones(2, 2).max(1)
    tree = ([1, (2, None)], {"values": largest})
    leaves, spec = torch_private.tree_flatten(tree)
    assert leaves == [1, 2, None, *largest] == torch_private.tree_leaves(tree)
    again = torch_private.tree_unflatten(leaves, spec)
    assert again == tree and type(again[1]["values"]) is type(largest)
    assert torch_private.tree_map(str, [1, (2,)]) == ["1", ("2",)]


def test_nested_arguments_have_no_public_module():
    assert importlib.util.find_spec("torch.utils.pytree") is None


# What an operation is


def test_what_an_operation_writes_and_views():
    assert torch_private.is_mutable(aten.add_.Tensor) and torch_private.is_mutable(aten.add.out)
    assert not torch_private.is_mutable(aten.add.Tensor)
    assert torch_private.written_arguments(aten.add_.Tensor) == [0]
    assert torch_private.written_arguments(aten.add.out) == [3]
    assert torch_private.argument_types(aten.pow_.Scalar) == ["Tensor", "number"]
    for view in (aten.view.default, aten.split.Tensor, aten.select.int):
        assert torch_private.returns_view_of_first(view)
    for other in (aten.add.Tensor, aten.add_.Tensor, aten.cat.default, aten.empty.memory_format):
        assert not torch_private.returns_view_of_first(other)


def test_no_public_name_of_an_operation_has_its_schema():
    public = [name for name in dir(aten.add.out) if not name.startswith("_")]
    assert not [name for name in public if "schema" in name or "argument" in name]
    # Tags do not tell views, nor all that write: this one writes the running statistics.
    assert {tag.name for tag in aten.view.default.tags} <= {"core", "pt2_compliant_tag"}
    writes = aten._native_batch_norm_legit.default
    assert torch_private.is_mutable(writes)
    assert not {tag.name for tag in writes.tags} & {"inplace", "inplace_view", "out"}


def test_what_pytorch_composes_is_known_before_it_runs():
    assert torch_private.is_composite(aten.matmul.default)
    assert not torch_private.is_composite(aten.relu.default)
    assert aten.relu.default.decompose(torch.ones(1)) is NotImplemented


def test_memory_is_told_apart_also_where_it_has_no_bytes():
    tensor, empty, other = torch.ones(4), torch.empty(0), torch.empty(0)
    storages = [t.untyped_storage() for t in (tensor, tensor[1:], tensor.clone(), empty, other)]
    keys = [torch_private.storage_key(storage) for storage in storages]
    assert keys[0] == keys[1] and len(set(keys)) == 4
    assert empty.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


# Operators with private names: what public functions call

X = torch.ones(2, 3, 8, 8)
MASK = torch.ones(8, 8, dtype=torch.bool)
ROWS = torch.tensor([[0, 1]])
CALLED_BY = {
    aten._adaptive_avg_pool2d.default: lambda: F.adaptive_avg_pool2d(X, 2),
    aten._adaptive_avg_pool3d.default: lambda: F.adaptive_avg_pool3d(X, 2),
    aten._assert_async.default: lambda: torch._assert_async(X.sum()),
    aten._cdist_forward.default: lambda: torch.cdist(X, X),
    aten._conj.default: lambda: torch.fft.fft(X).conj(),
    aten._conj_physical.default: lambda: torch.conj_physical(torch.fft.fft(X)),
    aten._embedding_bag_forward_only.default: lambda: F.embedding_bag(ROWS, X[0, 0]),
    aten._euclidean_dist.default: lambda: torch.cdist(torch.ones(30, 2), torch.ones(30, 2)),
    aten._fft_c2c.default: lambda: torch.fft.fft(torch.fft.fft(X)),
    aten._fft_c2r.default: lambda: torch.fft.irfft(torch.fft.rfft(X)),
    aten._fft_r2c.default: lambda: torch.fft.rfft(X),
    aten._linalg_check_errors.default: lambda: torch.linalg.inv(torch.eye(2)),
    aten._local_scalar_dense.default: lambda: X.sum().item(),
    aten._log_softmax.default: lambda: X.log_softmax(1),
    aten._neg_view.default: lambda: torch.fft.fft(X).conj().imag,
    aten._pack_padded_sequence.default: lambda: pack_padded_sequence(X[0], [3] * 8),
    aten._prelu_kernel.default: lambda: F.prelu(X, torch.ones(3)),
    aten._safe_softmax.default: lambda: F.scaled_dot_product_attention(X, X, X, MASK),
    aten._softmax.default: lambda: X.softmax(1),
    aten._to_copy.default: lambda: X.double(),
    aten._trilinear.default: lambda: F.bilinear(X, X, torch.ones(2, 8, 8)),
    aten._unique2.default: lambda: X.unique(),
    aten._unsafe_view.default: lambda: X @ torch.ones(8, 2),
    aten._upsample_bicubic2d_aa.default: lambda: resized(X, "bicubic", antialias=True),
    aten._upsample_bilinear2d_aa.default: lambda: resized(X, "bilinear", antialias=True),
    aten._upsample_nearest_exact1d.default: lambda: resized(X[0], "nearest-exact"),
    aten._upsample_nearest_exact2d.default: lambda: resized(X, "nearest-exact"),
    aten._upsample_nearest_exact3d.default: lambda: resized(X[None], "nearest-exact"),
}
# Called on an accelerator only, or by programs that torch.export made.
NOT_CALLED_HERE = {
    aten._assert_async.msg,
    aten._embedding_bag.default,
    aten._fused_rms_norm.default,
    aten._native_batch_norm_legit.default,
    aten._native_batch_norm_legit.no_stats,
    aten._native_batch_norm_legit_no_training.default,
    aten._reshape_alias.default,
    aten._thnn_fused_gru_cell.default,
    aten._thnn_fused_lstm_cell.default,
}


def resized(x, mode, **options):
    return F.interpolate(x, size=(4,) * (x.ndim - 2), mode=mode, **options)


@pytest.mark.parametrize("operation", CALLED_BY, ids=str)
def test_a_public_function_calls_the_private_operator(operation):
    with warnings.catch_warnings(), torch.nn.attention.sdpa_kernel(MATH):
        warnings.simplefilter("ignore")
        assert operation in operations_of(CALLED_BY[operation])


def test_every_private_operator_that_we_name_is_listed_here():
    named = {
        *RULES,
        *DECOMPOSITIONS,
        *COMPLEX_RULES,
        *COMPLEX_DECOMPOSITIONS,
        *operations.CHECKS,
        *operations.READ,
        *operations.SHAPE_ONLY,
        *operations.DATA_DEPENDENT,
        *operations.INDEXED,
    }
    private = {o for o in named if isinstance(o, OpOverload) and str(o).startswith("aten._")}
    assert private == set(CALLED_BY) | NOT_CALLED_HERE


def test_no_other_module_that_follows_models_reaches_below_public_names():
    private = re.compile(r"torch\._(?!_)|_pytree|_python_dispatch|\._schema|\._cdata|_dispatch__")
    library = Path(torch_private.__file__).parents[1]
    for folder in ("dispatch", "methods/deeplift", "perturbation"):
        for path in (library / folder).rglob("*.py"):
            if path.name != "torch_private.py":
                assert not private.findall(path.read_text()), path.name
