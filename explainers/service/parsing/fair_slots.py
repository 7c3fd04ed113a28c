"""Places for so many at once, given in turn between visitors."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from explainers.errors import Cancelled

SECONDS_ALONE = 3.0
"""Who has had a place for so long lets one more in, for somebody who has none."""


@dataclass(eq=False)
class _Ticket:
    turn: str
    since: float = field(default_factory=time.monotonic)


class FairSlots:
    """Places; whoever has fewest comes first, then whoever got one longest ago.

    Somebody whose every neighbour takes long is let in beside them, so that nobody who fills all
    places keeps the others waiting.

    Parameters
    ----------
    most : int
        Places.

    Examples
    --------
    >>> slots = FairSlots(1)
    >>> with slots.one("ann", lambda: False):
    ...     len(slots)
    1
    >>> len(slots)
    0
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._changed = threading.Condition()
        self._inside: list[_Ticket] = []
        self._waiting: list[_Ticket] = []
        self._served: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._inside)

    @contextlib.contextmanager
    def one(self, turn: str, stop: Callable[[], bool]) -> Iterator[None]:
        """A place for the block; Cancelled where `stop` was True before there was one."""
        ticket = _Ticket(turn)
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not self._may_enter(ticket):
                    if stop():
                        raise Cancelled
                    self._changed.wait(0.1)
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            ticket.since = time.monotonic()
            self._inside.append(ticket)
            self._remember(ticket)
        try:
            yield
        finally:
            with self._changed:
                self._inside.remove(ticket)
                self._changed.notify_all()

    def _may_enter(self, ticket: _Ticket) -> bool:
        if min(self._waiting, key=self._rank) is not ticket:
            return False
        if len(self._inside) < self._most:
            return True
        return len(self._inside) == self._most and all(
            other.turn != ticket.turn and time.monotonic() - other.since > SECONDS_ALONE
            for other in self._inside
        )

    def _rank(self, ticket: _Ticket) -> tuple[int, float, float]:
        places = sum(other.turn == ticket.turn for other in self._inside)
        return places, self._served.get(ticket.turn, 0.0), ticket.since

    def _remember(self, ticket: _Ticket) -> None:
        self._served.pop(ticket.turn, None)
        self._served[ticket.turn] = ticket.since
        while len(self._served) > 1000:  # visitors come and go
            del self._served[next(iter(self._served))]
