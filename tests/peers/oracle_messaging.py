"""python-messaging's PDU codec behind a pipe, for the Python of build/oracles: JSON in, JSON out, a line each.

`{"decode": HEX}` gives what it reads of a message from the network, service centre first. `{"encode": {"number", "text", "report",
"reference"}}` gives the PDUs that it makes of a text.
"""

import json
import sys

from messaging.sms import SmsDeliver, SmsSubmit


def decode(pdu):
    sms = SmsDeliver(pdu)
    if sms.sr is not None:
        return {
            "kind": "Status_Report",
            "number": sms.sr["recipient"],
            "reference": sms.udh.concat.ref,
            "status": sms.sr["status"],
            "sent": str(sms.sr["scts"]) if sms.sr["scts"] else None,
            "when": str(sms.sr["dt"]) if sms.sr["dt"] else None,
            "centre": sms.csca,
        }
    concat = sms.udh.concat if sms.udh else None
    return {
        "kind": "Deliver",
        "number": sms.number,
        "text": sms.text if isinstance(sms.text, str) else None,
        "data": sms.text.hex() if isinstance(sms.text, bytes) else None,
        "part": [concat.ref, concat.cnt, concat.seq] if concat else None,
        "when": str(sms.date),
        "centre": sms.csca,
    }


def encode(wanted):
    sms = SmsSubmit(wanted["number"], wanted["text"])
    sms.request_status = wanted["report"]
    sms.rand_id = wanted["reference"]
    return {"pdus": [part.pdu for part in sms.to_pdu()], "lengths": [part.length for part in sms.to_pdu()]}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = decode(request["decode"]) if "decode" in request else encode(request["encode"])
        except Exception as error:  # it raises whatever happens to go wrong inside
            answer = {"error": repr(error)[:200]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
