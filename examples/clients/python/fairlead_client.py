"""A small client of fairlead-agent's local API: HTTP over a Unix socket, standard library only.

    agent = Agent("/var/lib/fairlead/agent.sock")
    with agent.busy("navigation", "mapping run"):   # nothing is switched in here
        map_the_hall()
    agent.post_facts(docked=True, batteryPercent=81)
"""

import contextlib
import http.client
import http.server
import json
import socket
import threading
import urllib.parse


class AgentError(Exception):
    """The agent said no: its words, its hint and its stable code."""

    def __init__(self, problem):
        hint = problem.get("hint")
        super().__init__(problem.get("detail", "refused") + (f" {hint}" if hint else ""))
        self.code = problem.get("code", "unexpected_answer")


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("fairlead-agent", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Agent:
    """One agent on this machine. Every call is one exchange; OSError where no agent answers."""

    def __init__(self, path="/var/lib/fairlead/agent.sock", timeout=10):
        self._path = path
        self._timeout = timeout

    def _call(self, method, path, body=None):
        connection = _UnixConnection(self._path, self._timeout)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"content-type": "application/json"})
            reply = connection.getresponse()
            answer = json.loads(reply.read())
        finally:
            connection.close()
        if reply.status >= 300:
            raise AgentError(answer)
        return answer

    def status(self):
        return self._call("GET", "/status")

    def explain(self):
        return self._call("GET", "/explain")

    def leases(self):
        return self._call("GET", "/leases")["leases"]

    def take_lease(self, owner, reason, seconds=60):
        return self._call("POST", "/leases", {"owner": owner, "reason": reason, "ttlSec": seconds})

    def extend_lease(self, owner, seconds=60):
        return self._call("PUT", "/leases/" + urllib.parse.quote(owner, safe=""), {"ttlSec": seconds})

    def release_lease(self, owner):
        return self._call("DELETE", "/leases/" + urllib.parse.quote(owner, safe=""))

    def post_facts(self, **facts):
        """batteryPercent, charging, docked, standingStill, temperatureC, link, metered: what you know."""
        return self._call("POST", "/facts", facts)

    @contextlib.contextmanager
    def busy(self, owner, reason, seconds=60):
        """Holds a lease around a task. It is extended while the task runs, and expires if this program dies."""
        self.take_lease(owner, reason, seconds)
        done = threading.Event()

        def keep():
            while not done.wait(seconds / 3):
                try:
                    self.extend_lease(owner, seconds)
                except AgentError:
                    self.take_lease(owner, reason, seconds)
                except OSError:
                    pass  # The agent restarts: its leases are durable, and we ask again.

        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()
            # Over already, or no agent there: then it ends by itself.
            with contextlib.suppress(AgentError, OSError):
                self.release_lease(owner)


def serve_safe_state(port, may_switch, over=lambda outcome: None):
    """Answers the agent's safe-state question on 127.0.0.1 (`safeState: {url: http://127.0.0.1:PORT/}` in agent.yaml).

    `may_switch(question)` brings the robot into a safe state and returns None, or returns why not. `over(outcome)` is
    called when the robot may go on: "switched" or "given-up". Returns the server; `shutdown()` ends it.
    """

    class Question(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            words = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if words["event"] == "over":
                over(words["outcome"])
                answer = {"safe": True}
            else:
                why = may_switch(words)
                answer = {"safe": True} if why is None else {"safe": False, "reason": why, "retryAfterSec": 5}
            payload = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Question)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
