"""A server with TLS, besides the port without: its configuration, its certificate and what its clients need."""

import ssl
import subprocess

TLS = """\
DefaultRuntimeDir "@ROOT@"
SSLSessionCache none
Listen 127.0.0.1:TLS_PORT
<VirtualHost 127.0.0.1:TLS_PORT>
    SSLEngine on
    SSLCertificateFile "@ROOT@/cache/certificate.pem"
    SSLCertificateKeyFile "@ROOT@/cache/key.pem"
</VirtualHost>
"""


def make_certificate(folder):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split()
    command += ["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:FALSE"]
    command += ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"]
    subprocess.run(command, check=True, capture_output=True)


def client_context(server, protocol="http/1.1"):
    context = ssl.create_default_context(cafile=f"{server.root}/cache/certificate.pem")
    context.set_alpn_protocols([protocol])
    return context
