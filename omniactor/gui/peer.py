"""An agent that asks another model: any server with OpenAI's chat completions, in the model's own dialect.

Its name says everything: `openai:http://127.0.0.1:8000/v1#Qwen/Qwen2.5-VL-7B-Instruct`, and after the
model, where they are needed, `&dialect=qwen2.5-vl` and `&seconds=120`. A key is taken from
`OMNIACTOR_PEER_KEY` and from nowhere else, so that no other service's key goes to a server named by chance.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import math
import os
import socket
import ssl
import threading
import time
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from omniactor.actions.dialects.dialect import Dialect, Message, Size
from omniactor.actions.dialects.registry import dialect_of_model, find_dialect
from omniactor.actions.gui import one_line
from omniactor.errors import ActionError, InputError, PeerError
from omniactor.types import Decision, GuiAction, Observation

PREFIX = "openai:"
KEY = "OMNIACTOR_PEER_KEY"
SECONDS = 60.0
"""How long an answer may take in all, unless the name says otherwise."""
MAX_SECONDS = 3600.0
MAX_ANSWER = 2_000_000
"""Bytes of a server's answer."""
MAX_TOKENS = 1024


class PeerAgent:
    """Asks a server for every action.

    Args:
        name: see this module.

    Attributes:
        decision: the last answer; None before the first.

    Raises:
        InputError: the name is none, or its dialect has no documented prompt.
    """

    needs_images = True

    def __init__(self, name: str) -> None:
        """Take the name apart; the server is not asked yet."""
        address, _, rest = name.removeprefix(PREFIX).partition("#")
        self.model, _, options = rest.partition("&")
        self.address, self._port = _check_address(address)
        chosen = _check_options(options)
        if not self.model:
            raise InputError(f"expected {PREFIX}URL#MODEL, got no model; write it after #, as the server calls it")
        self.seconds = _check_seconds(chosen.get("seconds", str(SECONDS)))
        self.dialect: Dialect = find_dialect(chosen["dialect"]) if "dialect" in chosen else dialect_of_model(self.model)
        if self.dialect.asks is None:
            raise InputError(f"expected a dialect with a documented prompt, got {self.dialect.name}; name another with &dialect=")
        self.name = f"{PREFIX}{self.model}"  # where the server stands is nobody else's business
        self.decision: Decision | None = None
        self._seed: int | None = None

    def reset(self, instruction: str, seed: int | None = None) -> None:
        """Take the seed; the instruction comes with every observation."""
        self._seed, self.decision = seed, None

    def act(self, observation: Observation) -> GuiAction:
        """Ask for the next action.

        Raises:
            PeerError: the server is down, slow, refuses, or what it says is no chat completion.
            ActionError: the model said something that is no action; that is its answer, and a wrong one. `decision.text` has it.
            InputError: the observation has no screen.
        """
        screen = observation.images.get("screen")
        if screen is None:
            raise InputError(f"expected an observation with a screen, got {', '.join(observation.images) or 'no picture'}")
        started, size = time.perf_counter(), (screen.shape[1], screen.shape[0])
        messages = self.dialect.prompt(observation.instruction, observation.history, size)
        answer = _content(self._post(_payload(self.model, messages, self._picture(screen, size), self._seed)))
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        self.decision = Decision("gui", None, time.perf_counter() - started, text)
        return self.dialect.parse(answer, size)

    def _picture(self, screen: np.ndarray, size: Size) -> str:
        """Return the screen as the model is shown it, as a data URL."""
        from PIL import Image

        picture = Image.fromarray(screen)
        if self.dialect.shows is not None and self.dialect.shows(size) != size:
            picture = picture.resize(self.dialect.shows(size), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

    def _post(self, payload: dict) -> dict:
        """Send a request and return the answer's JSON. Redirects and proxies are not followed."""
        secure = self.address.scheme == "https"
        arguments = {"context": ssl.create_default_context()} if secure else {}
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self.address.hostname, self._port, timeout=self.seconds, **arguments)
        late = threading.Event()

        def hang_up() -> None:
            late.set()
            if connection.sock is not None:
                try:
                    connection.sock.shutdown(socket.SHUT_RDWR)
                except OSError:  # it was closed in the same moment
                    return

        # A socket's own timeout starts again with every byte; a server that drips would never run into it.
        clock = threading.Timer(self.seconds, hang_up)
        clock.daemon = True
        clock.start()
        try:
            connection.connect()
            if late.is_set():  # the clock rang while there was no socket yet to hang up
                raise self._late()
            connection.request("POST", self.address.path, json.dumps(payload).encode(), _headers())
            response = connection.getresponse()
            body = response.read(MAX_ANSWER + 1)
        except (OSError, http.client.HTTPException, ValueError) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                raise self._late() from None
            raise PeerError(
                f"expected an answer from {self._place}, got none ({_reason(error)}); is the server running?"
            ) from None
        finally:
            clock.cancel()
            connection.close()
        if late.is_set():
            raise self._late()
        if response.status != 200:
            raise PeerError(f"expected an answer from {self._place}, got status {response.status}: {_complaint(body)}")
        if len(body) > MAX_ANSWER:
            raise PeerError(f"expected an answer of at most {MAX_ANSWER} bytes from {self._place}, got more")
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise PeerError(f"expected a JSON object from {self._place}, got {_line(body)!r}; is it a chat completions server?")
        return answer

    @property
    def _place(self) -> str:
        return self.address.netloc

    def _late(self) -> PeerError:
        return PeerError(f"expected an answer from {self._place} within {self.seconds:g} s, got none in time; raise &seconds=")


def _check_address(address: str):
    """Return the address of chat completions, taken apart, and its port."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or any(letter <= " " or letter > "~" for letter in address):
        raise InputError(f"expected {PREFIX}http(s)://HOST/v1#MODEL, got {one_line(address)[:80]!r}")
    if parts.username or parts.password or parts.query:
        raise InputError(f"expected an address without a password or query, got one with; the key goes into {KEY}")
    path = parts.path.rstrip("/") or "/v1"
    return parts._replace(path=path if path.endswith("/chat/completions") else f"{path}/chat/completions"), port


def _check_options(options: str) -> dict[str, str]:
    try:
        chosen = dict(parse_qsl(options, strict_parsing=True, max_num_fields=10)) if options else {}
    except ValueError:
        chosen = {"": ""}
    if set(chosen) - {"dialect", "seconds"}:
        raise InputError(f"expected &dialect=NAME or &seconds=N after the model, got {options[:60]!r}")
    return chosen


def _check_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= MAX_SECONDS:
        raise InputError(f"expected from 0 to {MAX_SECONDS:g} seconds, got {text[:40]!r}")
    return seconds


def _headers() -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "omniactor"}
    key = os.environ.get(KEY, "").strip()
    if key and not (key.isascii() and key.isprintable()):
        raise InputError(f"expected a key of plain letters and digits in {KEY}, got other characters")
    return headers | ({"Authorization": f"Bearer {key}"} if key else {})


def _payload(model: str, messages: list[Message], picture: str, seed: int | None) -> dict:
    sent = []
    for message in messages:
        before, image, after = message["content"].partition("<image>")
        content: object = message["content"]
        if image:
            parts = [{"type": "text", "text": text} for text in (before, after)]
            parts.insert(1, {"type": "image_url", "image_url": {"url": picture}})
            content = [part for part in parts if part.get("text") != ""]
        sent.append({"role": message["role"], "content": content})
    payload = {"model": model, "messages": sent, "temperature": 0, "max_tokens": MAX_TOKENS, "stream": False}
    return payload if seed is None else payload | {"seed": seed}


def _content(answer: dict) -> str | dict:
    """Return what the model said in a chat completion: its text, or the arguments of its first tool call."""
    try:
        message = answer["choices"][0]["message"]
        calls = message.get("tool_calls")
        if calls:
            arguments = calls[0]["function"]["arguments"]
            return json.loads(arguments) if isinstance(arguments, str) else dict(arguments)
        content = message.get("content")
        if isinstance(content, list):  # some servers answer in parts
            content = "".join(part["text"] for part in content if part.get("type") == "text")
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError):
        content = None
    if not isinstance(content, str):
        raise PeerError("expected a chat completion with choices[0].message.content, got something else; is it such a server?")
    if not content.strip():
        raise ActionError("expected an action, got an empty answer from the model")
    return content


def _complaint(body: bytes) -> str:
    """Return what a server says about its refusal, on one line."""
    try:
        said = json.loads(body[:100_000])
        error = said.get("error", said)
        text = error.get("message", error) if isinstance(error, dict) else error
    except (ValueError, AttributeError, RecursionError):
        return _line(body)
    return _line(str(text).encode("utf-8", "replace"))


def _line(body: bytes) -> str:
    text = " ".join(body[:2000].decode("utf-8", "replace").split())
    return "".join(letter for letter in text if letter.isprintable())[:200] or "nothing"


def _reason(error: Exception) -> str:
    return _line((getattr(error, "strerror", None) or str(error) or type(error).__name__).encode("utf-8", "replace"))[
        :100
    ].lower()
