// SPDX-License-Identifier: Apache-2.0
#include "reflection_mirror.sluice.hpp"
#include "support/catch.hpp"
#include "zoo.sluice.hpp"
#include "zoo_stickers.pb.h"

#include <sluice/client/calls.hpp>
#include <sluice/coro/asio.hpp>
#include <sluice/server/server.hpp>
#include <sluice/services/health.hpp>
#include <sluice/services/reflection.hpp>
#include <sluice/testing/in_process.hpp>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <string>
#include <vector>

using namespace sluice;
using mirror::Request;
using mirror::Response;

namespace {

constexpr method v1{"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", method_kind::bidi_streaming};
constexpr method v1alpha{"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                         method_kind::bidi_streaming};
using names = std::vector<std::string>;

class gate final : public zoo::GateService {};

Request about_file(std::string name) {
  Request request;
  request.set_file_by_filename(std::move(name));
  return request;
}
Request about_symbol(std::string name) {
  Request request;
  request.set_file_containing_symbol(std::move(name));
  return request;
}
Request about_extension(std::string type, int number) {
  Request request;
  request.mutable_file_containing_extension()->set_containing_type(std::move(type));
  request.mutable_file_containing_extension()->set_extension_number(number);
  return request;
}
Request about_numbers(std::string type) {
  Request request;
  request.set_all_extension_numbers_of_type(std::move(type));
  return request;
}
Request about_services() {
  Request request;
  request.set_list_services("");
  return request;
}

task<std::vector<Response>> talk(channel& on, method which, std::vector<Request> requests) {
  bidi_streaming_call<Request, Response> call{on, which, call_options{}};
  std::vector<Response> responses;
  for (auto const& each : requests) {
    co_await call.write(each);
    auto* const response = co_await call.next();
    if (response == nullptr) throw status_error{code::unknown, "the stream ended"};
    responses.push_back(*response);
  }
  co_await call.writes_done();
  if (co_await call.next() != nullptr) throw status_error{code::unknown, "an answer to no question"};
  co_return responses;
}

struct world {
  asio::io_context io;
  gate served;
  health_service health;
  reflection_service reflection;
  server srv{io.get_executor()};
  channel ch{io.get_executor(), testing::connect_to(io.get_executor(), srv)};
  world() { srv.add(served).add(health).add(reflection); }

  /// The answers of one stream, which ends with ok.
  std::vector<Response> ask(std::vector<Request> requests, method which = v1) {
    return run(io, talk(ch, which, std::move(requests)));
  }
  Response ask(Request request) { return ask(std::vector{std::move(request)}).front(); }
};

google::protobuf::FileDescriptorProto parsed(std::string const& bytes) {
  google::protobuf::FileDescriptorProto file;
  REQUIRE(file.ParseFromString(bytes));
  return file;
}
names files_of(Response const& response) {
  names all;
  for (auto const& bytes : response.file_descriptor_response().file_descriptor_proto())
    all.push_back(parsed(bytes).name());
  return all;
}
names services_of(Response const& response) {
  names all;
  for (auto const& each : response.list_services_response().service()) all.push_back(each.name());
  return all;
}
code error_of(Response const& response) {
  REQUIRE(response.has_error_response());
  CHECK(!response.error_response().error_message().empty());
  return static_cast<code>(response.error_response().error_code());
}

}  // namespace

TEST_CASE("reflection lists the services of its server, itself too, sorted") {
  world w;
  CHECK(services_of(w.ask(about_services())) ==
        names{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
              "grpc.reflection.v1alpha.ServerReflection", "zoo.Gate"});
}

TEST_CASE("one reflection service tells each server's own services") {
  world w;
  server other{w.io.get_executor()};
  other.add(w.reflection);
  channel to_other{w.io.get_executor(), testing::connect_to(w.io.get_executor(), other)};
  auto const responses = run(w.io, talk(to_other, v1, {about_services()}));
  CHECK(services_of(responses.front()) ==
        names{"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"});
}

TEST_CASE("v1alpha is answered as v1") {
  world w;
  std::vector const questions{about_services(), about_file("zoo.proto"), about_symbol("nothing"),
                              about_numbers("zoo.Ticket")};
  auto const old = w.ask(questions, v1alpha);
  auto const now = w.ask(questions, v1);
  for (std::size_t i = 0; i != questions.size(); ++i)
    CHECK(old[i].SerializeAsString() == now[i].SerializeAsString());
}

TEST_CASE("a file comes with its imports, each once") {
  world w;
  auto const files = files_of(w.ask(about_file("zoo.proto")));
  CHECK(files == names{"zoo.proto", "zoo_animals.proto", "zoo_keepers.proto", "zoo_shapes.proto"});
}

TEST_CASE("an import is sent once in a stream, what is asked for always") {
  world w;
  auto const responses = w.ask({about_file("zoo_animals.proto"), about_file("zoo.proto"),
                                about_file("zoo.proto"), about_file("zoo_shapes.proto")});
  CHECK(files_of(responses[0]) == names{"zoo_animals.proto", "zoo_shapes.proto"});
  CHECK(files_of(responses[1]) == names{"zoo.proto", "zoo_keepers.proto"});
  CHECK(files_of(responses[2]) == names{"zoo.proto"});
  CHECK(files_of(responses[3]) == names{"zoo_shapes.proto"});
  CHECK(files_of(w.ask(about_file("zoo_animals.proto"))) == names{"zoo_animals.proto", "zoo_shapes.proto"});
}

TEST_CASE("every kind of symbol has its file") {
  world w;
  for (auto const* const symbol :
       {"zoo.Gate", "zoo.Gate.Enter", "zoo.Ticket", "zoo.Ticket.Seat", "zoo.Ticket.Seat.row",
        "zoo.Ticket.Class", "zoo.Ticket.FIRST", "zoo.Ticket.seat", "zoo.Ticket.way", "zoo.stamp"}) {
    INFO(symbol);
    auto const files = files_of(w.ask(about_symbol(symbol)));
    REQUIRE(!files.empty());
    CHECK(files.front() == "zoo.proto");
  }
  CHECK(files_of(w.ask(about_symbol("zoo.Sticker.sticker"))).front() == "zoo_stickers.proto");
}

TEST_CASE("what is not there is NOT_FOUND, and the stream goes on") {
  world w;
  auto const responses =
      w.ask({about_file("no.proto"), about_symbol("zoo.Tick"), about_symbol(""), about_symbol(".zoo.Ticket"),
             about_extension("zoo.Ticket", 102), about_extension("zoo.Ticket", -1),
             about_extension("zoo.Nobody", 1), about_extension("zoo.Shape", 1), about_numbers("zoo.Gate"),
             about_services()});
  for (std::size_t i = 0; i + 1 != responses.size(); ++i) {
    INFO(i);
    CHECK(error_of(responses[i]) == code::not_found);
  }
  CHECK(responses.back().has_list_services_response());
}

TEST_CASE("an extension is found by its type and number") {
  world w;
  CHECK(files_of(w.ask(about_extension("zoo.Ticket", 101))).front() == "zoo_stickers.proto");
  CHECK(files_of(w.ask(about_extension("zoo.Ticket", 150))).front() == "zoo.proto");
}

TEST_CASE("the extension numbers of a type are all that are linked in") {
  world w;
  auto const known = w.ask(about_numbers("zoo.Ticket")).all_extension_numbers_response();
  CHECK(known.base_type_name() == "zoo.Ticket");
  CHECK(std::vector<int>{known.extension_number().begin(), known.extension_number().end()} ==
        std::vector{101, 150});
  auto const none = w.ask(about_numbers("zoo.Shape"));
  CHECK(none.has_all_extension_numbers_response());
  CHECK(none.all_extension_numbers_response().extension_number().empty());
}

TEST_CASE("an answer repeats its question and its host") {
  world w;
  auto request = about_extension("zoo.Ticket", -7);
  request.set_host("some.host");
  auto const response = w.ask(request);
  CHECK(response.valid_host() == "some.host");
  CHECK(response.original_request().SerializeAsString() == request.SerializeAsString());
}

TEST_CASE("a question that is none, or of a later version, is INVALID_ARGUMENT") {
  world w;
  Request later;
  later.set_asked_by_a_later_version("x");
  auto const responses = w.ask({Request{}, later, about_services()});
  CHECK(error_of(responses[0]) == code::invalid_argument);
  CHECK(error_of(responses[1]) == code::invalid_argument);
  CHECK(responses[2].has_list_services_response());
}

TEST_CASE("a request of more than 16 KiB is malformed, and nothing of it is repeated") {
  world w;
  auto large = about_symbol("x");
  large.set_host(std::string(16 * 1024, 'h'));
  try {
    static_cast<void>(w.ask(large));
    FAIL("it was answered");
  } catch (status_error const& error) { CHECK(error.code() == code::internal); }
}

TEST_CASE("a name of more than 4096 bytes is not looked for") {
  world w;
  CHECK(error_of(w.ask(about_symbol(std::string(4096, 'a')))) == code::not_found);
  std::string const too_long(4097, 'a');
  for (auto const& request :
       {about_symbol(too_long), about_file(too_long), about_numbers(too_long), about_extension(too_long, 1)})
    CHECK(error_of(w.ask(request)) == code::invalid_argument);
}

TEST_CASE("a thousand questions on one stream are answered in order") {
  world w;
  std::vector<Request> many;
  for (int i = 0; i != 1000; ++i) many.push_back(about_symbol("zoo.unknown" + std::to_string(i)));
  auto const responses = w.ask(many);
  for (std::size_t i = 0; i != many.size(); ++i)
    REQUIRE(responses[i].original_request().file_containing_symbol() == many[i].file_containing_symbol());
}

TEST_CASE("the library's own services can be described without generated code") {
  world w;
  for (auto const* const service : {"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                    "grpc.reflection.v1alpha.ServerReflection"}) {
    INFO(service);
    auto const files = w.ask(about_symbol(service)).file_descriptor_response().file_descriptor_proto();
    REQUIRE(files.size() == 1);
    google::protobuf::DescriptorPool pool;
    REQUIRE(pool.BuildFile(parsed(files[0])) != nullptr);
    auto const* const found = pool.FindServiceByName(service);
    REQUIRE(found != nullptr);
    if (found->name() == "Health") {
      CHECK(found->method_count() == 3);
      CHECK(found->FindMethodByName("Watch")->server_streaming());
      CHECK(pool.FindMessageTypeByName("grpc.health.v1.HealthListResponse")->field(0)->is_map());
    } else {
      CHECK(found->method(0)->client_streaming());
      auto const* const request = found->method(0)->input_type();
      CHECK(request->FindFieldByName("list_services")->containing_oneof() != nullptr);
      CHECK(request->FindFieldByName("host")->containing_oneof() == nullptr);
    }
  }
}

TEST_CASE("a server that has v1alpha already does not take reflection") {
  world w;
  class own final : public service {
    std::string_view sluice_service_name() const noexcept override {
      return "grpc.reflection.v1alpha.ServerReflection";
    }
    std::span<method_handler const> sluice_methods() const noexcept override { return {}; }
  } mine;
  server other{w.io.get_executor()};
  other.add(mine);
  CHECK_THROWS_AS(other.add(w.reflection), status_error);
}
