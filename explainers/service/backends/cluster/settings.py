"""Which cluster the app uses: the table [cluster] of the settings file, read once."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainers.many.cluster.address import (
    Certificates,
    SchedulerAddress,
    scheduler_address,
    security_for,
)
from explainers.many.cluster.connection import demand_installed
from explainers.service.settings import read_table, settings_file

SCHEDULER = "EVIDENT_SCHEDULER"
_FILES = ("authority", "certificate", "key")
_KNOWN = ("scheduler", "device", *_FILES)


@dataclass(frozen=True)
class ClusterSettings:
    """A cluster, as whoever starts the server names it.

    Attributes
    ----------
    scheduler : SchedulerAddress
    device : str
        What its workers run networks on, "cuda:0" say; "": what was asked for.
    certificates : Certificates or None
        For tls://; None: those of Dask's configuration.
    """

    scheduler: SchedulerAddress
    device: str = ""
    certificates: Certificates | None = None


@functools.cache
def cluster_settings() -> ClusterSettings | None:
    """What this server was started with; None where it has no cluster.

    Raises
    ------
    ValueError
        Names what is wrong, certificates that cannot be read included.
    """
    found = read_cluster(settings_file(), os.environ)
    if found is not None:
        demand_installed()
        security_for(found.scheduler, found.certificates)
    return found


def read_cluster(path: Path, environment: Mapping[str, str]) -> ClusterSettings | None:
    """The table [cluster] of a settings file; None where no scheduler is named.

    EVIDENT_SCHEDULER goes before `scheduler`. The files of certificates are relative to the
    settings file.

    Parameters
    ----------
    path : Path
        The settings file, which need not be there.
    environment : mapping
        Environment variables.

    Raises
    ------
    ValueError
        Names what is wrong.

    Examples
    --------
    >>> from pathlib import Path
    >>> found = read_cluster(Path("no such file"), {"EVIDENT_SCHEDULER": "tcp://127.0.0.1:8786"})
    >>> str(found.scheduler)
    'tcp://127.0.0.1:8786'
    >>> read_cluster(Path("no such file"), {}) is None
    True
    """
    given = read_table(path, "cluster", _KNOWN)
    for name, value in given.items():
        if not isinstance(value, str):
            raise ValueError(f"{path}: {name} = {value!r} is not a text in quotation marks.")
    address = environment.get(SCHEDULER) or given.get("scheduler", "")
    if not address:
        if given:
            raise ValueError(f"{path}: [cluster] names no scheduler.")
        return None
    return ClusterSettings(
        scheduler_address(address), given.get("device", ""), _certificates(path, given)
    )


def _certificates(path: Path, given: Mapping[str, Any]) -> Certificates | None:
    named = [name for name in _FILES if given.get(name)]
    if not named:
        return None
    if len(named) < len(_FILES):
        lacking = next(name for name in _FILES if name not in named)
        raise ValueError(f"{path}: [cluster] names {', '.join(named)}, but no {lacking}.")
    files = [path.absolute().parent / given[name] for name in _FILES]
    for file in files:
        if not file.is_file():
            raise ValueError(f"The file of the cluster's certificates {file} is not there.")
    return Certificates(*files)
