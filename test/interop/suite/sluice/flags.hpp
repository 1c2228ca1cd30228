// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/metadata.hpp>

#include <chrono>
#include <cstdint>
#include <string>

/// The suite's own flags; what they mean is in the suite's description of its client.
struct client_flags {
  std::string server_host = "localhost";
  std::uint16_t server_port = 10000;
  std::string server_host_override;
  std::string test_case = "large_unary";
  bool use_tls = false;
  bool use_test_ca = false;
  std::string ca_file;
  std::string service_config_json;
  std::string additional_metadata;
  std::uint32_t soak_iterations = 10;
  std::uint32_t soak_max_failures = 0;
  std::uint32_t soak_per_iteration_max_acceptable_latency_ms = 1000;
  std::uint32_t soak_overall_timeout_seconds = 10;
  std::uint32_t soak_min_time_ms_between_rpcs = 0;
  std::uint32_t soak_request_size = 271828;
  std::uint32_t soak_response_size = 314159;
  std::uint32_t soak_num_threads = 1;

  [[nodiscard]] std::string target() const;
  /// additional_metadata, "key:value;key:value". Throws std::runtime_error when it is not of that form.
  [[nodiscard]] sluice::metadata metadata() const;
};
