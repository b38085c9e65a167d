"""The `alertbox` command. What reaches the box comes from the table in `appliance.commands`; the rest is here."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from appliance import commands, config, lastconfig, offline
from appliance.answers import CommandFailed
from appliance.commands import Argument, Command, Of
from appliance.config import Config, Invalid
from appliance.console import render
from appliance.console.visible import visible
from appliance.control import BoxDown, ask
from appliance.lastconfig import Loaded
from appliance.lineclient import CLIENTS, Client
from appliance.overload.commands import overload

DEFAULT_CONFIG = Path("/etc/alertbox/box.toml")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=DEFAULT_CONFIG,
    envvar="ALERTBOX_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The box's configuration.",
)
@click.pass_context
def main(context: click.Context, config_path: Path) -> None:
    """The out-of-band telephone alert box."""
    context.obj = config_path


def load_config(context: click.Context) -> Loaded:
    """The configuration that the command line names, or its last good copy after saying every mistake in it. Ends the
    program where there is neither.
    """
    try:
        loaded = lastconfig.load(context.find_root().obj)
    except Invalid as error:
        render.complain(error)
        context.exit(2)
    if loaded.mistakes is not None:
        render.complain(loaded.mistakes)
        click.echo("The last good configuration is used instead.", err=True)
    return loaded


def read_config(context: click.Context) -> Config:
    """As `load_config`: what is configured."""
    return load_config(context).config


def _file(path: str) -> dict[str, Any]:
    """A file argument, as the box gets it."""
    try:
        with open(path, encoding="utf-8") as file:
            private = not os.fstat(file.fileno()).st_mode & 0o077
            return {"text": file.read(), "source": path, "private": private}
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path}: cannot be read: this is no text in UTF-8 ({error.reason})") from None


def _parameter(argument: Argument) -> click.Parameter:
    kind: Any = {Of.NUMBER: click.IntRange(min=1), Of.WORD: str, Of.FILE: str, Of.FLAG: bool}[argument.of]
    if argument.name.startswith("--"):
        return click.Option(
            [argument.name, argument.key],
            type=kind,
            default=argument.default,
            is_flag=argument.of is Of.FLAG,
            show_default=argument.of is Of.NUMBER,
            help=argument.help,
        )
    return click.Argument([argument.key], type=kind, metavar=argument.name)


def _callback(command: Command) -> Callable[..., None]:
    def run(**values: Any) -> None:
        context = click.get_current_context()
        if context.invoked_subcommand is not None:
            return
        client = CLIENTS.get(command.name)
        if client is not None:
            context.exit(_own_asking(client, context, values))
        settings = read_config(context)
        arguments = {
            argument.key: _file(values[argument.key]) if argument.of is Of.FILE else values[argument.key]
            for argument in command.arguments
        }
        try:
            try:
                answer = ask(settings.control.socket, command.name, arguments)
            except BoxDown as error:
                if not command.without_box:
                    raise CommandFailed(
                        f"the box is not running ({error}); start it with: systemctl start alertbox"
                    ) from None
                answer = asyncio.run(offline.answer(settings, command, arguments))
        except CommandFailed as error:
            render.complain(error)
            context.exit(2)
        if values.get("json"):
            click.echo(json.dumps(answer.data, indent=2))
        else:
            render.show(answer)
        context.exit(answer.status)

    return run


def _own_asking(client: Client, context: click.Context, values: dict[str, Any]) -> int:
    """A command that asks the box by itself; its exit status."""
    try:
        return client(context.find_root().obj, values)
    except CommandFailed as error:
        render.complain(error)
    except BoxDown as error:
        render.complain(CommandFailed(f"the box is not running ({error}); start it with: systemctl start alertbox"))
    return 2


def _add(command: Command) -> None:
    """Hang a command of the table into the tree: `alerts show` below `alerts`."""
    group: click.Group = main
    *above, name = command.name.split()
    for word in above:
        group = group.commands[word]  # type: ignore[assignment]  # a word with commands below it is a group
    parameters = [_parameter(each) for each in command.arguments]
    made: click.Command
    if any(each.name.startswith(command.name + " ") for each in commands.COMMANDS):
        made = click.Group(
            name, callback=_callback(command), params=parameters, help=command.help, invoke_without_command=True
        )
    else:
        made = click.Command(name, callback=_callback(command), params=parameters, help=command.help)
    group.add_command(made)


GROUPS = {
    "journal": "The record of everything that happened.",
    "roster": "Who is called, in which order, on which numbers.",
    "pin": "PINs of the teams.",
}
"""First words that are no commands themselves."""

for _name, _help in GROUPS.items():
    main.add_command(click.Group(_name, help=_help))
main.add_command(overload)
for _command in sorted(commands.COMMANDS, key=lambda each: each.name.count(" ")):
    _add(_command)


@main.command()
@click.pass_context
def run(context: click.Context) -> None:
    """Run the box: what the service does."""
    from appliance import daemon

    sys.exit(daemon.run(load_config(context)))


@main.group("config")
def configuration() -> None:
    """What the box is told to be."""


@configuration.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.pass_context
def check_config(context: click.Context, file: Path | None) -> None:
    """Say every mistake in FILE, or in the configuration in use, before a restart would."""
    path = file or context.find_root().obj
    try:
        config.load(path)
    except Invalid as error:
        render.complain(error)
        context.exit(2)
    click.echo(visible(f"{path}: no mistakes. It holds from the next start: systemctl restart alertbox"))


@main.command()
@click.option("--directory", type=click.Path(path_type=Path, file_okay=False), help="Directory of the exchange.")
@click.option("--number", help="Number to dial; otherwise that of the box's first line.")
@click.option("--from", "caller", default="+49305550100", show_default=True, help="Own number.")
@click.pass_context
def phone(context: click.Context, directory: Path | None, number: str | None, caller: str) -> None:
    """Be a caller: dial the box on the simulated exchange from the keyboard."""
    from appliance import phone as telephone

    settings = read_config(context)
    sys.exit(telephone.run(settings, directory, number, caller))


@main.command()
@click.option("--real-time", is_flag=True, help="At the pace of life instead of ten times as fast.")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this directory.")
def demo(real_time: bool, keep: Path | None) -> None:
    """One whole alert, end to end, on simulated telephone lines."""
    from appliance.demo import run as demonstrate

    sys.exit(demonstrate(real_time=real_time, directory=keep))


if __name__ == "__main__":
    main(prog_name="alertbox")
