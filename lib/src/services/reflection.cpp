// SPDX-License-Identifier: Apache-2.0
#include <sluice/services/reflection.hpp>

#include "services/descriptors.hpp"
#include "services/reflection_messages.hpp"

#include <sluice/coro/generator.hpp>
#include <sluice/server/handlers.hpp>
#include <sluice/server/server_call.hpp>

#include <array>
#include <string_view>

namespace sluice {
namespace {

using reflection::question;

constexpr std::size_t name_limit = 4096;  // bytes; generated names are far below

reflection::response refusal(reflection::request const& asked, code why, std::string_view message) {
  return error_response(asked, status{why, message});
}

class reflector final : public service {
 public:
  reflector(reflection::descriptors const& files, std::string_view name, std::string_view path,
            service* companion)
      : files_{files}, name_{name}, companion_{companion},
        methods_{serve_bidi_streaming<&reflector::answers>({path, method_kind::bidi_streaming})} {}

  std::string_view sluice_service_name() const noexcept override { return name_; }
  std::span<method_handler const> sluice_methods() const noexcept override { return methods_; }
  service* sluice_companion() noexcept override { return companion_; }

 private:
  generator<reflection::response> answers(generator<reflection::request> requests) {
    server_call& call = co_await this_call;
    reflection::sent_files sent;
    while (auto const* const asked = co_await requests.next()) {
      auto const response = answer(*asked, call, sent);
      co_yield response;
    }
  }

  reflection::response answer(reflection::request const& asked, server_call const& call,
                              reflection::sent_files& sent) const {
    if (asked.name.size() > name_limit) return refusal(asked, code::invalid_argument, "the name is too long");
    switch (asked.asks) {
      case question::file_by_filename: return file(asked, files_.named(asked.name), "no such file", sent);
      case question::file_containing_symbol:
        return file(asked, files_.declaring(asked.name), "no such symbol", sent);
      case question::file_containing_extension:
        return file(asked, files_.extending(asked.name, asked.extension_number), "no such extension", sent);
      case question::all_extension_numbers_of_type: {
        auto const numbers = files_.extension_numbers(asked.name);
        return numbers ? extension_numbers_response(asked, *numbers)
                       : refusal(asked, code::not_found, "no such message type");
      }
      case question::list_services: return services_response(asked, call.services());
      case question::none: break;
    }
    return refusal(asked, code::invalid_argument, "the request asks for nothing that this service knows");
  }

  static reflection::response file(reflection::request const& asked,
                                   reflection::descriptors::file const* found, std::string_view if_not,
                                   reflection::sent_files& sent) {
    if (found == nullptr) return refusal(asked, code::not_found, if_not);
    return files_response(asked, reflection::with_imports(*found, sent));
  }

  reflection::descriptors const& files_;
  std::string_view name_;
  service* companion_;
  std::array<method_handler, 1> methods_;
};

}  // namespace

class reflection_service::impl {
 public:
  [[nodiscard]] service& registered() noexcept { return v1_; }

 private:
  reflection::descriptors files_;
  reflector v1alpha_{files_, "grpc.reflection.v1alpha.ServerReflection",
                     "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", nullptr};
  reflector v1_{files_, "grpc.reflection.v1.ServerReflection",
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", &v1alpha_};
};

reflection_service::reflection_service() : impl_{std::make_unique<impl>()} {}
reflection_service::~reflection_service() = default;
reflection_service::operator service&() noexcept { return impl_->registered(); }

}  // namespace sluice
