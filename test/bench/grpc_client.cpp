// SPDX-License-Identifier: Apache-2.0
#include "grpc_client.hpp"

#include <grpcpp/grpcpp.h>

namespace {

std::shared_ptr<grpc::ChannelCredentials> credentials(bench::program_options const& options) {
  if (options.tls.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = bench::read_file(options.tls + "/ca.pem");
  return grpc::SslCredentials(tls);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace bench;
  auto const options = read_options(argc, argv);
  if (options.mode != "callback" && options.mode != "async")
    fail("--mode callback or --mode async is needed");
  stubs all;
  for (unsigned i = 0; i < options.connections; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all channels share one connection
    arguments.SetString(GRPC_ARG_OPTIMIZATION_TARGET, "throughput");
    arguments.SetMaxReceiveMessageSize(max_message);
    auto const channel = grpc::CreateCustomChannel("ipv4:127.0.0.1:" + std::to_string(options.port),
                                                   credentials(options), arguments);
    if (!channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
      fail("cannot connect");
    all.push_back(Echo::NewStub(channel));
  }
  auto const begin = std::chrono::steady_clock::now();
  options.mode == "async" ? run_async_client(options, all) : run_callback_client(options, all);
  if (options.kind != "latency") print_result(options.calls, std::chrono::steady_clock::now() - begin);
}
