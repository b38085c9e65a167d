"""The box finds its phrases: where it may write, where it may only read, and where there are none."""

from __future__ import annotations

import asyncio
import os

import pytest

from appliance import voice
from appliance.voice import open_phrases
from ivr.prompts import PromptsMissing, load
from ivr.prompts.store import read_index, render_missing

NAME = "Alpha CERT"


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    directory = tmp_path_factory.mktemp("rendered")
    render_missing(directory, load("en"), load("en").texts(), "fast")
    return directory


def opened(rendered, state):
    return asyncio.run(open_phrases(rendered, state, ("en",)))


def test_phrases_that_may_be_written_are_used_where_they_are(rendered, tmp_path):
    assert opened(rendered, tmp_path).root == rendered


def test_phrases_of_the_system_image_are_copied_and_names_added_to_the_copy(rendered, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != rendered)

    async def story():
        phrases = await open_phrases(rendered, tmp_path, ("en",))
        assert await phrases.prepare([NAME]) == []
        return phrases

    phrases = asyncio.run(story())
    assert phrases.root == tmp_path / "prompts"
    assert NAME not in read_index(rendered / "en").values()
    again = opened(rendered, tmp_path)
    asyncio.run(again.prepare([NAME]))
    assert again("en").say("goodbye")


def test_missing_phrases_are_rendered_at_the_start(rendered, tmp_path, monkeypatch):
    real = voice.render_missing
    monkeypatch.setattr(voice, "render_missing", lambda root, language, texts: real(root, language, texts, "fast"))
    assert opened(tmp_path / "none", tmp_path).languages == ("en",)


def test_without_phrases_and_without_espeak_there_is_no_box(tmp_path, monkeypatch):
    def no_espeak(*_):
        raise RuntimeError("espeak-ng is not there")

    monkeypatch.setattr(voice, "render_missing", no_espeak)
    with pytest.raises(PromptsMissing, match="espeak-ng is not there"):
        opened(tmp_path / "none", tmp_path)


def test_a_language_that_cannot_be_had_costs_the_others_nothing(rendered, tmp_path, monkeypatch):
    def no_espeak(*_):
        raise RuntimeError("espeak-ng is not there")

    monkeypatch.setattr(voice, "render_missing", no_espeak)
    phrases = asyncio.run(open_phrases(rendered, tmp_path, ("de", "xx", "en")))
    assert phrases.languages == ("en",)
    with pytest.raises(PromptsMissing, match="no phrases for language 'xx'"):
        asyncio.run(open_phrases(rendered, tmp_path, ("xx",)))


def test_on_a_full_disk_the_phrases_of_the_system_image_are_read_where_they_are(rendered, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: path != rendered)
    copy = opened(rendered, tmp_path).root
    index = (copy / "en/index.json").read_bytes()

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(voice, "write_whole", full)
    assert opened(rendered, tmp_path).root == rendered
    assert (copy / "en/index.json").read_bytes() == index
