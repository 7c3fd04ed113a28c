"""Making .pt2 files, honest ones and changed ones."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterable

import torch


def exported(model, x, dynamic: bool = True, decomposed: bool = False) -> bytes:
    """What torch.export.save writes of a model for inputs like x, of any or exactly one row."""
    program = program_of(model, x, dynamic)
    return saved(program.run_decompositions() if decomposed else program)


def program_of(model, x, dynamic: bool = True) -> torch.export.ExportedProgram:
    """What torch.export makes of a model for inputs like x, of any or exactly one row."""
    shapes = ({0: torch.export.Dim("batch")},) if dynamic else None
    return torch.export.export(model, (x if dynamic else x[:1],), dynamic_shapes=shapes)


def saved(program: torch.export.ExportedProgram) -> bytes:
    """What torch.export.save writes of it."""
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    return buffer.getvalue()


def members_of(data: bytes) -> list[tuple[str, bytes]]:
    """Names and contents of an archive's members."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def packed(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these members; names may come twice."""
    import warnings

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def changed(data: bytes, end: str, change: Callable[[dict], None]) -> bytes:
    """The archive with the JSON of the member whose name ends so changed in place."""
    found = []
    for name, content in members_of(data):
        if name.endswith(end):
            said = json.loads(content)
            change(said)
            content = json.dumps(said).encode()
        found.append((name, content))
    return packed(found)


def graph_changed(data: bytes, change: Callable[[dict], None]) -> bytes:
    """The archive with its graph changed in place."""
    return changed(data, "models/model.json", lambda said: change(said["graph_module"]["graph"]))
