// SPDX-License-Identifier: Apache-2.0
//
// interop_client: the gRPC interop suite's client on sluice, with the suite's flags. Exit code 0: the case passed.
#include "cases.hpp"

#include <CLI/CLI.hpp>

#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>

namespace {

void declare(CLI::App& app, client_flags& flags) {
  app.add_option("--server_host", flags.server_host, "the server's name or address")->capture_default_str();
  app.add_option("--server_port", flags.server_port)->capture_default_str();
  app.add_option("--server_host_override", flags.server_host_override,
                 "what :authority and the certificate say");
  app.add_option("--test_case", flags.test_case)->capture_default_str();
  app.add_flag("--use_tls", flags.use_tls);
  app.add_flag("--use_test_ca", flags.use_test_ca, "trust --ca_file alone");
  app.add_option("--ca_file", flags.ca_file, "roots, in PEM");
  app.add_option("--service_config_json", flags.service_config_json, "not read: pick_first is what there is");
  app.add_option("--additional_metadata", flags.additional_metadata,
                 "key:value;key:value, sent with every call");
  app.add_option("--soak_iterations", flags.soak_iterations)->capture_default_str();
  app.add_option("--soak_max_failures", flags.soak_max_failures)->capture_default_str();
  app.add_option("--soak_per_iteration_max_acceptable_latency_ms",
                 flags.soak_per_iteration_max_acceptable_latency_ms)
      ->capture_default_str();
  app.add_option("--soak_overall_timeout_seconds", flags.soak_overall_timeout_seconds)->capture_default_str();
  app.add_option("--soak_min_time_ms_between_rpcs", flags.soak_min_time_ms_between_rpcs)
      ->capture_default_str();
  app.add_option("--soak_request_size", flags.soak_request_size)->capture_default_str();
  app.add_option("--soak_response_size", flags.soak_response_size)->capture_default_str();
  app.add_option("--soak_num_threads", flags.soak_num_threads, "iterations are shared out to so many")
      ->capture_default_str();
}

suite::test_case const* find(std::string const& name) {
  for (auto const all : {suite::plain_cases(), suite::compression_cases()})
    for (auto const& each : all)
      if (each.name == name) return &each;
  return nullptr;
}

// Named, as a capturing lambda coroutine must not be awaited in place.
sluice::task<void> on_ready_channel(sluice::channel& channel, suite::test_case const& which,
                                    suite::stubs on) {
  co_await channel.ready();
  co_await which.run(std::move(on));
  co_await channel.shutdown(std::chrono::seconds{1});
}

void run_case(client_flags const& flags, suite::test_case const& which) {
  boost::asio::io_context io{1};
  sluice::channel channel{io.get_executor(), flags.target(), suite::channel_options(flags)};
  suite::stubs const on{grpc::testing::TestServiceStub{channel},
                        grpc::testing::UnimplementedServiceStub{channel}, flags.metadata()};
  sluice::run(io, on_ready_channel(channel, which, on));
}

}  // namespace

int main(int argc, char** argv) {
  client_flags flags;
  CLI::App app{"The gRPC interop suite's client, on sluice."};
  declare(app, flags);
  CLI11_PARSE(app, argc, argv);
  try {
    if (flags.test_case == "rpc_soak" || flags.test_case == "channel_soak")
      suite::soak(flags, flags.test_case == "channel_soak");
    else if (auto const* const which = find(flags.test_case)) run_case(flags, *which);
    else throw std::runtime_error{"there is no such case"};
    return 0;
  } catch (std::exception const& error) {
    std::cerr << flags.test_case << ": " << error.what() << '\n';
    return 1;
  }
}
