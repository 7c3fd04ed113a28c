"""Every limit of the app, read from one settings file that gives the reason of each."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields
from pathlib import Path

from explainers.service.settings import SETTINGS, read_table, settings_file

__all__ = ["SETTINGS", "Limits", "limits", "read"]


@dataclass(frozen=True)
class Limits:
    """Bounds on uploads, store and jobs; the settings file says why each is what it is.

    Attributes
    ----------
    picture_megabytes, data_megabytes, weights_megabytes, names_megabytes : float
        Of one upload: a picture; a table, series or DNA; a network; class names or a card.
    visitor_megabytes, store_megabytes : float
        Of the uploads of one visitor, and of everything that is kept.
    models_warm : int
        Models that a worker keeps loaded.
    worker_megabytes : float
        Memory that one worker may take for its networks, and never more than 60 % of all.
    workers : int
        Processes that run networks: the second and those after it only while the first is held up.
    jobs_per_visitor, jobs_waiting : int
        Jobs that may wait, of one visitor and of all.
    job_seconds : float
        After which a job is ended.
    load_seconds, pass_seconds : float
        After which a job that reports nothing is ended while others wait: until its network is
        loaded, and from there on.
    days_kept : float
        After which an upload that nobody opened is deleted.
    """

    picture_megabytes: float = 40
    data_megabytes: float = 200
    weights_megabytes: float = 600
    names_megabytes: float = 1
    visitor_megabytes: float = 2000
    store_megabytes: float = 8000
    models_warm: int = 3
    worker_megabytes: float = 8000
    workers: int = 2
    jobs_per_visitor: int = 60
    jobs_waiting: int = 256
    job_seconds: float = 3600
    load_seconds: float = 180
    pass_seconds: float = 30
    days_kept: float = 30


@functools.cache
def limits() -> Limits:
    """The limits of this server, from EVIDENT_SETTINGS or the file in the app's folder."""
    return read(settings_file())


def read(path: Path) -> Limits:
    """The limits in a TOML file; defaults for those it leaves out, or where there is no file.

    Raises
    ------
    ValueError
        Names a limit that does not exist or is not a positive number.

    Examples
    --------
    >>> from pathlib import Path
    >>> read(Path("no such file")).models_warm
    3
    """
    given = read_table(path, "limits")
    known = {field.name: field for field in fields(Limits)}
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{path}: there is no limit {name!r}; there are {', '.join(known)}.")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
            raise ValueError(f"{path}: {name} = {value!r} is not a number above 0.")
        if known[name].type == "int" and value != int(value):
            raise ValueError(f"{path}: {name} = {value!r} is not a whole number.")
    return Limits(**given)
