// SPDX-License-Identifier: Apache-2.0
use crate::Failure;

#[derive(Clone)]
pub struct Options {
    pub port: u16,
    pub kind: String,
    pub connections: usize,
    pub streams: usize,
    pub calls: u64, // of a streaming kind: messages
    pub size: u32,  // bytes of payload in a message
    pub time_limit: u64,
}

/// The first word, and the options behind it.
pub fn read(mut words: impl Iterator<Item = String>) -> Result<(String, Options), Failure> {
    let side = words.next().unwrap_or_default();
    let mut options = Options {
        port: 0,
        kind: "unary".into(),
        connections: 1,
        streams: 1,
        calls: 1000,
        size: 10,
        time_limit: 600,
    };
    while let Some(name) = words.next() {
        let value = words.next().ok_or(format!("no value for {name}"))?;
        match name.as_str() {
            "--port" => options.port = value.parse()?,
            "--kind" => options.kind = value,
            "--connections" => options.connections = value.parse()?,
            "--streams" => options.streams = value.parse()?,
            "--calls" => options.calls = value.parse()?,
            "--size" => options.size = value.parse()?,
            "--time-limit" => options.time_limit = value.parse()?,
            _ => return Err(format!("no such option: {name}").into()),
        }
    }
    if options.kind != "unary" && options.connections * options.streams != 1 {
        let kind = options.kind;
        return Err(format!("--kind {kind} is measured with one connection and one stream").into());
    }
    Ok((side, options))
}
