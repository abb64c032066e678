"""A step of the first start: compile all kernels into the cache, once, before the roles need them."""

import sys
import threading

TELL_AFTER_S = 0.3  # what comes from the cache is there sooner


def main() -> int:
    import marketdata
    from engine import kernels

    telling = threading.Timer(0, int)

    def show(line: str) -> None:
        nonlocal telling
        telling.cancel()
        telling = threading.Timer(TELL_AFTER_S, print, (f"           {line}",), {"flush": True})
        telling.start()

    kernels.warm(progress=show)
    marketdata.warm(progress=show)
    telling.cancel()
    return 0


if __name__ == "__main__":
    sys.exit(main())
