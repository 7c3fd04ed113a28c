"""Hostile uploads, made when they are needed: (kind, options, bytes) by name; a bomb is kept."""

import functools
import io
import json
import os
import pickle
import struct
import zipfile
import zlib

import torch
from PIL import Image, PngImagePlugin
from safetensors.torch import save

from tests.hostile.networks import networks

ZEROS = bytes(1 << 20)


class Runs:
    """A thing that runs a command when it is unpickled."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


class Opens(Runs):
    """A thing that creates a file by a built-in when it is unpickled."""

    def __reduce__(self):
        return open, (self.mark, "w")


class Evaluates(Runs):
    """A thing that runs Python when it is unpickled."""

    def __reduce__(self):
        return eval, (f"open({self.mark!r}, 'w').close()",)


def _saved(thing, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer, **options)
    return buffer.getvalue()


def programs(mark: str):
    """Weights that are programs; each would make the file `mark`."""
    state = {"a": torch.zeros(3)}
    for thing in (Runs(mark), Opens(mark), Evaluates(mark)):
        name = type(thing).__name__
        yield f"zip {name}", {"state_dict": {**state, "b": thing}}, True
        yield f"legacy {name}", {**state, "b": thing}, False
        yield f"nested {name}", {"model": {"net": [{"deep": (thing,)}]}}, True


def weights(mark: str):
    """Hostile files of weights."""
    for name, thing, new in programs(mark):
        data = _saved(thing, _use_new_zipfile_serialization=new)
        yield name, ("state_dict", {"suffix": ".pt"}, data)
    pt, st = {"suffix": ".pt"}, {"suffix": ".safetensors"}
    yield "bare pickle", ("state_dict", pt, pickle.dumps(Runs(mark)))
    yield "pickle protocol 0", ("state_dict", pt, f"cos\nsystem\n(S'touch {mark}'\ntR.".encode())
    yield "pickle as safetensors", ("state_dict", st, pickle.dumps(Runs(mark)))
    yield "TorchScript", ("state_dict", pt, _scripted())
    yield "deep pickle", ("state_dict", pt, b"\x80\x02" + b"(" * 1_000_000 + b".")
    yield "lists in lists", ("state_dict", pt, b"\x80\x02" + b"]" * 500_000 + b"a" * 499_999 + b".")
    expanded = torch.zeros(1).expand(1 << 40)
    yield "a terabyte from one number", ("state_dict", pt, _saved({"a": expanded}))
    yield "zip bomb", ("state_dict", pt, zip_bomb(3000))
    yield "storage cut off", ("state_dict", pt, _saved({"a": torch.zeros(10_000)})[:9000])
    for name, header, body in _headers():
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        data = struct.pack("<Q", len(text)) + text + body
        yield f"safetensors {name}", ("state_dict", st, data)
    for length in (2**63, 2**64 - 1, 99_999_999, 0):
        data = struct.pack("<Q", length) + b"{}"
        yield f"safetensors header of {length}", ("state_dict", st, data)
    named = {
        f"](http://evil.example/{i}) ![x](http://evil.example)": torch.full((1,), float("nan"))
        for i in range(2)
    }
    yield "names that are links", ("state_dict", st, save(named))


def _headers():
    one = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    yield "overlapping", {"a": one, "b": {**one, "data_offsets": [4, 12]}}, bytes(12)
    yield "outside", {"a": {**one, "data_offsets": [0, 1 << 40]}}, bytes(8)
    yield "backwards", {"a": {**one, "data_offsets": [8, 0]}}, bytes(8)
    yield "absurd shape", {"a": {**one, "shape": [1 << 32, 1 << 32, 2]}}, bytes(8)
    yield "negative shape", {"a": {**one, "shape": [-1, -2]}}, bytes(8)
    yield "wrong type", {"a": {**one, "dtype": "OBJECT"}}, bytes(8)
    yield "twice the same name", b'{"a":%s,"a":%s}' % ((json.dumps(one).encode(),) * 2), bytes(8)
    yield "deep", b"[" * 1_000_000, b""
    yield (
        "many tensors",
        {f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)},
        b"",
    )
    yield "long name", {"n" * 1_000_000: one}, bytes(8)


def _scripted() -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), buffer)
    return buffer.getvalue()


@functools.cache
def zip_bomb(megabytes: int) -> bytes:
    """A small .pt whose one storage unpacks to so many megabytes of zeros."""
    saved = io.BytesIO(_saved({"a": torch.zeros(1)}))
    with zipfile.ZipFile(saved) as old:
        members = {info.filename: old.read(info) for info in old.infolist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name, data in members.items():
            with new.open(name, "w", force_zip64=True) as member:
                if name.endswith("data/0"):
                    for _ in range(megabytes):
                        member.write(ZEROS)
                else:
                    member.write(data)
    return out.getvalue()


def png(width: int, height: int, body: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    """A PNG with this claim about its size, this compressed body, and more chunks."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *(chunk(*one) for one in extra), chunk(b"IDAT", body)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def pictures(mark: str):
    """Hostile pictures."""
    bomb = zlib.compress(bytes(200_000_000), 9)
    small = zlib.compress(bytes(4 * 4 * 3 + 4))
    cases = {
        "claims 2³¹ a side": png(2**31 - 1, 2**31 - 1, small),
        "claims a gigapixel": png(31_623, 31_623, bomb),
        "small, but unpacks to 200 MB": png(4, 4, bomb),
        "zero pixels": png(0, 0, small),
        "text that unpacks to 200 MB": png(4, 4, small, (b"zTXt", b"a\0\0" + bomb)),
        "profile that unpacks to 200 MB": png(4, 4, small, (b"iCCP", b"a\0\0" + bomb)),
        "100,000 chunks": png(4, 4, small, *[(b"tEXt", b"a\0b")] * 100_000),
        "another format named .png": _encoded("BMP"),
        "GIF": _encoded("GIF"),
        "TIFF": _encoded("TIFF"),
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n%%EOF\n",
        "picture and program": _encoded("PNG") + pickle.dumps(Runs(mark)),
        "page and picture": b"<html><script>1</script></html>" + _encoded("PNG"),
        "picture and archive": _encoded("JPEG") + zip_bomb(1),
        "exif of noise": _encoded("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + b"\xff" * 60_000),
        "JPEG that claims 65,500 a side": _tall_jpeg(),
        "WebP that claims 16,383 a side": _wide_webp(),
        "only a head": b"\x89PNG\r\n\x1a\n",
        "animation": _animation(),
    }
    for name, data in cases.items():
        yield name, ("picture", {}, data)
    for format in ("PNG", "JPEG", "WEBP"):
        data = _encoded(format)
        for share in (0.1, 0.5, 0.99):
            yield f"{share:.0%} of a {format}", ("picture", {}, data[: int(share * len(data))])


def _encoded(format: str, **options) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((64, 48), 50).convert("RGB").save(buffer, format, **options)
    return buffer.getvalue()


def _tall_jpeg() -> bytes:
    data = bytearray(_encoded("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(data)


def _wide_webp() -> bytes:
    data = bytearray(_encoded("WEBP"))
    at = data.index(b"\x9d\x01\x2a")
    data[at + 3 : at + 7] = struct.pack("<HH", 16_383, 16_383)
    return bytes(data)


def _animation() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), (i % 256, 0, 0)) for i in range(300)]
    info = PngImagePlugin.PngInfo()
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], pnginfo=info)
    return buffer.getvalue()


def names(mark: str):
    """Hostile files of class names."""
    cases = {
        "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
        "objects 100,000 deep": b'{"0":' * 100_000 + b"1" + b"}" * 100_000,
        "no end": b'["' + b"a" * 900_000,
        "not text": bytes(range(256)) * 100,
        "a long number": b"[" + b"9" * 900_000 + b"]",
        "numbers for keys that are none": b'{"0x": 1, "NaN": {}}',
        "the same number twice": b'{"0": {}, "00": []}',
        "half letters": b'["\\ud800", "b"]',
        "zeros": b'["\\u0000", "a\\u0000b"]',
        "many lines": b"a\n" * 450_000,
        "infinity": b"[Infinity, NaN]",
    }
    for name, data in cases.items():
        yield name, ("class_names", {}, data)


def everything(mark: str):
    """All of them."""
    for some in (weights, pictures, names, networks):
        for name, case in some(mark):
            yield f"{case[0]}: {name}", case
