"""What may go wrong before the venue is up, said in one line."""


class StartError(Exception):
    """The venue cannot start; the message says why and what to do. The command line prints it and exits with 1."""
