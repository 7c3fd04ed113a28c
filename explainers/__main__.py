"""The command line: `python -m explainers explain …`, `… many …` and `… verify …`."""

from explainers.commands.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
