#!/usr/bin/env python3
"""Compares what `quern pull` leaves in the hub's cache with what huggingface_hub leaves, and has each read the other's.

    tools/peers/compare-hub.py [--quern PATH] [--megabytes 40]

A server of Python's own speaks the hub's interface on this machine, drops connections, asks to wait and redirects to
another host. Both clients download from it, into caches of their own; the trees must be equal, huggingface_hub must find
all that Quern brought and Quern all that huggingface_hub brought. Then Quern is killed again and again. Needs:
huggingface_hub. Exit code 1 when anything differs.
"""

import argparse
import functools
import hashlib
import http.server
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = "org/model"


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files = {}
    faults = 0.0
    slow = 0.0
    random = random.Random(1)
    content = ""  # the address that large files are redirected to
    sent = 0
    asked = 0
    token_strayed = False

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        Hub.asked += 1
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        if path == f"/api/models/{REPOSITORY}/revision/main" or path == f"/api/models/{REPOSITORY}":
            siblings = [{"rfilename": name} for name in sorted(self.files)]
            return self.json({"id": REPOSITORY, "modelId": REPOSITORY, "sha": COMMIT, "siblings": siblings,
                              "private": False, "tags": [], "downloads": 0, "likes": 0})
        if path.startswith(f"/api/models/{REPOSITORY}/tree/"):
            return self.json([entry(name, data) for name, data in sorted(self.files.items())])
        for prefix in (f"/{REPOSITORY}/resolve/main/", f"/{REPOSITORY}/resolve/{COMMIT}/", "/content/"):
            if path.startswith(prefix):
                return self.file(path[len(prefix):], prefix == "/content/")
        self.answer(404, {"X-Error-Code": "EntryNotFound"}, b"")

    def json(self, value):
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def answer(self, status, fields, body):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def file(self, name, is_content):
        data = self.files.get(name)
        if data is None:
            return self.answer(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b"")
        large = len(data) >= 1000
        if is_content and self.headers.get("Authorization"):
            Hub.token_strayed = True
        if self.command == "GET" and self.random.random() < self.faults / 3:
            return self.answer(429, {"Retry-After": "0"}, b"")
        linked = {"X-Repo-Commit": COMMIT, "X-Linked-Etag": f'"{digest(data)}"', "X-Linked-Size": str(len(data))}
        if large and not is_content:
            return self.answer(302, linked | {"Location": f"{self.content}/content/{urllib.parse.quote(name)}?s=1"}, b"")
        start, end, status = 0, len(data), 200
        asked = self.headers.get("Range")
        if asked:
            first, last = asked.removeprefix("bytes=").split("-")
            start, end, status = int(first), min(int(last or len(data)) + 1, len(data)), 206
        self.send_response(status)
        fields = {"ETag": f'"{digest(data)}"', "Content-Length": str(end - start), "Accept-Ranges": "bytes"}
        if not is_content:
            fields |= linked
        if status == 206:
            fields["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        for key, value in fields.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "GET":
            return
        if self.random.random() < self.faults:
            end = start + self.random.randrange(end - start + 1)
            self.close_connection = True
        for place in range(start, end, 1 << 16):
            if self.slow:
                time.sleep(self.slow)
            part = data[place:min(place + (1 << 16), end)]
            Hub.sent += len(part)
            try:
                self.wfile.write(part)
            except OSError:
                self.close_connection = True
                return


@functools.cache
def digest(data):
    if len(data) >= 1000:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def entry(name, data):
    result = {"type": "file", "path": name, "size": len(data), "oid": digest(data)}
    if len(data) >= 1000:
        result |= {"oid": "a" * 40, "lfs": {"oid": digest(data), "size": len(data), "pointerSize": 134}}
    return result


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that was killed


def serve():
    server = Server(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def tree(cache):
    """Links as links, files as digests; without locks, and without the listing that huggingface_hub keeps for itself."""
    result = {}
    for path in sorted(cache.rglob("*")):
        name = str(path.relative_to(cache))
        if ".locks" in name or "/trees" in name:
            continue
        if path.is_symlink():
            result[name] = "-> " + os.readlink(path)
        elif path.is_file() and path.name != "CACHEDIR.TAG":
            result[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return result


class Comparison:
    def __init__(self, quern, folder, endpoint):
        self.quern, self.folder, self.endpoint = quern, folder, endpoint
        self.failed = False

    def check(self, what, holds):
        print(f"{'yes' if holds else 'NO ':3}  {what}", flush=True)
        self.failed |= not holds

    def environment(self, cache, **more):
        return os.environ | {"HF_ENDPOINT": self.endpoint, "HF_HUB_CACHE": str(cache), "HF_TOKEN": "hf_secret",
                             "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"} | more

    def pull(self, cache, *arguments, **more):
        return subprocess.run([self.quern, "pull", REPOSITORY, *arguments], capture_output=True, text=True,
                              env=self.environment(cache, **more))

    def python(self, cache, code, **more):
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                              env=self.environment(cache, **more))

    def both(self):
        """The same download by each, with faults."""
        ours, theirs = self.folder / "ours", self.folder / "theirs"
        Hub.faults = 0.4
        result = self.pull(ours)
        self.check(f"quern pulls through faults: {result.stderr.strip()[-200:]}", result.returncode == 0)
        Hub.faults = 0
        result = self.python(theirs, f"from huggingface_hub import snapshot_download as s; print(s('{REPOSITORY}'))")
        self.check(f"huggingface_hub downloads the same: {result.stderr.strip()[-200:]}", result.returncode == 0)
        self.check("both caches are equal, links and bytes", tree(ours) == tree(theirs))
        self.check("the token stayed with the hub", not Hub.token_strayed)
        return ours, theirs

    def read_by_peer(self, ours):
        code = f"""
import huggingface_hub as h
folder = h.snapshot_download('{REPOSITORY}', local_files_only=True)
assert folder.endswith('{COMMIT}'), folder
for name in {sorted(Hub.files)!r}:
    path = h.try_to_load_from_cache('{REPOSITORY}', name)
    assert isinstance(path, str) and path.startswith(folder), (name, path)
assert h.hf_hub_download('{REPOSITORY}', 'config.json', local_files_only=True)
info = h.scan_cache_dir()
assert not info.warnings, info.warnings
repo, = info.repos
assert repo.repo_id == '{REPOSITORY}' and repo.nb_files == {len(Hub.files)}, repo
assert repo.size_on_disk == {sum(len(d) for d in Hub.files.values())}, repo.size_on_disk
assert list(repo.refs) == ['main'], repo.refs
"""
        result = self.python(ours, code, HF_HUB_OFFLINE="1")
        self.check(f"huggingface_hub finds all that quern brought {result.stderr.strip()[-300:]}", result.returncode == 0)
        Hub.sent = 0
        result = self.python(ours, f"from huggingface_hub import snapshot_download as s; s('{REPOSITORY}')")
        self.check("huggingface_hub downloads none of it again", result.returncode == 0 and Hub.sent == 0)

    def read_by_us(self, theirs):
        Hub.sent = 0
        result = self.pull(theirs)
        self.check("quern downloads nothing that huggingface_hub brought", result.returncode == 0 and Hub.sent == 0)
        result = self.pull(theirs, HF_HUB_OFFLINE="1")
        self.check("quern finds it without the hub", result.returncode == 0 and COMMIT in result.stdout)
        result = subprocess.run([self.quern, "pull", f"{REPOSITORY}:absent.json"], capture_output=True, text=True,
                                env=self.environment(theirs))
        self.check("quern notes that a file is absent", result.returncode == 1)
        code = (f"import huggingface_hub as h; from huggingface_hub.file_download import _CACHED_NO_EXIST as n\n"
                f"assert h.try_to_load_from_cache('{REPOSITORY}', 'absent.json') is n")
        self.check("huggingface_hub reads that note", self.python(theirs, code).returncode == 0)

    def together(self, whole):
        """Both at once, into one cache."""
        cache = self.folder / "together"
        Hub.slow = 0.001
        code = f"from huggingface_hub import snapshot_download as s; s('{REPOSITORY}')"
        commands = [[self.quern, "pull", REPOSITORY, "-q"]] * 2 + [[sys.executable, "-c", code]]
        running = [subprocess.Popen(command, env=self.environment(cache), stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL) for command in commands]
        codes = [process.wait() for process in running]
        Hub.slow = 0
        self.check(f"two pulls and huggingface_hub at once: {codes}", codes == [0, 0, 0] and tree(cache) == tree(whole))

    def kills(self, whole, count=12):
        cache = self.folder / "killed"
        Hub.slow, Hub.sent = 0.002, 0
        wrong = 0
        size = sum(len(data) for data in Hub.files.values())
        for number in range(count):
            asked = Hub.asked
            process = subprocess.Popen([self.quern, "pull", REPOSITORY, "-q"], env=self.environment(cache),
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            until = Hub.sent + Hub.random.randrange(1, size // count // 2)
            # What it asks says that it has begun; bytes may still go to the one before.
            while (Hub.asked == asked or Hub.sent < until) and process.poll() is None:
                time.sleep(0.002)
            process.send_signal(signal.SIGKILL if number % 2 else signal.SIGINT)
            code = process.wait()
            if number % 2 == 0 and code not in (0, 130):
                self.check(f"an interrupted pull ends with 130, found {code}", False)
            blobs = cache / f"models--{REPOSITORY.replace('/', '--')}" / "blobs"
            for path in blobs.glob("*") if blobs.exists() else []:
                if "." not in path.name:
                    wrong += digest(path.read_bytes()) != path.name
        Hub.slow = 0
        result = self.pull(cache)
        self.check(f"{count} kills, {wrong} wrong files, {Hub.sent / size:.2f} times the bytes sent",
                   wrong == 0 and result.returncode == 0)
        self.check("the cache is that of an undisturbed run", tree(cache) == tree(whole))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quern", default=".build/release/quern")
    parser.add_argument("--megabytes", type=int, default=40)
    arguments = parser.parse_args()
    noise = random.Random(7)
    Hub.files = {
        "config.json": b'{"architectures": ["LlamaForCausalLM"]}',
        "tokenizer.json": noise.randbytes(5000),
        "empty.txt": b"",
        "sub/folder/notes é.txt": b"notes",
        "model-00001-of-00002.safetensors": noise.randbytes(arguments.megabytes << 20),
        "model-00002-of-00002.safetensors": noise.randbytes((1 << 20) + 1),
    }
    endpoint, Hub.content = serve(), serve()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments.quern, pathlib.Path(folder), endpoint)
        ours, theirs = comparison.both()
        comparison.read_by_peer(ours)
        comparison.read_by_us(theirs)
        comparison.together(ours)
        comparison.kills(ours)
    sys.exit(comparison.failed)


if __name__ == "__main__":
    main()
