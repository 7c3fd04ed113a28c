"""Text that is packed with gzip."""

from __future__ import annotations

import zlib

from explainers.errors import Problem

MOST_UNPACKED = 400_000_000
_GZIP = 31


def unpacked(data: bytes) -> bytes:
    """What a gzip file holds, all its parts one behind the other.

    Raises
    ------
    Problem
        Where it is no such file, is cut off, or unpacks to more than MOST_UNPACKED bytes.

    Examples
    --------
    >>> import gzip
    >>> unpacked(gzip.compress(b"a,b") + gzip.compress(b"c"))
    b'a,bc'
    """
    parts: list[bytes] = []
    size = 0
    while data:
        reader = zlib.decompressobj(_GZIP)
        try:
            part = reader.decompress(data, MOST_UNPACKED - size + 1)
        except zlib.error as error:
            raise Problem(
                "This file is not packed with gzip, or is damaged. Save it again."
            ) from error
        size += len(part)
        if size > MOST_UNPACKED:
            raise Problem(
                f"This file takes more than {MOST_UNPACKED / 1e6:.0f} MB when unpacked. Leave out "
                "rows."
            )
        if not reader.eof:
            raise Problem("This gzip file ends too early. Upload it again, or save it again.")
        parts.append(part)
        data = reader.unused_data.lstrip(b"\0")  # some writers fill the end with zeros
    return b"".join(parts)
