"""An object store in a process of its own, which speaks as S3 does."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

SERVE = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.disable(logging.CRITICAL)
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until whoever started it ends
"""


@dataclass(frozen=True)
class Bucket:
    """A bucket of the store.

    Attributes
    ----------
    url : str
    environment : dict of str to str
        What a process must have to find it.
    """

    url: str
    environment: dict[str, str]

    def put(self, name: str, data: bytes) -> str:
        """Put a file there, past what is tested; its URL."""
        import fsspec

        fsspec.filesystem("s3").pipe_file(f"{self.url.removeprefix('s3://')}/{name}", data)
        return f"{self.url}/{name}"

    def names(self, folder: str = "") -> set[str]:
        """Of all files in it, or in a folder of it."""
        import fsspec

        own = f"{self.url.removeprefix('s3://')}/{folder}".rstrip("/") + "/"
        system = fsspec.filesystem("s3")
        system.invalidate_cache()
        return {name.removeprefix(own) for name in system.find(own)}


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Where the store listens."""
    command = [sys.executable, "-c", SERVE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.kill()


@pytest.fixture(scope="module")
def bucket(endpoint, request) -> Iterator[Bucket]:
    """A bucket of this file's own, which this process and those that it starts find."""
    import fsspec
    from s3fs import S3FileSystem

    environment = {
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "their-secret",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        S3FileSystem.clear_instance_cache()
        name = request.module.__name__.rpartition(".")[2].replace("_", "-")
        fsspec.filesystem("s3").mkdir(name)
        yield Bucket(f"s3://{name}", environment)
    S3FileSystem.clear_instance_cache()
