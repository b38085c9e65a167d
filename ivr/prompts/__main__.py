"""`python -m ivr.prompts --out DIR`: render every phrase of every language."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ivr.prompts import available, espeak, load
from ivr.prompts.store import render_missing

DEFAULT_SERVICE = "eCSIRT.net alert function"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Directory of the clips.")
@click.option("--fast", is_flag=True, help="Short sounds instead of speech: for tests.")
@click.option(
    "--language", "languages", multiple=True, type=click.Choice(available()), help="Only this one; repeatable."
)
@click.option("--service", default=DEFAULT_SERVICE, show_default=True, help="Name of the service.")
@click.option("--name", "names", multiple=True, help="A further text, such as a team's name; repeatable.")
def main(out: Path, fast: bool, languages: tuple[str, ...], service: str, names: tuple[str, ...]) -> None:
    """Render the clips that are missing below OUT."""
    renderer = "fast" if fast else "espeak-ng"
    if not fast and not espeak.available():
        raise click.ClickException("espeak-ng is not installed: apt-get install espeak-ng")
    for code in languages or available():
        language = load(code)
        try:
            made = render_missing(out, language, [*language.texts(), service, *names], renderer)
        except (OSError, espeak.EspeakMissing) as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{out / code}: {made} clips rendered ({language.name}, {renderer})")


if __name__ == "__main__":
    sys.exit(main())
