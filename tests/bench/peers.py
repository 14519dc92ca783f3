"""What people would use instead: nginx, Flask under gunicorn, Go."""

import os
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
CPUS = len(os.sched_getaffinity(0))

# As Debian ships it, but for the paths and that a connection may stay as long as ours.
NGINX = """
daemon off;
{user}
worker_processes auto;
pid {directory}/pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    access_log {directory}/log/access.log;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    {http}
}}
"""
CONSTANT = """
    server {{
        listen 127.0.0.1:{port};
        location = /api/v1/factorial {{
            default_type application/json;
            return 200 '{{"factorial":120}}\\n';
        }}
    }}
"""
PROXY = """
    upstream servers {{
        {servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_pass http://servers;
        }}
    }}
"""


def nginx_binary(build):
    return build / "bench/nginx/usr/sbin/nginx"


def _nginx(build, http):
    def prepare(directory, port):
        file = directory / "nginx.conf"
        user = "user www-data;" if os.getuid() == 0 else ""
        file.write_text(NGINX.format(directory=directory, user=user, http=http(port)))
        return [str(nginx_binary(build)), "-p", str(directory), "-c", str(file), "-e", "stderr"], {}

    return prepare


def nginx(build):
    """return 200: the least that it can do."""
    return _nginx(build, lambda port: CONSTANT.format(port=port))


def nginx_proxy(build, ports):
    """A reverse proxy in front of servers on this machine."""
    servers = "\n        ".join(f"server 127.0.0.1:{port};" for port in ports)
    return _nginx(build, lambda port: PROXY.format(port=port, servers=servers))


def flask(directory, port):
    """With as many workers as gunicorn's manual recommends; no log of requests."""
    return (
        [
            "/usr/bin/gunicorn",
            "--bind",
            f"127.0.0.1:{port}",
            "--workers",
            str(2 * CPUS + 1),
            "--timeout",
            "120",
            "--worker-tmp-dir",
            "/dev/shm",
            "--chdir",
            str(HERE / "peers"),
            "--log-level",
            "warning",
            "flask_service:app",
        ],
        {"PYTHONDONTWRITEBYTECODE": "1"},
    )


def go(build):
    """No log of requests."""
    return lambda directory, port: ([str(build / "bench/factorial-go"), f"127.0.0.1:{port}"], {})
