"""Arrays from .npy and .npz: as numpy reads them, never an object, never more than they hold."""

import io

import numpy as np
import pytest

from explainers import Problem
from explainers.kinds.files import arrays
from explainers.kinds.files.arrays import read_arrays

KINDS = ("f2", "f4", "f8", ">f8", "i1", ">i4", "u8", "?", "U5")


def saved(values: np.ndarray, **options) -> bytes:
    out = io.BytesIO()
    np.save(out, values, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_as_numpy_reads_them(kind, order):
    values = np.arange(24).reshape(2, 3, 4).astype(kind, order=order)
    data = saved(values)
    theirs = np.load(io.BytesIO(data), allow_pickle=False)
    np.testing.assert_array_equal(read_arrays(data, ".npy")[""], theirs)


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_format_is_read(version):
    values = np.arange(6.0).reshape(2, 3)
    out = io.BytesIO()
    np.lib.format.write_array(out, values, version=version)
    np.testing.assert_array_equal(read_arrays(out.getvalue(), ".npy")[""], values)
    with pytest.raises(Problem, match="damaged header"):
        read_arrays(out.getvalue().replace(bytes(version), b"\x04\0", 1), ".npy")


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0")
def test_fields_are_refused_in_the_letters_of_version_3_too():
    out = io.BytesIO()
    np.lib.format.write_array(out, np.zeros(2, [("größe", "f4")]), version=(3, 0))
    with pytest.raises(Problem, match="plain numbers are accepted"):
        read_arrays(out.getvalue(), ".npy")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives_come_as_numpy_reads_them(save):
    out = io.BytesIO()
    save(out, a=np.arange(5.0), b=np.array(["u", "v"]), c=np.float32(3))
    ours = read_arrays(out.getvalue(), ".npz")
    with np.load(io.BytesIO(out.getvalue()), allow_pickle=False) as theirs:
        assert set(ours) == set(theirs)
        for name, values in ours.items():
            np.testing.assert_array_equal(values, theirs[name])


def test_a_header_that_contradicts_its_bytes_is_told_so():
    data = saved(np.zeros((2, 3)))
    for wrong, follow in ((data[:-8], 40), (data + b"x", 49)):
        with pytest.raises(Problem, match=rf"48 bytes .shape \(2, 3\)., but {follow} follow"):
            read_arrays(wrong, ".npy")


@pytest.mark.parametrize(
    "values",
    [
        np.array([object()]),
        np.zeros(2, "f4,i4"),
        np.zeros(2, "M8[s]"),
        np.zeros(2, complex),
        np.zeros(2, "S3"),
        np.zeros(2, "V3"),
        np.zeros(1, "U201"),
        np.zeros(2, np.longdouble),
    ],
)
def test_other_types_are_refused(values):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, np.lib.format.header_data_from_array_1_0(values))
    with pytest.raises(Problem, match="accepted"):
        read_arrays(out.getvalue() + bytes(values.nbytes), ".npy")


def test_sizes_are_added_up_before_anything_is_unpacked(monkeypatch):
    out = io.BytesIO()
    np.savez_compressed(out, a=np.zeros(1000), b=np.zeros(1000))
    assert len(read_arrays(out.getvalue(), ".npz")) == 2
    monkeypatch.setattr(arrays, "MOST_BYTES", 16_000)  # the data, without the two headers

    def unpacked(*_):
        raise AssertionError("unpacked")

    monkeypatch.setattr(arrays, "_array", unpacked)
    with pytest.raises(Problem, match="take 0 MB"):
        read_arrays(out.getvalue(), ".npz")
