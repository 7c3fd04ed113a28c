"""A worker that was taken over: it is asked as workers are, and what it sends back is a lie.

It is started in the place of what forks workers. The option `lie` of a task says which lie it is.
"""

import json
import os
import pickle
import signal
import struct
import sys
import time
from multiprocessing.connection import Client

from explainers.service import codec
from explainers.service.storage.store import Store
from explainers.service.worker import protocol
from explainers.service.worker.protocol import MOST_BYTES

JOB = "0" * 64
PROGRESS = {"done": 1, "total": 2, "seconds_left": 0.5, "what": "", "facts": {}}
TOLD = {"type": "progress", "job": JOB, **PROGRESS}
MAP = ["partial", "float32", [2, 2]]


class Trap:
    """Unpickling it makes a file."""

    def __reduce__(self):
        return open, (os.environ.get("EVIDENT_TRAP", "trap"), "w")


def framed(text: bytes, numbers: bytes = b"", length: int | None = None) -> bytes:
    """A text and numbers as a frame, whatever they hold; `length` in place of the text's own."""
    head = struct.pack("<8sIQ", codec.MAGIC, len(text) if length is None else length, len(numbers))
    return head + text + numbers


def facts(changed: dict, *arrays: list) -> bytes:
    return json.dumps({"facts": changed, "arrays": list(arrays)}).encode()


def message(length: int | None = None, **changed) -> bytes:
    """A message of progress with some parts changed."""
    return framed(facts({**TOLD, **changed}), length=length)


def mapped(entry: list, count: int, **changed) -> bytes:
    """A message with so many bytes of numbers, as the entry describes them."""
    text = facts({**TOLD, **changed}, entry)
    gap = -(20 + len(text)) % 64 if count else 0
    return framed(text, bytes(gap + count))


LIES = {
    "nothing": b"",
    "a pickle": pickle.dumps(Trap()),
    "a pickle of a message": pickle.dumps(("done", JOB, None)),
    "cut off": message()[:-3],
    "another magic": b"X" + message()[1:],
    "a length beyond the message": message(length=2000),
    "the longest length": message(length=2**32 - 1),
    "facts that are too long": framed(b" " * (codec.MOST_FACTS + 1) + b"{}"),
    "no JSON": framed(b"done"),
    "no text": framed(b"\xff\xfe"),
    "not a number": framed(facts(TOLD).replace(b"0.5", b"NaN")),
    "an infinite number": framed(facts(TOLD).replace(b"0.5", b"1e999")),
    "a number of a million digits": framed(facts(TOLD).replace(b"0.5", b"1" * 1_000_000)),
    "deep": framed(b"[" * 1_000_000),
    "a list": framed(b"[]"),
    "no facts": framed(b'{"facts": 1, "arrays": []}'),
    "a problem of a parser": framed(b'{"problem": "sorry"}'),
    "a part less": framed(facts({"type": "done"})),
    "a part more": message(more=1),
    "an unknown type": message(type="do"),
    "a type that is no word": message(type=["done"]),
    "no type": framed(facts(PROGRESS)),
    "a job that is no word": message(job=7),
    "a long job": message(job="0" * 65),
    "a sentence that is a list": framed(
        facts({"type": "failed", "job": JOB, "sentence": ["sorry"]})
    ),
    "a long sentence": framed(facts({"type": "failed", "job": JOB, "sentence": "a" * 4001})),
    "done with more": message(type="done"),
    "devices that are none": framed(facts({"type": "ready", "pid": 1, "devices": [1]})),
    "no devices": framed(facts({"type": "ready", "pid": 1, "devices": {}})),
    "true for done": message(done=True),
    "minus one done": message(done=-1),
    "more done than can be counted": message(done=2**60),
    "words for seconds": message(seconds_left="soon"),
    "seconds of the past": message(seconds_left=-1),
    "a list of words": message(what=["examining"]),
    "a map in JSON": message(partial=[[1.0]]),
    "no progress": message(facts=None),
    "numbers without a shape": framed(facts(TOLD), bytes(4)),
    "a shape without numbers": framed(facts(TOLD, MAP)),
    "a shape that is larger": mapped(["partial", "float32", [20, 20]], 16),
    "a shape that overflows": mapped(["partial", "float32", [2**40, 2**40]], 16),
    "a negative shape": mapped(["partial", "float32", [-2, -2]], 16),
    "a shape of words": mapped(["partial", "float32", ["2", 2]], 16),
    "a shape of many sides": mapped(["partial", "float32", [1] * 5], 4),
    "a map of other numbers": mapped(["partial", "float64", [2, 2]], 32),
    "a map of objects": mapped(["partial", "object", [2, 2]], 32),
    "an empty map": mapped(["partial", "float32", [0, 2]], 0),
    "another array": mapped(["scores", "float32", [2, 2]], 16),
    "a map with done": framed(
        (text := facts({"type": "done", "job": JOB}, MAP)), bytes(-(20 + len(text)) % 64 + 16)
    ),
    "a huge map": mapped(["partial", "float32", [(1 << 22) + 1]], 4 * (1 << 22) + 4),
}
TRUTH = mapped(MAP, 16)
# Written past the connection's own framing.
RAW = {
    "a message of a million terabytes": struct.pack("!iQ", -1, 2**60),
    "a little more than allowed": struct.pack("!i", MOST_BYTES + 1),
    "a negative length": struct.pack("!i", -7),
}


def serve(address: str, key: bytes, store: Store) -> None:
    """Say that all is ready, then answer each task with what its lie is."""
    connection = Client(address, authkey=key)
    protocol.send(connection, protocol.Ready(os.getppid(), {"cpu": "CPU"}))
    while True:
        job, task = protocol.receive(connection)
        if task is None:
            continue
        lie = task.options["lie"]
        if lie in LIES:
            connection.send_bytes(LIES[lie])
        elif lie in RAW:
            os.write(connection.fileno(), RAW[lie])
        elif lie == "half":
            os.write(connection.fileno(), struct.pack("!i", 1000) + b"half")
            time.sleep(60)
        elif lie == "flood":
            while True:
                protocol.send(connection, protocol.Progress(job, **PROGRESS))
        elif lie == "deaf":
            signal.pause()
        elif lie == "sentence":
            sentence = "see ![x](http://evil.example)\x1b[31m"
            text = facts({"type": "failed", "job": job, "sentence": sentence + "\ud800"})
            connection.send_bytes(framed(text))
        elif lie == "no answer":
            protocol.send(connection, protocol.Done(job))
        elif lie == "another job":
            protocol.send(connection, protocol.Done(JOB))
        elif lie == "comes back":
            connection.close()
            connection = Client(address, authkey=key)
            protocol.send(connection, protocol.Ready(1, {"cpu": "a lie"}))
        else:
            store.put_answer(job, {"pid": os.getpid()})
            protocol.send(connection, protocol.Done(job))


def main() -> None:
    """Fork such a worker a line, as its place demands."""
    folder = sys.argv[1]
    key = bytes.fromhex(sys.stdin.readline())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            try:
                serve(line.rstrip("\n"), key, Store(folder))
            finally:
                os._exit(0)


if __name__ == "__main__":
    main()
