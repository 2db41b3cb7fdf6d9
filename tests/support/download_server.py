"""A web server on 127.0.0.1 for the tests of downloads, with the faults of real ones. Prints its port, serves until stdin closes.

    python download_server.py <folder> [certificate.pem]

/file/NAME      the file, with an ETag, and parts of it on request
/busy/N/NAME    503 for the first N requests, then the file
/broken/N/NAME  the connection is cut in the middle of the first N answers
/slow/NAME      the file bit by bit, in about 30 ms
/flip/X/NAME    the file, with another byte in its middle if its last name is X
/hang/NAME      half of the file, then nothing more
/mute/NAME      no answer at all
/whole/NAME     to who asks for a part, all of the file, called a part
/stale/NAME     to who asks for a part, that part, even of a file that has changed
/half/NAME      to who asks for the file, its first half, called a part
/long/NAME      the file, with a length that is 1000 too much
/short/NAME     the file, with a length that is 1000 too little
/status/N/NAME  an answer N without content
/to/URL         a redirect to URL (percent-encoded)
http://...      as a proxy does: the file of that path, whatever the host
/proxied        for which hosts it was a proxy
/count          how many requests there were for files, and how many of them asked for a part
"""

import collections
import http.server
import pathlib
import ssl
import sys
import threading
import time
import urllib.parse

folder = pathlib.Path(sys.argv[1])
asked = collections.Counter()
parts = collections.Counter()
hosts = []
over = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except ConnectionError:  # of whom the test has killed
            pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path.startswith("http://"):
            url = urllib.parse.urlsplit(self.path)
            hosts.append(url.hostname)
            self.path = url.path
        kind, _, rest = self.path.lstrip("/").partition("/")
        if kind == "count":
            return self.answer(200, f"{sum(asked.values())} {sum(parts.values())}".encode())
        if kind == "proxied":
            return self.answer(200, " ".join(hosts).encode())
        if kind == "to":
            return self.answer(302, Location=urllib.parse.unquote(rest))
        argument = ""
        if kind in ("busy", "broken", "flip", "status"):
            argument, _, rest = rest.partition("/")
        asked[self.path] += 1
        if kind == "busy" and asked[self.path] <= int(argument):
            return self.answer(503, b"come back later")
        if kind == "status":
            self.send_response(int(argument))
            self.send_header("ETag", '"x"')
            return self.end_headers()
        if kind == "mute":
            return over.wait()
        file = folder / rest
        if not file.is_file():
            return self.answer(404, b"no such file")
        body, tag = file.read_bytes(), f'"{file.stat().st_mtime_ns}"'
        if kind == "flip" and file.name == argument:
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 0xFF]) + body[middle + 1 :]
        wanted, begin = self.headers.get("Range"), 0
        if wanted:
            parts[self.path] += 1
            if self.headers.get("If-Range") == tag or kind == "stale":
                begin = int(wanted.removeprefix("bytes=").rstrip("-"))
        if begin and begin >= len(body):
            return self.answer(416, Content_Range=f"bytes */{len(body)}")
        if kind == "whole":
            begin = 0
        end = len(body) // 2 if kind == "half" and not begin else len(body)
        is_part = begin or end < len(body) or (kind == "whole" and wanted)
        self.send_response(206 if is_part else 200)
        if is_part:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(body)}")
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(end - begin + {"long": 1000, "short": -1000}.get(kind, 0)))
        self.end_headers()
        body = body[begin:end]
        if kind in ("long", "short"):
            self.close_connection = True
        if kind == "hang" and not begin:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            return over.wait()
        if kind == "broken" and asked[self.path] <= int(argument):
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return
        if kind == "slow":
            step = len(body) // 30 + 1
            for place in range(0, len(body), step):
                self.wfile.write(body[place : place + step])
                time.sleep(0.001)
            return
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.handle_error = lambda *_: None  # of clients that are killed
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
over.set()
