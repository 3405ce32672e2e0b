"""A program that runs an embedded server until its stdin closes, for tests that kill it or run it as someone else.

Arguments: the folder that holds pgtune_cli, that of PostgreSQL's programs, and "fork" for a child that stays behind,
or "deaf" for a program that Ctrl-C does not end.
It needs the standard library alone, so that any interpreter of the machine may run it.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, sys.argv[1])

from pgtune_cli.server.binaries import find_binaries
from pgtune_cli.server.embedded import embedded_server

# nohup and shells without job control leave signals ignored in what they start
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.SIG_IGN if "deaf" in sys.argv else signal.default_int_handler)
with embedded_server(find_binaries(Path(sys.argv[2]))) as server:
    forked = 0
    if "fork" in sys.argv:
        forked = os.fork()
        if forked == 0:
            time.sleep(60)
            os._exit(0)
    postmaster = int((server.data_dir / "postmaster.pid").read_text().split()[0])
    supervisor = int(Path(f"/proc/{postmaster}/stat").read_text().rpartition(")")[2].split()[1])
    facts = {"dsn": server.dsn("postgres"), "folder": str(server.data_dir.parent), "socket_dir": str(server.socket_dir)}
    facts |= {"postmaster": postmaster, "supervisor": supervisor, "forked": forked}
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
