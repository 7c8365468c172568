"""The page that follows a study: what it answers to whom, and what a browser shows of it."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from sweep_toys import Inline, toy_study

from neuromorph.cli import main
from neuromorph.sweep import StudyError, merge_shards, study_server, sweep
from neuromorph.sweep.live_page import LiveStudy

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or ""


@contextmanager
def served(folder, **options):
    server, address = study_server(folder, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(address, path, host=None, method="GET"):
    url = urlsplit(address)
    connection = http.client.HTTPConnection("127.0.0.1", url.port, timeout=20)
    connection.request(method, path, headers={"Host": host or url.netloc})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer.headers


@pytest.fixture
def study(toys):
    sweep(toy_study(), toys / "out", executor=Inline())
    return toys / "out"


def test_it_tells_how_far_a_study_is(study, toys):
    with served(study) as address:
        status, page, headers = ask(address, "/")
        assert status == 200
        assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in page
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        data = json.loads(ask(address, "/data.json")[1])
        assert (data["total"], data["done"], data["failed"], data["finished"]) == (96, 96, 0, True)
        assert {each["parameters"]["levels"] for each in data["settings"]} == {1, 2, 4, 8}
        assert any(each["front"] for each in data["settings"])
        assert len(data["best"]) == 2
        more = toy_study()
        more["study"]["chips"] = 3
        sweep(more, study, executor=Inline())
        assert json.loads(ask(address, "/data.json")[1])["done"] == 144
        assert ask(address, "/tasks.sqlite")[0] == 404
        assert ask(address, "/../study.json")[0] == 404


def test_running_waiting_done_and_failed_are_told_apart(toys):
    """A page that looks after each batch, while others are with the workers, then after a kill, and in the end."""
    broken = toys / "broken"
    broken.touch()
    study = toy_study(32, fails=str(broken), levels=[4])
    study["targets"].append({"target": "toy-chip", "parameters": {"levels": [1, 2]}})
    out, seen = toys / "out", []

    class Dies(BaseException):
        pass

    def look(state):
        if state.ran:
            broken.unlink(missing_ok=True)
            seen.append(LiveStudy(out).data())
            if len(seen) == 3:
                raise Dies

    with pytest.raises(Dies):
        sweep(study, out, executor=Inline(), workers=4, batch_s=1e-6, progress=look)
    for each in seen:
        assert each["done"] + each["failed"] + each["running"] + each["waiting"] == each["total"] == 24
        assert each["running"] > 0
        assert each["runner"].startswith(f"process {os.getpid()} on ")
        assert not each["finished"]
    assert [(each["done"], each["failed"]) for each in seen] == [(0, 1), (0, 2), (0, 3)]
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    (out / "lock").write_text(json.dumps({"pid": int(ended.stdout), "host": os.uname().nodename, "tasks": 9}))
    data = LiveStudy(out).data()
    assert (data["runner"], data["running"], data["waiting"]) == ("", 0, 21)
    (out / "lock").write_text(json.dumps({"pid": 7, "host": "elsewhere", "tasks": 9}))
    data = LiveStudy(out).data()
    assert (data["runner"], data["running"], data["waiting"]) == ("process 7 on elsewhere", 9, 12)
    for noise in (b"", b"[]", b"\xff{", b'{"pid": true}', b'{"pid": 1e99, "host": "h"}', b'{"pid": 1, "host": 2}'):
        (out / "lock").write_bytes(noise)
        assert LiveStudy(out).data()["runner"] == ""
    (out / "lock").unlink()
    assert sweep(study, out, executor=Inline(), retry_failed=True).done == 24
    data = LiveStudy(out).data()
    assert (data["done"], data["failed"], data["running"], data["waiting"]) == (24, 0, 0, 0)
    assert data["finished"]
    assert data["runner"] == ""


def test_shards_that_are_merged_have_a_page_too(toys):
    for i in (1, 2):
        sweep(toy_study(), toys / "parts", executor=Inline(), shard=(i, 2))
    merge_shards(toys / "parts")
    with served(toys / "parts") as address:
        data = json.loads(ask(address, "/data.json")[1])
    assert (data["total"], len(data["settings"])) == (96, 4)


def test_nobody_else_asks_through_the_browser(study):
    """A page of another site that has this address under its own name (DNS rebinding), or posts to it."""
    with served(study) as address:
        port = urlsplit(address).port
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1:1", f"127.0.0.1.evil.example:{port}"):
            assert ask(address, "/data.json", host)[0] == 403, host
        assert ask(address, "/data.json", f"localhost:{port}")[0] == 200
        assert ask(address, "/data.json", method="POST")[0] == 501


def test_another_address_needs_the_token(study):
    with served(study, host="0.0.0.0") as address:
        token = re.fullmatch(r"http://0\.0\.0\.0:\d+/\?token=([\w-]{20,})", address)[1]
        assert ask(address, "/")[0] == 403
        assert ask(address, "/data.json?token=")[0] == 403
        assert ask(address, f"/data.json?token={token[:-1]}")[0] == 403
        assert ask(address, f"/data.json?token={token}")[0] == 200


def test_what_is_no_study_and_no_address(study, toys, capsys):
    assert main(["view", str(toys / "site")]) == 2
    assert "is no folder of a study" in capsys.readouterr().err
    assert main(["view", str(study), "--port", "99999"]) == 2
    assert "choose another --port" in capsys.readouterr().err
    sweep(toy_study(32), toys / "parts", executor=Inline(), shard=(1, 2))
    with pytest.raises(StudyError, match=r"holds shards; give one, as .*shard-1-of-2, or merge them"):
        study_server(toys / "parts")
    with pytest.raises(StudyError, match="cannot listen"):
        study_server(study, host="203.0.113.7")


def test_a_damaged_folder_is_said_on_the_page(study):
    with served(study) as address:
        (study / "tasks.sqlite").write_bytes(b"noise" * 1000)
        assert "tasks.sqlite" in json.loads(ask(address, "/data.json")[1])["error"]


@pytest.mark.skipif(not CHROMIUM, reason="no browser")
def test_a_browser_shows_it(toys):
    """Texts of users are shown as text; the front, the table and the best answers are drawn without an error."""
    study = toy_study()
    study["study"]["name"] = "<b>levels</b>"
    sweep(study, toys / "out", executor=Inline())
    words = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={toys}"]
    words += ["--virtual-time-budget=6000", "--enable-logging=stderr", "--dump-dom"]
    with served(toys / "out") as address:
        found = subprocess.run([*words, address], capture_output=True, text=True, timeout=120, check=False)
    assert "CONSOLE" not in found.stderr
    page = found.stdout
    assert "&lt;b&gt;levels&lt;/b&gt;" in page
    assert "96 of 96 tasks done; finished" in page
    assert page.count("<circle") == 4
    assert len(re.findall(r"<tr><td[^>]*>toy-chip", page)) == 4
    assert '<p class="alert" id="error"></p>' in page


def test_the_command_ends_with_ctrl_c(study):
    import signal

    process = subprocess.Popen(
        [sys.executable, "-m", "neuromorph", "view", str(study)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().startswith("http://127.0.0.1:")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")
