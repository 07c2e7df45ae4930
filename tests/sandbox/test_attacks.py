"""What hostile code tries, in every layer: it may compute, and nothing else happens."""

import socket
import threading
from pathlib import Path

import psutil
import pytest

from tests.sandbox.conftest import WITH_DOCKER, Run
from tinyllm.sandbox import run
from tinyllm.sandbox.job import DISK, OUTPUT, Layer

CANARY = "canary-5f0c6e"
OWN = ("open /proc/1/environ", "open /proc/self/environ", "open /proc/self/mounts")

# Each lists what it achieved; nothing is what it must achieve. A layer that cannot even run it is as good.
TRY = """
won = []
def attempt(name, action):
    try:
        got = action()
    except Exception as error:
        return
    won.append(name)
"""

ESCAPES = {
    "processes": """
import os, subprocess, multiprocessing
attempt("fork", lambda: os.fork() or os._exit(0))
attempt("subprocess", lambda: subprocess.run(["/bin/sh", "-c", "true"]))
attempt("spawn", lambda: os.posix_spawn("/bin/true", ["true"], {}))
attempt("system", lambda: 1 / (os.system("true") == 0))
attempt("multiprocessing", lambda: multiprocessing.Process(target=print).start())
""",
    "network": """
import socket
attempt("tcp", lambda: socket.create_connection(("127.0.0.1", port), 1))
attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", port)))
attempt("unix", lambda: socket.socket(socket.AF_UNIX))
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW))
attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW))
attempt("dns", lambda: socket.getaddrinfo("example.com", 80))
""",
    "files of the host": """
import os
for path in ["/etc/passwd", "/etc/shadow", "/proc/1/environ", "/proc/self/environ", "/proc/self/mounts", "/sys/kernel", secret,
             "/root/.ssh", "/home", "/var/log", "/run/docker.sock", "/var/run/docker.sock", "/dev/mem", "/dev/kmsg", "/dev/sda"]:
    attempt("open " + path, lambda: open(path).read())
    attempt("list " + path, lambda: os.listdir(path))
""",
    "links": """
import os
os.symlink(secret, "link")
attempt("symlink", lambda: open("link").read())
os.symlink("/", "root")
attempt("through the root", lambda: open("root" + secret).read())
attempt("upwards", lambda: open("../" * 20 + secret).read())
attempt("hard link", lambda: os.link(secret, "hard"))
""",
    "writing elsewhere": """
import os
for folder in ["/", "/usr", "/usr/lib", "/lib", "/etc", "/dev", "/dev/shm", "/var/tmp", "/root", "/home", os.path.dirname(secret)]:
    attempt("write " + folder, lambda: open(folder + "/x", "w").write("x"))
    attempt("mkdir " + folder, lambda: os.mkdir(folder + "/y"))
import sys
attempt("patch the library", lambda: open(os.__file__, "a").write("x"))
attempt("replace python", lambda: os.rename(sys.executable, "/tmp/python"))
""",
    "rights": """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)
attempt("root", lambda: os.setuid(0))
attempt("user namespace", lambda: call("unshare", 0x10000000))
attempt("mount namespace", lambda: call("unshare", 0x00020000))
attempt("join a namespace", lambda: call("setns", 0, 0))
attempt("mount", lambda: call("mount", b"none", b"/tmp", b"tmpfs", 0, None))
attempt("chroot", lambda: os.chroot("/tmp"))
attempt("ptrace", lambda: call("ptrace", 16, 1, 0, 0))
attempt("bpf", lambda: call("syscall", 321, 0, 0, 0))
attempt("io_uring", lambda: call("syscall", 425, 1, ctypes.create_string_buffer(256)))
attempt("clone a process", lambda: call("syscall", 56, 17, 0, 0, 0, 0))
attempt("clone3", lambda: call("syscall", 435, ctypes.create_string_buffer(88), 88))
attempt("32 bit calls", lambda: call("personality", 8))
attempt("device", lambda: os.mknod("disk", 0o60600, os.makedev(8, 0)))
attempt("kernel keys", lambda: call("syscall", 248, b"user", b"a", b"b", 1, -3))
attempt("clock", lambda: os.clock_settime(0, 0)) if hasattr(os, "clock_settime") else None
""",
    "secrets": """
import os
attempt("environment", lambda: 1 / any(canary in value for value in os.environ.values()))
attempt("descriptors", lambda: 1 / any(os.fstat(n).st_size > 0 and n > 2 for n in range(3, 64) if is_open(n)))
""",
}
OPEN = """
def is_open(number):
    import os
    try:
        return bool(os.fstat(number))
    except OSError:
        return False
"""


@pytest.mark.parametrize("layer", WITH_DOCKER, indirect=True)
@pytest.mark.parametrize("escape", ESCAPES)
def test_there_is_no_way_out(escape: str, runs: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    monkeypatch.setenv("API_KEY", CANARY)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        given = {"secret": str(secret), "port": listener.getsockname()[1], "canary": CANARY}
        ran = runs(TRY + OPEN + ESCAPES[escape] + "\nwon", inputs=given)
        with pytest.raises(BlockingIOError):
            listener.accept()
    # A container has a /proc of its own: what stands there is about this code alone.
    won = [
        each
        for each in (ran.value if isinstance(ran.value, list) else [])
        if ran.layer != "docker" or each not in OWN
    ]
    assert (ran.ok and won == []) or (ran.layer == "monty" and not ran.ok), ran
    assert secret.read_text() == CANARY
    assert [path.name for path in tmp_path.iterdir()] in (["secret", "home"], ["home", "secret"])


@pytest.mark.parametrize("kernel", WITH_DOCKER[1:], indirect=True)
def test_it_is_nobody(kernel: Layer) -> None:
    ran = run("import os; [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()]", layer=kernel)
    assert isinstance(ran.value, list)
    assert 0 not in ran.value
    assert ran.value[3] in ([], [65534])


@pytest.mark.parametrize("kernel", WITH_DOCKER[1:], indirect=True)
def test_threads_are_few(kernel: Layer) -> None:
    bomb = "import threading\nstop = threading.Event()\nn = 0\n"
    bomb += "for n in range(2000): threading.Thread(target=stop.wait, daemon=True).start()\n"
    ran = run(bomb, layer=kernel, timeout=5)
    assert not ran.ok
    assert "start new thread" in ran.error


BOMBS = {
    "memory at once": "x = bytearray(10**11)",
    "memory bit by bit": "x = []\nwhile True: x.append('x' * 10**6)",
    "a huge number": "x = 9 ** 9 ** 9",
    "growing numbers": "x = 3\nwhile True: x *= x",
    "a loop": "while True: pass",
    "a stubborn loop": "while True:\n  try:\n    while True: pass\n  except BaseException: pass",
    "recursion": "def f(): return f()\nf()",
    "a wild regular expression": "import re\nre.match('(a+)+$', 'a' * 60 + 'b') and 1 / 0\nwhile True: pass",
    "much output": "while True: print('x' * 10000)",
    "much error output": "import sys\nwhile True: print('x' * 10000, file=sys.stderr)",
    "a huge value": "['x' * 1000] * 3000",
    "deep data": "x = []\nfor i in range(200000): x = [x]\nx\n1 / 0",
    "sleep": "import time\nwhile True: time.sleep(60)",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_every_bomb_is_defused(bomb: str, runs: Run) -> None:
    ran = runs(BOMBS[bomb], timeout=0.5, memory=128 * 2**20)
    assert not ran.ok or len(str(ran.value)) < 5 * OUTPUT, ran
    assert ran.ok or ran.error
    assert len(ran.stdout) + len(ran.stderr) < 2 * OUTPUT
    assert runs("1 + 1").value == 2, "the layer is not usable any more"


def test_the_disk_is_small_and_gone_afterwards(kernel: Layer) -> None:
    fill = """
import os
written = 0
try:
    for n in range(10000):
        with open(f"f{n}", "wb") as f:
            written += f.write(b"x" * 10**6)
except OSError as error:
    pass
written
"""
    ran = run(fill, layer=kernel, timeout=10)
    assert isinstance(ran.value, int)
    assert 0 < ran.value <= DISK
    one = run("open('big', 'wb').write(b'x' * 10**8)", layer=kernel)
    assert not one.ok
    assert run("import os; os.listdir('.')", layer=kernel).value in (
        [],
        [".stderr", ".stdout"],
        [".stdout", ".stderr"],
    )


SURVIVORS = {
    "asleep": "import time\ntime.sleep(1000)",
    "deaf": "import signal, time\nfor n in range(1, 32):\n  try: signal.signal(n, signal.SIG_IGN)\n  except OSError: pass\n"
    "while True: time.sleep(1)",
    "left behind": "import threading, time\nfor n in range(5): threading.Thread(target=time.sleep, args=(1000,)).start()\n1",
    "hooked": "import atexit, time\natexit.register(time.sleep, 1000)\n1",
    "of all processes the last": "import os, signal\nos.kill(-1, signal.SIGKILL)",
    "of its parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.kill(1, signal.SIGKILL)",
    "at once": "import os\nos.abort()",
    "by a bad pointer": "import ctypes\nctypes.string_at(0)",
    "by execution": "import os, sys\nos.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(1000)'])",
}


@pytest.mark.parametrize("how", SURVIVORS)
def test_nothing_lives_on(how: str, kernel: Layer) -> None:
    run(SURVIVORS[how], layer=kernel, timeout=0.4)
    mine = [process for process in psutil.process_iter(["cmdline"]) if _of_the_sandbox(process)]
    _, alive = psutil.wait_procs(mine, timeout=5)
    assert alive == []


def _of_the_sandbox(process: psutil.Process) -> bool:
    return any("give up all rights" in argument for argument in process.info["cmdline"] or ())


@pytest.mark.parametrize(
    "code",
    [
        "import os\nfor n in range(3, 64):\n  try: os.write(n, b'garbage')\n  except OSError: pass\nos._exit(0)",
        "import os\nfor n in range(3, 64):\n  try: os.write(n, b'[' * 60000)\n  except OSError: pass\nos._exit(0)",
        'import os\nfor n in range(3, 64):\n  try: os.write(n, b\'{"ok": 1, "value": 2, "error": 3}\')\n  except OSError: pass\nos._exit(0)',
        "class Bad:\n  def __repr__(self): raise SystemExit(1)\nBad()",
        "class Bad(Exception):\n  def __str__(self): raise KeyboardInterrupt\nraise Bad",
        "import json\njson.dumps = lambda *a, **k: 1 / 0\n1",
        "import sys\nsys.stdout.close()\nsys.stderr = None\n1 / 0",
        "import builtins\nbuiltins.isinstance = None\n1 / 0",
        "import os\nos.closerange(0, 64)\n1",
        "input()",
    ],
)
def test_a_forged_or_broken_report_does_no_harm(code: str, kernel: Layer) -> None:
    ran = run(code, layer=kernel)
    assert isinstance(ran.error, str)
    assert not ran.ok
    assert run("1 + 1", layer=kernel).value == 2


def test_the_interpreter_of_monty_stands_in_a_sandbox_itself(layer: Layer) -> None:
    from tinyllm.sandbox import monty

    if layer != "monty":
        return
    run("1", layer="monty")
    workers = [each for each in psutil.Process().children(recursive=True) if each.name() == "monty"]
    assert workers
    for worker in workers:
        status = Path(f"/proc/{worker.pid}/status").read_text()
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status
        assert "CapEff:\t0000000000000000" in status
        assert not Path(f"/proc/{worker.pid}/root/etc/passwd").exists()
        assert Path(f"/proc/{worker.pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    assert monty.confined()


def test_many_at_once_stay_apart(layer: Layer) -> None:
    def runs(n: int, results: list[object]) -> None:
        results.append(run("x * 2", inputs={"x": n}, layer=layer).value)

    # More than once: a thread that ends must not take another one's interpreter along.
    for _ in range(20 if layer == "monty" else 1):
        results: list[object] = []
        workers = [threading.Thread(target=runs, args=(n, results)) for n in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert sorted(results, key=str) == [0, 10, 2, 4, 6, 8]
