"""Functions of torch by their plain names: what moves numbers, what makes an activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


COPIES = _names("""
    clone contiguous to float double half bfloat16 type type_as detach alias to_copy cuda cpu
    requires_grad dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout
    identity
""")
"""What leaves the numbers where they are and as they are."""

MOVES = COPIES | _names("""
    view reshape reshape_as view_as flatten unflatten ravel permute transpose t swapaxes swapdims
    movedim moveaxis adjoint squeeze unsqueeze expand expand_as broadcast_to repeat tile
    repeat_interleave select narrow getitem get slice index index_select chunk split
    split_with_sizes tensor_split hsplit vsplit unbind cat concat concatenate stack hstack vstack
    dstack roll flip fliplr flipud rot90 pad constant_pad_nd unsafe_view reshape_alias
    as_strided_copy channel_shuffle
""")
"""What moves, repeats, cuts or joins numbers and computes nothing."""

CONVOLUTIONS = _names("""
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution conv_tbc
    deform_conv2d
""")
RESIZES = _names("""
    interpolate upsample upsample_nearest upsample_bilinear upsample_nearest1d upsample_nearest2d
    upsample_linear1d upsample_bilinear2d upsample_bicubic2d pixel_shuffle pixel_unshuffle
""")
PRODUCTS = _names("""
    linear matmul rmatmul bmm mm scaled_dot_product_attention addmm baddbmm
""")
ARITHMETIC = _names("""
    add iadd radd sub isub rsub subtract mul imul rmul multiply div idiv truediv itruediv divide
    true_divide addcmul where masked_fill
""")

_WEIGHINGS = _names("""
    softmax log_softmax softmin multi_head_attention_forward pow square sqrt rsqrt exp log
    float_power reciprocal cumsum logcumsumexp grid_sample
""")
_NO_ACTIVATIONS = (MOVES - _names("cat concat concatenate")) | RESIZES | PRODUCTS | _WEIGHINGS

LINEAR = _names("""
    Select Slice Index IndexSelect Gather Cat Stack Split SplitWithSizes Chunk Unbind Narrow View
    UnsafeView ReshapeAlias Permute Transpose T Expand Squeeze Unsqueeze Repeat Roll Flip
    ConstantPadNd Mean Sum Add Sub Rsub Neg Clone Alias AsStrided ToCopy Copy CopySlices AvgPool2D
    AdaptiveAvgPool2D
""")
"""Nodes of autograd's graph whose gradient takes no account of the numbers that went in."""

LINEAR_WITH_CONSTANTS = _names("Mul Div Addmm Mm Bmm Addbmm Convolution Mv Dot")
"""Such nodes where all but one of the factors are constants."""


def plain(func: Callable[..., Any]) -> str:
    """The name of a function of torch without what tells its forms apart.

    Examples
    --------
    >>> import torch
    >>> [plain(f) for f in (torch.relu_, torch.Tensor.__getitem__, torch.ops.aten.relu.default)]
    ['relu', 'getitem', 'relu']
    """
    return getattr(func, "__name__", "").split(".")[0].strip("_")


def makes_activation(name: str) -> bool:
    """Whether a function of that plain name can be what a layer ends with.

    Examples
    --------
    >>> [makes_activation(name) for name in ("conv2d", "relu", "add", "max_pool2d", "reshape")]
    [True, True, True, False, False]
    """
    return name not in _NO_ACTIVATIONS and "pool" not in name
