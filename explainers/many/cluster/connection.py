"""A connection to Dask's scheduler: shards go out, sentences come back, its log stays off."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, TypeVar

from explainers.errors import Problem, typed_line
from explainers.many.cluster.address import (
    Certificates,
    SchedulerAddress,
    demand_greeting,
    demand_private,
    security_for,
)
from explainers.many.cluster.worker import DONE, PROBLEM, STOPPED, Answer

KILLED, AGAIN = "killed", "again"
"""Beside what workers say themselves: several ended at a shard; an answer is lost."""
SECONDS_TO_ANSWER = 5.0
LONGEST_SENTENCE = 2000
_FINDS_EVIDENT = "__import__('importlib.util').util.find_spec('explainers') is not None"
Name = TypeVar("Name")
_START = "Start it in Evident's folder with `python -m dask …`, with the same Python."


class Lost(Problem):
    """The scheduler is gone."""


class Connection:
    """What is asked of a scheduler.

    Parameters
    ----------
    client : distributed.Client
    address : SchedulerAddress
    """

    def __init__(self, client: Any, address: SchedulerAddress) -> None:
        self._client, self._address = client, address
        self._known: set[str] = set()

    def workers(self) -> int:
        """How many there are.

        Raises
        ------
        Problem
            Where one does not find Evident: a shard would end it. Lost where the scheduler does
            not say.
        """
        self._demand_there()
        with self._or_lost():
            there = set(self._client.nthreads())
            new = list(there - self._known)
            # By what Python itself has, since nothing else is sure to be there.
            found = self._client.run(eval, _FINDS_EVIDENT, workers=new, on_error="return")
            for worker in [worker for worker, finds in found.items() if finds is False]:
                raise Problem(f"The worker {worker} does not find Evident. {_START}")
            self._known = (there & self._known) | {w for w, finds in found.items() if finds is True}
            return len(there)

    def submit(self, function: Callable[..., Answer], *told: Any) -> Any:
        """Have a worker call a function, told plain data; what to ask for its answer."""
        self._demand_there()
        with self._or_lost():
            return self._client.submit(function, *told, pure=False)

    def ended(self, running: Mapping[Name, Any]) -> list[Name]:
        """Those of what runs that have an answer. Lost where the scheduler is gone."""
        self._demand_there()
        if any(future.status == "cancelled" for future in running.values()):
            raise self._lost()
        return [name for name, future in running.items() if future.status != "pending"]

    def answer(self, future: Any, words: Collection[str] = (DONE, PROBLEM, STOPPED)) -> Answer:
        """What became of a call, which says one of these words.

        Raises
        ------
        Problem
            Where a worker could not work, or says something else than it should.
        """
        from distributed import KilledWorker

        with self._or_lost():
            if future.status == "error":
                error = future.exception(timeout=SECONDS_TO_ANSWER)
                if isinstance(error, KilledWorker):
                    return KILLED, "", 0, 0
                raise _unable(error)
            try:
                return checked(future.result(timeout=SECONDS_TO_ANSWER), words)
            except TimeoutError:  # the worker that has it ended since
                self._demand_there()
                return AGAIN, "", 0, 0

    def _demand_there(self) -> None:
        if self._client.status != "running":
            raise self._lost()

    def _lost(self) -> Lost:
        return Lost(
            f"The scheduler at {self._address} is gone. What was written is kept: start the same "
            "again, with a scheduler or without one, and it goes on from there."
        )

    @contextlib.contextmanager
    def _or_lost(self) -> Iterator[None]:
        try:
            yield
        except Problem:
            raise
        except Exception as error:  # of many types, Dask's own among them
            raise self._lost() from error


@contextlib.contextmanager
def connected(
    address: SchedulerAddress, certificates: Certificates | None = None
) -> Iterator[Connection]:
    """A connection, closed when the block ends.

    Parameters
    ----------
    address : SchedulerAddress
    certificates : Certificates, optional
        For tls://; by default those of Dask's configuration.

    Raises
    ------
    Problem
        Where Dask is not installed, or nothing answers at the address that is a scheduler.
    """
    demand_installed()
    import dask

    security = security_for(address, certificates)
    demand_greeting(address, security)
    settings = {"distributed.comm.timeouts.connect": f"{SECONDS_TO_ANSWER}s"}
    with _quiet(), dask.config.set(settings):
        client = _client(address, security)
        try:
            demand_private(client.scheduler_info()["address"], "scheduler")
            yield Connection(client, address)
        finally:
            with contextlib.suppress(Exception):
                client.close(timeout=1)


def demand_installed() -> None:
    """Problem where Dask is not."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise Problem(
            "Work on a cluster needs the package distributed: pip install distributed."
        ) from error


def _client(address: SchedulerAddress, security: Any) -> Any:
    from distributed import Client

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of other versions, which every worker checks
            return Client(
                str(address),
                timeout=SECONDS_TO_ANSWER,
                security=security,
                set_as_default=False,
            )
    except Exception as error:
        raise Problem(f"{address} is no Dask scheduler to work with: {typed_line(error)}.") from (
            error
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Dask's log tells of every worker and scheduler that goes; here one sentence does."""
    there = list(logging.root.manager.loggerDict)
    names = [name for name in there if name.split(".")[0] in ("distributed", "tornado", "asyncio")]
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def _unable(error: object) -> Problem:
    said = typed_line(error) if isinstance(error, BaseException) else str(error)
    if isinstance(error, ImportError) or "deserialization" in said:
        return Problem(
            "The scheduler or a worker does not find Evident, or has another version of it or of "
            f"Dask ({said}). {_START}"
        )
    return Problem(f"A worker could not begin: {said}.")


def checked(untrusted: object, words: Collection[str] = (DONE, PROBLEM, STOPPED)) -> Answer:
    """An answer that is plain data of the right types, within bounds."""
    match untrusted:
        case (str(what), str(said), int(done), int(failed)) if (
            type(untrusted) is tuple
            and what in words
            and len(said) <= LONGEST_SENTENCE
            and type(done) is type(failed) is int
            and 0 <= failed <= done
        ):
            return what, "".join(c if c.isprintable() else " " for c in said), done, failed
    raise Problem("A worker answered with something else than a sentence and two counts.")
