"""The overload monitor: a call flood told apart from a disaster, by the originating network of the calls.

After Fuchs, Aschenbruck, Leder and Martini, "Detecting VoIP based DoS attacks at the Public Safety Answering Point"
(ASIACCS 2008), called "the paper" here, and with a second detector, `shares`, for what the paper leaves open.
A pure fold: events in, alarms out; no clock, no socket, nothing of the house.
"""
