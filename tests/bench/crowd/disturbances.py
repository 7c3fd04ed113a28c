"""What goes wrong while many visitors work: killed processes, a store that is away, an attacker."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import itertools
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.bench.crowd.visitor import Unanswered, Visitor
from tests.bench.resident import children, worker_of
from tests.faults.store_away import away

TABS, SECONDS_AWAY, SECONDS_BETWEEN_POLLS = 8, 10.0, 0.5
SECONDS_TO_NOTICE = 1.5
"""Health may still say what was true so long ago."""
SLOWEST = {"model": "signs", "method": "rise", "o.rise.samples": "100000"}
HOSTILE = (
    ("compare", "across=classes&classes=[true]"),
    ("explain", "target=true"),
    ("explain", "model=additive&row=99999999999"),
    ("compare", "across=pictures&added=5"),
    ("importance", "data=../../etc/passwd&o.permutation.repeats=1e99"),
    ("explain", "method=__class__&picture=%00&baseline=[[[[]]]]"),
)


class Faults:
    """The faults of one run, in the order of `plan`; what was done, and how health was.

    Parameters
    ----------
    process : Popen
        The server.
    port : int
    store : Path
        The store's folder.
    """

    def __init__(self, process: subprocess.Popen, port: int, store: Path) -> None:
        self.done: dict[str, int] = {}
        self.polls = self.wrong_polls = 0
        self._process, self._port, self._store = process, port, store
        self._away: list[tuple[float, float]] = []

    def plan(self, kills: int) -> list[str]:
        """Names of the faults: kills of the worker, with one of each other kind between them."""
        others = iter(("parser", "starter", "store"))
        pairs = [("worker", next(others, "")) for _ in range(kills)]
        return [name for name in (*itertools.chain(*pairs), *others) if name]

    async def happen(self, kills: int, seconds: float) -> None:
        """All faults, evenly over the time."""
        plan = self.plan(kills)
        for name in plan:
            await asyncio.sleep(seconds / (len(plan) + 1))
            if name == "store":
                await self._take_store_away()
            elif (pid := self._pid(name)) is not None:
                os.kill(pid, signal.SIGKILL)
            else:
                continue
            self.done[name] = self.done.get(name, 0) + 1

    async def poll(self) -> None:
        """Ask for the health until cancelled, and compare it with what is known."""
        while True:
            asked = time.monotonic()
            status, facts = await asyncio.to_thread(self._health)
            self.polls += 1
            changes, now = (at for pair in self._away for at in pair), time.monotonic()
            unsure = any(asked - SECONDS_TO_NOTICE < at < now for at in changes)
            away = any(start < asked < end for start, end in self._away)
            right = facts.get("store") is not away and (status == 200) == facts["ok"]
            if not unsure and not (right and facts.get("engine")):
                self.wrong_polls += 1
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)

    async def _take_store_away(self) -> None:
        with away(self._store):
            self._away.append((time.monotonic(), float("inf")))
            await asyncio.sleep(SECONDS_AWAY)
            start, _ = self._away.pop()
        self._away.append((start, time.monotonic()))

    def _pid(self, name: str) -> int | None:
        worker = worker_of(self._process.pid)[1]
        if name == "worker":
            return worker
        if name == "parser":
            found = children(self._process.pid, "explainers.service.parsing.process")
        else:
            found = children(worker, "explainers.service.runners.process") if worker else []
        return next(iter(found), None)

    def _health(self) -> tuple[int, dict]:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            line.request("GET", "/health")
            answer = line.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, ValueError):
            return 0, {"ok": True}
        finally:
            line.close()


async def attack(port: int) -> None:
    """One visitor with many tabs, each of which asks for the slowest job again and again."""
    first = Visitor(port, SLOWEST)
    tabs = (_tab(port, tab, first.cookies) for tab in range(TABS))
    await asyncio.gather(*tabs)


async def _tab(port: int, tab: int, cookies: dict[str, str]) -> None:
    for turn in itertools.count():
        link = {**SLOWEST, "o.rise.seed": str(1000 * tab + turn)}
        with contextlib.suppress(Unanswered, OSError, TimeoutError):
            async with Visitor(port, link, cookies) as visitor:
                await visitor.explanation(link, 600)
        await asyncio.sleep(1)


async def open_hostile_links(port: int, seconds: float = 60.0) -> None:
    """One hostile link a minute, until cancelled."""
    for page, link in itertools.cycle(HOSTILE):
        with contextlib.suppress(Unanswered, OSError, TimeoutError):
            async with asyncio.timeout(30), Visitor(port, link, page=page):
                pass
        await asyncio.sleep(seconds)
