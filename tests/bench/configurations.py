"""httpd in the two configurations that people run it in, with mod_factorial or mod_nothing: each is a
function for server.Server."""

import os
import re
import shutil

from apxs import HTTPD, MODULES
from httpd import API, SOURCE

USER = "User www-data\nGroup www-data\n" if os.getuid() == 0 else ""
FOREGROUND = [HTTPD, "-D", "FOREGROUND"]

# The baseline's ground: no .htaccess is looked for.
GROUND = """DocumentRoot {directory}/cache
<Directory />
    AllowOverride None
</Directory>
"""
NOTHING = f'<Location "{API}">\n    SetHandler nothing\n</Location>\n'

# What Debian's packages enable.
STOCK_MODULES = """access_compat alias auth_basic authn_core authn_file authz_core authz_host
    authz_user autoindex deflate dir env filter mime negotiation reqtimeout setenvif status"""
STOCK_CONFIGURATION = """charset localized-error-pages other-vhosts-access-log security
    serve-cgi-bin"""


def module(build, name):
    return build / ("bench/mod_nothing.so" if name == "nothing" else f"mod_{name}.so")


def image_environment():
    """The ENV of the Dockerfile."""
    text = re.search(r"^ENV (.*?[^\\])$", (SOURCE / "Dockerfile").read_text(), re.M | re.S)[1]
    return {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', text)}


def replaced(text, changes):
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def container_text(directory, port, build, mpm, name, extra):
    """conf/container/httpd.conf with the image's paths replaced."""
    text = replaced(
        (SOURCE / "conf/container/httpd.conf").read_text(),
        {
            "/etc/mod_factorial": str(directory),
            "Listen 5000": f"Listen 127.0.0.1:{port}",
            "/dev/shm": str(directory),
            "/usr/lib/apache2/modules/mod_factorial.so": str(module(build, "factorial")),
            "/usr/lib/apache2/modules": MODULES,
            "/usr/share/mod_factorial": str(SOURCE),
            "mpm_event": f"mpm_{mpm}",
        },
    )
    if mpm == "worker":
        text = text.replace("AsyncRequestWorkerFactor", "#AsyncRequestWorkerFactor")
    if name == "nothing":
        text = text.replace(f"Include {directory}/factorial.conf\n", NOTHING)
        text = re.sub(r'<Location "/status.*?</Location>\n', "", text, flags=re.S)
        text = re.sub(r"^Factorial\w+ .*\n", "", text, flags=re.M)
        text = text.replace("factorial_module", "nothing_module").replace(
            str(module(build, "factorial")), str(module(build, "nothing"))
        )
    ground = GROUND.format(directory=directory)
    return f"{text}\n# ---- the benchmark's\n{USER}{ground}{extra}"


def container(build, mpm="event", name="factorial", extra="", environment=None):
    def prepare(directory, port):
        file = directory / "httpd.conf"
        file.write_text(container_text(directory, port, build, mpm, name, extra))
        for included in ("factorial.conf", "cors.conf", "page.conf"):
            shutil.copy(SOURCE / "conf" / included, directory)
        return [*FOREGROUND, "-f", str(file)], image_environment() | (environment or {})

    return prepare


def enable(etc, kind, names):
    (etc / f"{kind}-enabled").mkdir(exist_ok=True)
    for name in names.split():
        for file in (etc / f"{kind}-available").glob(f"{name}.*"):
            (etc / f"{kind}-enabled" / file.name).symlink_to(file)


def substitute(file, changes):
    file.write_text(replaced(file.read_text(), changes))


def stock(build, mpm="event", name="factorial"):
    """Debian's own configuration, with the module as a2enmod would enable it."""

    def prepare(directory, port):
        etc = directory / "etc"
        shutil.copytree(build / "stock/etc/apache2", etc, symlinks=True)
        (etc / f"mods-available/{name}.load").write_text(
            f"LoadModule {name}_module {module(build, name)}\n"
        )
        (etc / f"mods-available/{name}.conf").write_text(
            (SOURCE / "conf/factorial.conf").read_text() if name == "factorial" else NOTHING
        )
        enable(etc, "mods", f"mpm_{mpm} {name} {STOCK_MODULES}")
        enable(etc, "conf", STOCK_CONFIGURATION)
        enable(etc, "sites", "000-default")
        substitute(etc / "ports.conf", {"Listen 80\n": f"Listen 127.0.0.1:{port}\n"})
        substitute(etc / "apache2.conf", {"<Directory /var/www/>": f"<Directory {directory}>"})
        substitute(
            etc / "sites-available/000-default.conf",
            {":80>": f":{port}>", "/var/www/html": f"{directory}/cache"},
        )
        return (
            [
                *FOREGROUND,
                "-d",
                str(etc),
                "-f",
                str(etc / "apache2.conf"),
                "-C",
                "ServerName localhost",
            ],
            {
                "APACHE_RUN_USER": "www-data",
                "APACHE_RUN_GROUP": "www-data",
                "APACHE_PID_FILE": str(directory / "pid"),
                "APACHE_RUN_DIR": str(directory),
                "APACHE_LOCK_DIR": str(directory),
                "APACHE_LOG_DIR": str(directory / "log"),
            },
        )

    return prepare
