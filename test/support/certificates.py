#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests that need files, made by the openssl program for this run.

  certificates.py DIR    writes into DIR:
    ca.pem                                  an authority's certificate; its key is thrown away
    server.pem server.key                   for localhost, 127.0.0.1, ::1 and *.test.google.fr
    client.pem client.key                   common name "reader", URI spiffe://example/reader
    expired.pem expired.key                 as server.pem, until yesterday
    other.pem other.key                     for other.example alone
    selfsigned.pem selfsigned.key           as server.pem, signed by itself
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

HOSTS = "DNS:localhost,DNS:*.test.google.fr,IP:127.0.0.1,IP:::1"


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def new_key(path):
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)


def self_signed(folder, name, common_name, extension, days=2):
    new_key(folder / f"{name}.key")
    openssl("req", "-new", "-x509", "-sha256", "-days", days, "-key", folder / f"{name}.key", "-out",
            folder / f"{name}.pem", "-subj", f"/O=sluice/CN={common_name}", "-addext", extension)


def issue(authority, folder, name, common_name, names, expired=False):
    """A key and a certificate of the authority whose files are below `authority`."""
    new_key(folder / f"{name}.key")
    request, extensions = authority / f"{name}.csr", authority / f"{name}.ext"
    extensions.write_text(f"basicConstraints=critical,CA:FALSE\nsubjectAltName={names}\n", encoding="utf-8")
    openssl("req", "-new", "-sha256", "-key", folder / f"{name}.key", "-out", request,
            "-subj", f"/O=sluice/CN={common_name}")
    openssl("x509", "-req", "-sha256", "-in", request, "-CA", authority / "ca.pem", "-CAkey", authority / "ca.key",
            "-CAcreateserial", "-days", -1 if expired else 2, "-extfile", extensions, "-out", folder / f"{name}.pem")


def make(folder):
    """Writes all of them into `folder`, which is made if it is not there."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        authority = Path(scratch)
        self_signed(authority, "ca", "sluice test root", "keyUsage=critical,keyCertSign,cRLSign")
        (folder / "ca.pem").write_bytes((authority / "ca.pem").read_bytes())
        issue(authority, folder, "server", "localhost", HOSTS)
        issue(authority, folder, "client", "reader", "URI:spiffe://example/reader")
        issue(authority, folder, "expired", "localhost", HOSTS, expired=True)
        issue(authority, folder, "other", "other.example", "DNS:other.example")
    self_signed(folder, "selfsigned", "localhost", f"subjectAltName={HOSTS}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path)
    make(parser.parse_args().dir)


if __name__ == "__main__":
    main()
