"""vgetty and vm of mgetty-voice: their configuration, their spool, their own sound tools."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

from hal.audio.sound import Encoding, Sound
from tests.peers.sounds import Samples, wav
from tests.peers.world import Program, program, until

_HEADER = 32
"""Octets in front of the sound in a file of raw modem data."""
VOICE_CONF = """
part generic
voice_log_level 6
voice_shell_log {place}/shell.log
voice_dir {place}/spool
phone_owner root
phone_group root
phone_mode 0600
receive_dir incoming
message_dir messages
message_list Index
backup_message standard.rmd
port_speed 115200
do_hard_flow false
rec_silence_len 0
rec_remove_silence false
rec_compression {compression}
{forced}
{extra}
program vgetty
rings 2
answer_mode voice
{vgetty}
program vm
dialout_timeout 60
"""
MGETTY_CONFIG = """
toggle-dtr no
need-dsr no
data-only yes
port-owner root
port-group root
debug 9
"""


class Mgetty:
    """One installation of mgetty-voice for one port."""

    def __init__(
        self,
        place: Path,
        node: Path,
        *,
        compression: int = 8,
        vgetty: str = "",
        extra: str = "",
        force_v253: bool = True,
    ) -> None:
        self.place = place
        self.port = str(node.relative_to("/dev"))
        self.etc, self.log, self.lock = place / "etc", place / "log", place / "lock"
        self.incoming = place / "spool/incoming"
        for directory in (self.etc, self.log / "mgetty", self.lock, self.incoming, place / "spool/messages"):
            directory.mkdir(parents=True, exist_ok=True)
        forced = "forceV253 TRUE" if force_v253 else ""
        (self.etc / "voice.conf").write_text(
            VOICE_CONF.format(place=place, vgetty=vgetty, extra=extra, forced=forced, compression=compression)
        )
        (self.etc / "mgetty.config").write_text(MGETTY_CONFIG)
        for name in ("login.config", "dialin.config"):
            (self.etc / name).write_text("")

    def greeting(self, sound: Sound, modem: str, compression: str) -> None:
        """What vgetty says before it beeps, made by mgetty's own tools for this kind of modem."""
        self.rmd(sound, self.place / "spool/messages/standard.rmd", modem, compression)
        (self.place / "spool/messages/Index").write_text("standard.rmd\n")

    def rmd(self, sound: Sound, path: Path, modem: str, compression: str) -> Path:
        """A file of raw modem data."""
        pvf = subprocess.run(["wavtopvf"], input=wav(sound), capture_output=True, check=True).stdout
        path.write_bytes(
            subprocess.run(["pvftormd", modem, compression], input=pvf, capture_output=True, check=True).stdout
        )
        return path

    def hear(self, rmd: Path) -> Samples:
        """A recording, decoded by mgetty's own tools. (Not by pvftowav: its header gives half the length of 16-bit files.)"""
        pvf = subprocess.run(["rmdtopvf", str(rmd)], capture_output=True, check=True).stdout
        words = ["pvftolin", "-W", "-S", "-I"]
        return np.frombuffer(subprocess.run(words, input=pvf, capture_output=True, check=True).stdout, "<i2").astype(
            float
        )

    def greeting_alaw(self, sound: Sound) -> None:
        """The same greeting with the A-law of ITU-T G.711, which isdn4linux has. (That of mgetty's tools has its bits turned
        round: neither sox nor we can read it.)"""
        file = self.place / "spool/messages/standard.rmd"
        file.write_bytes(file.read_bytes()[:_HEADER] + sound.to(Encoding.ALAW).data)

    def hear_alaw(self, rmd: Path) -> Samples:
        """A recording in A-law, decoded by sox."""
        words = ["sox", "-t", "al", "-r", "8000", "-", "-t", "s16", "-"]
        data = rmd.read_bytes()[_HEADER:]
        return np.frombuffer(subprocess.run(words, input=data, capture_output=True, check=True).stdout, "<i2").astype(
            float
        )

    @property
    def recordings(self) -> list[Path]:
        """Messages left so far."""
        return sorted(self.incoming.glob("*.rmd"))

    @property
    def dialogue(self) -> str:
        """Everything in the log files."""
        lines = [
            line
            for path in sorted((self.log / "mgetty").iterdir())
            for line in path.read_text("utf-8", "replace").splitlines()
            if " conf lib: " not in line and " key: " not in line and " setenv: " not in line
        ]
        return "\n".join(lines)

    async def ready(self, times: int = 1) -> None:
        """Wait until vgetty listens for a call (the so-manieth time)."""
        await until(lambda: self.dialogue.count("  waiting...") >= times, "vgetty at the ready")

    async def records(self, times: int = 1) -> None:
        """Wait until it has begun to record (the so-manieth time)."""
        recording = re.compile(r": AT\+VRX(?!.*AT\+VRX).*: CONNECT", re.DOTALL)
        await until(
            lambda: self.dialogue.count(": AT+VRX") == times and recording.search(self.dialogue),
            "start of the recording",
        )

    @contextlib.asynccontextmanager
    async def run(self, *command: str | Path) -> AsyncIterator[Program]:
        """vgetty or vm with this installation; the log is shown where something goes wrong."""
        over = {"/etc/mgetty": self.etc, "/var/log": self.log, "/run/lock": self.lock}
        try:
            async with program(*command, over=over) as running:
                yield running
        except Exception as error:
            error.add_note(f"--- its log:\n{self.dialogue[-4000:]}")
            raise

    def vgetty(self) -> contextlib.AbstractAsyncContextManager[Program]:
        """vgetty, waiting for one call; it ends after it, and whoever is init starts it again."""
        return self.run("vgetty", "-x", "9", "-s", "115200", self.port)

    def vm(self, *words: str | Path) -> contextlib.AbstractAsyncContextManager[Program]:
        """vm (`vm beep 933 500`) on the telephone line."""
        action, *rest = words
        return self.run("vm", action, "-t", "-x", "9", "-l", self.port, *rest)


CALL_PROGRAM = r"""#!/bin/sh
# vgetty's voice shell: it says HELLO SHELL, wants a polite answer, and then does what it is told.
hear() { read -r word <&"$VOICE_INPUT" && echo "$word" >>"$TOLD"; }
tell() { echo "$1" >&"$VOICE_OUTPUT"; kill -PIPE "$VOICE_PID"; }
until_ready() { while hear; do [ "$word" = READY ] && return; done; }
hear
tell "HELLO VOICE PROGRAM"
until_ready
tell "ENABLE EVENTS"
until_ready
tell "$ACTION"
while hear; do
    case $word in BUSY_TONE | NO_CARRIER) break ;; esac
done
tell STOP
until_ready
tell GOODBYE
hear
"""


def call_program(place: Path, action: str = "WAIT 60") -> Path:
    """A program that vgetty calls for each caller; what vgetty tells it is in the file `told` beside it. `action`: what it
    has vgetty do while the caller presses keys."""
    place.mkdir()
    script = place / "program.sh"
    script.write_text(CALL_PROGRAM.replace("$TOLD", str(place / "told")).replace("$ACTION", action))
    script.chmod(0o755)
    return script


def told(program: Path) -> list[str]:
    """The words that vgetty has said to its call program."""
    file = program.with_name("told")
    return file.read_text().split() if file.exists() else []


def keys(program: Path) -> str:
    """The keys that it was told of."""
    return "".join(key for word, key in itertools.pairwise(told(program)) if word == "RECEIVED_DTMF")
