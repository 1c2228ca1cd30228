// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <string_view>

namespace sluice::schema {

// What the field's .proto files say of the services that this library brings, for clients that ask by reflection: the
// library has no generated code of them, and so protobuf's pool does not know them.

[[nodiscard]] google::protobuf::FileDescriptorProto health();
/// `version`: "v1" or "v1alpha".
[[nodiscard]] google::protobuf::FileDescriptorProto reflection(std::string_view version);

}  // namespace sluice::schema
