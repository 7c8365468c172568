"""A page that follows a study while it runs, served to this machine alone.

It needs no network, and shows what the folder holds: the table of tasks is read, never written, so that nothing here
can disturb the coordinator. A request must name this server as its host, so that no page of somebody else can ask
through the browser; beyond the loopback address it must also carry a token.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np

from ..files.json_values import json_value
from .pareto import pareto_front
from .result_parts import RESULTS, part_numbers, read_part
from .study_folder import ABOUT, BEST, PARTS, TABLE, read_best, read_json_file
from .study_lock import study_runner
from .study_summary import SummaryRows, mean_over_devices, read_results, study_success_gap
from .task_table import StudyError

LOOPBACK = ("127.0.0.1", "localhost")
_MOST_POINTS = 5_000  # on the page
_FAILED = "SELECT target, parameters, coalesce(error, ''), count(*) FROM tasks t JOIN settings s ON s.id = t.setting"


class LiveStudy:
    """Reader of a folder that a study fills; parts are read once, for they never change.

    Parameters
    ----------
    folder : Path
        Folder of a study.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows = SummaryRows()
        self._read: set[int] = set()
        self._merged = 0.0
        self._lock = Lock()
        self._history: list[tuple[float, int]] = []

    def data(self) -> dict[str, Any]:
        """Return what the page shows.

        Returns
        -------
        dict of str to object
            Plain data.
        """
        with self._lock:
            about = read_json_file(self.folder / ABOUT)
            name = about.get("name", "study") if isinstance(about, dict) else "study"
            self._read_parts()
            counts, failures = self._counts()
            best = [
                {key: each.get(key) for key in ("problem", "work", "best", "target", "parameters", "seed", "chip")}
                for each in read_best(self.folder / BEST).values()
            ]
            found = {"name": str(name), "folder": str(self.folder), **counts, "failures": failures, "best": best}
            runner = study_runner(self.folder)
            running = min(runner.tasks, counts["waiting"]) if runner else 0
            found |= {"running": running, "waiting": counts["waiting"] - running}
            found["runner"] = f"process {runner.pid} on {runner.host}" if runner else ""
            found["finished"] = (self.folder / RESULTS).exists() and counts["waiting"] == 0
            found["seconds_left"] = self._left(counts)
            value: dict[str, Any] = json_value({**found, **self._settings()})
            return value

    def _left(self, counts: Mapping[str, int]) -> float | None:
        """Seconds to go at the pace since this page watches."""
        now, ended = time.monotonic(), counts["done"] + counts["failed"]
        self._history = [*self._history[-30:], (now, ended)]
        began, before = self._history[0]
        return (now - began) / (ended - before) * counts["waiting"] if ended > before else None

    def _counts(self) -> tuple[dict[str, int], list[list[Any]]]:
        path = self.folder / TABLE
        if not path.exists():  # merged shards have none
            total, failed = len(self._rows), self._rows.count("failed")
            return {"total": total, "done": total - failed, "failed": failed, "waiting": 0}, []
        try:
            sql = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2.0)
            try:
                states = dict(sql.execute("SELECT state, count(*) FROM tasks GROUP BY state"))
                failures = sql.execute(f"{_FAILED} WHERE state = 2 GROUP BY s.id, error LIMIT 20").fetchall()
            finally:
                sql.close()
        except sqlite3.Error as error:
            raise StudyError(f"{path}: {error}") from error
        total, done, failed = sum(states.values()), states.get(1, 0), states.get(2, 0)
        counts = {"total": total, "done": done, "failed": failed, "waiting": total - done - failed}
        return counts, [list(row) for row in failures]

    def _read_parts(self) -> None:
        for number in part_numbers(self.folder / PARTS):
            if number not in self._read:
                self._rows.add(read_part(self.folder / PARTS, number))
                self._read.add(number)
        if not self._read and (self.folder / RESULTS).exists():
            changed = (self.folder / RESULTS).stat().st_mtime
            if changed != self._merged:
                self._rows.add(read_results(self.folder))
                self._merged = changed

    def _settings(self) -> dict[str, Any]:
        """Every setting with its means, and whether it is on the front of its target."""
        if not len(self._rows):
            return {"settings": []}
        summary = self._rows.summary(study_success_gap(self.folder))
        names = ("accuracy", "success", "energy", "latency")
        means = {name: mean_over_devices(summary.over_work(name)) for name in names}
        means["energy_to_solution"] = summary.pooled_energy_to_solution()
        pairs = np.stack([means["energy"], 1.0 - means["accuracy"]], axis=1)
        front = np.zeros(len(pairs), bool)
        for target in {name for name, _ in summary.settings}:
            mine = np.array([name == target for name, _ in summary.settings])
            front[mine] = pareto_front(pairs[mine])
        settings = []
        for k, (target, parameters) in enumerate(summary.settings[:_MOST_POINTS]):
            numbers = {name: float(values[k]) for name, values in means.items()}
            settings.append({"target": target, "parameters": parameters, "front": bool(front[k]), **numbers})
        return {"settings": settings, "devices": len(summary.devices), "problems": len(summary.work)}


def study_server(folder: Path, host: str = "127.0.0.1", port: int = 0) -> tuple[ThreadingHTTPServer, str]:
    """Make the server of a page that follows a study.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    host : str
        Address to listen at; other than loopback ones get a token.
    port : int
        Port; 0 takes a free one.

    Returns
    -------
    server : ThreadingHTTPServer
        Server; call its ``serve_forever``.
    address : str
        URL of the page, with the token if there is one.

    Raises
    ------
    StudyError
        If the folder is no study, or the address cannot be used.
    """
    if not any((folder / name).exists() for name in (TABLE, RESULTS)):
        if shards := sorted(folder.glob("shard-*-of-*")):
            raise StudyError(f"{folder} holds shards; give one, as {shards[0]}, or merge them when all have ended")
        raise StudyError(f"{folder} is no folder of a study; give the one of 'neuromorph sweep --out'")
    token = "" if host in LOOPBACK else secrets.token_urlsafe(24)
    try:
        server = ThreadingHTTPServer((host, port), _Handler)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        raise StudyError(f"cannot listen at {host}:{port}: {said}; choose another --port or --address") from error
    port = server.server_address[1]
    server.study, server.token = LiveStudy(folder), token  # type: ignore[attr-defined]
    names = LOOPBACK if not token else []
    server.hosts = {f"{name}:{port}" for name in names}  # type: ignore[attr-defined]
    return server, f"http://{host}:{port}/" + (f"?token={token}" if token else "")


class _Handler(BaseHTTPRequestHandler):
    server_version = "neuromorph"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        server: Any = self.server
        url = urlsplit(self.path)
        if server.hosts and self.headers.get("Host", "") not in server.hosts:
            return self._send(403, "text/plain", b"another host name than that of this server")
        given = parse_qs(url.query).get("token", [""])[0]
        if not hmac.compare_digest(given.encode(), server.token.encode()):
            return self._send(403, "text/plain", b"the token is missing; use the address as it was printed")
        if url.path == "/":
            page = files(__package__).joinpath("live_page.html").read_bytes()
            return self._send(200, "text/html; charset=utf-8", page)
        if url.path == "/data.json":
            try:
                data: Any = server.study.data()
            except (StudyError, OSError) as error:
                data = {"error": str(error)}
            return self._send(200, "application/json", json.dumps(data, allow_nan=False).encode())
        return self._send(404, "text/plain", b"no such page")

    def _send(self, code: int, kind: str, content: bytes) -> None:
        self.send_response(code)
        policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": "no-store"}
        headers |= {"Content-Security-Policy": f"{policy}; img-src data:", "Referrer-Policy": "no-referrer"}
        headers |= {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""
