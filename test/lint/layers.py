#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point down: proves the layers of the library.

  programs      samples   cli   gen                        public headers only
  leaves        gateway   services   telemetry   testing   nothing else in lib includes a leaf
  ends          client  |  server                          siblings: never include each other
  middle        transport  |  rpc                          siblings too
  machines, io  http2  |  wire  |  net                     http2 and wire: no I/O, no clock, no coroutine
  ground        coro
                core                                       the standard library alone

<sluice/LAYER/...> names a public header (lib/include), "LAYER/..." a private one (lib/src); a public header includes
public ones only. Each third party is known to the layers that THIRD_PARTIES names, and to no other.

Usage: layers.py [--root DIR]; exit code 1 and one line for each finding when the tree is wrong.
"""

import argparse
import re
import sys
from pathlib import Path

import tree

GROUND = ["core", "coro"]
MACHINES = ["wire", "http2", "net"]
MIDDLE = ["transport", "rpc"]
ENDS = ["client", "server"]
LEAVES = ["services", "testing", "gateway", "telemetry"]
RANKS = [["core"], ["coro"], MACHINES, MIDDLE, ENDS, LEAVES]
RANK = {layer: rank for rank, layers in enumerate(RANKS) for layer in layers}
PURE = {"core", "wire", "http2"}

PROGRAMS = ("samples", "cli", "gen")

# The bridge, and the one alias that the rest of the library names Asio's executors by.
ASIO_BRIDGE = re.compile(r"(^|/)coro/(asio[a-z_]*|executor|resume_on|spawn)\.(hpp|cpp)$")
PROTOBUF_HEADER = re.compile(r"(^|/)rpc/protobuf[a-z_]*\.(hpp|cpp)$")

# (what the include looks like, its name, the layers that may know it, single files that may).
THIRD_PARTIES = [
    # client and server: a channel and a server are made on an executor, and post to it.
    # testing: its pipe is a byte stream, and takes completion handlers as the sockets of net do.
    (r"boost/(asio|system)[/.]", "Boost.Asio", {"net", "transport", "testing", "client", "server"}, ASIO_BRIDGE),
    (r"boost/beast[/.]", "Boost.Beast", {"gateway"}, None),
    (r"boost/json[/.]", "Boost.JSON", {"client", "gateway"}, None),
    (r"boost/", "another Boost library", set(), None),
    (r"nghttp2/", "nghttp2", {"http2"}, None),
    (r"ares(_[a-z]+)?\.h$", "c-ares", {"net"}, None),
    (r"openssl/", "OpenSSL", {"net"}, None),
    (r"google/(protobuf|rpc|api)/", "protobuf", {"services", "gateway"}, PROTOBUF_HEADER),
    (r".*\.pb\.h$", "protobuf's generated code", {"services", "gateway"}, None),
    (r".*\.sluice\.hpp$", "generated code", {"services", "gateway"}, None),
    (r"(zlib|zstd)\.h$", "zlib and zstd", {"rpc"}, None),
    (r"(sys|netinet|arpa|net|linux)/|(unistd|poll|fcntl|netdb|pthread|signal)\.h$", "the system's I/O",
     {"net", "transport"}, None),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STANDARD = re.compile(r"^[a-z_0-9]+(\.h)?$")
# What only something with a coroutine, a clock or a thread includes or says.
IMPURE_HEADER = {"coroutine", "thread", "mutex", "condition_variable", "future", "fstream", "iostream"}
IMPURE_CALL = re.compile(r"\b(co_await|co_yield|co_return)\b|_clock::now\(")
COMMENT = re.compile(r"//.*|\"(\\.|[^\"\\])*\"")


class place:
    """Where a file is: its tree (public, private or program) and its layer."""

    def __init__(self, root, path):
        self.name = path.relative_to(root).as_posix()
        parts = self.name.split("/")
        self.tree = parts[0]
        self.layer = None
        if self.name.startswith("lib/include/sluice/"):
            self.tree, self.layer = "public", parts[3] if len(parts) > 4 else None
        elif self.name.startswith("lib/src/"):
            self.tree, self.layer = "private", parts[2] if len(parts) > 3 else None


def layer_finding(here, layer):
    """Why a file in layer `here` must not include a header of `layer`, or None."""
    if layer == here:
        return None
    if layer not in RANK:
        return f"there is no layer {layer}"
    if here in PURE and layer != "core":
        return f"{here} is a machine: of the layers it knows core alone, not {layer}"
    if RANK[layer] == RANK[here]:
        return f"{here} and {layer} are siblings"
    if RANK[layer] > RANK[here]:
        return f"{layer} is above {here}"
    return None


def third_party_finding(at, header):
    """Why the file must not include a header of another project, or None."""
    for pattern, name, layers, single in THIRD_PARTIES:
        if not re.match(pattern, header):
            continue
        if at.layer in layers or (single and single.search(at.name)):
            return None
        where = ", ".join(sorted(layers)) or "nothing"
        return f"{name} is known to {where}{' and the bridge to it' if single else ''} alone"
    return None if STANDARD.match(header) else "this third party is in no row of THIRD_PARTIES"


def include_finding(root, at, bracket, header):
    """Why this include of a library file is wrong, or None."""
    public = header.startswith("sluice/")
    if ".." in header.split("/"):
        return "a path with .. hides the layer"
    if public and header.endswith(".sluice.hpp"):
        public = False
    if public:
        if bracket == '"':
            return "a public header is included with <>"
        if not (root / "lib/include" / header).exists():
            return "there is no such public header"
        parts = header.split("/")
        if len(parts) < 3:
            return "nothing in the library includes a header that gathers layers" if at.layer else None
        return layer_finding(at.layer, parts[1]) if at.layer else None
    first = header.split("/")[0]
    if bracket == '"' and first in RANK and not header.endswith((".pb.h", ".sluice.hpp")):
        if at.tree == "public":
            return "a public header includes public headers only"
        if not (root / "lib/src" / header).exists():
            return "there is no such private header"
        return layer_finding(at.layer, first)
    if bracket == "<" and first in RANK and (root / "lib/src" / header).exists():
        return 'a private header is included with ""'
    if bracket == '"' and not header.endswith((".pb.h", ".sluice.hpp")):
        return 'a header of the library is named "LAYER/..."'
    return third_party_finding(at, header)


def library_findings(root, path):
    at = place(root, path)
    if at.layer is None and at.tree == "private":
        yield f"{at.name}: in no layer"
        return
    if at.layer is not None and at.layer not in RANK:
        yield f"{at.name}: the folder {at.layer} is no layer"
        return
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".hpp" and "#pragma once" not in text:
        yield f"{at.name}: #pragma once is missing"
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{at.name}:{number}"
        match = INCLUDE.match(line)
        if match:
            why = include_finding(root, at, *match.groups())
            if why:
                yield f"{where}: {line.strip()}: {why}"
            elif at.layer in PURE and match.group(2) in IMPURE_HEADER:
                yield f"{where}: {line.strip()}: {at.layer} has no I/O, no thread, no coroutine"
        elif at.layer in PURE and not (at.layer == "core") and IMPURE_CALL.search(COMMENT.sub("", line)):
            yield f"{where}: {line.strip()}: {at.layer} has no clock and no coroutine"


def program_findings(root, path):
    """Samples, tools and the generator see what every user sees."""
    at = place(root, path)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, header = match.groups()
        why = None
        if header.startswith("sluice/") and bracket == '"' and not header.endswith(".sluice.hpp"):
            why = "a public header is included with <>"
        elif header.startswith("sluice/") and bracket == "<" and not (root / "lib/include" / header).exists():
            why = "there is no such public header"
        elif not header.startswith("sluice/") and (root / "lib/src" / header).exists() \
                and not (path.parent / header).exists():
            why = "a program includes public headers only"
        elif "lib/src" in header:
            why = "a program includes public headers only"
        if why:
            yield f"{at.name}:{number}: {line.strip()}: {why}"


def findings(root):
    """All findings of the tree at root, and how many files were looked at."""
    library = tree.files(root, ("lib/include", "lib/src"))
    programs = tree.files(root, PROGRAMS)
    found = [finding for path in library for finding in library_findings(root, path)]
    found += [finding for path in programs for finding in program_findings(root, path)]
    return found, len(library) + len(programs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=tree.ROOT)
    found, looked_at = findings(parser.parse_args().root.resolve())
    if looked_at == 0:
        found = ["no file was found: is this the root of the tree?"]
    return tree.finish("layers", found, looked_at)


if __name__ == "__main__":
    sys.exit(main())
