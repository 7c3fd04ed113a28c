"""Names of classes come in every form that people have them in, and in the order of the outputs."""

import json

import pytest

from explainers import Problem
from explainers.models.class_names import read_class_names

CONFIG = {
    "architectures": ["ViTForImageClassification"],
    "hidden_size": 768,
    "id2label": {"1": "dog", "0": "cat", "2": "a, b"},
    "label2id": {"cat": 0, "dog": 1, "a, b": 2},
}
CATEGORIES = [{"id": 1, "name": "dog"}, {"id": 0, "name": "cat"}, {"id": 2, "name": "a, b"}]


@pytest.mark.parametrize(
    "text",
    [
        '{0: "cat", 1: "dog", 2: "a, b"}',
        "{2: 'a, b', 0: 'cat', 1: 'dog',}  # as printed by Python",
        "classes = {'cat': 0, 'dog': 1, 'a, b': 2}",
        "['cat', 'dog', 'a, b']",
        "('cat', 'dog', 'a, b')",
        "names: ['cat', 'dog', 'a, b']",
        json.dumps(CONFIG),
        json.dumps({"label2id": CONFIG["label2id"]}),
        json.dumps(CATEGORIES),
        json.dumps({"info": {}, "categories": CATEGORIES}),
        json.dumps({"1": ["n02", "dog"], "0": ["n01", "cat"], "2": ["n03", "a, b"]}),
        'index,name\n1,dog\n0,cat\n2,"a, b"',
        'name,id\r\ndog,1\r\ncat,0\r\n"a, b",2\r\n',
        "class;name\n0;cat\n1;dog\n2;a, b",
        "id;wnid;name\n0;n01;cat\n2;n03;a, b\n1;n02;dog",
        "class\tlabel\ncat\t0\na, b\t2\ndog\t1",
        "name\ncat\ndog\na, b",
        'name;colour\ncat;red\ndog;blue\n"a, b";red',
        '1,dog\n0,cat\n2,"a, b"',
        "0: cat\n2: a, b\n1: dog",
        "0 cat\n1 dog\n2 a, b",
        "path: data\nnc: 3\nnames:\n  1: dog\n  0: cat\n  2: 'a, b'\ntrain: images",
        "names:\n- cat\n- dog\n- a, b",
    ],
)
def test_every_form_gives_the_names_in_the_order_of_their_numbers(text):
    assert read_class_names(text.encode()) == ("cat", "dog", "a, b")


@pytest.mark.parametrize(
    "lines",
    [
        ("tench, Tinca tinca", "goldfish, Carassius auratus"),
        ("(background)", "cat"),
        ("[PAD]", "[UNK]", "cat"),
        ("n01440764 tench", "n01443537 goldfish"),
        ("7 eleven", "3 musketeers"),
        ("0", "1", "2"),
        ("name tag", "label"),
    ],
)
def test_one_name_a_line_stays_as_it_is(lines):
    assert read_class_names("\n".join(lines).encode()) == lines


@pytest.mark.parametrize(
    "text, sentence",
    [
        ('{"cat": 0, "kitty": 0}', "number 0"),
        ('{"0": "cat", "0": "dog"}', "stands twice"),
        ("{0: 'cat', 0: 'dog'}", "stands twice"),
        ("{0: 'cat', 2: 'dog'}", "from 0 to 1"),
        ("id,name\n1,cat\n2,dog", "from 0 to 1"),
        ("id,name\n0,cat\n0,dog", "number 0"),
        ('{"architectures": ["ViT"], "hidden_size": 768}', "number of a class"),
        ('{"0": {"a": 1}}', "name of a class"),
        ("__import__('os').system('true')", None),
        ("[__import__('os').system('true')]", "neither as JSON"),
        ("{0: 'cat', **{}}", "neither as JSON"),
        ("[" * 10_000, "nested|JSON"),
        ("{0: " + "(" * 1000 + "'cat'" + ")" * 1000 + "}", "JSON"),
        ("[" + "'a' + " * 2000 + "'a']", "neither as JSON"),
        ("[" + "-" * 5000 + "1j]", "neither as JSON"),
        ("{[]: 'cat'}", "neither as JSON|number"),
    ],
)
def test_what_is_none_gets_a_sentence(text, sentence):
    if sentence is None:  # a line of text like any other; nothing in it is run
        assert read_class_names(text.encode()) == (text,)
        return
    with pytest.raises(Problem, match=sentence):
        read_class_names(text.encode())
