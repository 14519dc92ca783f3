"""Debian's aws, loaded once: loading takes it a second of the processor, and a test calls it some hundred times.

aws.py SOCKET SERVICE...    serves until it is ended, with the models of these services at hand
aws.py SOCKET -- ARGUMENT... is one call: aws ARGUMENT...
"""

import json
import os
import signal
import socket
import sys


def serve(path: str, services: list[str]) -> None:
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    for service in services:
        driver.session.get_component("data_loader").load_service_model(service, "service-2")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    while True:
        connection, _ = listener.accept()
        if os.fork():
            connection.close()
            continue
        message, streams, _, _ = socket.recv_fds(connection, 1 << 16, 3)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        directory, arguments = json.loads(message)
        os.chdir(directory)
        status = driver.main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        connection.send(bytes([status]))
        os._exit(status)


def call(path: str, arguments: list[str]) -> int:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(path)
    message = json.dumps([os.getcwd(), arguments]).encode()
    socket.send_fds(connection, [message], [0, 1, 2])
    return (connection.recv(1) or b"\xff")[0]


if __name__ == "__main__":
    if sys.argv[2:3] == ["--"]:
        sys.exit(call(sys.argv[1], sys.argv[3:]))
    serve(sys.argv[1], sys.argv[2:])
