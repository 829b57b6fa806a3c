"""The agent that asks a server: what it sends, what it makes of good answers, and one line for every bad one."""

import base64
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest

from omniactor.agent import Agent, make_agent
from omniactor.errors import ActionError, InputError, PeerError, UnknownAgentError
from omniactor.gui.images import open_image
from omniactor.gui.peer import KEY, PeerAgent
from omniactor.types import GuiAction, Observation

SCREEN = np.random.default_rng(0).integers(0, 256, (240, 108, 3), dtype=np.uint8)
LOOK = Observation("gui", {"screen": SCREEN}, "Open Chrome", ("Go home.",))
CLICK = "Action: Tap.\nOperation: pyautogui.click(x=0.634, y=0.927)"


def completion(content, **message):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": content, **message}}]}).encode()


class Server(ThreadingHTTPServer):
    """Answers every request with `answers`: bytes, (status, bytes), or a function of the open handler."""

    answer = completion(CLICK)
    daemon_threads = True

    def __init__(self):
        server = self
        self.seen = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.seen.append((self.path, dict(self.headers), json.loads(body)))
                if callable(server.answer):
                    server.answer(self)
                    return
                status, content = server.answer if isinstance(server.answer, tuple) else (200, server.answer)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request, address):
        pass

    def agent(self, rest="OmniActor"):
        return PeerAgent(f"openai:http://127.0.0.1:{self.server_port}/v1#{rest}")


@pytest.fixture
def server():
    made = Server()
    yield made
    made.shutdown()
    made.server_close()


def test_it_sends_the_dialects_prompt_with_the_screen_in_its_place_and_reads_the_answer(server, monkeypatch):
    monkeypatch.delenv(KEY, raising=False)
    agent = server.agent()
    agent.reset("Open Chrome", seed=7)
    assert agent.act(LOOK) == GuiAction("click", (0.634, 0.927), description="Tap.")
    path, headers, sent = server.seen[0]
    assert path == "/v1/chat/completions"
    assert "Authorization" not in headers
    assert (sent["model"], sent["temperature"], sent["seed"], sent["stream"]) == ("OmniActor", 0, 7, False)
    system, user = sent["messages"]
    assert system == {"role": "system", "content": agent.dialect.prompt("x", [], (1, 1))[0]["content"]}
    assert [part["type"] for part in user["content"]] == ["image_url", "text"]
    assert "Instruction: Open Chrome\nPrevious actions:\nStep 1: Go home.\n" in user["content"][1]["text"]
    picture = base64.b64decode(user["content"][0]["image_url"]["url"].removeprefix("data:image/png;base64,"))
    np.testing.assert_array_equal(open_image(picture), SCREEN)


def test_a_model_that_is_shown_a_scaled_screen_gets_one(server):
    server.answer = completion('{"POINT":[500,250]}')
    look = Observation("gui", {"screen": np.zeros((2400, 1080, 3), np.uint8)}, "x")
    assert server.agent("AgentCPM-GUI").act(look).point == (0.5, 0.25)
    url = server.seen[0][2]["messages"][1]["content"][1]["image_url"]["url"]
    assert open_image(base64.b64decode(url.split(",")[1])).shape == (1120, 504, 3)


@pytest.mark.parametrize(
    ("rest", "content", "message", "point"),
    [
        ("Qwen/Qwen2.5-VL-7B-Instruct", '<tool_call>\n{"name": "mobile_use", "arguments": {"action": "click", "coordinate": [56, 126]}}\n</tool_call>', {}, (0.5, 0.5)),
        ("my-model&dialect=ui-tars", "Thought: x\nAction: click(start_box='(500,500)')", {}, (0.5, 0.5)),
        ("my-model&dialect=qwen3-vl", None, {"tool_calls": [{"function": {"name": "mobile_use", "arguments": '{"action": "click", "coordinate": [0, 999]}'}}]}, (0, 1)),
        ("my-model&dialect=aguvis&seconds=9", [{"type": "text", "text": "pyautogui.click(x=0.5, y=0.25)"}], {}, (0.5, 0.25)),
    ],
)  # fmt: skip
def test_the_dialect_comes_from_the_model_or_from_the_name(server, rest, content, message, point):
    server.answer = completion(content, **message)
    assert server.agent(rest).act(LOOK).point == pytest.approx(point, abs=0.02)


def test_only_its_own_key_is_sent(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "other")
    monkeypatch.setenv(KEY, "secret")
    server.agent().act(LOOK)
    assert server.seen[0][1]["Authorization"] == "Bearer secret"
    assert "other" not in json.dumps(server.seen[0][1])
    monkeypatch.setenv(KEY, "a\nX-Evil: 1")
    with pytest.raises(InputError, match="plain letters") as caught:
        server.agent().act(LOOK)
    assert "Evil" not in str(caught.value)


def drip(handler):
    """Send a byte now and then, each well within a socket's own time-out."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


@pytest.mark.parametrize("answer", [lambda handler: time.sleep(5), drip, drip_headers])
def test_a_slow_server_is_given_up_in_time(server, answer):
    server.answer = answer
    start = time.monotonic()
    with pytest.raises(PeerError, match=r"within 0\.5 s, got none in time"):
        server.agent("OmniActor&seconds=0.5").act(LOOK)
    assert 0.4 < time.monotonic() - start < 2


def test_a_server_that_is_down_is_named_without_the_rest():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(PeerError, match=f"from 127.0.0.1:{port}, got none .connection refused.; is the server running"):
        PeerAgent(f"openai:http://127.0.0.1:{port}/v1#OmniActor").act(LOOK)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((404, b'{"error": {"message": "The model `x` does not exist\\n."}}'), "status 404: The model `x` does not exist ."),
        ((500, b"<html>\x1b[31mInternal\r\nServer Error</html>"), "status 500: <html>.31mInternal Server Error</html>"),
        ((401, b'{"error": "no key"}'), "status 401: no key"),
        ((302, b""), "status 302: nothing"),
        (b"hello", "JSON object .*got 'hello'"),
        (b"[1]", "JSON object"),
        (b"[" * 100_000, "JSON object"),
        (b"{}", "chat completion"),
        (b'{"choices": []}', "chat completion"),
        (b'{"choices": [{"message": {"content": null}}]}', "chat completion"),
        (b'{"choices": [{"message": {"content": 5}}]}', "chat completion"),
        (b'{"choices": [{"message": {"content": [{"type": "text"}]}}]}', "chat completion"),
        (b'{"choices": [{"message": {"tool_calls": [{"function": {"arguments": "{"}}]}}]}', "chat completion"),
        (b" " * 2_000_001, "at most 2000000 bytes"),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), "got none"),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"), "JSON object .*got '{'"),
        (lambda handler: None, "got none"),
    ],
)
def test_what_is_no_chat_completion_is_told_in_one_line(server, answer, says):
    server.answer = answer
    with pytest.raises(PeerError, match=says) as caught:
        server.agent("OmniActor&seconds=5").act(LOOK)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("content", ["", " ", "I cannot help with that.", "Action: Tap.", "Operation: pyautogui.click(x=5, y=5)"])
def test_an_answer_that_is_no_action_is_the_models_mistake_and_not_the_servers(server, content):
    server.answer = completion(content)
    with pytest.raises(ActionError):
        server.agent().act(LOOK)


def test_without_a_screen_there_is_nothing_to_ask(server):
    with pytest.raises(InputError, match="with a screen, got agentview"):
        server.agent().act(Observation("embodied", {"agentview": SCREEN}, "x"))
    assert server.seen == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("openai:", "HOST"),
        ("openai:http://#m", "HOST"),
        ("openai:ftp://host/v1#OmniActor", "HOST"),
        ("openai:file:///etc/passwd#OmniActor", "HOST"),
        ("openai:http://host:99999/v1#OmniActor", "HOST"),
        ("openai:http://ho st/v1#OmniActor", "HOST"),
        ("openai:http://host/v1", "no model"),
        ("openai:http://me:secret@host/v1#OmniActor", "without a password"),
        ("openai:http://host/v1?a=1#OmniActor", "without a password or query"),
        ("openai:http://host/v1#llama-3", "name its dialect"),
        ("openai:http://host/v1#claude-sonnet", "documented prompt"),
        ("openai:http://host/v1#x&dialect=qwen", "perhaps qwen"),
        ("openai:http://host/v1#OmniActor&temperature=1", "&dialect=NAME or &seconds=N"),
        ("openai:http://host/v1#OmniActor&seconds", "&dialect=NAME or &seconds=N"),
        ("openai:http://host/v1#OmniActor&seconds=nan", "seconds, got 'nan'"),
        ("openai:http://host/v1#OmniActor&seconds=0", "seconds"),
    ],
)
def test_a_name_that_is_none_is_refused_before_anything_is_sent(name, says):
    with pytest.raises(InputError, match=says) as caught:
        PeerAgent(name)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("http://host", "/v1/chat/completions"),
        ("http://host/", "/v1/chat/completions"),
        ("http://host/api/v3/", "/api/v3/chat/completions"),
        ("https://host/v1/chat/completions", "/v1/chat/completions"),
    ],
)
def test_an_address_may_or_may_not_end_in_the_endpoint(address, path):
    assert PeerAgent(f"openai:{address}#OmniActor").address.path == path


def test_make_agent_knows_the_name_for_screens_and_not_for_the_arm():
    agent = make_agent("openai:http://host/v1#OmniActor", SimpleNamespace(world="gui"))
    assert isinstance(agent, Agent)
    assert (agent.name, agent.needs_images) == ("openai:OmniActor", True)
    with pytest.raises(UnknownAgentError, match="drives the arm"):
        make_agent("openai:http://host/v1#OmniActor", SimpleNamespace(world="embodied"))
