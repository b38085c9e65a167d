"""python-gsmmodem-new at a modem, run by its own virtual environment: NODE. Does what standard input says, one command a line."""

import sys

from gsmmodem.modem import GsmModem


def say(*words):
    print(*words, flush=True)


def on_call(call):
    say("incoming", call.number, call.ringCount)
    if call.ringCount == 2:
        call.answer()
        say("picked up")


def on_message(sms):
    say("message", sms.number, sms.text)


def on_report(report):
    say("report", report.reference, report.deliveryStatus)


def main(node):
    modem = GsmModem(
        node,
        incomingCallCallbackFunc=on_call,
        smsReceivedCallbackFunc=on_message,
        smsStatusReportCallback=on_report,
        requestDelivery=True,
    )
    modem.connect()
    say("connected", modem.manufacturer, modem.imei, modem.imsi, modem.networkName, modem.signalStrength)
    call = None
    for line in sys.stdin:
        command, _, rest = line.strip().partition(" ")
        if command == "send":
            number, _, text = rest.partition(" ")
            say("sent", modem.sendSms(number, text).reference)
        elif command == "dial":
            call = modem.dial(rest, callStatusUpdateCallbackFunc=lambda it: say("answered" if it.answered else "ended"))
            say("dialled")
        elif command == "keys":
            call.sendDtmfTone(rest)
            say("keyed")
        elif command == "hangup":
            call.hangup()
            say("hung up")
    modem.close()


main(sys.argv[1])
