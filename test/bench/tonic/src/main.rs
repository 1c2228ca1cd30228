// SPDX-License-Identifier: Apache-2.0
// bench.Echo on tonic, as its documentation makes it fastest: a runtime of one thread (it is measured on
// one core), TCP_NODELAY, windows that are never in the way, `Bytes` instead of `Vec<u8>`, LTO. The command
// line is that of ../program.hpp after a first word: server or client.
mod client;
mod options;
mod server;

pub mod echo {
    tonic::include_proto!("bench");
}

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub const WINDOW: u32 = 16 << 20;

/// What a message may have; tonic itself allows 4 MiB.
pub const MAX_MESSAGE: usize = 32 << 20;

fn main() -> Result<(), Failure> {
    let (side, options) = options::read(std::env::args().skip(1))?;
    let limit = options.time_limit;
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(limit)); // sleep: the time limit
        eprintln!("not over after {limit} s");
        std::process::exit(1);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match side.as_str() {
        "server" => runtime.block_on(server::serve(options)),
        "client" => runtime.block_on(client::measure(options)),
        _ => Err(format!("server or client is needed, not '{side}'").into()),
    }
}
