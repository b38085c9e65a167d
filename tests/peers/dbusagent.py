"""Run by Debian's own Python (/usr/bin/python3), for its D-Bus bindings: calls methods, and tells of every signal.

In: one JSON object a line, {"id": 1, "to": NAME, "path": PATH, "interface": NAME, "method": NAME, "args": [...]}.
Out: {"id": 1, "value": ...} or {"id": 1, "error": "..."}, and {"signal": NAME, "interface": ..., "path": ..., "args": [...]}.
"""

import json
import sys

import dbus
import dbus.mainloop.glib
from gi.repository import GLib


def plain(value):
    """D-Bus types as JSON has them."""
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple, dbus.Struct)):
        return [plain(one) for one in value]
    if isinstance(value, str):
        return str(value)
    return float(value) if isinstance(value, float) else int(value)


def say(**message):
    print(json.dumps(message), flush=True)


def heard(*arguments, member, interface, path):
    say(signal=member, interface=interface, path=path, args=[plain(one) for one in arguments])


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.bus.BusConnection(sys.argv[1])
    bus.add_signal_receiver(heard, member_keyword="member", interface_keyword="interface", path_keyword="path")
    loop = GLib.MainLoop()

    def typed(source, _):
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        request = json.loads(line)
        number = request["id"]

        def done(*values):
            say(id=number, value=plain(values[0]) if values else None)

        def failed(error):
            say(id=number, error=f"{error.get_dbus_name()}: {error.get_dbus_message()}")

        try:
            method = bus.get_object(request["to"], request["path"]).get_dbus_method(
                request["method"], request["interface"]
            )
            method(*request["args"], reply_handler=done, error_handler=failed, timeout=100)
        except dbus.DBusException as error:
            failed(error)
        return True

    GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_IN | GLib.IO_HUP, typed)
    loop.run()


main()
