"""What cannot be kept in, or read from, an object store is said in a sentence, soon."""

import json
import socket
import sys
import time
from argparse import Namespace
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from explainers import Problem, explain_many, predict_many
from explainers.commands.command_line import main
from explainers.commands.many import _demand_shared
from explainers.many.keeping import manifest
from explainers.many.remote import asking
from explainers.many.remote.asking import StoreAway
from explainers.many.remote.location import is_alone, location
from explainers.many.run import open_run
from tests.many.small_runs import ASKED, SPEC, Tiny, pictures

SECRET = "s3cret/With+signs"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return pictures(tmp_path_factory.mktemp("source") / "in", 4)


def said(source, to, **others) -> str:
    """What the call says where it is refused."""
    with pytest.raises(Problem) as told:
        explain_many(Tiny(), source, **{**ASKED, **others}, to=to)
    assert SECRET not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    "given, words",
    [
        ("s4://bucket/run", "is not known what s4:// is"),
        (f"s3://somebody:{SECRET}@bucket/run", "with a password or a signature in it is not taken"),
        ("https://host/in.zip?X-Amz-Signature=1", "with a password or a signature"),
        ("zip://a.png::s3://bucket/in.zip", "This is a chain of URLs"),
        ("simplecache::s3://bucket/run", "This is a chain of URLs"),
        ("s3://", "names no bucket"),
        (Path("s3://bucket/run"), "has one slash where a URL has two"),
        (f"s3:/me:{SECRET}@bucket/run", "has one slash where a URL has two"),
    ],
)
def test_urls(given, words, source, tmp_path):
    assert words in said(given, tmp_path / "out")
    assert words in said(source, given)
    with pytest.raises(Problem, match=words):
        open_run(given)


@pytest.mark.parametrize(
    "given, path",
    [
        ("C:\\runs\\one", "C:\\runs\\one"),
        ("C:/runs", "C:/runs"),
        ("file:///tmp/a%20b", "/tmp/a b"),
        ("runs/one", "runs/one"),
        ("a@b:c", "a@b:c"),
        ("std::vector.csv", "std::vector.csv"),
    ],
)
def test_paths_of_a_disk_stay(given, path):
    assert location(given) == Path(path)


def test_names_with_signs_are_no_passwords():
    for url in ("memory://bucket/a:b@c.png", "memory://me@host/x", "memory://host:8000/a@b"):
        assert str(location(url)) == url


class PathOfAnotherLibrary:
    """As universal-pathlib has them."""

    def __init__(self, **options: str) -> None:
        self.storage_options = options

    def __str__(self) -> str:
        return "memory://bucket/run"


def test_paths_of_other_libraries(source):
    path = PathOfAnotherLibrary()
    assert str(location(path)) == "memory://bucket/run" and is_alone(path)
    told = said(source, PathOfAnotherLibrary(secret=SECRET))
    assert "A path with storage options is not taken" in told


def test_a_network_from_a_file_needs_a_folder_that_all_share():
    to, given = location("memory://bucket/run"), Namespace(scheduler="tls://host:8786")
    with pytest.raises(Problem, match="Give --to a folder that all share"):
        _demand_shared(given, to)
    _demand_shared(given, Path("run"))
    _demand_shared(Namespace(scheduler="tcp://127.0.0.1:8786"), to)
    _demand_shared(Namespace(scheduler=None), to)


def test_packages_that_are_missing(source, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    monkeypatch.setitem(sys.modules, "adlfs", None)
    assert said(source, "gs://bucket/run") == "gs:// needs the package gcsfs: pip install gcsfs."
    assert "pip install adlfs" in said("az://photos", tmp_path / "out")


def test_where_a_run_cannot_be_kept(source):
    assert "is seen by this process alone" in said(source, "memory://b/run", isolate=True)
    assert "is seen by this process alone" in said("memory://b/in", "s3://b/run", isolate=True)
    assert "mount it, and give its folder" in said(source, "ftp://127.0.0.1/run")
    assert "lies in the source itself" in said("memory://b/in", "memory://b/in/run")
    assert "lies in the source itself" in said("memory://b/in", "memory://b/in")


def test_buckets_that_are_not_there(bucket, source, tmp_path):
    assert "there is no bucket “nowhere”" in said(source, "s3://nowhere/run")
    assert "There is nothing at s3://nowhere/in" in said("s3://nowhere/in", tmp_path / "out")
    assert "There is nothing at" in said(f"{bucket.url}/none", tmp_path / "out")
    with pytest.raises(Problem, match="holds no run"):
        open_run("s3://nowhere/run")
    files = [bucket.put("a.png", b""), "s3://nowhere/b.png"]
    assert "There is no file s3://nowhere/b.png" in said(files, tmp_path / "out")
    assert "in several stores" in said([*files, tmp_path / "c.png"], tmp_path / "out")


def test_another_run_and_other_files(bucket, source):
    to = f"{bucket.url}/run"
    predict_many(Tiny(), source, to=to, spec=SPEC)
    before = bucket.names("run")
    assert "holds another run; what differs is" in said(source, to)
    assert bucket.names("run") == before
    bucket.put("other/notes.txt", b"")
    assert "holds other files (notes.txt) and no run" in said(source, f"{bucket.url}/other")
    assert bucket.names("other") == {"notes.txt"}


def test_a_store_that_cannot_be_reached(bucket, source, monkeypatch):
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()
    monkeypatch.setattr(asking, "_answered", set())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # else it tries for some seconds
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{taken.getsockname()[1]}")
        began = time.monotonic()
        told = said(source, f"{bucket.url}/run")
    assert f"The store of {bucket.url}/run" in told and "cannot be reached (" in told
    assert "AWS_ENDPOINT_URL" in told and time.monotonic() - began < asking.SECONDS_TO_REACH + 2
    S3FileSystem.clear_instance_cache()


def test_a_store_that_takes_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(asking, "SECONDS_TO_REACH", 0.2)
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *given, **options: time.sleep(2))
    began = time.monotonic()
    assert "cannot be reached (no answer in" in said("memory://slow/in", tmp_path / "out")
    assert time.monotonic() - began < 1.5


def test_credentials_that_are_not_there(bucket, source, monkeypatch):
    from s3fs import S3FileSystem

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    S3FileSystem.clear_instance_cache()
    told = said(source, f"{bucket.url}/run")
    assert "is refused (Unable to locate credentials)" in told and "AWS_ACCESS_KEY_ID" in told
    S3FileSystem.clear_instance_cache()


def test_a_store_that_is_away_is_no_missing_file(source, monkeypatch):
    """Else a run would be begun anew over another, or a picture be called unreadable."""
    to = location("memory://away/run")
    predict_many(Tiny(), source, to=to, spec=SPEC)
    before = (to / "run.json").read_bytes()
    for path in source.iterdir():
        (location("memory://away/in") / path.name).write_bytes(path.read_bytes())
    real, refused = MemoryFileSystem.cat_file, []

    def refuse(self, path, *given, **options):
        if path.endswith("002.png") and len(refused) < 3:  # ahead twice, then alone
            refused.append(path)
            raise PermissionError("Forbidden")
        return real(self, path, *given, **options)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", refuse)
    with pytest.raises(StoreAway, match=r"002.png is refused \(Forbidden\). Say who you are"):
        predict_many(Tiny(), "memory://away/in", to="memory://away/other", spec=SPEC)
    monkeypatch.undo()
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *given, **options: 1 / 0)
    with pytest.raises(StoreAway, match="cannot be used: ZeroDivisionError"):
        manifest.keep(to, {"method": "another"}, "", None)
    monkeypatch.undo()
    assert (to / "run.json").read_bytes() == before


def test_no_secret_is_kept_or_shown(bucket, source, capfd):
    to = f"{bucket.url}/secrets"
    explain_many(Tiny(), source, **ASKED, to=to)
    told = json.dumps(open_run(to).told) + "".join(
        str((location(to) / name).read_bytes()) for name in bucket.names("secrets")
    )
    for secret in (bucket.environment["AWS_SECRET_ACCESS_KEY"], "somebody"):
        assert secret not in told and secret not in "".join(capfd.readouterr())


def test_the_command(bucket, source, capsys):
    for path in source.iterdir():
        bucket.put(f"digits/{path.name}", path.read_bytes())
    command = ["many", "digits", f"{bucket.url}/digits", "--predict", "--own-files"]
    assert main([*command, "--to", f"{bucket.url}/answers"]) == 0, capsys.readouterr().err
    assert f"4 inputs are in {bucket.url}/answers: rows/*.parquet." in capsys.readouterr().out
    assert main([*command, "--to", f"s3://me:{SECRET}@{bucket.url[5:]}/answers"]) == 2
    told = capsys.readouterr()
    assert "with a password" in told.err and SECRET not in told.err + told.out
