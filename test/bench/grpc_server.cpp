// SPDX-License-Identifier: Apache-2.0
// The rival. Single-threaded as far as grpc lets itself be: one completion queue and one thread in async
// mode; the callback interface brings its own pollers, which bench.py pins to one core.
#include "grpc_server.hpp"

#include "program.hpp"

#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

namespace {

std::shared_ptr<grpc::ServerCredentials> credentials(bench::program_options const& options) {
  if (options.tls.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back(
      {bench::read_file(options.tls + "/server.key"), bench::read_file(options.tls + "/server.pem")});
  return grpc::SslServerCredentials(tls);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace bench;
  auto const options = read_options(argc, argv);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every thread of grpc

  if (options.mode != "callback" && options.mode != "async")
    fail("--mode callback or --mode async is needed");
  auto const service = options.mode == "async" ? make_async_service() : make_callback_service(options.slow);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(options.port), credentials(options), &port);
  builder.AddChannelArgument(GRPC_ARG_OPTIMIZATION_TARGET, "throughput");
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.SetMaxReceiveMessageSize(max_message);
  service->add_to(builder);
  auto const server = builder.BuildAndStart();
  if (!server || port == 0) fail("cannot listen on port " + std::to_string(options.port));
  print_listening(static_cast<std::uint16_t>(port));

  std::thread stopper([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
    service->stop();
  });
  service->serve(*server);
  stopper.join();
}
