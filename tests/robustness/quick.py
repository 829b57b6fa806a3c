"""How long something took by its own doing."""

import contextlib
import gc
import time


@contextlib.contextmanager
def quick(seconds: float):
    """Assert that this thread computes for less than `seconds`; other threads and the garbage of other tests do not count."""
    gc.disable()
    started = time.thread_time()
    try:
        yield
        taken = time.thread_time() - started
    finally:
        gc.enable()
    assert taken < seconds, f"took {taken:.2f} s of this thread's time, expected less than {seconds} s"
