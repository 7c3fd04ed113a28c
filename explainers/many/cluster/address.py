"""Which schedulers are asked: those of this computer, or those whose wire is closed to others."""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from explainers.errors import Problem

SECONDS_TO_REACH = 3.0
LONGEST_GREETING = 2**20
_SIZE = struct.Struct("<Q")
"""What a message begins with: its bytes."""
_ACCEPTED = (
    "Give the address of a Dask scheduler: tcp://127.0.0.1:8786 on this computer, tls://host:8786 "
    "on another."
)


@dataclass(frozen=True)
class SchedulerAddress:
    """Where a scheduler listens.

    Attributes
    ----------
    scheme : str
        "tcp", for this computer alone, or "tls".
    host : str
    port : int
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class Unreached(Problem):
    """Nothing answers at the address."""


@dataclass(frozen=True)
class Certificates:
    """The files by which members of a cluster know each other.

    Attributes
    ----------
    authority, certificate, key : Path
        Of whoever signs them; one's own; its secret.
    """

    authority: Path
    certificate: Path
    key: Path


def scheduler_address(given: str) -> SchedulerAddress:
    """The address that is meant.

    Parameters
    ----------
    given : str
        tcp://host:port or tls://host:port.

    Raises
    ------
    Problem
        Where it is none, or one of another computer without encryption.

    Examples
    --------
    >>> print(scheduler_address("tcp://127.0.0.1:8786"))
    tcp://127.0.0.1:8786
    """
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except (ValueError, AttributeError) as error:
        raise Problem(f"{given!r} is no address. {_ACCEPTED}") from error
    beside = parts.path or parts.query or parts.fragment or parts.username or parts.password
    if parts.scheme not in ("tcp", "tls") or not host or not port or beside:
        raise Problem(f"{given!r} is no address. {_ACCEPTED}")
    if parts.scheme == "tcp" and not is_loopback(host):
        raise Problem(
            f"{given} is another computer, or open to others, without encryption. What goes over "
            "Dask's wire are pickles, which are programs: whoever reaches such a scheduler runs "
            "what they like on its workers and here. Use tls:// with certificates, or a scheduler "
            "at 127.0.0.1."
        )
    return SchedulerAddress(parts.scheme, host, port)


def is_loopback(host: str) -> bool:
    """Whether a host is this computer, reached by nobody else.

    Examples
    --------
    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "10.0.0.7")]
    [True, True, True, False, False]
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def demand_private(address: str, what: str) -> None:
    """Problem where a member of a cluster without encryption listens to others than this computer.

    Parameters
    ----------
    address : str
        On which it listens.
    what : str
        What it is: "scheduler", "worker".
    """
    parts = urlsplit(address)
    if parts.scheme == "tcp" and not is_loopback(parts.hostname or ""):
        raise Problem(
            f"This cluster's {what} listens at {address}, where others than this computer can "
            f"reach it and run programs. Start it with --host 127.0.0.1, or use tls://."
        )


def security_for(address: SchedulerAddress, certificates: Certificates | None = None) -> Any:
    """What encrypts the wire: these files, or those of Dask's configuration.

    Problem where tls:// lacks them.
    """
    from distributed.security import Security

    if address.scheme == "tcp":
        return Security(require_encryption=False)
    files = {}
    if certificates is not None:
        files = {
            "tls_ca_file": str(certificates.authority),
            "tls_client_cert": str(certificates.certificate),
            "tls_client_key": str(certificates.key),
        }
    try:
        security = Security(require_encryption=True, **files)
        context = security.get_connection_args("client")["ssl_context"]
    except (OSError, ValueError) as error:
        raise Problem(f"The certificates for {address} cannot be read: {error}.") from error
    if context is None:
        raise Problem(
            f"For {address} certificates are needed. Name their files in Dask's configuration, or "
            "in the environment: DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and …__CLIENT__KEY."
        )
    return security


def demand_greeting(address: SchedulerAddress, security: Any) -> None:
    """Problem where nothing answers at an address, or something that does not greet as Dask does.

    Dask's own client would wait for a greeting for ever.

    Parameters
    ----------
    address : SchedulerAddress
    security : distributed.security.Security
    """
    tls = security.get_connection_args("client")["ssl_context"]
    try:
        with socket.create_connection((address.host, address.port), SECONDS_TO_REACH) as plain:
            wire = tls.wrap_socket(plain) if address.scheme == "tls" else plain
            size = wire.recv(_SIZE.size)
    except TimeoutError as error:
        raise _unreached(address, "nothing answers") from error
    except OSError as error:
        raise _unreached(address, error.strerror or str(error)) from error
    if len(size) != _SIZE.size or _SIZE.unpack(size)[0] > LONGEST_GREETING:
        raise Problem(f"What answers at {address} is no Dask scheduler. {_ACCEPTED}")


def _unreached(address: SchedulerAddress, why: str) -> Unreached:
    return Unreached(
        f"The scheduler at {address} cannot be reached ({why}). Start it, or leave the address out "
        "to work on this computer; what is kept is gone on with."
    )
