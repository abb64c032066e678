"""A step of the first start: compile all kernels into the cache, once, before the roles need them."""

import sys


def main() -> int:
    import marketdata
    from engine import kernels

    def show(line: str) -> None:
        print(f"           {line}", flush=True)

    kernels.warm(progress=show)
    marketdata.warm(progress=show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
