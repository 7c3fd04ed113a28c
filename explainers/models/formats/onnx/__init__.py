"""Models in ONNX files: read strictly, run by torch so that every method can explain them."""

from __future__ import annotations

from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.loading import load_onnx, loaded
from explainers.models.formats.onnx.reading import read_graph

__all__ = ["Graph", "Node", "load_onnx", "loaded", "read_graph"]
