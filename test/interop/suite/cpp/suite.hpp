// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the suite's client and server on grpc C++ share.

#include "grpc/testing/test.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

// Of grpc's core: the flags of the message that was read last.
std::uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);
inline constexpr std::uint32_t came_compressed = 0x40000000;  // GRPC_WRITE_INTERNAL_TEST_ONLY_WAS_COMPRESSED

inline constexpr char const* echo_initial = "x-grpc-test-echo-initial";
inline constexpr char const* echo_trailing = "x-grpc-test-echo-trailing-bin";
inline constexpr int header_limit = 128 * 1024;  // for large_header; gRPC core takes 8 KiB by default

inline std::string read_file(std::string const& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) throw std::runtime_error{"cannot read " + path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

template <class Message>
void set_body(Message& message, int size) {
  message.mutable_payload()->mutable_body()->assign(static_cast<std::size_t>(size), '\0');
}

/// The command line: "--name=value", "--name value" or "--name".
class flag_map {
 public:
  flag_map(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      std::string word = argv[i];
      word.erase(0, word.find_first_not_of('-'));
      auto const equals = word.find('=');
      bool const next = equals == std::string::npos && i + 1 < argc && argv[i + 1][0] != '-';
      values_[word.substr(0, equals)] = equals != std::string::npos ? word.substr(equals + 1)
                                        : next                      ? argv[++i]
                                                                    : "true";
    }
  }
  [[nodiscard]] std::string text(std::string const& name, std::string const& otherwise = "") const {
    auto const found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  [[nodiscard]] int number(std::string const& name, int otherwise) const {
    return std::stoi(text(name, std::to_string(otherwise)));
  }
  [[nodiscard]] bool truth(std::string const& name) const { return text(name) == "true"; }

 private:
  std::map<std::string, std::string> values_;
};
