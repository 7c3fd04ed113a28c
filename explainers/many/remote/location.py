"""Where a run or a source lies: on a disk, or under the URL of an object store."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeGuard, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from explainers.errors import Problem, first_line
from explainers.many.remote.paths import RemotePath

if TYPE_CHECKING:
    from typing_extensions import TypeIs

PACKAGES = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss"), "adlfs"),
    "oss": "ossfs",
    "oci": "ocifs",
}
"""Object stores: protocol → the package by which fsspec speaks it."""
MEMORY = "memory"
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://(.*)", re.DOTALL)  # a drive has one letter
_LOST_A_SLASH = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):[/\\](?![/\\])")
_CHAIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::.*://|://.*::)", re.DOTALL)
_PASSWORD = re.compile(r"(?!arn:)[^/@:]*:(?!\d+/).*@", re.DOTALL)
_KNOWN = "s3://bucket/folder, gs://bucket/folder, az://container/folder"


def location(given: str | Path) -> Path:
    """What is given as a path: of a disk, or one of an object store that is asked like it.

    Parameters
    ----------
    given : str or Path
        A path; file://; or the URL of an object store or another place that fsspec knows.

    Returns
    -------
    Path
        Or a `RemotePath`, which has of a `Path` what runs ask of it.

    Raises
    ------
    Problem
        Where nothing speaks the protocol, its package is not installed, or the URL holds a
        password: URLs are kept in run.json and shown. Who one is and where a store of one's own
        is, is said in the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …) or in fsspec's
        configuration, https://filesystem-spec.readthedocs.io/en/latest/features.html#configuration.

    Examples
    --------
    >>> location("photos").as_posix(), location("file:///data/photos").as_posix()
    ('photos', '/data/photos')
    >>> print(location("memory://bucket/run/") / "run.json")
    memory://bucket/run/run.json
    """
    if isinstance(given, (PurePath, RemotePath)):
        _demand_both_slashes(given)
        return Path(given) if isinstance(given, PurePath) else cast(Path, given)
    _demand_no_options(given)
    found = _URL.fullmatch(str(given))
    if _CHAIN.match(str(given)):
        raise Problem("This is a chain of URLs. Give one URL; a .zip is opened by itself.")
    if found is None:
        _demand_both_slashes(given)
        return Path(given)
    protocol, rest = found[1].lower(), found[2]
    if protocol in ("file", "local"):
        return Path(url2pathname(urlsplit(f"file://{rest}").path))
    if _PASSWORD.match(rest) or (protocol in ("http", "https") and "?" in rest):
        raise Problem(
            f"A {protocol}:// URL with a password or a signature in it is not taken, for URLs are "
            "kept in run.json and shown. Leave it out, and say it in the environment or in "
            "fsspec's configuration."
        )
    url = f"{protocol}://{rest.rstrip('/')}"
    if not rest.strip("/"):
        raise Problem(f"{protocol}:// names no bucket. Give all of it, as {_KNOWN}.")
    _demand_spoken(protocol)
    return cast(Path, RemotePath(url))


def is_remote(path: object) -> TypeGuard[RemotePath]:
    """Whether a path is one of an object store."""
    return isinstance(path, RemotePath)


def is_alone(source: object) -> TypeIs[str | Path]:
    """Whether a source is one path or URL, and no list of them.

    Examples
    --------
    >>> is_alone("s3://bucket/photos"), is_alone(Path("photos")), is_alone(["a.png"])
    (True, True, False)
    """
    return isinstance(source, (str, PurePath, RemotePath)) or hasattr(source, "storage_options")


def anywhere(given: str | Path) -> str | Path:
    """The same for a process that runs in another folder."""
    path = location(given)
    return str(path) if is_remote(path) else path.absolute()


def demand_fit(source: Any, folder: Path, isolated: bool = False) -> None:
    """Problem where a run's files would become its inputs, or its processes would not see them.

    Parameters
    ----------
    source : str, Path, or sequence of them
    folder : Path
        Of the run; as `location` gives it.
    isolated : bool
        Whether other processes work on it.

    Examples
    --------
    >>> demand_fit("memory://bucket/in", location("memory://bucket/input"))
    >>> try:
    ...     demand_fit("memory://bucket/in", location("memory://bucket/in/run"))
    ... except Problem as problem:
    ...     print(str(problem)[:46])
    memory://bucket/in/run lies in the source itse
    """
    paths = [location(one) for one in ([source] if is_alone(source) else source)]
    for path in [folder, *paths]:
        if isolated and is_remote(path) and path.url.startswith(f"{MEMORY}:"):
            raise Problem(
                f"{path} is seen by this process alone. Leave out isolate= and backend=, or give "
                f"a folder or an object store, as {_KNOWN}."
            )
    if is_alone(source) and _lies_in(folder, paths[0]):
        raise Problem(
            f"{folder} lies in the source itself, so the run's files would become its inputs. "
            "Give `to` a folder beside it."
        )


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path lies in a folder, or is the folder of an object store itself."""
    if is_remote(path) and is_remote(folder):
        return f"{_key(path)}/".startswith(f"{_key(folder)}/")
    if is_remote(path) or is_remote(folder):
        return False
    return folder.resolve() in path.resolve().parents


def demand_whole_files(folder: Path) -> None:
    """Problem where what is put at a URL may be there in part.

    Parameters
    ----------
    folder : Path
        Of a run; as `location` gives it.
    """
    if not is_remote(folder):
        return
    protocol = folder.url.partition(":")[0]
    if protocol not in PACKAGES and protocol != MEMORY:
        raise Problem(
            f"A run is kept where a file is whole or not there: in a folder, or in an object "
            f"store ({', '.join(f'{name}://' for name in PACKAGES)}). Of {protocol}:// that is not "
            "sure; mount it, and give its folder."
        )


def _key(path: RemotePath) -> str:
    """What is alike for one place in a store, by whichever of its names."""
    protocol, _, rest = path.url.partition("://")
    return f"{PACKAGES.get(protocol, protocol)}://{rest}"


def _demand_spoken(protocol: str) -> None:
    """Problem where fsspec does not know a protocol, or its package is missing."""
    from fsspec import get_filesystem_class

    try:
        get_filesystem_class(protocol)
    except ImportError as error:
        package = PACKAGES.get(protocol)
        what = f"the package {package}: pip install {package}" if package else first_line(error)
        raise Problem(f"{protocol}:// needs {what}.") from error
    except ValueError as error:
        raise Problem(
            f"It is not known what {protocol}:// is. Give a folder, or a URL that fsspec knows, as "
            f"{_KNOWN}."
        ) from error


def _demand_both_slashes(given: object) -> None:
    """Problem for s3:/bucket, which Path makes of s3://bucket."""
    found = _LOST_A_SLASH.match(str(given))
    if found and found[1].lower() in (*PACKAGES, MEMORY, "http", "https"):
        raise Problem(
            f"{found[1]}:/ has one slash where a URL has two, as Path makes it. Give it as text, "
            f'"{found[1]}://…".'
        )


def _demand_no_options(given: object) -> None:
    """Problem for a path of another library that holds secrets: they would be kept with the job."""
    if getattr(given, "storage_options", None):
        raise Problem(
            "A path with storage options is not taken, for a run keeps what it is told and other "
            "processes must find them, too. Say them in the environment or in fsspec's "
            "configuration, and give the URL as text."
        )
