// SPDX-License-Identifier: Apache-2.0
use crate::echo::echo_server::{Echo, EchoServer};
use crate::echo::{Message, Request as Wanted, Summary};
use crate::options::Options;
use crate::{Failure, MAX_MESSAGE, WINDOW};
use std::iter::{repeat_n, RepeatN};
use tokio::net::TcpListener;
use tokio::signal::unix::{signal, SignalKind};
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

struct Service;

#[tonic::async_trait]
impl Echo for Service {
    async fn unary(&self, request: Request<Message>) -> Result<Response<Message>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    type DownloadStream = tokio_stream::Iter<RepeatN<Result<Message, Status>>>;

    async fn download(&self, request: Request<Wanted>) -> Result<Response<Self::DownloadStream>, Status> {
        let wanted = request.into_inner();
        let message = Message { payload: vec![b'x'; wanted.size as usize].into() };
        Ok(Response::new(tokio_stream::iter(repeat_n(Ok(message), wanted.count as usize))))
    }

    async fn upload(&self, request: Request<Streaming<Message>>) -> Result<Response<Summary>, Status> {
        let mut messages = request.into_inner();
        let mut summary = Summary::default();
        while let Some(message) = messages.message().await? {
            summary.count += 1;
            summary.bytes += message.payload.len() as u64;
        }
        Ok(Response::new(summary))
    }

    type BothStream = Streaming<Message>;

    async fn both(&self, request: Request<Streaming<Message>>) -> Result<Response<Self::BothStream>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

pub async fn serve(options: Options) -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    let mut stop = signal(SignalKind::terminate())?;
    println!("listening on {}", listener.local_addr()?.port());
    Server::builder()
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_concurrent_streams(None)
        .add_service(EchoServer::new(Service).max_decoding_message_size(MAX_MESSAGE))
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), async move {
            stop.recv().await;
        })
        .await?;
    Ok(())
}
