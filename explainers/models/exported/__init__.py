"""Models in .pt2 files (torch.export.save): read strictly by ourselves, never by torch's loader."""

from __future__ import annotations

from explainers.models.exported.loading import load_exported, loaded
from explainers.models.exported.program import Kind, Node, Program, Ref, Stored

__all__ = ["Kind", "Node", "Program", "Ref", "Stored", "load_exported", "loaded"]
