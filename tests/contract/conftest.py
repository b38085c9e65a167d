"""The tests of a real modem exist where there is one."""

from tests.contract.realmodem import real_modem

collect_ignore = [] if real_modem() else ["test_real_modem.py"]
