// SPDX-License-Identifier: Apache-2.0
#include "services/descriptors.hpp"

#include "services/schema.hpp"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>

namespace sluice::reflection {
namespace {

using google::protobuf::DescriptorPool;

std::string serialized(descriptors::file const& which) {
  google::protobuf::FileDescriptorProto proto;
  which.CopyTo(&proto);
  which.CopyJsonNameTo(&proto);
  return proto.SerializeAsString();
}

}  // namespace

descriptors::descriptors() {
  own_.BuildFile(schema::health());
  own_.BuildFile(schema::reflection("v1"));
  own_.BuildFile(schema::reflection("v1alpha"));
}

// What the program brings of the library's own files comes first: it may be newer.
template <class Look>
auto descriptors::first_found(Look look) const {
  auto const found = look(*DescriptorPool::generated_pool());
  return found ? found : look(own_);
}

descriptors::file const* descriptors::named(std::string const& name) const {
  return first_found([&](DescriptorPool const& in) { return in.FindFileByName(name); });
}

descriptors::file const* descriptors::declaring(std::string const& symbol) const {
  return first_found([&](DescriptorPool const& in) { return in.FindFileContainingSymbol(symbol); });
}

descriptors::file const* descriptors::extending(std::string const& type, std::int32_t number) const {
  return first_found([&](DescriptorPool const& in) -> file const* {
    auto const* const message = in.FindMessageTypeByName(type);
    auto const* const extension = message == nullptr ? nullptr : in.FindExtensionByNumber(message, number);
    return extension == nullptr ? nullptr : extension->file();
  });
}

std::optional<std::vector<std::int32_t>> descriptors::extension_numbers(std::string const& type) const {
  return first_found([&](DescriptorPool const& in) -> std::optional<std::vector<std::int32_t>> {
    auto const* const message = in.FindMessageTypeByName(type);
    if (message == nullptr) return std::nullopt;
    std::vector<google::protobuf::FieldDescriptor const*> extensions;
    in.FindAllExtensions(message, &extensions);
    std::vector<std::int32_t> numbers;
    numbers.reserve(extensions.size());
    for (auto const* const each : extensions) numbers.push_back(each->number());
    std::ranges::sort(numbers);
    return numbers;
  });
}

std::vector<std::string> with_imports(descriptors::file const& which, sent_files& sent) {
  sent.insert(&which);
  std::vector<descriptors::file const*> found{&which};  // it is asked for, so it goes out again
  for (std::size_t at = 0; at != found.size(); ++at)
    for (int i = 0; i != found[at]->dependency_count(); ++i)
      if (auto const* const import = found[at]->dependency(i); sent.insert(import).second)
        found.push_back(import);
  std::vector<std::string> files;
  files.reserve(found.size());
  for (auto const* const each : found) files.push_back(serialized(*each));
  return files;
}

}  // namespace sluice::reflection
