"""The rendered clips on disk: `<directory>/<language>/<clip>.alaw` and `index.json` beside them, file name -> caption.

A file's name holds a hash of everything that its sound depends on (text as told to the voice, voice, speed, renderer and
its version), so whether it must be rendered is whether it is there. `renderer` in the directory says which renderer made it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ivr.prompts import espeak, fast
from ivr.prompts.language import Language

Render = Callable[[Language, str], bytes]

RENDERERS: dict[str, tuple[Render, str]] = {
    "espeak-ng": (espeak.render, espeak.VERSION),
    "fast": (fast.render, fast.VERSION),
}
"""Name -> what renders a text, and the version of its sound."""


def file_name(language: Language, text: str, renderer: str) -> str:
    """The file of a clip: some letters of its text for people, and the hash that tells it from all others."""
    version = RENDERERS[renderer][1]
    parts = (version, language.voice, str(language.speed), language.spoken(text), text)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower())[:32].strip("-")
    return f"{slug}-{digest[:12]}.alaw"


def read_index(directory: Path) -> dict[str, str]:
    """File name -> caption of one language's directory; empty where there is no index that can be read."""
    try:
        index = json.loads((directory / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(file): str(caption) for file, caption in index.items()} if isinstance(index, dict) else {}


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees a part of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(data)
    partial.replace(path)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """No other process renders below `root` meanwhile: each would drop what the other's index does not name yet."""
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def render_missing(
    root: Path, language: Language, texts: Iterable[str], renderer: str = "espeak-ng", *, workers: int = 0
) -> int:
    """Make every clip of `texts` that is not there yet, and the index; return how many were made. Blocks.

    Clips of other texts that this renderer made (names, mostly) stay; anything older goes. `workers` renderings run at
    once (0: one a processor). Raises `OSError`, or `EspeakMissing` when a text could not be spoken: the index then names
    what is there.
    """
    directory = root / language.code
    directory.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        return _render(root, directory, language, texts, renderer, workers)


def _render(root: Path, directory: Path, language: Language, texts: Iterable[str], renderer: str, workers: int) -> int:
    wanted = {file_name(language, text, renderer): text for text in texts}
    for file, caption in read_index(directory).items():
        if file_name(language, caption, renderer) == file:
            wanted.setdefault(file, caption)
    todo = {file: text for file, text in wanted.items() if not (directory / file).exists()}
    render = RENDERERS[renderer][0]

    def make(item: tuple[str, str]) -> None:
        write_whole(directory / item[0], render(language, item[1]))

    try:
        # Threads suffice: the work is in espeak-ng's own processes.
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            for _ in pool.map(make, todo.items()):
                pass
    finally:
        _write_index(root, directory, wanted, renderer)
    return len(todo)


def _write_index(root: Path, directory: Path, wanted: dict[str, str], renderer: str) -> None:
    index = {file: text for file, text in sorted(wanted.items()) if (directory / file).exists()}
    encoded = json.dumps(index, ensure_ascii=False, indent=1).encode() + b"\n"
    path = directory / "index.json"
    if not path.exists() or path.read_bytes() != encoded:
        write_whole(path, encoded)
    for file in directory.glob("*.alaw"):
        if file.name not in index:
            file.unlink(missing_ok=True)
    write_whole(root / "renderer", renderer.encode())
