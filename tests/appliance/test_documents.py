"""The pages that come from tables are those of the tables."""

from __future__ import annotations

import dataclasses

import pytest

from appliance import docs
from ivr.limits import Limits


@pytest.mark.parametrize("name", docs.PAGES)
def test_a_page_is_as_generated(name):
    assert (docs.DOCS / name).read_text(encoding="utf-8") == docs.PAGES[name](), "run: make docs"


def test_every_limit_says_what_it_is():
    assert docs.field_docs(Limits).keys() == {each.name for each in dataclasses.fields(Limits)}
