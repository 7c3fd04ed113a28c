"""`python -m explainers explain`: picture, numbers and report of a file, or of each in a folder."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec

from explainers.commands.workplace import Workplace
from explainers.errors import Problem
from explainers.kinds import KINDS, picture, sequence, series, table
from explainers.locations import code_version
from explainers.many.reading.completion import completed
from explainers.models.card import read_card
from explainers.models.class_names import name_outputs
from explainers.models.spec import AS_THEY_ARE, RECOGNISE, TAKEN_FOR, ModelSpec, Places
from explainers.models.zoo.demos import demos
from explainers.models.zoo.imagenet.packaged import PACKAGED
from explainers.reports import numbers
from explainers.reports.page.report_page import Source, report_page
from explainers.reports.pictures.picture import LINES
from explainers.reports.pictures.picture import picture as drawn
from explainers.reports.sentence import with_sentences
from explainers.service import notebook
from explainers.service.explained import explained
from explainers.service.parsing.upload_keys import file_key
from explainers.service.recipe import recipe
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.inspect import Inspect
from explainers.service.tasks.predict import Predict
from explainers.service.tasks.task import BaselineRef, InputRef

SUFFIXES = {
    "picture": picture.SUFFIXES,
    "table": table.SUFFIXES,
    "series": series.SUFFIXES,
    "sequence": sequence.SUFFIXES,
}


def explain_files(given: argparse.Namespace) -> int:
    """Explain what the arguments name; 0, or 1 where a file of a folder could not be.

    Parameters
    ----------
    given : Namespace
        See `explainers.commands.command_line`.

    Raises
    ------
    Problem
        Where the network, or the only file, cannot be read or explained.
    """
    failed = 0
    with Workplace() as workplace:
        spec, classes = model_of(workplace, given)
        files = [given.input]
        if given.input.is_dir():
            suffixes = SUFFIXES[spec.kind]
            files = sorted(p for p in given.input.iterdir() if p.suffix.lower() in suffixes)
            if not files:
                raise Problem(f"{given.input} holds no {KINDS[spec.kind].one}.")
        given.to.mkdir(parents=True, exist_ok=True)
        for path in files:
            try:
                print(_one(workplace, spec, classes, path, given))
            except Problem as problem:
                if len(files) == 1:
                    raise
                failed += 1
                print(f"{path.name}: {problem}", file=sys.stderr)
    return 1 if failed else 0


def model_of(workplace: Workplace, given: argparse.Namespace) -> tuple[ModelSpec, tuple[str, ...]]:
    """The network that is meant, with what its card or an inspection says of it.

    Problem where there is no such network, or its file or card cannot be read.
    """
    if given.model in demos():
        demo = demos()[given.model]
        return demo.spec, tuple(demo.outputs)
    if given.model in PACKAGED:
        return PACKAGED[given.model].spec, ()
    path = Path(given.model)
    if not path.is_file():
        raise Problem(
            f"{given.model!r} is neither a file nor one of Evident's own networks: "
            f"{', '.join([*demos(), *PACKAGED])}."
        )
    weights = workplace.keep(path) + path.suffix.lower()
    spec = ModelSpec("upload", RECOGNISE, weights, mean=(0.0,), std=(1.0,))
    settings: dict[str, Any] = {}
    if given.card is not None:
        settings = read_card(given.card.read_bytes())
        spec = _with_card(spec, settings)
    else:
        facts, _ = workplace.answer(Inspect(spec))
        spec = _inspected(spec, facts, given.kind)
        settings["classes"] = facts["classes"]
        if facts["questions"]:
            print(
                f"Guessed: {', '.join(facts['questions'])}. To say it yourself, give the network's "
                "card with --card (the app writes one).",
                file=sys.stderr,
            )
    return spec, tuple(settings.get("classes") or ())


def _with_card(spec: ModelSpec, settings: dict[str, Any]) -> ModelSpec:
    known = {field.name for field in fields(ModelSpec)}
    values = {name: value for name, value in settings.items() if name in known}
    changed: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
    }
    if changed.get("places"):
        changed["places"] = msgspec.convert(changed["places"], Places)
    if "choices" in changed:
        changed["choices"] = tuple(changed["choices"].items())
    return replace(spec, **changed)


def _inspected(spec: ModelSpec, facts: dict[str, Any], kind: str | None) -> ModelSpec:
    """The spec as the inspection found it; of the kind asked for where several fit."""
    found = next((one for one in facts["kinds"] if one[0] == kind), facts["kinds"][0])
    spec = replace(
        spec,
        kind=found[0],
        swapped=found[1],
        columns=tuple(facts["columns"]),
        answers=TAKEN_FOR.get(facts["answers"], "classes"),
        step=None if facts["steps"] is None else -1,
    )
    shown = facts["normalisation"]
    if found[0] != "picture" or not shown:
        return replace(spec, shape=tuple(found[2]))
    looks = {name: shown[name] for name in ("white", "order")}
    sides = {"size": found[2][1], "width": found[2][2]}
    return replace(spec, mean=tuple(shown["mean"]), std=tuple(shown["std"]), **looks, **sides)


def _one(
    workplace: Workplace,
    spec: ModelSpec,
    classes: tuple[str, ...],
    path: Path,
    given: argparse.Namespace,
) -> str:
    """Explain one file and write what there is to write; what was found, in a sentence."""
    suffix = "" if spec.kind == "picture" else path.suffix.lower()
    name = workplace.keep(path) + suffix
    content = workplace.parse(file_key(spec.kind, name))
    spec = completed(spec, content, path.name)
    key = given.baseline or KINDS[spec.kind].default_baseline
    shared = (spec, InputRef(name, given.item), BaselineRef(key), "cpu")
    prediction = workplace.answer(Predict(*shared))
    shares = prediction[1]["probabilities"]
    target = int(shares.argmax()) if given.target is None else given.target
    if not 0 <= target < len(shares):
        raise Problem(f"There is no output {target}: the network has 0 to {len(shares) - 1}.")
    score = "output" if spec.answers in AS_THEY_ARE else "logit"
    task = Explain(*shared, given.method, {}, target, None, score)
    answer = workplace.answer(task)
    names = name_outputs(classes or tuple(prediction[0]["classes"]), len(shares))
    against = prediction[1]["baseline_probabilities"]
    one = with_sentences(
        explained(
            task,
            prediction,
            answer,
            content,
            about=names[target],
            title=f"{path.name}{f', input {given.item}' if given.item else ''}",
            photo=content[1]["pixels"] if spec.kind == "picture" else None,
            answer=f"{float(shares[target]):.4g}",
            baseline_answer=f"{float(against[target]):.4g}",
        )
    )
    stem = given.to / re.sub(r"[^\w.-]+", "_", path.stem)
    for form in ("png", "svg", "pdf") if one.kind in LINES else ("png",):
        stem.with_name(f"{stem.name}.{form}").write_bytes(drawn(one).file(form))
    for form, write in (("csv", numbers.as_csv), ("npz", numbers.as_npz)):
        stem.with_name(f"{stem.name}.{form}").write_bytes(write([one]))
    own = (str(path), given.model)
    digests = {"code": code_version(), "data": name.partition(".")[0]}
    if spec.source == "upload":
        digests["model"] = spec.weights.partition(".")[0]
    source = Source(
        given.by,
        "",
        Path(given.model).name,
        path.name,
        digests,
        [(names[i], f"{float(shares[i]):.4g}") for i in shares.argsort()[::-1][:5]],
        recipe(task, *own),
        msgspec.to_builtins(task),
        given.with_input,
    )
    stem.with_name(f"{stem.name}.html").write_bytes(report_page(one, source))
    parts = notebook.cells(task, one, *own)
    stem.with_name(f"{stem.name}.ipynb").write_bytes(notebook.notebook(parts))
    return f"{path.name}: {one.sentence}"
