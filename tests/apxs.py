"""Where httpd is, as apxs knows it: /usr/sbin is not in every user's PATH."""

import os
import subprocess


def ask(name: str) -> str:
    command = [os.environ.get("APXS", "apxs"), "-q", name]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


HTTPD = f"{ask('SBINDIR')}/{ask('PROGNAME')}"
MODULES = ask("LIBEXECDIR")
