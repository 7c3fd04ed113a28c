"""The arguments of `python -m explainers`, and its answers in sentences."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from explainers.baselines import BASELINES
from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.many.checking.map_checks import CHECKS
from explainers.methods import METHODS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 where all went well, 1 where a report does not hold, 2 where it cannot be.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.
    """
    given = _parser().parse_args(arguments)
    try:
        if given.command == "verify":
            from explainers.commands.verify import verify

            holds, sentences = verify(given.report, given.model, given.data, given.baseline)
            print("\n".join(sentences))
            return 0 if holds else 1
        if given.command == "many":
            from explainers.commands.many import explain_source

            return explain_source(given)
        from explainers.commands.explain import explain_files

        return explain_files(given)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m explainers",
        description="Explain what a network looked at, and verify reports of it.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="compute a report's answers again and compare")
    verify.add_argument("report", type=Path, help="the report, an HTML file")
    verify.add_argument(
        "--model", type=Path, action="append", help="the network's file; none for one of Evident's"
    )
    verify.add_argument("--data", type=Path, action="append", help="the file that holds the input")
    verify.add_argument(
        "--baseline", type=Path, action="append", help="the file of an own baseline"
    )
    _add_many(commands)
    explain = commands.add_parser("explain", help="picture, numbers and report of files")
    _add_question(explain, "input", "a file, or a folder of files", "the folder to write to", Path)
    explain.add_argument("--item", type=int, default=0, help="which input of a file, from 0")
    explain.add_argument("--by", default="", help="who makes the report")
    explain.add_argument(
        "--with-input", action="store_true", help="put the inputs themselves into the reports"
    )
    return parser


def _add_question(
    parser: argparse.ArgumentParser,
    inputs: str,
    what_they_are: str,
    what_to_is: str,
    place: Callable[[str], str | Path],
) -> argparse._MutuallyExclusiveGroup:
    """What every command that explains is told: the network, the inputs, the question.

    What stands beside the method in the group is asked instead. `place` is what a place becomes.
    """
    parser.add_argument("model", help="a network's file, or the name of one of Evident's own")
    parser.add_argument(inputs, type=place, help=what_they_are)
    parser.add_argument("--to", type=place, required=True, help=what_to_is)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--method", default="integrated_gradients", choices=list(METHODS))
    parser.add_argument("--baseline", choices=list(BASELINES), help="default: the kind's own")
    parser.add_argument("--target", type=int, help="the output's number; default: the highest")
    parser.add_argument("--card", type=Path, help="the network's card, as the app gives it")
    parser.add_argument("--kind", choices=list(KINDS))
    return asked


def _add_many(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    many = commands.add_parser(
        "many",
        help="rows and maps of all inputs of a source; the same command again goes on",
    )
    inputs = "a folder, a .zip, a table, series, FASTA or BED, or its URL, as s3://bucket/photos"
    to = "the run's folder, or its URL, as s3://bucket/run"
    asked = _add_question(many, "source", inputs, to, _path_or_url)
    asked.add_argument(
        "--predict", action="store_true", help="only what the network answers, without maps"
    )
    many.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="of the method"
    )
    many.add_argument(
        "--checks",
        nargs="+",
        default=[],
        choices=list(CHECKS),
        help="of each map: its proof against chance, its agreement with other methods",
    )
    many.add_argument(
        "--cues", action="store_true", help="look for a cue that decides wherever it is pasted"
    )
    many.add_argument(
        "--genome",
        type=_path_or_url,
        metavar="FASTA",
        help="where the source is a BED file",
    )
    many.add_argument("--report", type=Path, metavar="FILE", help="write one page about the run")
    many.add_argument("--by", default="", help="who makes the report")
    many.add_argument(
        "--with-input", action="store_true", help="put the strangest pictures into the report"
    )
    many.add_argument(
        "--maps",
        default="npz",
        choices=["npz", "zarr"],
        help="how maps are kept: NumPy archives, or one zarr array where all have one shape",
    )
    many.add_argument("--shard", type=int, default=256, help="inputs that are kept at once")
    many.add_argument("--device", default="cpu")
    many.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of Dask, whose workers do the work: tcp://127.0.0.1:8786, or tls:// elsewhere",
    )
    many.add_argument(
        "--own-files",
        action="store_true",
        help="the inputs are your own: read them without the sandbox, several times faster",
    )


def _path_or_url(given: str) -> str | Path:
    """A URL stays as it was typed; it is looked at where sentences are said."""
    return given if "://" in given else Path(given)
