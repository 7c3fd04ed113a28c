"""Find or install a browser, then run the tests.

python -m tests                  all of them, those in a browser included
python -m tests fast             without a browser and without what is marked slow: a few minutes
python -m tests [fast] PATH …    those in these files or folders; pytest's own options may follow
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = "tests/browser"
# The files with a browser share one server and go to one process: with three processes, two of them
# with a browser, all took as long and more of them lost patience. The others go, file by file, to
# whichever process is free. See `ByFile` in conftest.py.
PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
FAST = ("-m", "not slow", f"--ignore={BROWSER}")


def browser() -> str:
    """Path of a Chromium: the system's, else Playwright's own, else Debian's package."""
    path = os.environ.get("EVIDENT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path:
        return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if not os.path.exists(own):
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if os.path.exists(own):
        return own
    if shutil.which("apt-get"):
        sudo = ["sudo"] if os.geteuid() and shutil.which("sudo") else []
        subprocess.run([*sudo, "apt-get", "update", "-q"], check=False)
        subprocess.run([*sudo, "apt-get", "install", "-y", "-q", "chromium"], check=False)
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        sys.exit("No Chromium was found or could be installed; set EVIDENT_CHROMIUM to its path.")
    return path


def needs_browser(arguments: list[str]) -> bool:
    """Whether tests in a browser are among what is asked for: by a path, or by none at all."""
    paths = [argument for argument in arguments if os.path.exists(argument.partition("::")[0])]
    root = os.path.abspath(BROWSER)
    return not paths or any(
        os.path.commonpath([os.path.abspath(path.partition("::")[0]), root])
        in (root, os.path.abspath(path))
        for path in paths
    )


def pytest_arguments(arguments: list[str]) -> list[str]:
    """What pytest is called with for the arguments of this program."""
    fast = arguments[:1] == ["fast"]
    given = arguments[fast:]
    named = any(os.path.exists(argument.partition("::")[0]) for argument in given)
    return [*(FAST if fast else ()), *(() if named else PARALLEL), *given]


def main(arguments: list[str]) -> int:
    """Run the tests; pytest's exit status."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    if arguments[:1] != ["fast"] and needs_browser(arguments):
        os.environ["EVIDENT_CHROMIUM"] = browser()
    return subprocess.call([sys.executable, "-m", "pytest", *pytest_arguments(arguments)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
