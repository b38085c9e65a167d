"""From the configuration to the devices, closed."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.config import Device as DeviceOptions
from hal import registry
from hal.audio.pump import AudioPump
from hal.board.relay import Relay
from hal.line import Device, DialGate
from hal.registry import DeviceConfig
from hal.usb.names import SYSTEM, Bus


def _sim_pin(path: Path | None) -> str:
    """The PIN of a SIM. ValueError where the file cannot be read, is open to others, or holds no PIN."""
    if path is None:
        return ""
    try:
        with path.open(encoding="ascii") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ValueError(f"{path}: others can read the SIM's PIN; chmod 600 it")
            pin = file.read().strip()
    except OSError as error:
        raise ValueError(f"{path}: the SIM's PIN cannot be read: {error.strerror}") from error
    if not (pin.isdigit() and 4 <= len(pin) <= 8):
        raise ValueError(f"{path}: a SIM's PIN has 4 to 8 digits")
    return pin


def device_config(options: DeviceOptions, bus: Bus = SYSTEM) -> DeviceConfig:
    """A device of the configuration, as the registry of drivers takes it. ValueError as in `_sim_pin`."""
    return DeviceConfig(
        name=options.name,
        driver=options.driver,
        ports=tuple(line.port for line in options.lines),
        audio_port=next((line.audio for line in options.lines if line.audio), ""),
        model=options.model,
        directions=tuple(line.direction for line in options.lines),
        msns=tuple(line.number for line in options.lines) if any(line.number for line in options.lines) else (),
        listen=options.numbers,
        pin=_sim_pin(options.sim_pin_file),
        country=options.country,
        bus=bus,
    )


@dataclass(frozen=True)
class Fitted:
    """A device that was made, and from what."""

    options: DeviceOptions
    config: DeviceConfig
    device: Device


def create_devices(
    all_options: tuple[DeviceOptions, ...],
    *,
    gate: DialGate,
    pump: AudioPump,
    failed: Callable[[str, str], None],
    bus: Bus = SYSTEM,
) -> list[Fitted]:
    """Every device that can be made; `failed(name, why)` is called for the others."""
    devices = []
    for options in all_options:
        try:
            config = device_config(options, bus)
            devices.append(Fitted(options, config, registry.create(config, gate=gate, pump=pump)))
        except (ValueError, ImportError) as error:
            failed(options.name, str(error))
    return devices


def relay(options: DeviceOptions) -> Relay | None:
    """The relay of a device, where it has one. Raises a `LineFault` where it cannot be used."""
    if not options.power_pin:
        return None
    return Relay(options.power_pin, active_low=options.power_active_low)
