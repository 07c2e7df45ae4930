"""What the queue makes of few slots: see `queued.py`.

Beside the standard library's `queue` this name is a trap: whatever is run from this folder would find this file in its
place. So, imported by that name, it is that module.
"""

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)

if __name__ == "queue":
    elsewhere = [folder for folder in sys.path if str(Path(folder).resolve()) != HERE]
    spec = PathFinder.find_spec("queue", elsewhere)
    assert spec is not None
    assert spec.loader is not None
    sys.modules["queue"] = module = module_from_spec(spec)
    spec.loader.exec_module(module)
elif __name__ == "__main__":
    from queued import main

    sys.exit(main())
