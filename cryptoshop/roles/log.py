"""`cryptoshop log`: the command log alone."""

import argparse

from cryptoshop.observability import configure_logging
from cryptoshop.settings import add_arguments, from_arguments


def main(arguments: list[str]) -> int:
    from engine.log import server

    parser = argparse.ArgumentParser("cryptoshop log", description="The command log of a venue, on DIR/log.sock, alone.")
    add_arguments(parser)
    settings = from_arguments(parser.parse_args(arguments))
    configure_logging("log")
    return server.run(settings.log_dir, settings.log_socket)
