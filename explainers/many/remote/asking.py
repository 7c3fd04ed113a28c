"""How an object store is asked: soon or with a sentence, whatever its package raises."""

from __future__ import annotations

import errno
import os
import queue
import re
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from explainers.errors import Problem, first_line, typed_line

SECONDS_TO_REACH = 20.0
"""So long a store is waited for that has not answered yet; their packages try for minutes."""
_CREDENTIALS = (
    *("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
    *(
        "TokenRetrievalError",
        "DefaultCredentialsError",
        "RefreshError",
        "ClientAuthenticationError",
    ),
)
_MISSING = ("ResourceNotFoundError", "NotFound")
_UNREACHED = (
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "HTTPClientError"),
    *("ConnectionClosedError", "ProxyConnectionError", "SSLError", "FSTimeoutError"),
    *("ClientConnectionError", "TransportError", "ServiceRequestError", "ServiceResponseError"),
)
"""Names of other packages' errors, and of what these are derived from."""
_SECRET = re.compile(r"(?<=//)[^/@\s]*@")
_GO_ON = "What is kept is gone on with by the same call."
T = TypeVar("T")

_answered: set[str] = set()


class StoreAway(Problem):
    """An object store that cannot be reached, or refuses: of its files nothing can be said."""


def asked(url: str, call: Callable[[], T]) -> T:
    """What a call to a store gives.

    Parameters
    ----------
    url : str
        Of the file or folder that it is about.
    call : callable

    Raises
    ------
    FileNotFoundError
        Where there is no such file.
    StoreAway
        For all else, in a sentence without secrets.

    Examples
    --------
    >>> asked("s3://bucket/a", lambda: 3)
    3
    >>> def refuse():
    ...     raise PermissionError("Access Denied")
    >>> try:
    ...     asked("s3://bucket/a", refuse)
    ... except StoreAway as error:
    ...     print(str(error)[:41])
    s3://bucket/a is refused (Access Denied).
    """
    store = "/".join(url.split("/", 3)[:3])
    try:
        given = call() if store in _answered else _in_time(store, call)
    except FileNotFoundError as error:
        _answered.add(store)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), url) from error
    except Problem:
        raise
    except Exception as error:  # of many types: each package has its own
        if type(error).__name__ in _MISSING:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), url) from error
        raise StoreAway(_sentence(url, error)) from error
    _answered.add(store)
    return given


def _in_time(store: str, call: Callable[[], T]) -> T:
    """What a first call gives. TimeoutError where it takes too long; it then goes on unheard."""
    said: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()

    def speak() -> None:
        try:
            said.put((call(), None))
        except BaseException as error:
            said.put((None, error))

    threading.Thread(target=speak, daemon=True).start()
    try:
        given, error = said.get(timeout=SECONDS_TO_REACH)
    except queue.Empty:
        raise TimeoutError(f"no answer in {SECONDS_TO_REACH:.0f} seconds") from None
    if error is not None:
        raise error
    result: T = given
    return result


def _sentence(url: str, error: Exception) -> str:
    why = _SECRET.sub("", first_line(error))
    kinds = {kind.__name__ for kind in type(error).__mro__}
    code = getattr(error, "code", None) or getattr(error, "status_code", None)
    if isinstance(error, PermissionError) or kinds & set(_CREDENTIALS) or code in (401, 403):
        return (
            f"{url} is refused ({why}). Say who you are in the environment, as AWS_ACCESS_KEY_ID "
            f"and AWS_SECRET_ACCESS_KEY, or in fsspec's configuration. {_GO_ON}"
        )
    if isinstance(error, (TimeoutError, ConnectionError)) or kinds & set(_UNREACHED):
        return (
            f"The store of {url} cannot be reached ({why}). See to the network and, for a store "
            f"of your own, to its endpoint, as AWS_ENDPOINT_URL. {_GO_ON}"
        )
    return f"{url} cannot be used: {_SECRET.sub('', typed_line(error))}. {_GO_ON}"
