// SPDX-License-Identifier: Apache-2.0
#include "gen/generator.hpp"

#include "gen/header.hpp"
#include "gen/names.hpp"
#include "gen/options.hpp"
#include "gen/source.hpp"
#include "gen/text.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <memory>

namespace sluice::gen {
namespace {

bool write(protobuf::compiler::GeneratorContext& context, std::string const& name, std::string const& content,
           std::string& error) {
  std::unique_ptr<protobuf::io::ZeroCopyOutputStream> const file{context.Open(name)};
  protobuf::io::CodedOutputStream out{file.get()};
  out.WriteString(content);
  out.Trim();
  if (!out.HadError()) return true;
  error = "cannot write " + name;
  return false;
}

bool generate(protobuf::FileDescriptor const& file, options const& chosen,
              protobuf::compiler::GeneratorContext& context, std::string& error) {
  auto const name = text(file.name());
  if (!fits_an_include_line(name)) {
    error = name + ": the name of the file has a character that no #include line can hold";
    return false;
  }
  auto const services = name_services(file);
  auto const keyword = services.empty() ? std::string{} : impossible_namespace(file);
  if (!keyword.empty()) {
    error = name + ": package \"" + text(file.package()) + "\": this version of protoc makes \"" + keyword +
            "\" a namespace in C++, where it is a keyword; rename the package or use a newer protoc";
    return false;
  }
  auto const base = base_name(file);
  return write(context, base + ".sluice.hpp", emit_header(file, services, chosen), error) &&
         write(context, base + ".sluice.cpp", emit_source(file, services), error);
}

}  // namespace

bool generator::GenerateAll(std::vector<protobuf::FileDescriptor const*> const& files,
                            std::string const& parameter, protobuf::compiler::GeneratorContext* context,
                            std::string* error) const {
  options chosen;
  if (!parse_options(parameter, chosen, *error)) return false;
  for (auto const* file : files)
    if (!generate(*file, chosen, *context, *error)) return false;
  return true;
}

bool generator::Generate(protobuf::FileDescriptor const* file, std::string const& parameter,
                         protobuf::compiler::GeneratorContext* context, std::string* error) const {
  return GenerateAll({file}, parameter, context, error);
}

}  // namespace sluice::gen
