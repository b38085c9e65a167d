"""ofono-phonesim, a GSM modem that nobody here wrote, for our driver to drive: unpacked from Debian, run, and operated.

Debian 12 and 13 do not have it, so its files come out of the first newer suite that has it and that this machine's own mirror
serves; they are unpacked once into build/phonesim/ and only ever used through chroot. Its window, which nobody sees, is operated
by the scripts that it takes over D-Bus: calls and messages to us, the other side's answer and hang-up, the network.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from tests.peers.world import PATIENCE_S, Program, program, runs, until

SUITES = ("forky", "sid")
PACKAGES = ("ofono-phonesim", "dbus-daemon", "dbus-bin")
BUILD = Path(__file__).resolve().parents[2] / "build/phonesim"
PASSWD = "root:x:0:0:root:/root:/usr/sbin/nologin\n"


def mirror() -> str:
    """The Debian mirror that this machine's own apt uses. RuntimeError where it uses none."""
    shown = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
            "Component: main",
            "Origin: Debian",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    mirrors = [uri for uri in shown.stdout.split() if not uri.rstrip("/").endswith("-security")]
    if not mirrors:
        raise RuntimeError("apt of this machine knows no Debian mirror, and phonesim is to come from one")
    return mirrors[0]


def tree() -> Path:
    """The directory that holds phonesim and all it needs; made where it is not there yet. RuntimeError where no suite has it."""
    BUILD.mkdir(parents=True, exist_ok=True)
    root = BUILD / "root"
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of pytest's workers unpacks, the others wait
        if not root.exists():
            unpacked = _unpack(BUILD / "unpacking")
            for name in ("lib", "lib64"):  # base-files would bring these; it is not among what phonesim needs
                if not (unpacked / name).exists():
                    (unpacked / name).symlink_to(f"usr/{name}")
            (unpacked / "etc/passwd").write_text(PASSWD)
            (unpacked / "etc/machine-id").write_text("0" * 31 + "1\n")
            unpacked.rename(root)
    return root


def _unpack(target: Path) -> Path:
    """Extract the packages of the first suite that has them; no maintainer script runs."""
    said = ""
    for suite in SUITES:
        shutil.rmtree(target, ignore_errors=True)
        done = subprocess.run(
            [
                *("mmdebstrap", "--quiet", "--variant=extract", f"--include={','.join(PACKAGES)}"),
                '--aptopt=Acquire::Check-Valid-Until "false"',  # a mirror that lags is good enough for a test
                '--aptopt=APT::Install-Recommends "false"',
                "--dpkgopt=path-exclude=/usr/share/doc/*",
                *(suite, str(target), mirror()),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return target
        said += f"{suite}: {done.stderr[-2000:]}\n"
    raise RuntimeError(f"no suite of this machine's mirror gives ofono-phonesim:\n{said}")


class Phonesim:
    """One running modem. `path` is its AT port, `audio_path` a port with silence, as it has no audio."""

    def __init__(self, root: Path, place: Path, directory: Path) -> None:
        self.path = str(directory / "at")
        self.audio_path = str(directory / "audio")
        self._root, self._place = root, place
        self._program: Program | None = None

    @property
    def told(self) -> list[str]:
        """The lines that the driver has sent."""
        return self._lines("> ")

    @property
    def said(self) -> list[str]:
        """The lines that the modem has sent."""
        return self._lines("< ")

    def _lines(self, mark: str) -> list[str]:
        assert self._program
        return [line[2:] for line in self._program.output.splitlines() if line.startswith(mark)]

    async def says(self, beginning: str) -> None:
        """Wait for a line of the modem."""
        await until(lambda: any(line.startswith(beginning) for line in self.said), f"{beginning} from the modem")

    async def ring(self, number: str) -> None:
        """Somebody calls us."""
        await self._operate(
            f"tabCall.gbIncomingCall.leCaller.text = {json.dumps(number)}; tabCall.gbIncomingCall.pbIncomingCall.click();"
        )

    async def message(self, sender: str, text: str) -> None:
        """Somebody sends us a message; phonesim's own encoder makes the PDUs."""
        await self._operate(
            f"tabSMS.gbMessage1.leMessageSender.text = {json.dumps(sender)};"
            f"tabSMS.gbMessage1.teSMSText.setPlainText({json.dumps(text)});"
            "tabSMS.gbMessage1.pbSendSMSMessage.click();"
        )

    async def die(self) -> None:
        """Gone in an instant, and its port with it."""
        assert self._program
        await self._program.kill()

    async def _operate(self, script: str) -> None:
        """Run a script that operates the window."""
        (self._root / self._place / "script.js").write_text(script)
        answer = await self._dbus("Run", "script.js")
        assert 'string ""' in answer, answer

    async def _dbus(self, method: str, argument: str) -> str:
        send = ("chroot", self._root, "dbus-send", "--session", "--print-reply", "--dest=org.ofono.phonesim", "/")
        bus = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path=/{self._place}/bus"}
        return await runs(*send, f"org.ofono.phonesim.Script.{method}", f"string:{argument}", alone=False, env=bus)

    async def _ready_for_scripts(self) -> None:
        """Its window opens, and answers, a moment after its port has been connected."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(AssertionError):
                    await self._dbus("SetPath", f"/{self._place}")
                    return
                await asyncio.sleep(0.1)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Phonesim]:
        """With the modem on, its scripts at the ready, and silence on the audio port."""
        wire = ("unshare", "--net", sys.executable, "-m", "tests.peers.phonesim_wire")
        here = Path(__file__).resolve().parents[2]
        places = (self._root, self._place, self.path, self.audio_path)
        async with program(*wire, *places, cwd=here) as self._program:
            await self._program.prints("wire ready")
            await self._ready_for_scripts()
            yield self


@contextlib.asynccontextmanager
async def phonesim(directory: Path) -> AsyncIterator[Phonesim]:
    """A modem that runs for the length of the block, its links in `directory`."""
    root = await asyncio.get_running_loop().run_in_executor(None, tree)
    (root / "tmp").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / "tmp") as place:
        async with Phonesim(root, Path(place).relative_to(root), directory).running() as modem:
            yield modem
