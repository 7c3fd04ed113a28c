"""The sandbox of the worker on a CPU: it has what it computes with, the store and the models.

It goes on to write answers and to download pretrained weights; it decodes no upload. But it runs
networks that strangers uploaded, so it is shut in for the case that one of them takes it over.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import site
import socket
import ssl
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from explainers.locations import PROJECT
from explainers.service.sandbox import landlock, sandbox, seccomp, worker_filter
from explainers.service.settings import model_settings, settings_file

OFFLINE, READABLE = "EVIDENT_OFFLINE", "EVIDENT_READABLE"
HTTPS = 443
TEMPORARY = "temporary."
"""How the folders of workers start; what follows is the worker's computer and its process."""
_PARTS = ("explainers", "assets")
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/proc/self",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/stat",
    "/sys/devices/system",
    "/sys/fs/cgroup",
    "/sys/kernel/mm/transparent_hugepage",
    "/dev/urandom",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)
_VARIABLES = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "LC_",
    "LD_",
    "DYLD_",
    "TZ",
    "TMP",
    "TEMP",
    "SYSTEMROOT",
    "APPDATA",
    "LOCALAPPDATA",
    "USERPROFILE",
    "PYTHON",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "XDG_CACHE",
    "TORCH",
    "PYTORCH",
    "OMP_",
    "MKL_",
    "KMP_",
    "OPENBLAS_",
    "CUDA",
    "NVIDIA_",
    "HIP_",
    "ROC",
    "HSA_",
    "ORT_",
    "EVIDENT_",
    "SSL_CERT_",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
)
"""How the names of variables start that the worker may know."""
_NETWORK = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
)


def enter_worker_sandbox(store: Path) -> None:
    """Shut this process in for good, with the layers that the system has; call it with one thread.

    It can then read Python's libraries, Evident's own code and assets, the file of models with its
    folder, and what EVIDENT_READABLE names; change the store, torch's folder of downloaded weights
    and a temporary folder of its own; connect to port 443, unless EVIDENT_OFFLINE is 1; and nothing
    else: start no program or process, listen on no port, signal and look into no other process.

    Parameters
    ----------
    store : Path
        The store's folder.

    Raises
    ------
    OSError
        Where a layer that is there cannot be put up.
    """
    if sys.platform != "linux":
        return
    sandbox.remember_layers()
    offline = os.environ.get(OFFLINE) == "1"
    changeable = [store, _weights_folder(), _temporary_folder(store)]
    sandbox.forbid_new_privileges()
    if landlock.version():
        if len(os.listdir("/proc/self/task")) > 1:
            raise OSError("other threads would stay outside Landlock")
        ports = () if offline else (HTTPS, *_proxy_ports())
        landlock.give_up_all_but(readable(offline), [*changeable, Path("/dev/null")], ports)
    if seccomp.available():
        worker_filter.refuse_all_but_computing(network=not offline)


def enter_device_sandbox(warm_up: Callable[[], None]) -> None:
    """Shut in a worker with a device, as far as its driver allows; call it with one thread.

    It starts no program and no process, listens on no port, connects to port 443 alone (to none
    where EVIDENT_OFFLINE is 1), signals no other process, and changes no file's owner, rights,
    times or attributes. It can read and write what the user of the server can: the driver opens
    files that nobody lists.

    Parameters
    ----------
    warm_up : callable
        Has the driver start all that it needs.
    """
    if sys.platform != "linux":
        warm_up()
        return
    sandbox.remember_layers()
    offline = os.environ.get(OFFLINE) == "1"
    sandbox.forbid_new_privileges()
    if landlock.version() >= 4 and len(os.listdir("/proc/self/task")) == 1:
        landlock.give_up_ports(() if offline else (HTTPS, *_proxy_ports()))
    warm_up()
    if seccomp.available():
        worker_filter.refuse_programs_and_processes(network=not offline)


def worker_environment() -> dict[str, str]:
    """What the worker may know of the server's environment: no secret, but for one's own models."""
    if model_settings().file:
        return dict(os.environ)
    return {
        name: value for name, value in os.environ.items() if name.upper().startswith(_VARIABLES)
    }


def readable(offline: bool = False) -> list[Path]:
    """Files and folders that the worker may read; of the app's own folder only code and assets."""
    libraries = [sys.prefix, sys.base_prefix, sys.exec_prefix, *site.getsitepackages(), *sys.path]
    paths = [Path(path).resolve() for path in libraries if path]
    private = [path for folder in (PROJECT, Path.home()) for path in (folder, *folder.parents)]
    paths = [path for path in paths if path not in private]
    paths += [PROJECT / part for part in _PARTS] + [settings_file()]
    paths += map(Path, _SYSTEM)
    if not offline:
        authorities = ssl.get_default_verify_paths()
        paths += map(Path, _NETWORK)
        paths += [Path(path) for path in (authorities.cafile, authorities.capath) if path]
    if file := model_settings().file:
        paths += _beside(file)
    return paths + [Path(path) for path in os.environ.get(READABLE, "").split(os.pathsep) if path]


def _beside(file: Path) -> list[Path]:
    """The folder of the file of models; of the app's own folder only what is not hidden."""
    folder = file.resolve().parent
    if folder != PROJECT:
        return [file, folder]
    return [path for path in folder.iterdir() if not path.name.startswith(".")]


def _weights_folder() -> Path:
    """Where torch keeps what it downloads."""
    import torch

    folder = Path(torch.hub.get_dir())
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _temporary_folder(store: Path) -> Path:
    """An empty folder in the store, which all code takes for the place for temporary files."""
    remove_temporary_folders(store)
    folder = store / f"{TEMPORARY}{_computer()}.{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    return folder


def remove_temporary_folders(store: Path) -> None:
    """Remove the temporary folders of workers of this computer that have ended."""
    for left in store.glob(f"{TEMPORARY}*"):
        computer, _, owner = left.name.removeprefix(TEMPORARY).rpartition(".")
        if computer in ("", _computer()) and not (
            owner.isdigit() and Path(f"/proc/{owner}").exists()
        ):
            shutil.rmtree(left, ignore_errors=True)


def _computer() -> str:
    """Tells this computer from others that work in the same store."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]


def _proxy_ports() -> list[int]:
    """Ports of the proxies through which the system downloads."""
    ports = [urllib.parse.urlsplit(url).port for url in urllib.request.getproxies().values()]
    return [port for port in ports if port]
