"""Find or install a browser, then run all tests: `python -m tests`."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser() -> str:
    """Path of a Chromium: the system's, else Playwright's own, else Debian's package."""
    found = os.environ.get("EVIDENT_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
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
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        sys.exit("No Chromium was found or could be installed; set EVIDENT_CHROMIUM to its path.")
    return found


if __name__ == "__main__":
    os.environ["EVIDENT_CHROMIUM"] = browser()
    # A file's tests stay together, since they share servers; two files at a time.
    given = sys.argv[1:] or ["-n", "2", "--dist", "loadfile"]
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", *given]))
