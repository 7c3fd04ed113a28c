"""Regions of a genome: the letters that counting along the file gives, on either strand."""

import gzip
import os
import pickle
from dataclasses import replace

import numpy as np
import pytest

from explainers import Problem, explain_many
from explainers.commands import many
from explainers.commands.command_line import main
from explainers.kinds.alphabet import codes_of_text, reverse_complement, text_of
from explainers.many.reading.listing import SourceChanged
from explainers.many.reading.regions import genome as genome_file
from explainers.many.reading.regions.bed import Bed
from explainers.many.reading.regions.genome import Genome
from explainers.many.reading.regions.inputs import Regions
from explainers.many.run import open_run
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import demos

SPEC = ModelSpec("upload", "dna", kind="sequence", shape=(4, 8), mean=(0.0,) * 4, std=(1.0,) * 4)
PAIRS = dict(zip("ACGTNRYSWKMBDHV", "TGCANYRSWMKVHDB", strict=True))


def letters(count: int, seed: int) -> str:
    return "".join(np.random.default_rng(seed).choice(list("ACGTacgtN"), count))


GENOME = {"chr1": letters(101, 1), "chr2": letters(60, 2), "short": "ACG", "chr3": letters(20, 3)}


def written(folder, width=7, end="\n", name="genome.fa", last=True):
    """The genome as FASTA with so many letters a line."""
    text = ""
    for chromosome, whole in GENOME.items():
        lines = [whole[k : k + width] for k in range(0, len(whole), width)]
        text += f">{chromosome} of a test{end}" + "".join(line + end for line in lines)
    data = (text if last else text.rstrip()).encode()
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("chunk", [1, 5, 64, 2**20])
@pytest.mark.parametrize(
    "width, end, name, last",
    [
        (7, "\n", "genome.fa", True),
        (10, "\r\n", "genome.fa", True),
        (500, "\n", "genome.fa", False),
        (7, "\r\n", "genome.fa.gz", True),
        (9, "\n", "genome.fasta.gz", False),
    ],
)
def test_letters_are_those_that_counting_gives(
    chunk, width, end, name, last, tmp_path, monkeypatch
):
    monkeypatch.setattr(genome_file, "CHUNK", chunk)
    genome = Genome(written(tmp_path, width, end, name, last))
    assert genome.lengths == {key: len(whole) for key, whole in GENOME.items()}
    rng = np.random.default_rng(0)
    for chromosome, whole in [*GENOME.items(), *GENOME.items()]:
        for _ in range(6):
            start, stop = np.sort(rng.integers(0, len(whole) + 1, 2)).tolist()
            assert genome.letters(chromosome, start, stop).decode() == whole[start:stop]


def bed_of(folder, lines, name="regions.bed"):
    path = folder / name
    path.write_text("track name=peaks\n# a comment\n\n" + "".join(f"{line}\n" for line in lines))
    return path


LINES = [
    "chr1\t20\t30\tpeak\t0\t+",
    "chr1\t20\t30\tpeak\t0\t-",
    "chr2\t10\t11",
    "chr1\t0\t3\tedge",
    "chr9\t10\t20",
    "chr1\t90\t101\t.\t0\t-",
    "chr1\tx\t20",
    "chr1 40 49 spaces 0 .",
    "chr3\t16\t20\tend\t0\t+",
    "short\t0\t3",
    "chr1\t30\t20",
    "chr1\t30\t40\ta\t0\t*",
]


def test_regions_are_cut_around_their_centres_on_their_strand(tmp_path):
    regions = Regions((bed_of(tmp_path, LINES), written(tmp_path)), SPEC)
    found = list(regions.read(range(len(regions))))
    assert len(found) == len(LINES)

    def letters_of(one):
        return text_of(np.where(one.values.max(0) == 0.25, 4, one.values.argmax(0)))

    # Centres: 25, 25, 10, …; four letters before each, four from it on.
    whole = {key: value.upper() for key, value in GENOME.items()}
    expected = {
        0: ("peak::chr1:21-29(+)", whole["chr1"][21:29]),
        1: ("peak::chr1:21-29(-)", "".join(PAIRS[x] for x in whole["chr1"][28:20:-1])),
        2: ("chr2:6-14", whole["chr2"][6:14]),
        5: ("chr1:91-99(-)", "".join(PAIRS[x] for x in whole["chr1"][98:90:-1])),
        7: ("spaces::chr1:40-48", whole["chr1"][40:48]),
    }
    for place, (name, text) in expected.items():
        assert (found[place].name, letters_of(found[place])) == (name, text)
    sentences = {
        3: "it runs from -3 to 5: off chr1, which has 101",
        4: "genome.fa has no chromosome “chr9”",
        6: "Line 10 does not begin with a chromosome",
        8: "off chr3, which has 20",
        9: "off short, which has 3",
        10: "Line 14 has a region from 30 to 20",
        11: 'the strand "*"',
    }
    assert {k for k, one in enumerate(found) if one.problem} == set(sentences)
    for place, words in sentences.items():
        assert words in found[place].problem and found[place].values is None
    assert "resized to 8 letters around its centre" in regions.notes[0]


def test_a_run_over_regions_resumes_and_tells_what_it_did(tmp_path):
    source = bed_of(tmp_path, LINES), written(tmp_path)

    def asked(genome):
        return explain_many(
            lambda x: x[:, 1].sum(1),
            (source[0], genome),
            "gradient_x_input",
            "frequencies",
            to=tmp_path / "out",
            spec=SPEC,
            shard=5,
        )

    run = asked(source[1])
    rows = list(run.rows())
    assert (run.done, run.failed) == (12, 7)
    cs = [GENOME["chr1"][21:29].upper().count(letter) for letter in "CG"]
    ns = GENOME["chr1"][21:29].upper().count("N") / 4
    assert [row["answer"] for row in rows[:2]] == [cs[0] + ns, cs[1] + ns], "G is C backwards"
    assert run.told["notes"][0].startswith("Each region is resized") and "in" in run.told["source"]
    assert dict(run.maps())[0].shape == (4, 8)
    assert asked(source[1]).done == 12
    source[1].write_text(source[1].read_text().replace("N", "A"))
    with pytest.raises(Problem, match="source changed .*1 is changed .*genome.fa"):
        asked(source[1])


@pytest.mark.parametrize("name", ["genome.fa", "genome.fa.gz"])
def test_regions_that_were_listed_are_read_elsewhere_and_only_as_they_were(
    name, tmp_path, monkeypatch
):
    source = bed_of(tmp_path, LINES), written(tmp_path, name=name)
    regions = Regions(source, replace(SPEC, shape=()))
    listing = pickle.loads(pickle.dumps(regions.listing))
    monkeypatch.setattr(Genome, "_indexed", None)
    told = Regions(source, SPEC, listing)
    assert (told.spec, told.digest, len(told)) == (regions.spec, regions.digest, len(LINES))
    assert told.spec.shape == (4, 10), "of the first region"
    for one, other in zip(regions.read(range(12)), told.read(range(12)), strict=True):
        assert (one.name, one.problem) == (other.name, other.problem)
        assert np.array_equal(one.values, other.values)
    whole = source[1].read_bytes()
    os.utime(source[1], ns=(1, 1))  # copied, say
    assert Regions(source, SPEC, listing)._one(0).problem == told._one(0).problem == ""
    source[1].write_bytes(whole[:-2] + b"AA")
    for reader in (told, regions):
        with pytest.raises(SourceChanged, match=f"{name} is not what it was"):
            list(reader.read([0 if name.endswith("fa") else 2]))
    with pytest.raises(SourceChanged, match=name):
        Regions(source, SPEC, listing)
    source[1].unlink()
    with pytest.raises(SourceChanged, match=name):
        list(told.read([2]))
    source[1].write_bytes(whole)
    assert told._one(2).problem == "", "put back"
    bed_of(tmp_path, LINES[1:])
    with pytest.raises(SourceChanged, match="regions.bed"):
        Regions(source, SPEC, listing)


def test_the_command_takes_a_genome(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(
        many, "explain_many", lambda *a, **k: explain_many(*a, **{**k, "isolate": False})
    )
    length = demos()["dna"].spec.shape[1]
    lines = [f"chr1\t{k}\t{k + 4}" for k in range(length // 2, length // 2 + 6)]
    genome = tmp_path / "genome.fa.gz"
    genome.write_bytes(gzip.compress(b">chr1\n" + letters(2 * length, 4).encode() + b"\n"))
    command = ["many", "dna", str(bed_of(tmp_path, lines)), "--to", str(tmp_path / "out")]
    command += ["--method", "gradient_x_input", "--own-files"]
    assert main(command) == 2
    assert "Give the genome's FASTA, too" in capsys.readouterr().err
    assert main([*command, "--genome", str(genome)]) == 0
    assert f"resized to {length:,} letters" in capsys.readouterr().out
    assert open_run(tmp_path / "out").done == 6


def test_what_is_wrong_with_the_files_is_said(tmp_path, monkeypatch):
    genome = written(tmp_path)
    for text, words in (
        ("# nothing\n", "names no region"),
        ("a b c\nd e f\n", "is no BED file: Line 1 does not begin"),
    ):
        (tmp_path / "a.bed").write_text(text)
        with pytest.raises(Problem, match=words):
            Regions((tmp_path / "a.bed", genome), SPEC)
    for data, words in ((b"ACGT\n", "is no FASTA"), (b"", "is no FASTA"), (b">" * 20_000, "is no")):
        (tmp_path / "b.fa").write_bytes(data)
        with pytest.raises(Problem, match=words):
            Genome(tmp_path / "b.fa")
    (tmp_path / "c.fa.gz").write_bytes(b">chr1\nACGT\n")
    with pytest.raises(Problem, match="not packed by gzip"):
        Genome(tmp_path / "c.fa.gz")
    (tmp_path / "d.fa.gz").write_bytes(gzip.compress(b">a\nAC\n")[:-9])
    with pytest.raises(Problem, match="damaged, or cut off"):
        Genome(tmp_path / "d.fa.gz")
    (tmp_path / "uneven.fa").write_bytes(b">a\nACGT\nAC\nACGT\n>b\nACGT\nAC\n\n")
    uneven = Genome(tmp_path / "uneven.fa")
    assert uneven.letters("b", 3, 6) == b"TAC"
    with pytest.raises(Problem, match="of several lengths"):
        uneven.letters("a", 0, 2)
    with pytest.raises(Problem, match="no chromosome “1”; it calls it “chr1”"):
        Genome(genome).length("1")
    monkeypatch.setattr("explainers.many.reading.regions.inputs.MOST_CHANGES", 3)
    mixed = bed_of(tmp_path, ["chr1\t20\t30", "chr2\t20\t30"] * 2)
    with pytest.raises(Problem, match="Sort the BED file by chromosome"):
        Regions((mixed, written(tmp_path, name="genome.fa.gz")), SPEC)
    assert len(Regions((mixed, genome), SPEC)) == 4


def test_the_other_strand_of_every_letter():
    whole = "".join(PAIRS)
    assert text_of(reverse_complement(codes_of_text(whole))) == "".join(
        PAIRS[letter] for letter in reversed(whole)
    )


def test_a_packed_bed_file_and_windows_ends(tmp_path):
    data = b"\r\n".join(line.encode() for line in LINES[:3])
    packed, plain = Bed(gzip.compress(data), "a.bed.gz"), Bed(data, "a.bed")
    assert len(packed) == 3 and [packed[k] for k in range(3)] == [plain[k] for k in range(3)]
    assert plain[1].strand == "-" and plain[2].stop == 11
