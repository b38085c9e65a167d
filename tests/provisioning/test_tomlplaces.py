"""Every value of a TOML file is found again by its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.tomlplaces import Document, Invalid, integer, listing, text

SAMPLE = '''# a comment
top = 1
[service]
name = "x" # =
"quoted key" = """
[not.a.header]
still = "text"
"""
list = [
  1,
  2, # two
]
after = 3
inline = { a = 1, b = [
 2 ] }
[a.b]
c.d = 4
[[device]]
name = "one"
[[device.line]]
port = "/dev/a"
[[device.line]]
port = "/dev/b"
[[device]]
[[device.line]]
port = "/dev/c"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("service",), 3),
        (("service", "name"), 4),
        (("service", "quoted key"), 5),
        (("service", "list"), 9),
        (("service", "after"), 13),
        (("service", "inline", "a"), 14),
        (("a", "b", "c", "d"), 17),
        (("device", 0, "name"), 19),
        (("device", 0, "line", 0, "port"), 21),
        (("device", 0, "line", 1, "port"), 23),
        (("device", 1), 24),
        (("device", 1, "line", 0, "port"), 26),
        (("device", 1, "name"), 24),
        (("nothing",), 0),
    ],
)
def test_a_statement_is_found_by_its_path(path, line):
    assert Document(SAMPLE, "sample").line(path) == line


def test_text_that_is_no_toml_is_reported_with_its_line():
    with pytest.raises(Invalid) as caught:
        Document("a = 1\nb = = 2\n", "box.toml")
    assert str(caught.value).startswith("box.toml:2: this is no TOML:")


def test_all_problems_come_at_once_in_the_order_of_the_file():
    document = Document('b = "x"\na = 99\nc = [1, 1]\nd = 1\n', "f")
    root = document.root()
    root.take("a", integer(1, 9), 1)
    root.take("b", integer(1, 9), 1)
    root.take("c", listing(integer(1, 9)), ())
    root.need("name", text())
    root.close()
    with pytest.raises(Invalid) as caught:
        document.finish()
    assert str(caught.value).splitlines() == [
        "f: name: is missing; write name = ... (text)",
        'f:1: b: "x" is no whole number; write one from 1 to 9',
        "f:2: a: 99 is out of range; write 1 to 9",
        "f:3: c: [1, 1] has 1 twice; take one away",
        "f:4: d: is not known; known here: a, b, c, name",
    ]


def test_a_key_nearly_right_is_named():
    document = Document("nmae = 1\n", "f")
    root = document.root()
    root.take("name", integer(1, 9), 1)
    root.close()
    with pytest.raises(Invalid, match="did you mean name"):
        document.finish()


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.text(alphabet="[]=\"'#\n.,{} ab1\\\t\r\x00ä", max_size=60))
def test_any_text_is_a_document_or_invalid(garbage):
    try:
        document = Document(garbage, "f")
    except Invalid:
        return
    for key in document.data:
        assert document.line((key,)) >= 1
