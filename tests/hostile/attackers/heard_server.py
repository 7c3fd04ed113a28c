"""The app's server as it is started, but every address that it wants to reach is written down.

Arguments: the file to write to, and "control" (to do what Streamlit does without our care), or the
port to serve.
"""

import sys

WANTED = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")
log = open(sys.argv[1], "a", buffering=1)  # noqa: SIM115, until the process ends


def hear(event: str, arguments: tuple) -> None:
    """Write down the address of a connection, or the name that is looked up."""
    if event in WANTED:
        place = 1 if event in ("socket.connect", "socket.sendto") else 0
        print(event, repr(arguments[place]), file=log)


if __name__ == "__main__":
    sys.addaudithook(hear)
    if sys.argv[2] == "control":
        from streamlit import net_util

        net_util.get_external_ip()
        net_util.get_internal_ip()
    else:
        from streamlit.web.cli import main

        headless, port = "--server.headless=true", f"--server.port={sys.argv[2]}"
        sys.argv = ["streamlit", "run", "app.py", headless, port]
        main()
