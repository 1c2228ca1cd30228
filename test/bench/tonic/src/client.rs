// SPDX-License-Identifier: Apache-2.0
use crate::echo::echo_client::EchoClient;
use crate::echo::{Message, Request as Wanted};
use crate::options::Options;
use crate::{Failure, MAX_MESSAGE, WINDOW};
use std::iter::repeat_n;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::transport::{Channel, Endpoint};
use tonic::Streaming;

type Client = EchoClient<Channel>;

async fn connect(port: u16) -> Result<Client, Failure> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"))?
        .tcp_nodelay(true)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW);
    Ok(EchoClient::new(endpoint.connect().await?).max_decoding_message_size(MAX_MESSAGE))
}

fn message_of(options: &Options) -> Message {
    Message { payload: vec![b'x'; options.size as usize].into() }
}

async fn expect_echo(client: &mut Client, message: &Message) -> Result<(), Failure> {
    let reply = client.unary(message.clone()).await?.into_inner();
    if reply != *message {
        return Err("a reply that is no echo".into());
    }
    Ok(())
}

/// One of the streams of a connection: a call after the other, as long as there are some to start.
async fn call_in_turn(mut client: Client, message: Message, left: Arc<AtomicU64>) -> Result<(), Failure> {
    let take = |left: u64| left.checked_sub(1);
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok() {
        expect_echo(&mut client, &message).await?;
    }
    Ok(())
}

async fn unary(clients: &[Client], options: &Options) -> Result<(), Failure> {
    let left = Arc::new(AtomicU64::new(options.calls));
    let streams = clients.iter().flat_map(|client| repeat_n(client, options.streams));
    let message = message_of(options);
    let begin = |client: &Client| tokio::spawn(call_in_turn(client.clone(), message.clone(), left.clone()));
    let tasks: Vec<_> = streams.map(begin).collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn latency(client: &mut Client, options: &Options) -> Result<Vec<Duration>, Failure> {
    let message = message_of(options);
    let mut times = Vec::with_capacity(options.calls as usize);
    for _ in 0..options.calls {
        let begin = Instant::now();
        expect_echo(client, &message).await?;
        times.push(begin.elapsed());
    }
    Ok(times)
}

async fn download(client: &mut Client, options: &Options) -> Result<(), Failure> {
    let wanted = Wanted { count: options.calls, size: options.size };
    let messages = client.download(wanted).await?.into_inner();
    expect_all(options, receive_all(messages, options).await?)
}

async fn upload(client: &mut Client, options: &Options) -> Result<(), Failure> {
    let messages = tokio_stream::iter(repeat_n(message_of(options), options.calls as usize));
    let summary = client.upload(messages).await?.into_inner();
    expect_all(options, summary.count)
}

async fn both(client: &mut Client, options: &Options) -> Result<(), Failure> {
    let messages = tokio_stream::iter(repeat_n(message_of(options), options.calls as usize));
    let replies = client.both(messages).await?.into_inner();
    expect_all(options, receive_all(replies, options).await?)
}

/// How many messages came.
async fn receive_all(mut messages: Streaming<Message>, options: &Options) -> Result<u64, Failure> {
    let mut count = 0;
    while let Some(message) = messages.message().await? {
        if message.payload.len() != options.size as usize {
            return Err("a message of another size".into());
        }
        count += 1;
    }
    Ok(count)
}

fn expect_all(options: &Options, count: u64) -> Result<(), Failure> {
    if count != options.calls {
        return Err(format!("lost messages: {count} of {}", options.calls).into());
    }
    Ok(())
}

/// The nearest rank, in µs.
fn percentiles(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1].as_nanos() as f64 / 1e3;
    format!(", \"p50_us\": {:.3}, \"p99_us\": {:.3}", at(50), at(99))
}

pub async fn measure(options: Options) -> Result<(), Failure> {
    let mut clients = Vec::new();
    for _ in 0..options.connections {
        clients.push(connect(options.port).await?);
    }
    let mut times = Vec::new();
    let begin = Instant::now();
    match options.kind.as_str() {
        "unary" => unary(&clients, &options).await?,
        "latency" => times = latency(&mut clients[0], &options).await?,
        "download" => download(&mut clients[0], &options).await?,
        "upload" => upload(&mut clients[0], &options).await?,
        "both" => both(&mut clients[0], &options).await?,
        kind => return Err(format!("no such kind: {kind}").into()),
    }
    let seconds = begin.elapsed().as_secs_f64();
    let tail = if times.is_empty() { String::new() } else { percentiles(&mut times) };
    println!("{{\"calls\": {}, \"seconds\": {seconds:.6}{tail}}}", options.calls);
    Ok(())
}
