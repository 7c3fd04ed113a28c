"""Models in ONNX files: read strictly, run by torch so that every method can explain them."""

from __future__ import annotations

from explainers.models.formats.onnx.graph import Graph, Node
from explainers.models.formats.onnx.loading import FallbackRuntime, load_graph, load_onnx
from explainers.models.formats.onnx.reading import read_graph

__all__ = ["FallbackRuntime", "Graph", "Node", "load_graph", "load_onnx", "read_graph"]
