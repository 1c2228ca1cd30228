// SPDX-License-Identifier: Apache-2.0
#pragma once

// The messages of grpc.health.v1 as plain types with codecs of their own: generated ones would register the file in
// protobuf's pool, which aborts a program that brings its own copy of health.proto.

#include <sluice/rpc/codec.hpp>
#include <sluice/services/health.hpp>

#include <map>
#include <string>

namespace sluice {
namespace health {

struct check_request {
  std::string service;
};
struct check_response {
  serving_status status = serving_status::unknown;
};
struct list_request {};
struct list_response {
  std::map<std::string, serving_status> statuses;
};

}  // namespace health

template <>
struct codec<health::check_request> {
  static std::size_t size(health::check_request const& message);
  static void write(health::check_request const& message, std::span<std::byte> to);
  static bool parse(health::check_request& message, bytes_view from);
};
template <>
struct codec<health::check_response> {
  static std::size_t size(health::check_response const& message);
  static void write(health::check_response const& message, std::span<std::byte> to);
  static bool parse(health::check_response& message, bytes_view from);
};
template <>
struct codec<health::list_request> {
  static std::size_t size(health::list_request const&) { return 0; }
  static void write(health::list_request const&, std::span<std::byte>) {}
  static bool parse(health::list_request& message, bytes_view from);
};
template <>
struct codec<health::list_response> {
  static std::size_t size(health::list_response const& message);
  static void write(health::list_response const& message, std::span<std::byte> to);
  static bool parse(health::list_response& message, bytes_view from);
};

}  // namespace sluice
