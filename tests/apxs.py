"""Where httpd is, as apxs knows it: /usr/sbin is not in every user's PATH."""

import subprocess


def ask(name: str) -> str:
    done = subprocess.run(["apxs", "-q", name], check=True, capture_output=True, text=True)
    return done.stdout.strip()


HTTPD = f"{ask('SBINDIR')}/{ask('PROGNAME')}"
MODULES = ask("LIBEXECDIR")
