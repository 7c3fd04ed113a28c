"""A worker that was taken over: it is asked as workers are, and what it sends back is a lie.

It is started in the nursery's place. The option `lie` of a request says which lie it is.
"""

import json
import os
import pickle
import signal
import struct
import sys
import time
from multiprocessing.connection import Client

from explainers.service.storage.store import Store
from explainers.service.worker.protocol import MOST_BYTES, MOST_FACTS, asked, tell

PROGRESS = {"done": 1, "total": 2, "seconds_left": 0.5}
JOB = "0" * 64


class Trap:
    """Unpickling it makes a file."""

    def __reduce__(self):
        return open, (os.environ.get("EVIDENT_TRAP", "trap"), "w")


def message(numbers: bytes = b"", length: int | None = None, **changed) -> bytes:
    """A message of progress with some parts changed."""
    parts = {"kind": "progress", "job": JOB, "said": PROGRESS, "shape": None, **changed}
    return framed(json.dumps(parts).encode(), numbers, length)


def framed(text: bytes, numbers: bytes = b"", length: int | None = None) -> bytes:
    """A text with its length, whatever it holds."""
    return struct.pack("<I", len(text) if length is None else length) + text + numbers


def saying(**changed) -> bytes:
    """Progress that says something else."""
    return message(said={**PROGRESS, **changed})


LIES = {
    "nothing": b"",
    "a pickle": pickle.dumps(Trap()),
    "a pickle of a message": pickle.dumps(("done", JOB, None)),
    "cut off": message()[:-3],
    "a length beyond the message": message(length=2000),
    "the longest length": message(length=2**32 - 1),
    "facts that are too long": framed(b" " * (MOST_FACTS + 1) + b"{}"),
    "no JSON": framed(b"done"),
    "no text": framed(b"\xff\xfe"),
    "not a number": framed(message()[4:].replace(b"0.5", b"NaN")),
    "an infinite number": framed(message()[4:].replace(b"0.5", b"1e999")),
    "a number of a million digits": framed(message()[4:].replace(b"0.5", b"1" * 1_000_000)),
    "deep": framed(b"[" * 1_000_000),
    "a list": framed(b"[]"),
    "a part less": framed(b'{"kind": "done", "job": "", "said": null}'),
    "a part more": message(more=1),
    "an unknown kind": message(kind="do"),
    "a kind that is no word": message(kind=["done"]),
    "a job that is no word": message(job=7),
    "a long job": message(job="0" * 65),
    "a sentence that is a list": message(kind="problem", said=["sorry"]),
    "a long sentence": message(kind="problem", said="a" * 4001),
    "done with more": message(kind="done"),
    "devices that are none": message(kind="ready", said={"pid": 1, "devices": [1]}),
    "true for done": saying(done=True),
    "minus one done": saying(done=-1),
    "words for seconds": saying(seconds_left="soon"),
    "a list of words": saying(what=["examining"]),
    "a map in JSON": saying(partial=[[1.0]]),
    "no progress": message(said=None),
    "numbers without a shape": message(bytes(4)),
    "a shape without numbers": message(shape=[2, 2]),
    "a shape that is larger": message(bytes(16), shape=[20, 20]),
    "a shape that overflows": message(bytes(16), shape=[2**40, 2**40]),
    "a negative shape": message(bytes(16), shape=[-2, -2]),
    "a shape of words": message(bytes(16), shape=["2", 2]),
    "a shape of many sides": message(bytes(4), shape=[1] * 5),
    "a map with done": message(bytes(16), kind="done", said=None, shape=[2, 2]),
    "a huge map": message(bytes(4 * (1 << 22) + 4), shape=[(1 << 22) + 1]),
}
TRUTH = message(bytes(16), shape=[2, 2])
# Written past the connection's own framing.
RAW = {
    "a message of a million terabytes": struct.pack("!iQ", -1, 2**60),
    "a little more than allowed": struct.pack("!i", MOST_BYTES + 1),
    "a negative length": struct.pack("!i", -7),
}


def serve(address: str, key: bytes, store: Store) -> None:
    """Say that all is ready, then answer each request with what its lie is."""
    line = Client(address, authkey=key)
    tell(line, "ready", "", {"pid": os.getppid(), "devices": {"cpu": "CPU"}})
    while True:
        kind, job, request = asked(line)
        if kind != "do":
            continue
        lie = request.options["lie"]
        if lie in LIES:
            line.send_bytes(LIES[lie])
        elif lie in RAW:
            os.write(line.fileno(), RAW[lie])
        elif lie == "half":
            os.write(line.fileno(), struct.pack("!i", 1000) + b"half")
            time.sleep(60)
        elif lie == "flood":
            while True:
                tell(line, "progress", job, PROGRESS)
        elif lie == "deaf":
            signal.pause()
        elif lie == "sentence":
            tell(line, "problem", job, "see ![x](http://evil.example)\x1b[31m\ud800")
        elif lie == "no answer":
            tell(line, "done", job)
        elif lie == "another job":
            tell(line, "done", JOB)
        elif lie == "comes back":
            line.close()
            line = Client(address, authkey=key)
            tell(line, "ready", "", {"pid": 1, "devices": {"cpu": "a liar"}})
        else:
            store.put_answer(job, {"pid": os.getpid()})
            tell(line, "done", job)


def main() -> None:
    """Fork such a worker a line, as the nursery does."""
    address, folder = sys.argv[1:3]
    key = bytes.fromhex(sys.stdin.readline())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if os.fork() == 0:
            try:
                serve(address, key, Store(folder))
            finally:
                os._exit(0)


if __name__ == "__main__":
    main()
