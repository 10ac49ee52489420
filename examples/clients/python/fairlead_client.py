"""A small client of fairlead-agent's local API: HTTP over a Unix socket, standard library only.

    agent = Agent("/var/lib/fairlead/agent.sock")
    with agent.busy("navigation", "mapping run"):   # nothing is switched in here
        map_the_hall()
    agent.post_facts(docked=True, batteryPercent=81)
"""

import contextlib
import ctypes
import http.client
import http.server
import json
import socket
import threading
import time
import urllib.parse


class AgentError(Exception):
    """The agent said no: its words, its hint and its stable code."""

    def __init__(self, problem):
        hint = problem.get("hint")
        super().__init__(problem.get("detail", "refused") + (f" {hint}" if hint else ""))
        self.code = problem.get("code", "unexpected_answer")


class LeaseLost(Exception):
    """Raised in the body of `busy`: the lease is over and could not be taken again, so a release may be switched now."""


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
        """Holds a lease around a task. It is extended while the task runs, and expires if this program dies.

        A thread extends it, and goes on trying whatever the agent answers. Where the lease is over and can't be taken
        again, LeaseLost is raised in the task, at its next Python instruction (a blocking call in C ends first).
        """
        keeper = _LeaseKeeper(self, owner, reason, seconds)
        self.take_lease(owner, reason, seconds)
        keeper.start()
        try:
            yield
        finally:
            keeper.stop()
            # Over already, or no agent there: then it ends by itself.
            with contextlib.suppress(Exception):
                self.release_lease(owner)
        keeper.raise_if_untold()


class _LeaseKeeper(threading.Thread):
    """Keeps one lease until `stop`, for the thread that made it. Nothing that the agent does ends it before."""

    def __init__(self, agent, owner, reason, seconds):
        super().__init__(name="fairlead lease of " + owner, daemon=True)
        # An answer that comes after the end of the lease is none.
        self._agent = Agent(agent._path, min(agent._timeout, max(0.5, seconds / 3)))
        self._owner, self._reason, self._seconds = owner, reason, seconds
        self._body = threading.get_ident()
        self._done = threading.Event()
        # The body must not end between "it still runs" and "raise in it".
        self._lock = threading.Lock()
        self._lost = None
        self._told = False

    def run(self):
        held_until = time.monotonic() + self._seconds
        while not self._done.wait(self._pause(held_until)):
            asked = time.monotonic()
            try:
                self._extend()
                held_until = asked + self._seconds
            except Exception as error:  # whatever it is: the next try may succeed
                if time.monotonic() >= held_until:
                    self._raise_in_body(error)

    def stop(self):
        with self._lock:
            self._done.set()
            if self._lost and not self._told:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._body), None)
        # An exchange under way could take the lease again after its release.
        self.join()

    def raise_if_untold(self):
        if self._lost and not self._told:
            raise LeaseLost(self._lost)

    def _pause(self, held_until):
        """Three tries within one lease, and one when it ends; not more than ten a second."""
        left = held_until - time.monotonic()
        return max(0.1, min(self._seconds / 3, left if left > 0 else self._seconds / 3))

    def _extend(self):
        try:
            self._agent.extend_lease(self._owner, self._seconds)
        except AgentError as error:
            if error.code != "not_found":
                raise
            # It ended while the agent, or this program, stood still.
            self._agent.take_lease(self._owner, self._reason, self._seconds)

    def _raise_in_body(self, error):
        keeper = self

        class Lost(LeaseLost):
            def __init__(self):
                keeper._told = True
                super().__init__(keeper._lost)

        with self._lock:
            if self._done.is_set() or self._lost:
                return
            self._lost = f"the lease of {self._owner} is over and could not be taken again: {error}"
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._body), ctypes.py_object(Lost))


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
