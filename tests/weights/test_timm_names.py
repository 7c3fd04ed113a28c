"""Weights of timm's networks are called by their name, also where timm is not installed."""

import importlib.util

import pytest
import torch

from explainers import Problem
from explainers.models.formats.tensor_shapes import tensor_shapes
from explainers.models.uploaded import recognise_architecture
from explainers.models.zoo.timm_signatures import signature, timm_name


def vision_transformer(width: int, blocks: int, classes: int) -> dict[str, torch.Tensor]:
    """The tensors of timm's plain vision transformers for 16 px patches of 224 px."""
    sides = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, 1 + 14 * 14, width),
        "patch_embed.proj.weight": (width, 3, 16, 16),
        "patch_embed.proj.bias": (width,),
    }
    for block in range(blocks):
        layers = {
            "norm1": (width,),
            "attn.qkv": (3 * width, width),
            "attn.proj": (width, width),
            "norm2": (width,),
            "mlp.fc1": (4 * width, width),
            "mlp.fc2": (width, 4 * width),
        }
        for name, shape in layers.items():
            sides[f"blocks.{block}.{name}.weight"] = shape
            sides[f"blocks.{block}.{name}.bias"] = shape[:1]
    sides |= {"norm.weight": (width,), "norm.bias": (width,)}
    sides |= {"head.weight": (classes, width), "head.bias": (classes,)}
    return {name: torch.zeros(shape) for name, shape in sides.items()}


@pytest.mark.parametrize("classes", [1000, 7])
@pytest.mark.parametrize("name, width", [("tiny", 192), ("small", 384)])
def test_a_vision_transformer_is_called_by_its_name(name, width, classes):
    state = vision_transformer(width, 12, classes)
    assert f"vit_{name}_patch16_224" in timm_name(tensor_shapes(state))


def test_one_that_is_not_in_the_file_is_called_by_its_family():
    state = vision_transformer(200, 3, 5)
    assert timm_name(tensor_shapes(state)) == "a vision transformer of timm's"
    assert timm_name({"encoder.weight": (3, 3)}) == ""


@pytest.mark.skipif(importlib.util.find_spec("timm") is not None, reason="timm is installed")
def test_without_timm_the_name_and_the_way_out_are_said():
    with pytest.raises(Problem, match="timm's .*vit_tiny_patch16_224.*pip install timm.*ONNX"):
        recognise_architecture(vision_transformer(192, 12, 10))


def test_a_signature_knows_no_order_and_no_number_of_classes():
    shapes = tensor_shapes(vision_transformer(8, 1, 3))
    assert signature(shapes) == signature(dict(reversed(shapes.items())))
    assert signature(shapes) == signature(tensor_shapes(vision_transformer(8, 1, 9)))
    assert signature(shapes) != signature(tensor_shapes(vision_transformer(16, 1, 3)))
