"""A headless Chromium, driven through its debugging pipe: one JSON message after another, each ended by a zero byte.

https://chromedevtools.github.io/devtools-protocol; the pipe needs no port, no WebSocket and no package.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_S = 60.0

# Descriptors 3 and 4 are those of the pipe.
_LAUNCH = "import os,sys;r,w=map(int,sys.argv[1:3]);os.dup2(r,3);os.dup2(w,4);os.execv(sys.argv[3],sys.argv[3:])"


def find_browser():
    """Path of an installed Chromium or Chrome, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def browser(folder):
    """A running browser with its profile in a folder; it ends with the block."""
    ours_out, ours_in = _high_pipe(), _high_pipe()
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
               "--remote-debugging-pipe", "--hide-scrollbars", f"--user-data-dir={folder}", "about:blank"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", _LAUNCH, str(ours_out[0]), str(ours_in[1]), find_browser(), *options],
        pass_fds=(ours_out[0], ours_in[1]), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(ours_out[0])
    os.close(ours_in[1])
    try:
        yield _Pipe(ours_in[0], ours_out[1])
    finally:
        os.close(ours_out[1])  # Chromium ends when its pipe does
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(ours_in[0])


def _high_pipe():
    """A pipe whose descriptors are not 3 or 4."""
    ends = os.pipe()
    high = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return high


class _Pipe:
    def __init__(self, source, sink):
        self.source, self.sink, self.rest, self.number, self.events = source, sink, b"", 0, []

    def send(self, method, session=None, **params):
        self.number += 1
        number, message = self.number, {"id": self.number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.sink, data) :]
        while True:
            reply = self._next()
            if reply.get("id") == number:
                assert "error" not in reply, f"{method}: {reply['error']}"
                return reply["result"]
            self.events.append(reply)

    def _next(self, patience=PATIENCE_S):
        end = time.monotonic() + patience
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.source], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            data = os.read(self.source, 1 << 20)
            assert data, "the browser has ended"
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def open(self, url, width=1200, height=900, dark=False, scripts=True):
        """Open a page and wait until it is loaded."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network", "Performance"):
            page.send(f"{domain}.enable")
        page.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.scheme("dark" if dark else "light")
        if not scripts:
            page.send("Emulation.setScriptExecutionDisabled", value=True)
        page.send("Page.navigate", url=url)
        page.wait_for("Page.loadEventFired")
        return page


class Page:
    """One page of a browser."""

    def __init__(self, pipe, session):
        self.pipe, self.session = pipe, session

    def send(self, method, **params):
        return self.pipe.send(method, self.session, **params)

    def wait_for(self, event):
        while not any(
            each.get("method") == event and each.get("sessionId") == self.session for each in self.pipe.events
        ):
            self.pipe.events.append(self.pipe._next())

    def run(self, expression):
        """Value of a JavaScript expression."""
        reply = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def said(self):
        """Texts of errors and warnings on the console, and of what the policy of the page refused."""
        self.run("1")  # events that are under way arrive before the answer
        mine = [each for each in self.pipe.events if each.get("sessionId") == self.session]
        found = [e["params"]["exceptionDetails"]["text"] for e in mine if e["method"] == "Runtime.exceptionThrown"]
        found += [str(e["params"]["args"]) for e in mine if e["method"] == "Runtime.consoleAPICalled"]
        return found + [e["params"]["entry"]["text"] for e in mine if e["method"] == "Log.entryAdded"]

    def requests(self):
        """Addresses that the page asked for, but those of its own data."""
        mine = [each for each in self.pipe.events if each.get("sessionId") == self.session]
        urls = [e["params"]["request"]["url"] for e in mine if e["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("data:")]

    def seconds(self):
        """Seconds in which the main thread of the page was busy: script, style, layout and what else."""
        metrics = {each["name"]: each["value"] for each in self.send("Performance.getMetrics")["metrics"]}
        return metrics["TaskDuration"]

    def scheme(self, name):
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def move(self, x, y):
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector):
        """Click the middle of an element as a mouse does."""
        x, y = self.run(f"""(() => {{ const node = document.querySelector({json.dumps(selector)});
            node.scrollIntoView({{ block: "center", behavior: "instant" }}); const b = node.getBoundingClientRect();
            return [b.x + b.width / 2, b.y + b.height / 2]; }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key):
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def type(self, text):
        self.send("Input.insertText", text=text)

    def pdf(self, path):
        data = self.send("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69)["data"]
        path.write_bytes(base64.b64decode(data))
