"""The Python that gives the same table of importance as a task."""

from __future__ import annotations

import pprint

import msgspec

from explainers.models.own_inputs import own_input
from explainers.service.tasks.importance import Importance

_TEMPLATE = """\
from pathlib import Path

import msgspec

from explainers.commands.workplace import Workplace
from explainers.importance.tables.stored import StoredTable
from explainers.models.own_inputs import own_input
from explainers.service.tasks.importance import Importance

asked = {asked}
task = msgspec.convert(asked, Importance)
files = {files}
with Workplace() as place:  # files are read in the sandbox, as in the app
    for file in [*map(Path, files), *(own_input(upload.digest) for upload in task.uploads())]:
        if file is not None:
            place.keep(file)
    table = StoredTable.of(*place.answer(task))
for method, values, ranks in zip(table.methods, table.values, table.rank):
    print(method)
    for name, value, rank in sorted(zip(table.names, values, ranks), key=lambda row: row[2]):
        print(f"  {{rank:3d}}  {{name}}: {{value:.6g}}")
"""


def recipe(task: Importance, file: str, weights: str = "") -> str:
    """A script for the repository's root that prints the task's numbers and ranks.

    Parameters
    ----------
    task : Importance
    file, weights : str
        Names of the visitor's own files of data and of the network; of what comes with Evident
        none is needed.
    """
    own = [file] if not _is_own(task) else []
    if task.rows.model.source == "upload":
        own.append(weights)
    asked = pprint.pformat(msgspec.to_builtins(task), width=90, sort_dicts=False)
    return _TEMPLATE.format(asked=asked, files=own)


def _is_own(task: Importance) -> bool:
    return own_input(task.rows.input.file.partition(".")[0]) is not None
