"""The parent and the fork server: whatever a child comes to, there is an answer and the next file is served."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from corpus.media.media_corpus import huge_png
from corpus.media.media_makers import make_photo, make_video

from liuhen.core.errors import StorageError
from liuhen.core.media import asking, sandbox
from liuhen.core.media.child import FILES
from liuhen.core.media.contract import blank
from liuhen.core.media.sandbox import Analyser, AnalyserError, Limits

pytestmark = pytest.mark.slow


def _ask(analyser: Analyser, job: str, limits: Limits | None = None, **more):
    bounds = (limits or Limits()).for_file(0)
    answer, ending = analyser._ask({"job": job, "path": "", "name": "", "bounds": bounds, **more})
    result = blank("", None, "")
    if answer is None:
        asking._explain(result, answer, ending, bounds)
    return answer, [finding["code"] for finding in result["findings"]]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _eventually(what) -> bool:
    """Wait for another process to do what it must; no more than a hanging test would take."""
    for _ in range(1000):
        if what():
            return True
        time.sleep(0.02)
    return False


def test_a_child_that_takes_too_much_memory_is_reported(analyser) -> None:
    assert _ask(analyser, "test-allocate") == (None, ["analyser_memory"])


def test_a_child_that_crashes_is_reported(analyser) -> None:
    assert _ask(analyser, "test-crash") == (None, ["analyser_killed"])


def test_a_child_that_spins_is_stopped_by_its_processor_time(analyser) -> None:
    assert _ask(analyser, "test-spin", Limits(cpu_seconds=1)) == (None, ["analyser_timeout"])


def test_a_child_that_hangs_is_stopped_by_the_clock_on_the_wall(analyser) -> None:
    answer, codes = _ask(analyser, "test-sleep", Limits(wall_seconds=1), seconds=600)
    assert (answer, codes) == (None, ["analyser_timeout"])


def test_a_child_cannot_write_when_it_probes(analyser, tmp_path) -> None:
    answer, _ = _ask(analyser, "test-write", target=str(tmp_path / "out"))
    assert "error" in answer
    assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size == 0


def test_the_server_outlives_its_children_and_leaves_no_zombies(analyser, tmp_path) -> None:
    before, _ = _ask(analyser, "test-pid")
    for _ in range(5):
        _ask(analyser, "test-crash")
    after, _ = _ask(analyser, "test-pid")
    assert before["server"] == after["server"] != after["pid"] != before["pid"]
    assert analyser.probe(make_photo(tmp_path / "a.jpg"))["readable"]
    assert [pid for pid in _children(after["server"]) if not _alive(pid)] == []


def test_descriptors_do_not_pile_up(analyser, tmp_path) -> None:
    photo = make_photo(tmp_path / "a.jpg")
    server = _ask(analyser, "test-pid")[0]["server"]

    def count() -> tuple[int, int]:
        return len(os.listdir("/proc/self/fd")), len(os.listdir(f"/proc/{server}/fd"))

    analyser.probe(photo)  # leaves a child that waits for the next small file
    before = count()
    for _ in range(20):
        analyser.probe(photo)
    # Fewer is no pile: what other tests of this process left open may be collected meanwhile.
    assert _eventually(lambda: all(now <= then for now, then in zip(count(), before, strict=True)))


def test_small_files_share_a_child_and_keep_their_own_limits(analyser) -> None:
    one, _ = _ask(analyser, "test-pid", small=True)
    two, _ = _ask(analyser, "test-pid", small=True)
    assert one["pid"] == two["pid"]
    assert _ask(analyser, "test-spin", Limits(cpu_seconds=1), small=True) == (None, ["analyser_timeout"])
    assert _ask(analyser, "test-pid", small=True)[0]["pid"] != one["pid"]


def test_a_child_is_replaced_after_so_many_files(analyser) -> None:
    del analyser  # only for its setting; a child of another test may have looked at files before
    with Analyser() as fresh:
        pids = [_ask(fresh, "test-pid", small=True)[0]["pid"] for _ in range(FILES + 1)]
    assert len(set(pids[:FILES])) == 1
    assert pids[FILES] != pids[0]


def test_a_file_is_not_blamed_for_the_one_before_it(analyser, tmp_path) -> None:
    """A child that dies at its second file: the file is looked at again by a child of its own."""
    first, _ = _ask(analyser, "test-pid", small=True)
    answer, codes = _ask(analyser, "test-crash-if-used", small=True)
    assert (codes, answer["pid"] != first["pid"]) == ([], True)


def test_a_crash_takes_no_other_small_file_with_it(analyser, tmp_path) -> None:
    photo = make_photo(tmp_path / "a.jpg")
    assert analyser.probe(photo)["readable"]
    assert _ask(analyser, "test-crash", small=True) == (None, ["analyser_killed"])
    assert analyser.probe(photo)["readable"]


def test_a_server_that_was_killed_is_started_anew(analyser, tmp_path) -> None:
    photo = make_photo(tmp_path / "a.jpg")
    server = _ask(analyser, "test-pid")[0]["server"]
    os.kill(server, signal.SIGKILL)
    assert analyser.probe(photo)["readable"]
    assert _ask(analyser, "test-pid")[0]["server"] != server


def _children(server: int) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{server}/task/{server}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def test_killing_the_server_kills_the_child_and_the_asker_hears_of_it(analyser) -> None:
    killed: set[int] = set()

    def kill_the_next_server() -> bool:
        """Kill a server that is at work, and look whether its child goes with it."""
        server = analyser._running().process.pid
        at_work = _children(server)
        if server in killed or not at_work:
            return False
        killed.add(server)
        os.kill(server, signal.SIGKILL)
        return _eventually(lambda: not any(map(_alive, at_work)))

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(_ask, analyser, "test-sleep", seconds=600)
        assert _eventually(kill_the_next_server)
        assert _eventually(kill_the_next_server)  # the request was tried once more
        assert asked.result(timeout=60) == (None, ["analyser_killed"])


def test_when_the_parent_is_killed_server_and_child_end_too(tmp_path) -> None:
    script = (
        "import sys, threading\n"
        "from liuhen.core.media.sandbox import Analyser, Limits\n"
        "a = Analyser()\n"
        "ask = lambda job, **more: a._ask({'job': job, 'bounds': Limits().for_file(0), **more})[0]\n"
        "print(ask('test-pid')['server'], flush=True)\n"
        "ask('test-sleep', seconds=600)\n"
    )
    environment = {**os.environ, "LIUHEN_ANALYSER_TESTING": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment
    ) as parent:
        server = int(parent.stdout.readline())
        assert _eventually(lambda: _children(server))
        (child,) = _children(server)
        parent.kill()
    assert _eventually(lambda: not _alive(server))
    assert _eventually(lambda: not _alive(child))


def test_several_threads_get_their_own_answers(analyser, tmp_path) -> None:
    photos = [make_photo(tmp_path / f"{n}.jpg", size=(64 + 8 * n, 48)) for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        widths = [result["width"] for result in pool.map(analyser.probe, photos)]
    assert widths == [64 + 8 * n for n in range(8)]


def test_a_folder_a_pipe_and_a_missing_file_are_unreadable_not_errors(analyser, tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path in (tmp_path, tmp_path / "pipe.mp4", tmp_path / "missing.mp4", tmp_path / "nul\0.mp4"):
        result = analyser.probe(path)
        assert [finding["code"] for finding in result["findings"]] == ["unreadable"]
        assert result.keys() == blank("", 0, "").keys()


def test_a_name_of_foreign_bytes_is_no_obstacle(analyser, tmp_path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xd6\xb4\xb7\xa8.jpg"))
    make_photo(tmp_path / "a.jpg").rename(path)
    result = analyser.probe(path)
    assert result["readable"]
    assert result["path"] == os.fspath(path)


def test_the_name_on_the_card_counts_not_the_name_in_the_staging_area(analyser, tmp_path) -> None:
    path = make_photo(tmp_path / "a.jpg").rename(tmp_path / "0001.part")
    assert [f["code"] for f in analyser.probe(path, name="a.mp4")["findings"]][:1] == ["wrong_extension"]
    assert "wrong_extension" not in [f["code"] for f in analyser.probe(path, name="a.jpg")["findings"]]


def test_a_real_probe_runs_into_its_limits(tmp_path) -> None:
    with Analyser(limits=Limits(memory_bytes=320 << 20)) as strict:
        result = strict.probe(huge_png(tmp_path / "a.png", 12_000))
        assert strict.probe(make_video(tmp_path / "a.mp4"))["readable"]
    assert not result["readable"]
    assert [finding["code"] for finding in result["findings"]] == ["analyser_memory"]


def test_a_closed_analyser_says_so(tmp_path) -> None:
    analyser = Analyser()
    analyser.close()
    with pytest.raises(AnalyserError, match="怎么办"):
        analyser.probe(make_photo(tmp_path / "a.jpg"))


def test_a_broken_installation_is_not_blamed_on_the_file(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Analyser() as analyser, pytest.raises(AnalyserError, match="make setup"):
        analyser.probe(make_photo(tmp_path / "a.jpg"))


def test_test_requests_are_refused_outside_tests(tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("LIUHEN_ANALYSER_TESTING", raising=False)
    with Analyser() as analyser:
        answer, _ = _ask(analyser, "test-crash")
    assert "unknown job" in answer["error"]


def test_asking_loads_no_library_that_parses() -> None:
    script = (
        "import sys, liuhen.core.media.sandbox; print({'av', 'PIL', 'puremagic', 'numpy'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_read(analyser, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="怎么办"):
        analyser.preview(make_photo(tmp_path / "a.jpg"), tmp_path / "file" / "out")


def test_the_result_names_its_analyser(analyser, tmp_path) -> None:
    result = analyser.probe(make_photo(tmp_path / "a.jpg"))
    assert result["analyser"] == sandbox.ANALYSER_VERSION
    assert "FFmpeg/" in result["analyser"]


def test_closing_a_lent_view_ends_its_own_analysis_at_once_and_nobody_elses(analyser) -> None:
    del analyser  # only for its setting; children of other tests may wait there
    bounds = Limits().for_file(0)
    sleeping = {"job": "test-sleep", "seconds": 60, "path": "", "name": "", "bounds": bounds}
    with Analyser() as fresh, ThreadPoolExecutor(2) as pool:
        ours, theirs = fresh.lend(), fresh.lend()
        server = _ask(theirs, "test-pid")[0]["server"]
        began = time.monotonic()
        stopped = pool.submit(ours._ask, sleeping)
        other = pool.submit(theirs._ask, {**sleeping, "seconds": 8})
        assert _eventually(lambda: len(_children(server)) == 2)
        ours.close()
        with pytest.raises(AnalyserError, match="已关闭"):
            stopped.result(timeout=10)
        assert _eventually(lambda: len([pid for pid in _children(server) if _alive(pid)]) == 1)
        assert not other.done()
        assert other.result(timeout=30)[0] is not None
        assert time.monotonic() - began < 50
        with pytest.raises(AnalyserError, match="已关闭"):
            ours._ask(sleeping)


def test_a_closed_view_does_not_wait_for_its_turn(tmp_path) -> None:
    with Analyser(workers=1) as narrow:
        first, second = narrow.lend(), narrow.lend()
        sleeping = {
            "job": "test-sleep",
            "seconds": 60,
            "path": "",
            "name": "",
            "bounds": Limits().for_file(0),
        }
        with ThreadPoolExecutor(2) as pool:
            running = pool.submit(first._ask, sleeping)
            assert _eventually(lambda: first._open)
            waiting = pool.submit(second._ask, sleeping)
            second.close()
            with pytest.raises(AnalyserError, match="已关闭"):
                waiting.result(timeout=10)
            assert not running.done()
            first.close()
            with pytest.raises(AnalyserError, match="已关闭"):
                running.result(timeout=10)


def test_previews_leave_a_place_for_those_who_wait(tmp_path) -> None:
    """Two previews are asked for, one may run; a probe beside it is answered at once."""
    long = {"job": "test-sleep", "seconds": 60, "path": "", "name": "", "bounds": Limits().for_file(0)}
    film = make_video(tmp_path / "a.mp4")
    with Analyser(workers=2, previews=1) as analyser, ThreadPoolExecutor(3) as pool:
        lent = analyser.lend()
        asked = [pool.submit(lent._ask, {**long, "out": str(tmp_path)}) for _ in range(2)]
        assert _eventually(lambda: lent._open)
        assert pool.submit(analyser.probe, film).result(timeout=30)["readable"]
        assert len(lent._open) == 1
        lent.close()
        for one in asked:
            with pytest.raises(AnalyserError):
                one.result(timeout=10)
