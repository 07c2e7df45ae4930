"""The server behind `tests.started`: it has imported what a command imports, and forks a process for each order.

Run as a program. On its stdin comes, for each process, a message with four file descriptors: stdin, stdout, stderr, and a
line on which the process finds its order, and on which this server answers with the process's id and then its exit code.
"""

import atexit
import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import threading
import traceback
from typing import Any

import tinyllm
from tinyllm import failpoints
from tinyllm.toolkit import Toolbox

LATE = (
    "langgraph.graph",
    "langgraph.types",
    "langchain_core.runnables.base",
    "langchain_ollama",
    "smtplib",
    "tarfile",
)
# What wants a package that need not be there, and what looks at the terminal when it is imported.
LATER = ("tinyllm.store.postgres", "tinyllm.checkpoints.postgres", "tinyllm.tools", "tinyllm.cli.chat.lines")


def warm() -> None:
    names = [module.name for module in pkgutil.walk_packages(tinyllm.__path__, "tinyllm.")]
    for name in (*(name for name in names if not name.startswith(LATER) and "__main__" not in name), *LATE):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    Toolbox.standard()
    gc.collect()
    gc.freeze()


def serve(orders: socket.socket) -> None:
    """Until nobody gives orders any more."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(orders, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is orders:
                    _, handles, _, _ = socket.recv_fds(orders, 1, 4)
                    if not handles:
                        return
                    process = _forked(handles)
                    waiting.register(os.pidfd_open(process), selectors.EVENT_READ, (process, handles[3]))
                else:
                    waiting.unregister(key.fileobj)
                    _ended(int(key.fd), *key.data)


def _forked(handles: list[int]) -> int:
    process = os.fork()
    if process == 0:
        try:
            _become(handles)
        finally:
            traceback.print_exc()
            os._exit(70)
    os.write(handles[3], f"{process}\n".encode())
    for handle in handles[:3]:
        os.close(handle)
    return process


def _ended(watched: int, process: int, line: int) -> None:
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    with contextlib.suppress(BrokenPipeError):  # nobody asks any more
        os.write(line, f"{code}\n".encode())
    os.close(watched)
    os.close(line)


def _become(handles: list[int]) -> None:
    """In the new process: what the interpreter does before and after a program."""
    with open(handles[3], "rb") as line:  # noqa: PTH123
        order = json.loads(line.readline())
    for number, handle in enumerate(handles[:3]):
        os.dup2(handle, number)
    os.closerange(3, 1024)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if order["session"]:
        os.setsid()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    failpoints.arm_from(os.environ.get("TINYLLM_FAILPOINTS", ""))
    sys.argv = ["tinyllm", *order["arguments"]]
    sys.stdin = _stream(0)
    sys.stdout = _stream(1)
    sys.stderr = _stream(2, errors="backslashreplace", line_buffering=True)
    os._exit(_ran(order.get("program", "tinyllm.cli")))


def _stream(number: int, **how: Any) -> io.TextIOWrapper:
    mode = "rb" if number == 0 else "wb"
    how.setdefault("line_buffering", number == 1 and os.isatty(1))
    return io.TextIOWrapper(open(number, mode, closefd=False), encoding="utf-8", **how)


def _ran(program: str) -> int:
    code: Any = 0
    try:
        importlib.import_module(program).main()
    except SystemExit as end:
        code = end.code or 0
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return 120
    return int(code)


if __name__ == "__main__":
    warm()
    serve(socket.socket(fileno=0))
