"""A step of the first start: compile the core's kernels into the cache, once, before the roles need them."""

import sys


def main() -> int:
    from engine import kernels

    kernels.warm(progress=lambda line: print(f"           {line}", flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
