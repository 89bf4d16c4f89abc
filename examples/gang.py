"""A job of two roles whose tasks talk: a server adds up what its clients send it (gang.yaml).

Every task finds where the others are in its environment (README.md, "Several tasks").
"""

import os
import socket
import socketserver
import sys
import time

INDEX = os.environ["JOBSUB_TASK_INDEX"]


class Total(socketserver.StreamRequestHandler):
    """Adds the numbers of one client to the total of all, and answers it."""

    total = 0

    def handle(self):
        for line in self.rfile:
            Total.total += int(line)
            print(f"client {self.client_address[1]} sent {int(line)}, the total is {Total.total}", flush=True)
            self.wfile.write(b"%d\n" % Total.total)


def serve():
    """Serve until the job ends: it does when both clients have succeeded."""
    address = os.environ["JOBSUB_HOST"], int(os.environ["JOBSUB_PORT_TCP"])
    with socketserver.ThreadingTCPServer(address, Total) as server:
        server.serve_forever()


def connect():
    """Connect to the server, which may not have begun to listen, or to be."""
    address = os.environ["JOBSUB_HOST_SERVER_0"], int(os.environ["JOBSUB_PORT_SERVER_0_TCP"])
    while True:
        try:
            return socket.create_connection(address)
        except OSError:  # nobody listens there, or the name means nothing yet
            time.sleep(0.1)


def count():
    """Send some numbers."""
    with connect() as connection, connection.makefile("rw") as lines:
        for number in range(1, 11):
            print(number, file=lines, flush=True)
            print(f"client {INDEX} sent {number}, the total is {int(lines.readline())}", flush=True)


{"server": serve, "client": count}[sys.argv[1]]()
