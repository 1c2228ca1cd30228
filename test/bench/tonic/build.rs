// SPDX-License-Identifier: Apache-2.0
fn main() -> std::io::Result<()> {
    println!("cargo:rerun-if-changed=../bench.proto");
    // Bytes share what was received; the default copies it into a Vec.
    tonic_prost_build::configure().bytes(".").compile_protos(&["../bench.proto"], &[".."])
}
