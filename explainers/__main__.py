"""The command line: `python -m explainers explain …` and `python -m explainers verify …`."""

from explainers.commands.command_line import main

if __name__ == "__main__":
    raise SystemExit(main())
