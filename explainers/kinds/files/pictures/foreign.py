"""Files of pictures, and of other things, that are not read here: how to convert them."""

from __future__ import annotations

import zlib

from explainers.errors import Problem

SUFFIXES = (
    *(".heic", ".heif", ".dcm", ".nii", ".gz", ".jp2", ".jxl", ".psd", ".svg", ".pdf"),
    *(".fits", ".exr", ".h5", ".hdf5", ".nc", ".mat", ".czi", ".lif", ".nd2"),
)
"""Of such files, which may be chosen on a page so that the sentence can be said."""
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_SAVE = "numpy.save('picture.npy', {})"
_CONVERSIONS = (
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000", "Save it as PNG or TIFF with any picture program."),
    (0, b"\xff\x0a", "JPEG XL", "Save it as PNG: djxl picture.jxl picture.png."),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL", "Save it as PNG: djxl picture.jxl picture.png."),
    (0, b"8BPS", "Photoshop", "Export it as PNG or TIFF."),
    (0, b"%PDF", "PDF", "Export the page as PNG: pdftoppm -png document.pdf page."),
    (0, b"%!PS", "PostScript", "Export it as PNG."),
    (0, b"SIMPLE  =", "FITS", f"In Python: {_SAVE.format('astropy.io.fits.getdata(file)')}."),
    (0, b"v/1\x01", "OpenEXR", "Save it as TIFF of 32 bits, or as a NumPy array (.npy)."),
    (0, b"\x89HDF", "HDF5", f"In Python: {_SAVE.format('h5py.File(file)[name][()]')}."),
    (0, b"CDF", "NetCDF", f"In Python: {_SAVE.format('xarray.open_dataset(file)[name].values')}."),
    (0, b"MATLAB 5.0", "MATLAB", f"In Python: {_SAVE.format('scipy.io.loadmat(file)[name]')}."),
    (0, b"ZISRAWFILE", "Zeiss CZI", "Export it as TIFF in Fiji or ZEN."),
    (0, b"\xda\xce\xbe\x0a", "Nikon ND2", "Export it as TIFF in Fiji or NIS-Elements."),
    (0, b"MM\0+", "BigTIFF of the old order of bytes", "Save it as TIFF in its usual form."),
    (0, b"7z\xbc\xaf", "a 7z archive", "Unpack it and upload the pictures, or a .zip of them."),
    (0, b"Rar!", "a RAR archive", "Unpack it and upload the pictures, or a .zip of them."),
    (128, b"DICM", "DICOM", f"In Python: {_SAVE.format('pydicom.dcmread(file).pixel_array')}."),
    (344, b"n+1\0", "NIfTI", ""),
    (344, b"ni1\0", "NIfTI", ""),
)
_NIFTI = (
    "Take one slice. In Python: "
    f"{_SAVE.format('nibabel.load(file).get_fdata()[:, :, 50].astype(numpy.float32)')}."
)


def refuse_foreign(data: bytes) -> None:
    """Problem with the way to convert the file, where its content is of a known other format.

    Examples
    --------
    >>> refuse_foreign(bytes(128) + b"DICM")
    Traceback (most recent call last):
    explainers.errors.Problem: This file is DICOM, which is not read here. In Python: \
numpy.save('picture.npy', pydicom.dcmread(file).pixel_array). Upload that.
    >>> refuse_foreign(b"\\x89PNG")
    """
    if data.startswith(b"\x1f\x8b"):
        data = _unpacked(data)
        if not data:
            raise _problem("a .gz archive", "Unpack it.")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF and b"avif" not in data[8:64]:
        raise _problem(
            "HEIC",
            "Save it as JPEG or PNG: on an iPhone set Camera, Formats to Most Compatible, or share "
            "it as JPEG; on a computer export it from the picture viewer.",
        )
    for place, mark, name, way in _CONVERSIONS:
        if data[place : place + len(mark)] == mark:
            raise _problem(name, way or _NIFTI)
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        name = "SVG, a drawing" if b"<svg" in start else "a web page or XML"
        raise _problem(name, "Save what it shows as PNG.")


def _problem(name: str, way: str) -> Problem:
    return Problem(f"This file is {name}, which is not read here. {way} Upload that.")


def _unpacked(data: bytes) -> bytes:
    """The first bytes in a .gz file; b"" where there is nothing known in it."""
    try:
        head = zlib.decompressobj(31).decompress(data[:100_000], 400)
    except zlib.error:
        return b""
    return head if head[344:348] in (b"n+1\0", b"ni1\0") else b""
