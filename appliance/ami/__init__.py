"""The Asterisk Manager Interface (AMI): a PBX beside the box, watched over TCP.

`codec` (bytes to frames and back) and `mapping` (frames to the monitor's events) are pure; `client` holds the connection.
Facts of the protocol: docs.asterisk.org, "AMI v2 Specification" and the pages of each action and event of Asterisk 20 to 22
(`Asterisk_22_Documentation/API_Documentation/AMI_Events/...` and `AMI_Actions/...`).
"""
