"""The rendered phrases at run time: from a phrase and its values to the sounds that say it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from hal.audio.sound import Sound
from ivr.prompts import store
from ivr.prompts.espeak import EspeakMissing
from ivr.prompts.language import Language, Value, load

log = logging.getLogger(__name__)


class PromptsMissing(RuntimeError):
    """The catalogue on disk is not complete. `str()` says how to render it."""


class Phrases:
    """Everything that the box can say in one language."""

    def __init__(self, language: Language, clips: dict[str, Sound]) -> None:
        self.language = language
        self._clips = clips

    def __contains__(self, text: str) -> bool:
        """The text has a clip."""
        return text in self._clips

    def say(self, key: str, /, **values: Value) -> list[Sound]:
        """The sounds of a phrase, in order, each with its caption; all A-law unless a sound was given in another encoding.

        Raises `KeyError` for an unknown phrase, for a gap without a value, or for a text that has no clip: free texts (a
        team, the service) go through `name` or `service` first.
        """
        return [
            piece if isinstance(piece, Sound) else self._clips[piece] for piece in self.language.pieces(key, values)
        ]

    def name(self, name: str, uid: str, recorded: Sound | None = None) -> list[Sound]:
        """A team by name: as the team recorded it, else as rendered, else by the digits of its UID."""
        if recorded is not None:
            return [Sound(recorded.data, recorded.encoding, name)]
        clip = self._clips.get(name)
        return [clip] if clip else self.say("team_by_uid", uid="".join(d for d in uid if d in "0123456789"))

    def service(self, name: str) -> list[Sound]:
        """The service by name, or a general word where its name has never been rendered."""
        clip = self._clips.get(name)
        return [clip] if clip else self.say("unnamed_service")


class Catalogue:
    """All languages of one directory of rendered clips, read into memory: about 4 MB a language of real speech."""

    def __init__(
        self, root: Path, phrases: dict[str, Phrases], clips: dict[str, dict[str, Sound]], renderer: str
    ) -> None:
        self.root = root
        self.renderer = renderer
        self._phrases = phrases
        self._clips = clips

    @classmethod
    def open(cls, root: Path | str, languages: Iterable[str] = ("en", "de")) -> Catalogue:
        """Read the clips below `root`. Blocks. Raises `PromptsMissing`, or `ValueError` for a language without phrases."""
        root = Path(root)
        phrases, clips = {}, {}
        for code in languages:
            language = load(code)
            clips[code] = _read(root / code)
            if missing := [text for text in language.texts() if text not in clips[code]]:
                raise PromptsMissing(
                    f"{root / code}: {len(missing)} clips are missing, for example {missing[0]!r}; "
                    f"render them with `python -m ivr.prompts --out {root}`"
                )
            phrases[code] = Phrases(language, clips[code])
        marker = root / "renderer"
        return cls(root, phrases, clips, marker.read_text() if marker.exists() else "espeak-ng")

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that were read."""
        return tuple(self._phrases)

    def __call__(self, language: str) -> Phrases:
        """The phrases of a language. Raises `KeyError` where it was not opened."""
        return self._phrases[language]

    async def prepare(self, names: Iterable[str] | Mapping[str, Iterable[str]]) -> list[str]:
        """Render free texts (names of teams, the service) in every language, or by language code, and keep them on disk.

        Returns those that still have no clip, for example because espeak-ng is missing: they are then said another way
        (`Phrases.name`, `Phrases.service`). Never raises for that.
        """
        by_language = names if isinstance(names, Mapping) else dict.fromkeys(self._phrases, tuple(names))
        missing: list[str] = []
        for code, texts in by_language.items():
            clips = self._clips[code]
            if todo := [text for text in dict.fromkeys(texts) if text and text not in clips]:
                clips.update(await asyncio.get_running_loop().run_in_executor(None, self._render, code, todo))
                missing.extend(text for text in todo if text not in clips and text not in missing)
        if missing:
            log.warning("%d names have no clip and will be spelt by UID, for example %r", len(missing), missing[0])
        return missing

    def _render(self, code: str, texts: list[str]) -> dict[str, Sound]:
        language = load(code)
        try:
            store.render_missing(self.root, language, texts, self.renderer)
        except (OSError, EspeakMissing) as error:
            log.warning("names were not rendered: %s", error)
        return _read(self.root / code, texts)


def _read(directory: Path, texts: Iterable[str] | None = None) -> dict[str, Sound]:
    wanted = None if texts is None else set(texts)
    clips = {}
    for file, caption in store.read_index(directory).items():
        if wanted is None or caption in wanted:
            try:
                data = (directory / file).read_bytes()
            except OSError:
                continue
            if data:
                clips[caption] = Sound(data, caption=caption)
    return clips
