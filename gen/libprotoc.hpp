// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/stubs/common.h>

#include <cstdint>
#include <string>

/// \file
/// What differs between the versions of libprotoc that the plugin is built with: 3.21 (Debian 12 and 13) up to
/// those that know editions.
namespace sluice::gen {

namespace protobuf = google::protobuf;

/// A name of a descriptor. Up to version 29 it is a `std::string`, afterwards a string view.
template <typename Name>
std::string text(Name const& name) {
  return std::string{name};
}

/// The code generator's base: says what the plugin supports, which protoc asks before it sends a file.
class code_generator_base : public protobuf::compiler::CodeGenerator {
 public:
#if GOOGLE_PROTOBUF_VERSION >= 5026000
  std::uint64_t GetSupportedFeatures() const override {
    return FEATURE_PROTO3_OPTIONAL | FEATURE_SUPPORTS_EDITIONS;
  }
  // Services and type names mean the same in all of these.
  protobuf::Edition GetMinimumEdition() const override { return protobuf::Edition::EDITION_PROTO2; }
  protobuf::Edition GetMaximumEdition() const override { return protobuf::Edition::EDITION_2023; }
#else
  std::uint64_t GetSupportedFeatures() const override { return FEATURE_PROTO3_OPTIONAL; }
#endif
};

}  // namespace sluice::gen
