// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gen/libprotoc.hpp"

#include <string>
#include <vector>

namespace sluice::gen {

/// What protoc calls: turns x.proto into x.sluice.hpp and x.sluice.cpp, always both, so that a build system can
/// name the outputs without reading the file.
class generator final : public code_generator_base {
 public:
  bool GenerateAll(std::vector<protobuf::FileDescriptor const*> const& files, std::string const& parameter,
                   protobuf::compiler::GeneratorContext* context, std::string* error) const override;
  bool Generate(protobuf::FileDescriptor const* file, std::string const& parameter,
                protobuf::compiler::GeneratorContext* context, std::string* error) const override;
};

}  // namespace sluice::gen
