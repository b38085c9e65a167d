"""The box's spoken phrases, wherever they can be had."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from ivr.prompts import Catalogue, PromptsMissing, load
from ivr.prompts.store import render_missing, write_whole

log = logging.getLogger(__name__)


async def open_phrases(rendered: Path, state: Path, languages: Sequence[str]) -> Catalogue:
    """The catalogue of the rendered phrases, in a directory where names can be added to it.

    A directory that the box may not write (it came with the system image) is copied into the box's state once; what is missing
    there is rendered now, if espeak-ng is at hand. A language that cannot be had is left out (see `Catalogue.languages`).
    Raises `PromptsMissing` where none can be had: without phrases nobody can be told anything.
    """
    return await asyncio.get_running_loop().run_in_executor(None, _open, rendered, state / "prompts", tuple(languages))


def _open(rendered: Path, own: Path, languages: tuple[str, ...]) -> Catalogue:
    if os.access(rendered, os.W_OK):
        own = rendered
    elif rendered.is_dir():
        try:
            shutil.copytree(rendered, own, dirs_exist_ok=True, copy_function=_copy_if_new)
        except OSError as error:  # a full disk: the phrases can be read where they are, only names cannot be added
            log.error("the phrases cannot be copied to %s: %s", own, error)
            own = rendered
    spoken, why = [], ""
    for code in languages:
        try:
            _complete(own, code)
            spoken.append(code)
        except (PromptsMissing, ValueError) as error:
            log.error("language %s cannot be spoken: %s", code, error)
            why = why or str(error)
    if not spoken:
        raise PromptsMissing(why)
    return Catalogue.open(own, spoken)


def _complete(own: Path, code: str) -> None:
    """See that everything of a language is there. Raises `PromptsMissing`, or `ValueError` for an unknown language."""
    try:
        Catalogue.open(own, (code,))
    except PromptsMissing as missing:
        log.warning("%s; rendering them now", missing)
        language = load(code)
        try:
            own.mkdir(parents=True, exist_ok=True)
            render_missing(own, language, language.texts())
        except (OSError, RuntimeError) as error:
            raise PromptsMissing(f"{missing}; it could not be done now: {error}") from error


def _copy_if_new(source: str, target: str) -> str:
    """Clips are named by what they say and how, so one that is there is the same; only the index changes."""
    if not source.endswith(".alaw") or not os.path.exists(target):
        write_whole(Path(target), Path(source).read_bytes())
    return target
