"""What is plugged in, told by the kernel's own tree (sysfs), and how a port keeps its name whatever number it gets today."""

from hal.usb.identities import Identity, Role, identify
from hal.usb.names import SYSTEM, Bus, PortName
from hal.usb.tree import Interface, UsbDevice

__all__ = ["SYSTEM", "Bus", "Identity", "Interface", "PortName", "Role", "UsbDevice", "identify"]
