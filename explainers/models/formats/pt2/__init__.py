"""Models in .pt2 files (torch.export.save): read strictly by ourselves, never by torch's loader."""

from __future__ import annotations

from explainers.models.formats.pt2.loading import load_exported, load_program
from explainers.models.formats.pt2.program import Program, Stored
from explainers.models.formats.pt2.values import Kind, Node, Ref

__all__ = ["Kind", "Node", "Program", "Ref", "Stored", "load_exported", "load_program"]
