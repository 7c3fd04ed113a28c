"""The zip archive of a .pt2 file: its members, only where nothing in it lies or needs unpacking.

The layout is that of torch.export.save (torch/export/pt2_archive). Members are looked up, never
extracted; those that hold pickles are not even looked at.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping

from explainers.errors import Problem

EXPORT = 'torch.export.save(torch.export.export(model.eval(), (x,)), "model.pt2")'
MOST_MEMBERS = 40_000
_PLAIN = (
    "archive_format",
    "archive_version",
    "byteorder",
    ".data/version",
    ".data/serialization_id",
)
_PAYLOADS = re.compile(r"data/(weights/weight_\d{1,6}|constants/tensor_\d{1,6})")
_TEXTS = re.compile(
    r"models/[\w.-]{1,80}\.json"
    r"|data/(weights/[\w.-]{1,80}_weights_config|constants/[\w.-]{1,80}_constants_config)\.json"
)
# Pickles of example inputs, and whatever was added: neither is needed, neither is opened.
_IGNORED = re.compile(r"data/sample_inputs/[\w.-]{1,80}\.pt|extra/[\w./-]{1,200}")
_LOCAL = struct.Struct("<4s5H3I2H")
_DESCRIPTOR, _UTF8 = 0x8, 0x800


def read_members(data: bytes) -> dict[str, memoryview]:
    """The members of a .pt2 archive by their names below its one folder, without the ignored ones.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    dict[str, memoryview]
        Views of `data`: what is read can never be more than the file.

    Raises
    ------
    Problem
        For anything but plain (stored, unencrypted) members of the kinds that torch.export.save
        writes, each name once, none overlapping another, each with the length and checksum that
        its headers declare.
    """
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError) as error:
        raise Problem(f"This is not a .pt2 file, or it was cut off. Write it with {EXPORT}.") from (
            error
        )
    if not 0 < len(entries) <= MOST_MEMBERS:
        raise Problem(f"The .pt2 file has {len(entries):,} members. Write it with {EXPORT}.")
    names = [entry.orig_filename for entry in entries]
    root = names[0].split("/", 1)[0]
    members: dict[str, memoryview] = {}
    seen: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        name = _inside(entry.orig_filename, root)
        if name in seen:
            raise Problem(f"The .pt2 file holds {name[:80]!r} twice, so it is ambiguous.")
        seen.add(name)
        start, stop = _place(data, entry, end)
        end = stop
        if _IGNORED.fullmatch(name):
            continue
        if not (name in _PLAIN or _PAYLOADS.fullmatch(name) or _TEXTS.fullmatch(name)):
            raise Problem(_unknown(name))
        part = memoryview(data)[start:stop]
        if zlib.crc32(part) != entry.CRC:
            raise Problem(f"The member {name[:80]!r} of the .pt2 file is damaged. Upload it again.")
        members[name] = part
    _demand_format(members)
    return members


def _inside(name: str, root: str) -> str:
    first, _, rest = name.partition("/")
    parts = rest.split("/")
    if first != root or not re.fullmatch(r"[\w.+ -]{1,200}", root) or root in (".", ".."):
        raise Problem(f"The .pt2 file holds {name[:80]!r}, outside its own folder.")
    if "\\" in name or "\0" in name or not rest or {"", ".", ".."} & {*parts}:
        raise Problem(f"The .pt2 file holds {name[:80]!r}, which is no plain name.")
    return rest


def _place(data: bytes, entry: zipfile.ZipInfo, end: int) -> tuple[int, int]:
    """Where a member's bytes lie; Problem where they are compressed, hidden, or elsewhere."""
    name = entry.orig_filename[:80]
    if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
        raise Problem(
            f"The member {name!r} of the .pt2 file is compressed; torch writes it as it is. The "
            f"file was packed again: upload the one that {EXPORT} wrote."
        )
    if entry.flag_bits & ~(_DESCRIPTOR | _UTF8):
        raise Problem(f"The member {name!r} of the .pt2 file is encrypted or of an unknown kind.")
    start = entry.header_offset
    if start < end or start + _LOCAL.size > len(data):
        raise Problem(f"The members of the .pt2 file overlap at {name!r}, so its sizes lie.")
    magic, _, flags, method, *_, lengths_name, lengths_extra = _LOCAL.unpack_from(data, start)
    first = start + _LOCAL.size + lengths_name + lengths_extra
    written = data[start + _LOCAL.size : start + _LOCAL.size + lengths_name]
    same = written == entry.orig_filename.encode() and flags == entry.flag_bits and method == 0
    if magic != b"PK\3\4" or not same or first + entry.file_size > len(data):
        raise Problem(f"The headers of {name!r} in the .pt2 file contradict each other.")
    return first, first + entry.file_size


def _demand_format(members: Mapping[str, memoryview]) -> None:
    if bytes(members.get("archive_format", b"")) != b"pt2":
        raise Problem(f"This archive is no exported program. Write one with {EXPORT}.")
    if bytes(members.get("byteorder", b"little")) != b"little":
        raise Problem("The numbers in this file are big-endian. Export it on another machine.")


def _unknown(name: str) -> str:
    if re.fullmatch(r"data/(weights|constants)/[\w.-]+\.pt", name):
        return (
            f"The file keeps its weights as a pickle ({name[:80]}), as older torch versions did. "
            f"Pickles are not opened: write it with a newer torch, {EXPORT}."
        )
    if name.startswith(("data/constants/custom_obj", "data/constants/opaque_obj")):
        return (
            f"The file holds an object that is a program ({name[:80]}), which is not opened. "
            "Export a network whose constants are tensors."
        )
    if name.startswith(("data/aotinductor", "data/executorch", "mtia")):
        return (
            f"The file holds compiled code ({name[:80]}), which is not run. Write it with {EXPORT}."
        )
    return f"The .pt2 file holds {name[:80]!r}, which torch.export.save does not write."
