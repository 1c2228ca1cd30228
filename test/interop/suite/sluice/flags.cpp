// SPDX-License-Identifier: Apache-2.0
#include "cases.hpp"

std::string client_flags::target() const {
  auto const colon = server_host.find(':') != std::string::npos && server_host.front() != '[';
  return (colon ? '[' + server_host + ']' : server_host) + ':' + std::to_string(server_port);
}

sluice::metadata client_flags::metadata() const {
  sluice::metadata entries;
  std::string_view rest = additional_metadata;
  while (!rest.empty()) {
    auto const colon = rest.find(':');
    if (colon == std::string_view::npos)
      throw std::runtime_error{"--additional_metadata: a key without a colon"};
    auto const end = std::min(rest.find(';'), rest.size());
    if (end < colon) throw std::runtime_error{"--additional_metadata: a key without a colon"};
    entries.add(rest.substr(0, colon), rest.substr(colon + 1, end - colon - 1));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return entries;
}

namespace suite {

sluice::channel_options channel_options(client_flags const& flags) {
  sluice::channel_options options;
  options.authority = flags.server_host_override;
  options.max_header_list_size = 128 * 1024;  // what we are echoed of a large header
  if (flags.use_tls) {
    sluice::tls_client_options tls;
    if (flags.use_test_ca) tls.roots = sluice::pem::file(flags.ca_file);
    options.tls = sluice::tls_client{std::move(tls)};
  }
  return options;
}

}  // namespace suite
