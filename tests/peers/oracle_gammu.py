"""Gammu's PDU codec behind a pipe, for /usr/bin/python3 with Debian's python3-gammu: JSON in, JSON out, a line each.

`{"decode": HEX}` gives what gammu reads, service centre first. `{"encode": {...}}` gives the PDUs that it makes of a text: `layout`
Submit or Deliver, `number`, `text`, `unicode` for UCS-2, `wide` for a 16-bit reference, and `when`.
"""

import datetime
import json
import sys

import gammu


def decode(octets):
    sms = gammu.DecodePDU(octets, True)
    text = sms["Text"]
    if isinstance(text, str) and sms["Coding"].startswith("Default"):
        text = text.split("\0")[
            0
        ]  # the binding gives as many characters as there are septets: what is behind is stray memory
    udh = sms["UDH"]
    reference = udh["ID16bit"] if udh["ID16bit"] > 0 else udh["ID8bit"]
    parts = udh["AllParts"] > 0 and "Concatenated" in udh["Type"]
    moments = {"when": str(sms["DateTime"]) if sms["DateTime"] else None}
    if sms["Type"] == "Status_Report":
        moments = {"sent": moments["when"], "when": str(sms["SMSCDateTime"])}
    return {
        **moments,
        "kind": sms["Type"],
        "number": sms["Number"],
        "centre": sms["SMSC"]["Number"],
        "text": text if isinstance(text, str) else None,
        "data": text.hex() if isinstance(text, bytes) else None,
        "part": [reference, udh["AllParts"], udh["PartNumber"]] if parts else None,
        "header": udh["Type"],
        "reference": sms["MessageReference"],
        "status": sms["DeliveryStatus"],
        "validity": sms["SMSC"]["Validity"],
        "coding": sms["Coding"],
    }


def encode(wanted):
    long = "ConcatenatedTextLong" + ("16bit" if wanted["wide"] else "")
    info = {"Entries": [{"ID": long, "Buffer": wanted["text"]}], "Unicode": wanted["unicode"], "Class": -1}
    pdus = []
    for part in gammu.EncodeSMS(info):
        part["Number"] = wanted["number"]
        part["SMSC"]["Number"] = "+491710760000"
        part["Type"] = wanted["layout"]
        if "when" in wanted:
            part["DateTime"] = part["SMSCDateTime"] = datetime.datetime.fromisoformat(wanted["when"])
        pdus.append(gammu.EncodePDU(part, wanted["layout"]).hex())
    return {"pdus": pdus}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = decode(bytes.fromhex(request["decode"])) if "decode" in request else encode(request["encode"])
        except (gammu.GSMError, ValueError, UnicodeError) as error:
            answer = {"error": repr(error)[:200]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
