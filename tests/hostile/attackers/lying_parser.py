"""A reading process that was taken over: behind the same wall, but its answer is a lie.

The option `lie` says which. The engine's side must survive each.
"""

import json
import os
import pickle
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from explainers.service import codec
from explainers.service.parsing import process

GOOD = {"facts": {}, "arrays": [["pixels", "uint8", [2, 2, 3]]]}


def framed(
    content, body: bytes = b"", length: int | None = None, magic: bytes = codec.MAGIC
) -> bytes:
    """A frame that says this, whatever it holds."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    pad = bytes(-(20 + len(text)) % 64) if body else b""
    length = len(pad + body) if length is None else length
    return struct.pack("<8sIQ", magic, len(text), length) + text + pad + body


def arrays(*entries) -> dict:
    """Facts with this table of arrays."""
    return {"facts": {}, "arrays": list(entries)}


LIES = {
    "nothing": b"",
    "a pickle": pickle.dumps({"facts": 1}),
    "another magic": framed(GOOD, bytes(12), magic=b"EVIDENT0"),
    "longer than allowed": framed(GOOD, length=1 << 62),
    "longer facts than allowed": struct.pack("<8sIQ", codec.MAGIC, 2**32 - 1, 0),
    "less than it says": framed(GOOD, bytes(5)),
    "cut off": framed(GOOD, bytes(12))[:-3],
    "more than it says": framed(GOOD, bytes(12)) + b"more",
    "a shape that is larger": framed(arrays(["pixels", "uint8", [20, 20, 3]]), bytes(12)),
    "a shape that overflows": framed(arrays(["pixels", "uint8", [2**40, 2**40, 3]]), bytes(12)),
    "a negative shape": framed(arrays(["pixels", "uint8", [-2, -2, 3]]), bytes(12)),
    "a shape of words": framed(arrays(["pixels", "uint8", ["2", 2, 3]]), bytes(12)),
    "true for a side": framed(arrays(["pixels", "uint8", [True, 4, 3]]), bytes(12)),
    "objects": framed(arrays(["pixels", "object", [2, 2, 3]]), bytes(96)),
    "a type with fields": framed(arrays(["pixels", "u1,O", [2]]), bytes(18)),
    "another type": framed(arrays(["pixels", "float32", [2, 2, 3]]), bytes(48)),
    "another name": framed(arrays(["weights", "uint8", [2, 2, 3]]), bytes(12)),
    "a name twice": framed(arrays(*GOOD["arrays"] * 2), bytes(76)),
    "no pixels": framed(arrays(["pixels", "uint8", [0, 2, 3]])),
    "too large a picture": framed(arrays(["pixels", "uint8", [5000, 4000, 3]]), bytes(60_000_000)),
    "half a million arrays": framed(arrays(*[["a", "bool", [0]]] * 200_000)),
    "deep facts": framed(b"[" * 1_000_000),
    "facts that are no text": framed(b"\xff\xfe"),
    "not a number": framed(b'{"facts": {"a": NaN}, "arrays": []}'),
    "a list of facts": framed([1, 2]),
    "no facts": framed({}),
}
TRUTH = framed(GOOD, bytes(range(12)))
SENTENCE = framed({"problem": "see ![x](http://evil.example/x.png)\x1b[31m" + "a" * 100_000})


def answer_with_lie(_reader, source: int, answer: int, size: int, options: dict) -> None:
    """Answer with what the upload says that the lie is."""
    lie = os.read(source, size).decode()
    if lie == "endless":
        while True:
            os.write(answer, bytes(1 << 20))
    if lie == "never":
        time.sleep(60)
    if lie == "loop":
        while True:
            pass
    data = {**LIES, "truth": TRUTH, "sentence": SENTENCE}[lie]
    while data:
        data = data[os.write(answer, data) :]


if __name__ == "__main__":
    process.parse_upload = answer_with_lie
    process.main()
