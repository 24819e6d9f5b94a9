#!/usr/bin/env python3
"""Compares split sets and merged files of quern with those of llama.cpp's splitter, byte by byte.

    pip install gguf
    tools/peers/compare-splits.py QUERN LLAMA_GGUF_SPLIT GGUF... [--sizes 40,100] [--tensors 1,50] [--kills 20]

Splits each file by both programs and compares the parts; merges the splitter's parts by quern from a part taken
at random, and quern's by the splitter. A merge by the splitter keeps three split keys that ours drops: there the
rest is compared, and our copy of its file with our merge. --kills ends a split of quern at random moments, starts
it again until it is done, and compares once more. Exits 1 when anything differs.
"""
import argparse
import filecmp
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout[-1000:]}{done.stderr[-2000:]}")


def parts(folder, stem):
    return sorted(folder.glob(f"{stem}-*-of-*.gguf"))


def equal(ours, theirs):
    """Whether two lists of files have the same number of files and the same bytes."""
    return len(ours) == len(theirs) and all(filecmp.cmp(*pair, shallow=False) for pair in zip(ours, theirs))


def largest_first(source):
    """Bytes of the first tensor: the splitter refuses a smaller limit."""
    from gguf import GGUFReader

    return int(GGUFReader(source).tensors[0].n_bytes)


class Comparison:
    def __init__(self, options, source, folder):
        self.quern, self.splitter = options.quern, options.splitter
        self.source, self.folder = source, folder
        self.kills = options.kills
        self.differences = 0

    def report(self, what, holds):
        print(f"    {what:44} {'equal' if holds else 'DIFFERENT'}", flush=True)
        self.differences += not holds

    def limits(self, ours, theirs):
        """Everything that is compared for one limit, in both programs' flags."""
        for old in self.folder.iterdir():
            old.unlink()
        run(self.quern, "convert", self.source, self.folder / "ours.gguf", "--no-seal", *ours)
        run(self.splitter, "--split", *theirs, self.source, self.folder / "theirs")
        mine, other = parts(self.folder, "ours"), parts(self.folder, "theirs")
        print(f"  {' '.join(ours)}: {len(other)} parts")
        if len(other) == 1:
            return self.report("one plain file", equal([self.folder / "ours.gguf"], [self.source]))
        self.report("parts", equal(mine, other))
        self.merge(mine, other)
        if self.kills:
            self.kill(ours, other)

    def merge(self, mine, other):
        merged, theirs, copy = (self.folder / f"{name}.gguf" for name in ("merged", "theirs-merged", "copy"))
        run(self.quern, "convert", random.choice(other), merged, "--no-seal")
        self.report("their parts merged by us, and the source", equal([merged], [self.source]))
        run(self.splitter, "--merge", mine[0], theirs)
        run(self.quern, "convert", theirs, copy, "--no-seal")
        self.report("our parts merged by them, without split keys", equal([copy], [merged]))

    def kill(self, ours, other):
        command = [self.quern, "convert", self.source, self.folder / "killed.gguf", *ours, "--no-seal", "--quiet"]
        start = time.monotonic()
        run(*command)
        whole = time.monotonic() - start
        for part in parts(self.folder, "killed"):
            part.unlink()
        killed = appeared = 0
        for _ in range(self.kills):
            process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE)
            try:
                process.wait(timeout=random.uniform(0, 1.2 * whole))
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            message = process.communicate()[1].decode(errors="replace")
            found = parts(self.folder, "killed")
            first = [part for part in found if "-00001-of-" in part.name]
            if process.returncode not in (0, -9):
                self.report(f"a run after a kill: {message.strip()}", False)
            if first or process.returncode == 0:
                # A set that can be opened is whole.
                appeared += 1
                if not equal(found, other):
                    self.report("a set that appeared", False)
                for part in found:
                    part.unlink()
        run(*command, "--overwrite")
        self.report(f"{killed} kills, {appeared} sets finished in between", equal(parts(self.folder, "killed"), other))
        left = [path.name for path in self.folder.iterdir() if ".quern-" in path.name]
        self.report("nothing left behind", not left)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quern", type=pathlib.Path)
    parser.add_argument("splitter", help="llama.cpp's llama-gguf-split")
    parser.add_argument("source", nargs="+", type=pathlib.Path)
    parser.add_argument("--sizes", default="40,100", help="limits in MB, comma-separated")
    parser.add_argument("--tensors", default="1,50,100000", help="limits in tensors, comma-separated")
    parser.add_argument("--kills", type=int, default=0, help="runs of each split that are killed")
    parser.add_argument("--seed", type=int, default=time.time_ns())
    options = parser.parse_args()
    print(f"seed {options.seed}")
    random.seed(options.seed)
    count = 0
    for source in options.source:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="quern-splits-"))
        try:
            print(source.name)
            comparison = Comparison(options, source, folder)
            smallest = largest_first(source)
            for size in options.sizes.split(","):
                if int(size) * 1_000_000 < smallest:
                    print(f"  {size} MB: the splitter refuses less than the first tensor has, {smallest} bytes")
                    continue
                comparison.limits(["--max-shard-size", f"{size}MB"], ["--split-max-size", f"{size}M"])
            for number in options.tensors.split(","):
                comparison.limits(["--max-shard-tensors", number], ["--split-max-tensors", number])
            count += comparison.differences
        finally:
            shutil.rmtree(folder)
    print(f"{count} differences")
    sys.exit(count > 0)


main()
