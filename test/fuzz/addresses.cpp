// SPDX-License-Identifier: Apache-2.0
// Targets and listen addresses: what is understood can be written and understood again; what is not is told in a line.
#include <sluice/net/target.hpp>

#include "fuzz/check.hpp"
#include "fuzz/input.hpp"
#include "net/host_port.hpp"

#include <algorithm>
#include <string>

using namespace sluice;
using namespace sluice::fuzz;

namespace {

void check_error(std::string_view error) {
  check(!error.empty(), "an error says something");
  check(error.size() < 4000, "an error does not repeat a novel");
  check(std::none_of(error.begin(), error.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }),
        "an error is one line of text");
}

void check_target(std::string_view text) {
  auto const first = parse_target(text);
  if (!first) return check_error(first.error());
  check((first->scheme == "dns") == first->addresses.empty(), "a target is a name or has addresses");
  auto const written = first->to_string();
  auto const again = parse_target(written);
  check_same(again ? "" : again.error(), "", "a target's canonical form is a target");
  check(again->to_string() == written, "the canonical form stays as it is");
  check(again->scheme == first->scheme && again->host == first->host && again->port == first->port &&
            again->name_server == first->name_server && again->addresses == first->addresses,
        "the canonical form means the same");
  check(first->scheme != "dns" || first->port != 0, "a target has a port");
  check(!first->authority.empty(), "a target has an authority");
  check(std::none_of(first->authority.begin(), first->authority.end(),
                     [](char c) { return (c >= 0 && c <= ' ') || c == 0x7f; }),
        "an authority can travel in a header");
}

void check_listen_address(std::string_view text) {
  auto const first = parse_listen_address(text);
  if (!first) return check_error(first.error());
  check(!first->empty(), "a listen address is one address at least");
  for (auto const& each : *first) {
    auto const again = parse_listen_address(each.to_string());
    check(again.has_value(), "what an address says can be listened on");
    check(std::find(again->begin(), again->end(), each) != again->end(), "it means the same address");
  }
}

void check_host_port(std::string_view text) {
  auto const split = net::split_host_port(text);
  if (!split) check_error(split.error());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  auto const text = in.rest();
  check_target(text);
  check_listen_address(text);
  check_host_port(text);
  return 0;
}
