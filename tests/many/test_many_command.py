"""`python -m explainers many`: begins, stops at Ctrl-C, goes on, and says what it did."""

import os
import signal

import pytest
import torch
from safetensors.torch import save_file
from small_runs import pictures, slowly_parsed
from torch import nn

from explainers.commands import many
from explainers.commands.command_line import main
from explainers.many.run import open_run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by forking")


@pytest.fixture
def interruptible():
    """Ctrl-C counts, though a shell that starts tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_stopped_and_gone_on_with(tmp_path, monkeypatch, capsys, interruptible):
    source, to = pictures(tmp_path / "in", 60), tmp_path / "out"
    (source / "007.png").write_bytes(b"no picture")
    command = ["many", "digits", str(source), "--to", str(to), "--method", "occlusion"]
    command += ["--option", "window=4", "--shard", "2", "--own-files"]
    real = many._Line.progress

    def interrupted(self, state):
        real(self, state)
        if state.done >= 5:  # so that two shards are kept: a row counts before its shard does
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(many._Line, "progress", interrupted)
    monkeypatch.setattr(many, "parsed_file", slowly_parsed)  # the command looks before all is done
    assert main(command) == many.INTERRUPTED
    assert "The same command goes on" in capsys.readouterr().err
    kept = open_run(to).done
    assert 4 <= kept < 60
    monkeypatch.undo()
    assert main(command) == 1
    said = capsys.readouterr()
    assert "60 inputs are in" in said.out and "1 of them have no answer" in said.out
    assert "007.png: " in said.err
    run = open_run(to)
    assert [row["index"] for row in run.rows()] == list(range(60))
    assert run.told["asked"]["options"] == {"window": 4}
    assert main([*command, "--target", "1"]) == 2
    assert "holds another run; what differs is target (none there, 1 here)" in (
        capsys.readouterr().err
    )
    assert main([*command, "--option", "window"]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def test_a_network_from_a_file_over_a_table(tmp_path, capsys):
    torch.manual_seed(3)
    network = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 3))
    save_file(network.state_dict(), tmp_path / "net.safetensors")
    rows = [[n / 7, (n * n) % 11] for n in range(30)]
    lines = "\n".join(f"{a},{b}" for a, b in rows)
    (tmp_path / "rows.csv").write_text(f"a,b\n{lines}\n")
    command = ["many", str(tmp_path / "net.safetensors"), str(tmp_path / "rows.csv")]
    command += ["--to", str(tmp_path / "out"), "--kind", "table", "--baseline", "zeros"]
    command += ["--method", "gradient_x_input", "--checks", "proof", "agreement"]
    assert main(command) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "of 30 maps beat chance" in said and "those of DeepLIFT and Integrated" in said
    with torch.no_grad():
        outputs = network(torch.tensor(rows))
    found = list(open_run(tmp_path / "out").rows())
    proven = sum(row["proven"] for row in found)
    assert f"{proven} of 30 maps" in said and all(row["overlap"] is not None for row in found)
    assert [row["class"] for row in found] == outputs.argmax(1).tolist()
    assert [row["answer"] for row in found] == pytest.approx(outputs.amax(1).tolist(), rel=1e-5)


def test_only_what_the_network_answers(tmp_path, capsys):
    for name, seed in (("3", 0), ("8", 1)):
        pictures(tmp_path / "in" / name, 4, seed)
    command = ["many", "digits", str(tmp_path / "in"), "--to", str(tmp_path / "out"), "--predict"]
    assert main([*command, "--checks", "proof", "--cues"]) == 2
    assert "--checks and --cues are about maps" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "--method", "saliency"])
    assert "not allowed with argument" in capsys.readouterr().err
    report = tmp_path / "a.html"
    assert main([*command, "--own-files", "--report", str(report), "--with-input"]) == 0
    said, rows = capsys.readouterr().out, list(open_run(tmp_path / "out").rows())
    wrong = sum(row["class_name"] != row["label"] for row in rows)
    assert f"{wrong} of 8 answers are another class than the folder" in said
    assert "rows/*.parquet." in said and not (tmp_path / "out" / "maps").exists()
    page = report.read_text(encoding="utf-8")
    assert "8 of 8 pictures answered" in page and "What does the network digits answer" in page
    assert "baseline" not in page.partition("<h2>Settings")[0] and "The map of" not in page
