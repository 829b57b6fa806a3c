"""Thirty-odd ways in which a line of a samples file can be wrong; each maker returns the line's bytes."""

import json

NUMBERS = [0.1, 0.2, 0.0, 0.0, -0.5, 0.0, 1.0]


def screen(**changes):
    """Return a good sample of a screen as JSON, with changes."""
    return {
        "world": "gui", "system": "You see a screen.",
        "conversations": [{"from": "human", "value": "<image> What next?"}, {"from": "gpt", "value": "Action: tap"}],
        "images": ["images/a.png"], "source": "test", "task": "", "episode": "e", "step": 0, "box": [0.0] * 4,
        **changes,
    }  # fmt: skip


def arm(**changes):
    """Return a good sample of the arm as JSON, with changes."""
    sample = screen(world="embodied", cameras=["agentview"], actions=[NUMBERS], state=[0.1] * 8)
    del sample["box"]
    return sample | changes


def without(sample, key):
    """Return a sample without a key."""
    return {name: value for name, value in sample.items() if name != key}


def said(*messages):
    """Return the conversation of (role, text) messages."""
    return [{"from": role, "value": text} for role, text in messages]


ASK, TELL = ("human", "<image> What next?"), ("gpt", "Action: tap")
MALFORMED = {
    # how it is written
    "no JSON": b"{not json}",
    "empty line": b"",
    "cut short": json.dumps(screen()).encode()[:-30],
    "a list": b"[1, 2]",
    "not UTF-8": b'{"world": "\xff"}',
    "NaN": json.dumps(arm(state=[float("nan")] * 8)).encode(),
    "Infinity": json.dumps(arm(actions=[[float("inf")] * 7])).encode(),
    "a key twice": json.dumps(screen()).encode()[:-1] + b', "world": "gui"}',
    "brackets thousands deep": b'{"world": ' + b"[" * 100_000,
    "a number of thousands of digits": b'{"step": ' + b"1" * 10_000 + b"}",
    "half a surrogate pair": json.dumps(screen()).encode().replace(b"What next", b"\\ud800"),
    # keys and world
    "unknown key": screen(colour="red"),
    "no system": without(screen(), "system"),
    "no conversations": without(screen(), "conversations"),
    "unknown world": screen(world="sea"),
    "a screen with actions": screen(actions=[NUMBERS]),
    "the arm without actions": arm(actions=None),
    # conversation
    "roles of another format": screen(conversations=[{"role": "user", "content": "x"}]),
    "two answers in a row": screen(conversations=said(ASK, TELL, TELL)),
    "answer first": screen(conversations=said(TELL, ASK)),
    "question without answer": screen(conversations=said(ASK)),
    "no messages": screen(conversations=[]),
    "unknown role": screen(conversations=said(ASK, ("assistant", "x"))),
    "empty answer": screen(conversations=said(ASK, ("gpt", "  "))),
    "text that is a number": screen(conversations=said(ASK, ("gpt", 7))),
    "text of a million letters": screen(conversations=said(ASK, ("gpt", "x" * 1_000_000))),
    # pictures
    "a mark without a picture": screen(images=[]),
    "a picture without a mark": screen(images=["a.png", "b.png"]),
    "a mark in an answer": screen(conversations=said(("human", "x"), ("gpt", "<image>"))),
    "a mark in the system prompt": screen(system="<image>", conversations=said(("human", "x"), TELL)),
    "pictures as one text": screen(images="images/a.png"),
    "absolute path": screen(images=["/etc/passwd"]),
    "path upwards": screen(images=["images/../../a.png"]),
    "path of Windows": screen(images=["C:\\a.png"]),
    "empty path": screen(images=[""]),
    "path with a zero byte": screen(images=["a\0.png"]),
    "cameras that do not fit": arm(cameras=["agentview", "wrist"]),
    # numbers
    "six numbers": arm(actions=[NUMBERS[:6]]),
    "an action out of range": arm(actions=[[2.0, *NUMBERS[1:]]]),
    "true as a number": arm(actions=[[True, *NUMBERS[1:]]]),
    "text as a number": arm(actions=[["0.1", *NUMBERS[1:]]]),
    "no rows": arm(actions=[]),
    "seven numbers of state": arm(state=[0.0] * 7),
    "state beyond all reason": arm(state=[1e9] * 8),
    "a whole number beyond all reason": arm(state=[10**400] * 8),
    "negative step": screen(step=-1),
    "box inside out": screen(box=[0.5, 0.5, 0.1, 0.9]),
    "box in pixels": screen(box=[10, 20, 30, 40]),
}
