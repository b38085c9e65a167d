"""Event texts of current Asterisk, whole, in the order of their documented headers.

Written from docs.asterisk.org, Asterisk_22_Documentation (20 and 21 have the same headers), API_Documentation/AMI_Events:
Newchannel, Hangup, QueueCallerJoin, QueueCallerLeave, QueueCallerAbandon, AgentCalled, AgentConnect, AgentComplete,
AgentRingNoAnswer, DialBegin, DialEnd, QueueMemberStatus, CoreShowChannel, CoreShowChannelsComplete, QueueEntry, QueueMember.
Privilege lines are those that a session sees with the classes named there.
"""

from __future__ import annotations

from dataclasses import dataclass

STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}


@dataclass
class Channel:
    name: str
    uniqueid: str
    linkedid: str = ""
    state: int = 4
    context: str = "from-voip"
    exten: str = "112"
    number: str = "+49221123456"

    def headers(self, prefix: str = "") -> str:
        return "".join(
            f"{prefix}{name}: {value}\r\n"
            for name, value in (
                ("Channel", self.name),
                ("ChannelState", self.state),
                ("ChannelStateDesc", STATES[self.state]),
                ("CallerIDNum", self.number),
                ("CallerIDName", "<unknown>"),
                ("ConnectedLineNum", "<unknown>"),
                ("ConnectedLineName", "<unknown>"),
                ("Language", "en"),
                ("AccountCode", ""),
                ("Context", self.context),
                ("Exten", self.exten),
                ("Priority", 1),
                ("Uniqueid", self.uniqueid),
                ("Linkedid", self.linkedid or self.uniqueid),
            )
        )


def event(name: str, body: str, privilege: str = "call,all") -> bytes:
    return f"Event: {name}\r\nPrivilege: {privilege}\r\n{body}\r\n".encode()


def newchannel(channel: Channel) -> bytes:
    return event("Newchannel", channel.headers())


def hangup(channel: Channel, cause: int = 16, text: str = "Normal Clearing") -> bytes:
    return event("Hangup", f"{channel.headers()}Cause: {cause}\r\nCause-txt: {text}\r\n")


def join(channel: Channel, queue: str, position: int = 1) -> bytes:
    return event(
        "QueueCallerJoin",
        f"{channel.headers()}Queue: {queue}\r\nPosition: {position}\r\nCount: {position}\r\n",
        "agent,all",
    )


def leave(channel: Channel, queue: str) -> bytes:
    return event("QueueCallerLeave", f"{channel.headers()}Queue: {queue}\r\nCount: 0\r\nPosition: 1\r\n", "agent,all")


def abandon(channel: Channel, queue: str, waited: int = 9) -> bytes:
    return event(
        "QueueCallerAbandon",
        f"{channel.headers()}Queue: {queue}\r\nPosition: 1\r\nOriginalPosition: 1\r\nHoldTime: {waited}\r\n",
        "agent,all",
    )


def _agent(channel: Channel, leg: Channel, queue: str, more: str = "") -> str:
    member = f"Queue: {queue}\r\nMemberName: {leg.number}\r\nInterface: {leg.name.rpartition('-')[0]}\r\n"
    return channel.headers() + leg.headers("Dest") + member + more


def agent_called(channel: Channel, leg: Channel, queue: str) -> bytes:
    return event("AgentCalled", _agent(channel, leg, queue), "agent,all")


def agent_connect(channel: Channel, leg: Channel, queue: str) -> bytes:
    return event("AgentConnect", _agent(channel, leg, queue, "RingTime: 4\r\nHoldTime: 5\r\n"), "agent,all")


def agent_complete(channel: Channel, leg: Channel, queue: str, reason: str = "caller") -> bytes:
    more = f"HoldTime: 5\r\nTalkTime: 90\r\nReason: {reason}\r\n"
    return event("AgentComplete", _agent(channel, leg, queue, more), "agent,all")


def ring_no_answer(channel: Channel, leg: Channel, queue: str) -> bytes:
    return event("AgentRingNoAnswer", _agent(channel, leg, queue, "RingTime: 15000\r\n"), "agent,all")


def dial_begin(channel: Channel, leg: Channel) -> bytes:
    return event("DialBegin", f"{channel.headers()}{leg.headers('Dest')}DialString: agent\r\n")


def dial_end(channel: Channel, leg: Channel, status: str = "ANSWER") -> bytes:
    return event("DialEnd", f"{channel.headers()}{leg.headers('Dest')}DialStatus: {status}\r\n")


def member_status(queue: str, interface: str, status: int, paused: int = 0) -> bytes:
    body = (
        f"Queue: {queue}\r\nMemberName: {interface}\r\nInterface: {interface}\r\nStateInterface: {interface}\r\n"
        "Membership: static\r\nPenalty: 0\r\nCallsTaken: 3\r\nLastCall: 0\r\nLastPause: 0\r\nLoginTime: 1\r\n"
        f"InCall: 0\r\nStatus: {status}\r\nPaused: {paused}\r\nPausedReason: \r\nRinginuse: 0\r\nWrapuptime: 0\r\n"
    )
    return event("QueueMemberStatus", body, "agent,all")


def show_channel(
    channel: Channel, action: str, *, bridge: str = "", duration: str = "00:00:42", data: str = ""
) -> bytes:
    return (
        f"Event: CoreShowChannel\r\nActionID: {action}\r\n{channel.headers()}BridgeId: {bridge}\r\n"
        f"Application: Queue\r\nApplicationData: {data}\r\nDuration: {duration}\r\n\r\n"
    ).encode()


def queue_entry(channel: Channel, queue: str, action: str, wait: int = 7) -> bytes:
    return (
        f"Event: QueueEntry\r\nQueue: {queue}\r\nPosition: 1\r\nChannel: {channel.name}\r\nUniqueid: {channel.uniqueid}\r\n"
        f"CallerIDNum: {channel.number}\r\nCallerIDName: unknown\r\nConnectedLineNum: unknown\r\n"
        f"ConnectedLineName: unknown\r\nWait: {wait}\r\nPriority: 0\r\nActionID: {action}\r\n\r\n"
    ).encode()


def queue_member(queue: str, interface: str, status: int, action: str) -> bytes:
    return (
        f"Event: QueueMember\r\nQueue: {queue}\r\nName: {interface}\r\nLocation: {interface}\r\nStateInterface: {interface}\r\n"
        f"Membership: static\r\nPenalty: 0\r\nCallsTaken: 0\r\nLastCall: 0\r\nInCall: 0\r\nStatus: {status}\r\n"
        f"Paused: 0\r\nPausedReason: \r\nActionID: {action}\r\n\r\n"
    ).encode()
