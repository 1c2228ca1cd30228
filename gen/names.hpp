// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gen/libprotoc.hpp"

#include <string>
#include <vector>

namespace sluice::gen {

/// The four kinds of call, as `sluice::method_kind` spells them.
enum class kind { unary, server_streaming, client_streaming, bidi_streaming };

/// A method of a service and its names in C++.
struct method_names {
  protobuf::MethodDescriptor const* descriptor;
  gen::kind kind;
  std::string name;      ///< of the member functions and the constant
  std::string request;   ///< `::a::b::Message`
  std::string response;  ///< likewise
};

/// A service and the names of the three classes that are made from it.
struct service_names {
  protobuf::ServiceDescriptor const* descriptor;
  std::string stub, service, methods;
  std::vector<method_names> calls;
};

/// The services of a file in its order. Names that something else of the same scope has already, in this file or
/// in what it imports, get underscores at their end, and so do methods whose name C++ does not allow.
std::vector<service_names> name_services(protobuf::FileDescriptor const& file);

/// The namespace that protoc's C++ generator puts this file's messages into: `a::b`, empty without a package.
std::string cpp_namespace(protobuf::FileDescriptor const& file);

/// The part of the package that cannot name a namespace, which it would have to; empty if there is none.
std::string impossible_namespace(protobuf::FileDescriptor const& file);

/// The name of the file without `.proto`.
std::string base_name(protobuf::FileDescriptor const& file);

}  // namespace sluice::gen
