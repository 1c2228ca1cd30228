// SPDX-License-Identifier: Apache-2.0
#include "services/schema.hpp"

#include <string>

namespace sluice::schema {
namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::FieldDescriptorProto;
using google::protobuf::FileDescriptorProto;
using google::protobuf::MethodDescriptorProto;
using google::protobuf::ServiceDescriptorProto;

constexpr auto bytes = FieldDescriptorProto::TYPE_BYTES;
constexpr auto int32 = FieldDescriptorProto::TYPE_INT32;
constexpr auto text = FieldDescriptorProto::TYPE_STRING;

FileDescriptorProto file_of(std::string const& package, std::string const& name) {
  FileDescriptorProto file;
  file.set_name(name);
  file.set_package(package);
  file.set_syntax("proto3");
  return file;
}

/// Fields are added by chaining; those that follow `one_of` belong to it.
class message {
 public:
  explicit message(DescriptorProto& proto, std::string const& name) : proto_{proto} { proto.set_name(name); }

  message& field(int number, char const* name, FieldDescriptorProto::Type type) {
    auto& made = *proto_.add_field();
    made.set_number(number);
    made.set_name(name);
    made.set_type(type);
    made.set_label(FieldDescriptorProto::LABEL_OPTIONAL);
    if (in_one_of_) made.set_oneof_index(0);
    return *this;
  }
  /// `of`: the name of a message (or an enum) in the scope of this file.
  message& field(int number, char const* name, std::string const& of,
                 FieldDescriptorProto::Type type = FieldDescriptorProto::TYPE_MESSAGE) {
    field(number, name, type);
    proto_.mutable_field()->rbegin()->set_type_name(of);
    return *this;
  }
  message& repeated() {
    proto_.mutable_field()->rbegin()->set_label(FieldDescriptorProto::LABEL_REPEATED);
    return *this;
  }
  message& one_of(char const* name) {
    proto_.add_oneof_decl()->set_name(name);
    in_one_of_ = true;
    return *this;
  }

 private:
  DescriptorProto& proto_;
  bool in_one_of_ = false;
};

message add(FileDescriptorProto& to, char const* name) { return message{*to.add_message_type(), name}; }

MethodDescriptorProto& add(ServiceDescriptorProto& to, char const* name, char const* request,
                           char const* response) {
  auto& method = *to.add_method();
  method.set_name(name);
  method.set_input_type(request);
  method.set_output_type(response);
  return method;
}

void add_serving_status(DescriptorProto& to) {
  auto& values = *to.add_enum_type();
  values.set_name("ServingStatus");
  int number = 0;
  for (auto const* const name : {"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}) {
    auto& value = *values.add_value();
    value.set_name(name);
    value.set_number(number++);
  }
}

}  // namespace

FileDescriptorProto health() {
  auto file = file_of("grpc.health.v1", "grpc/health/v1/health.proto");
  add(file, "HealthCheckRequest").field(1, "service", text);

  add(file, "HealthCheckResponse")
      .field(1, "status", "HealthCheckResponse.ServingStatus", FieldDescriptorProto::TYPE_ENUM);
  add_serving_status(*file.mutable_message_type()->rbegin());

  add(file, "HealthListRequest");
  add(file, "HealthListResponse").field(1, "statuses", "HealthListResponse.StatusesEntry").repeated();
  auto& entry = *file.mutable_message_type()->rbegin()->add_nested_type();
  message{entry, "StatusesEntry"}.field(1, "key", text).field(2, "value", "HealthCheckResponse");
  entry.mutable_options()->set_map_entry(true);

  auto& service = *file.add_service();
  service.set_name("Health");
  add(service, "Check", "HealthCheckRequest", "HealthCheckResponse");
  add(service, "Watch", "HealthCheckRequest", "HealthCheckResponse").set_server_streaming(true);
  add(service, "List", "HealthListRequest", "HealthListResponse");
  return file;
}

FileDescriptorProto reflection(std::string_view version) {
  std::string const v{version};
  auto file = file_of("grpc.reflection." + v, "grpc/reflection/" + v + "/reflection.proto");
  add(file, "ServerReflectionRequest")
      .field(1, "host", text)
      .one_of("message_request")
      .field(3, "file_by_filename", text)
      .field(4, "file_containing_symbol", text)
      .field(5, "file_containing_extension", "ExtensionRequest")
      .field(6, "all_extension_numbers_of_type", text)
      .field(7, "list_services", text);
  add(file, "ExtensionRequest").field(1, "containing_type", text).field(2, "extension_number", int32);
  add(file, "ServerReflectionResponse")
      .field(1, "valid_host", text)
      .field(2, "original_request", "ServerReflectionRequest")
      .one_of("message_response")
      .field(4, "file_descriptor_response", "FileDescriptorResponse")
      .field(5, "all_extension_numbers_response", "ExtensionNumberResponse")
      .field(6, "list_services_response", "ListServiceResponse")
      .field(7, "error_response", "ErrorResponse");
  add(file, "FileDescriptorResponse").field(1, "file_descriptor_proto", bytes).repeated();
  add(file, "ExtensionNumberResponse")
      .field(1, "base_type_name", text)
      .field(2, "extension_number", int32)
      .repeated();
  add(file, "ListServiceResponse").field(1, "service", "ServiceResponse").repeated();
  add(file, "ServiceResponse").field(1, "name", text);
  add(file, "ErrorResponse").field(1, "error_code", int32).field(2, "error_message", text);

  auto& service = *file.add_service();
  service.set_name("ServerReflection");
  auto& method = add(service, "ServerReflectionInfo", "ServerReflectionRequest", "ServerReflectionResponse");
  method.set_client_streaming(true);
  method.set_server_streaming(true);
  return file;
}

}  // namespace sluice::schema
