"""The operations that an exported program may use: all compute tensors from tensors, no more.

They are ATen's, by name and overload. None reads a file, prints, draws random numbers (where the
file says that dropout trains, it is left out), calls a function, or depends on anything but its
arguments. Those with a trailing "_" write on tensors of the program's own.
"""

from __future__ import annotations


def _words(text: str) -> list[str]:
    return text.split()


# With the overload "default" alone.
_PLAIN = _words("""
abs acos acosh adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d
adaptive_max_pool2d adaptive_max_pool3d _adaptive_avg_pool2d _adaptive_avg_pool3d addbmm addcdiv
addcmul addmm addmv alias alpha_dropout amax amin aminmax argmax argmin asin asinh
atan atan2 atanh atleast_1d atleast_2d avg_pool1d avg_pool2d avg_pool3d baddbmm batch_norm
_batch_norm_no_update _batch_norm_with_update _batch_norm_with_update_functional bilinear
bitwise_not bmm broadcast_tensors broadcast_to cat cdist ceil celu celu_ channel_shuffle chunk
clamp_ clamp_max clamp_max_ clamp_min clamp_min_ clone column_stack constant_pad_nd contiguous
conv_transpose1d convolution copy copy_ cos cosh cosine_similarity cross cummax cummin cumprod
cumsum deg2rad detach detach_ diag diag_embed diagonal diff dot dropout dropout_ dstack einsum
elu elu_ embedding _embedding_bag erf erfc exp exp2 expand expand_as expm1 feature_alpha_dropout
feature_dropout flip fliplr flipud floor fmax fmin frac full full_like gather gelu gelu_ glu
grid_sampler grid_sampler_2d group_norm gru_cell hardshrink hardsigmoid hardsigmoid_ hardswish
hardswish_ hardtanh hardtanh_ hstack hypot im2col index_add index_copy index_put index_put_
index_select inner instance_norm isfinite isinf isnan kron layer_norm leaky_relu leaky_relu_
lift lift_fresh lift_fresh_copy linalg_norm linalg_vector_norm linear linspace log log10 log1p
log2 log_sigmoid _log_softmax logaddexp logical_and logical_not logical_or logical_xor logsumexp
lstm_cell masked_scatter matmul max_pool1d max_pool1d_with_indices max_pool2d
max_pool2d_with_indices max_pool3d max_pool3d_with_indices maximum minimum mish mish_ mm mv
nan_to_num narrow narrow_copy native_batch_norm _native_batch_norm_legit_functional
_native_batch_norm_legit_no_training native_dropout native_group_norm native_layer_norm neg
new_full new_ones new_zeros one_hot ones ones_like outer pad permute permute_copy pixel_shuffle
pixel_unshuffle polar prelu _prelu_kernel _safe_softmax rad2deg reciprocal reflection_pad1d
reflection_pad2d reflection_pad3d relu relu6 relu6_ relu_ repeat replication_pad1d replication_pad2d
replication_pad3d reshape reshape_as rms_norm rnn_relu_cell rnn_tanh_cell roll rot90 rsqrt
scalar_tensor scaled_dot_product_attention _scaled_dot_product_flash_attention_for_cpu
_scaled_dot_product_efficient_attention scatter_add select_scatter selu selu_ _shape_as_tensor
sigmoid sigmoid_ sign silu silu_ sin sinc sinh slice_scatter _softmax softplus softshrink
special_expit special_logit split_with_sizes split_with_sizes_copy sqrt square stack swapaxes
swapdims sym_numel t take take_along_dim tan tanh tanh_ threshold threshold_ tile _to_copy topk
tril triu trunc type_as unfold _unsafe_view unsqueeze unsqueeze_copy view view_as view_copy
vstack zero_ zeros zeros_like
""")

# name/overload/overload…
_OVERLOADED = _words("""
add/Tensor/Scalar add_/Tensor/Scalar any/default/dim/dims all/default/dim/dims
arange/default/start/start_step argsort/default/stable bitwise_and/Tensor/Scalar
bitwise_or/Tensor/Scalar bitwise_xor/Tensor/Scalar bucketize/Tensor clamp/default/Tensor
conv1d/default/padding conv2d/default/padding conv3d/default/padding conv_transpose2d/input
conv_transpose3d/input copysign/Tensor div/Tensor/Scalar/Tensor_mode/Scalar_mode
div_/Tensor/Scalar/Tensor_mode/Scalar_mode divide/Tensor/Scalar embedding_bag/padding_idx
eq/Tensor/Scalar eye/default/m fill/Scalar/Tensor fill_/Scalar/Tensor flatten/using_ints
floor_divide/default/Scalar fmod/Tensor/Scalar ge/Tensor/Scalar gru/input gt/Tensor/Scalar
index/Tensor index_fill/int_Scalar le/Tensor/Scalar lerp/Scalar/Tensor log_softmax/int
lstm/input lt/Tensor/Scalar masked_fill/Scalar/Tensor masked_fill_/Scalar/Tensor
max/default/dim/other mean/default/dim median/default/dim meshgrid/default/indexing
min/default/dim/other movedim/int/intlist mul/Tensor/Scalar mul_/Tensor/Scalar
multiply/Tensor/Scalar _native_batch_norm_legit/default/no_stats ne/Tensor/Scalar
norm/Scalar/ScalarOpt_dim pow/Tensor_Tensor/Tensor_Scalar/Scalar pow_/Scalar
prod/default/dim_int quantile/default/scalar remainder/Tensor/Scalar repeat_interleave/self_int
rnn_relu/input rnn_tanh/input round/default/decimals rsub/Tensor/Scalar scatter/src/value
searchsorted/Tensor select/int select_copy/int slice/Tensor slice_copy/Tensor softmax/int
sort/default/stable split/Tensor squeeze/default/dim/dims squeeze_copy/dim/dims
std/default/dim/correction sub/Tensor/Scalar sub_/Tensor/Scalar subtract/Tensor/Scalar
sum/default/dim_IntList sym_size/int tensor_split/indices/sections
to/dtype/dtype_layout/device/other transpose/int transpose_copy/int true_divide/Tensor/Scalar
unbind/int unflatten/int _unsafe_index/Tensor upsample_bicubic2d/default/vec
_upsample_bicubic2d_aa/default/vec upsample_bilinear2d/default/vec
_upsample_bilinear2d_aa/default/vec upsample_linear1d/default/vec upsample_nearest1d/default/vec
upsample_nearest2d/default/vec upsample_nearest3d/default/vec
_upsample_nearest_exact1d/default/vec _upsample_nearest_exact2d/default/vec
upsample_trilinear3d/default/vec var/default/dim/correction var_mean/default/dim/correction
where/self/ScalarSelf/ScalarOther/Scalar xlogy/Tensor
""")

ATEN = frozenset(
    [f"aten.{name}.default" for name in _PLAIN]
    + [
        f"aten.{row.split('/')[0]}.{overload}"
        for row in _OVERLOADED
        for overload in row.split("/")[1:]
    ]
)
"""Operations on tensors, as "aten.name.overload"."""

NUMBERS = frozenset(
    _words("""
_operator.add _operator.sub _operator.mul _operator.floordiv _operator.truediv _operator.mod
_operator.neg _operator.eq _operator.ne _operator.lt _operator.le _operator.gt _operator.ge
_operator.and_ _operator.or_ _operator.not_ torch.sym_max torch.sym_min torch.sym_float
torch.sym_int torch.sym_not math.floor math.ceil math.trunc
""")
)
"""Operations on whole numbers, by which sizes are computed."""

# What these check was checked while the model was exported; they make nothing.
CHECKS = frozenset(
    _words("""
aten._assert_tensor_metadata.default aten._assert_scalar.default aten._assert_async.msg
aten._assert_async.default aten.sym_constrain_range.default
aten.sym_constrain_range_for_size.default
""")
)

# Operations that make tensors as large as their numbers say, and at which argument they say it.
MAKERS: dict[str, int | slice] = {
    "aten.full.default": 0,
    "aten.zeros.default": 0,
    "aten.ones.default": 0,
    "aten.new_zeros.default": 1,
    "aten.new_ones.default": 1,
    "aten.new_full.default": 1,
    "aten.expand.default": 1,
    "aten.broadcast_to.default": 1,
    "aten.repeat.default": 1,
    "aten.tile.default": 1,
    "aten.eye.default": 0,
    "aten.eye.m": slice(0, 2),
    "aten.arange.default": 0,
    "aten.arange.start": slice(0, 2),
    "aten.arange.start_step": slice(0, 2),
    "aten.linspace.default": 2,
    "aten.one_hot.default": 1,
}


def is_allowed(op: str) -> bool:
    """Whether a program may use the operation.

    Examples
    --------
    >>> is_allowed("aten.relu.default"), is_allowed("aten.rand.default")
    (True, False)
    """
    return op in ATEN or op in NUMBERS


def writes_in_place(op: str) -> bool:
    """Whether the operation changes its first argument.

    Examples
    --------
    >>> writes_in_place("aten.add_.Tensor"), writes_in_place("aten.add.Tensor")
    (True, False)
    """
    return op in ATEN and op.split(".")[1].endswith("_")
