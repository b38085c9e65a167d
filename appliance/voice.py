"""The box's spoken phrases, wherever they can be had."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ivr.prompts import Catalogue, PromptsMissing, load
from ivr.prompts.store import render_missing

log = logging.getLogger(__name__)


async def open_phrases(rendered: Path, state: Path, languages: Sequence[str]) -> Catalogue:
    """The catalogue of the rendered phrases, in a directory where names can be added to it.

    A directory that the box may not write (it came with the system image) is copied into the box's state once; what is missing
    there is rendered now, if espeak-ng is at hand. Raises `PromptsMissing`: without phrases nobody can be told anything.
    """
    return await asyncio.get_running_loop().run_in_executor(None, _open, rendered, state / "prompts", tuple(languages))


def _open(rendered: Path, own: Path, languages: tuple[str, ...]) -> Catalogue:
    if os.access(rendered, os.W_OK):
        own = rendered
    elif rendered.is_dir():
        shutil.copytree(rendered, own, dirs_exist_ok=True, copy_function=_copy_if_new)
    try:
        return Catalogue.open(own, languages)
    except PromptsMissing as missing:
        log.warning("%s; rendering them now", missing)
        own.mkdir(parents=True, exist_ok=True)
        try:
            for code in languages:
                language = load(code)
                render_missing(own, language, language.texts())
        except (OSError, RuntimeError) as error:
            raise PromptsMissing(f"{missing}; it could not be done now: {error}") from error
        return Catalogue.open(own, languages)


def _copy_if_new(source: str, target: str) -> str:
    """Clips are named by what they say and how, so one that is there is the same; only the index changes."""
    if not source.endswith(".alaw") or not os.path.exists(target):
        shutil.copyfile(source, target)
    return target
