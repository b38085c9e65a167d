"""The fault matrix: what modems are known to do wrong x each driver, every cell on a real box.

    python -m tests.faultmatrix [--row TEXT] [--driver NAME] [--jobs N] [--markdown FILE]

A cell is a town (`tests.support.box`) with two lines: one on the modem that goes wrong, one on a modem of another device that
stays well. The fault strikes at its moment; an alert goes to two teams; the line must recover, or be reported as faulted, in
time; the other line and everything else must be as ever, and both teams reached. Then the fault goes, and the line must carry
calls out and in again. Time is virtual (`tests.support.virtualtime`): the seconds in the table are those of the box.
"""
