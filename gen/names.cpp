// SPDX-License-Identifier: Apache-2.0
#include "gen/names.hpp"

#include "gen/keywords.hpp"

#include <google/protobuf/compiler/cpp/names.h>

#include <set>
#include <sstream>
#include <string_view>

namespace sluice::gen {
namespace {

namespace cpp = protobuf::compiler::cpp;
using name_set = std::set<std::string, std::less<>>;
using file_set = std::set<protobuf::FileDescriptor const*>;

void add_enum(name_set& names, protobuf::EnumDescriptor const& type) {
  auto const class_name = cpp::ClassName(&type);
  names.insert(class_name);
  // The values are in the scope around their type; those of a nested type have its name in front.
  bool const nested = type.containing_type() != nullptr;
  for (int i = 0; i < type.value_count(); ++i) {
    auto const value = cpp::EnumValueName(type.value(i));
    names.insert(nested ? class_name + "_" + value : value);
  }
}

void add_message(name_set& names, protobuf::Descriptor const& type) {
  names.insert(cpp::ClassName(&type));
  for (int i = 0; i < type.nested_type_count(); ++i) add_message(names, *type.nested_type(i));
  for (int i = 0; i < type.enum_type_count(); ++i) add_enum(names, *type.enum_type(i));
}

void add_file(name_set& names, protobuf::FileDescriptor const& file) {
  for (int i = 0; i < file.message_type_count(); ++i) add_message(names, *file.message_type(i));
  for (int i = 0; i < file.enum_type_count(); ++i) add_enum(names, *file.enum_type(i));
  for (int i = 0; i < file.extension_count(); ++i) names.insert(text(file.extension(i)->name()));
  for (int i = 0; i < file.service_count(); ++i) {
    // grpc_cpp_plugin makes a class of the service's own name, protoc's generic services one more.
    auto const name = text(file.service(i)->name());
    names.insert(name);
    if (file.options().cc_generic_services()) names.insert(name + "_Stub");
  }
}

/// For package `a` and a file of package `a.b.c`: `b` names a namespace there, so nothing else can be named so.
void add_namespace(name_set& names, std::string const& package, std::string const& other) {
  auto const prefix = package.empty() ? package : package + ".";
  if (other.size() > prefix.size() && other.starts_with(prefix))
    names.insert(other.substr(prefix.size(), other.find('.', prefix.size()) - prefix.size()));
}

void collect_imports(protobuf::FileDescriptor const& file, file_set& files) {
  if (!files.insert(&file).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) collect_imports(*file.dependency(i), files);
}

name_set names_in_scope(protobuf::FileDescriptor const& file) {
  file_set visible;
  collect_imports(file, visible);
  auto const package = text(file.package());
  name_set names;
  for (auto const* other : visible) {
    if (text(other->package()) == package) add_file(names, *other);
    else add_namespace(names, package, text(other->package()));
  }
  return names;
}

std::string until_free(std::string name, name_set const& taken) {
  while (taken.contains(name)) name += '_';
  return name;
}

kind kind_of(protobuf::MethodDescriptor const& method) {
  if (method.client_streaming())
    return method.server_streaming() ? kind::bidi_streaming : kind::client_streaming;
  return method.server_streaming() ? kind::server_streaming : kind::unary;
}

/// One name for a method in all three classes, so that it can be searched for.
std::vector<method_names> name_methods(service_names const& names) {
  auto const& service = *names.descriptor;
  name_set const members = {"channel_", "service_name", "sluice_methods", "sluice_service_name",
                            names.stub, names.service,  names.methods};
  auto const allowed = [&](std::string_view name) {
    return !is_reserved_word(name) && !members.contains(name);
  };
  name_set taken = members;
  for (int i = 0; i < service.method_count(); ++i) taken.insert(text(service.method(i)->name()));

  std::vector<method_names> methods;
  for (int i = 0; i < service.method_count(); ++i) {
    auto const& method = *service.method(i);
    auto name = text(method.name());
    if (!allowed(name)) {
      name = until_free(name + "_", taken);
      taken.insert(name);
    }
    methods.push_back({&method, kind_of(method), std::move(name),
                       cpp::QualifiedClassName(method.input_type()),
                       cpp::QualifiedClassName(method.output_type())});
  }
  return methods;
}

}  // namespace

std::vector<service_names> name_services(protobuf::FileDescriptor const& file) {
  auto const taken = names_in_scope(file);
  std::vector<service_names> services;
  for (int i = 0; i < file.service_count(); ++i) {
    auto const& service = *file.service(i);
    auto const name = text(service.name());
    service_names names{&service,
                        until_free(name + "Stub", taken),
                        until_free(name + "Service", taken),
                        until_free(name + "Methods", taken),
                        {}};
    names.calls = name_methods(names);
    services.push_back(std::move(names));
  }
  return services;
}

std::string cpp_namespace(protobuf::FileDescriptor const& file) {
  // Which packages protoc's generator escapes (`new` → `new_`) differs between its versions, and it tells only
  // in the name of a message: make one of that package and ask.
  protobuf::FileDescriptorProto probe;
  probe.set_name("probe.proto");
  probe.set_package(text(file.package()));
  probe.add_message_type()->set_name("M");
  protobuf::DescriptorPool pool;
  auto const qualified = cpp::QualifiedClassName(pool.BuildFile(probe)->message_type(0));  // ::a::b::M
  constexpr std::string_view front = "::";
  auto const end = qualified.rfind("::");
  return end == 0 ? std::string{} : qualified.substr(front.size(), end - front.size());
}

std::string impossible_namespace(protobuf::FileDescriptor const& file) {
  std::istringstream parts{cpp_namespace(file)};
  std::string part;
  while (std::getline(parts, part, ':'))
    if (is_keyword(part)) return part;
  return {};
}

std::string base_name(protobuf::FileDescriptor const& file) {
  return protobuf::compiler::StripProto(text(file.name()));
}

}  // namespace sluice::gen
