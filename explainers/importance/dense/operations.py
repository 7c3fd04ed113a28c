"""Which of PyTorch's operations keep units apart, mix them, or say what a network is."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


STRAIGHT = _names("""
    add sub rsub mul div true_divide neg positive clone detach alias to_copy lift_fresh copy
    contiguous
""")
"""Linear and value by value: of one tensor of the network's and constants."""

POINTWISE = _names("""
    hardswish log_sigmoid_forward prelu_kernel rrelu_with_noise masked_fill where threshold
    copy lift_fresh to_copy detach alias rsub clamp softplus logical_and logical_or bitwise_and
""")
"""Value by value too, though PyTorch does not mark them so in each of their forms."""

MOVES = _names("""
    view reshape unsafe_view reshape_alias select slice index_select squeeze unsqueeze permute t
    transpose index expand clone alias detach to_copy lift_fresh copy contiguous flatten split
    unbind split_with_sizes
""")
"""What only takes values elsewhere."""

FRESH = _names("""
    zeros_like ones_like empty_like full_like rand_like randn_like randint_like new_zeros new_ones
    new_empty new_full new_empty_strided empty_strided sym_size sym_numel sym_stride
""")
"""Constants of a tensor's shape."""

PRODUCTS = _names("mm addmm bmm baddbmm addbmm addmv mv dot matmul linear")
"""Where weights meet values."""

NORMALISED = _names("softmax log_softmax safe_softmax logsumexp")
"""What a classifier ends with, and no unit alone decides."""

CONVOLUTIONAL = "it is convolutional: the same few weights pass over all places"
_TELLING = {
    "conv": CONVOLUTIONAL,
    "rnn": "it is recurrent: the same weights are used at every step",
    "lstm": "it is recurrent: the same weights are used at every step",
    "gru": "it is recurrent: the same weights are used at every step",
    "attention": "it uses attention, whose weights depend on the input",
    "embedding": "it looks up codes",
    "layer_norm": "it normalises within each row, so that no weight is the same for all rows",
    "group_norm": "it normalises within each row, so that no weight is the same for all rows",
    "max_pool": "it takes the largest of several units",
}


def telling(name: str) -> str:
    """What an operation says of a network that it belongs to, by its name; "" for most.

    Examples
    --------
    >>> telling("convolution")
    'it is convolutional: the same few weights pass over all places'
    """
    for part, sentence in _TELLING.items():
        if part in name:
            return sentence
    return ""
