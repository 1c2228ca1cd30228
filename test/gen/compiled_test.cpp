// SPDX-License-Identifier: Apache-2.0
// That this compiles and links is most of the test: it holds the output for every awkward .proto file.
#include "clashes.sluice.hpp"
#include "clashes_below.sluice.hpp"
#include "clashes_beside.sluice.hpp"
#include "comments.sluice.hpp"
#include "deep/er/nested_package.sluice.hpp"
#include "empty_service.sluice.hpp"
#include "generic_services.sluice.hpp"
#include "hello.sluice.hpp"
#include "imports.sluice.hpp"
#include "keywords.sluice.hpp"
#include "letter_case.sluice.hpp"
#include "many_services.sluice.hpp"
#include "members.sluice.hpp"
#include "no_package.sluice.hpp"
#include "no_service.sluice.hpp"
#include "proto2_extensions.sluice.hpp"
#include "proto3_optional.sluice.hpp"
#include "public_door.sluice.hpp"
#include "sluice_package.sluice.hpp"
#include "streaming.sluice.hpp"
#include "support/catch.hpp"
#include "through_the_door.sluice.hpp"
#include "well_known.sluice.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace {

template <typename Service>
void check(char const* name, std::size_t methods) {
  static_assert(std::is_base_of_v<sluice::service, Service>);
  Service const service;
  CHECK(service.sluice_service_name() == name);
  CHECK(service.sluice_methods().size() == methods);
}

}  // namespace

TEST_CASE("a generated service says its name and has a handler for each method") {
  check<helloworld::GreeterService>("helloworld.Greeter", 1);
  check<streaming::StreamsService>("streaming.Streams", 4);
  check<outer::inner::innermost::NestedService>("outer.inner.innermost.Nested", 1);
  check<UnpackagedService>("Unpackaged", 1);
  check<imports::ImporterService>("imports.Importer", 2);
  check<visitor::VisitorService>("visitor.Visitor", 1);
  check<known::KnownService>("known.Known", 5);
  check<old::LegacyService>("old.Legacy", 1);
  check<presence::PresenceService>("presence.Presence", 1);
  check<commented::CommentedService>("commented.Commented", 4);
  check<acme::sluice::std::LookupService>("acme.sluice.std.Lookup", 2);
}

TEST_CASE("each service of a file is served, one without a method too") {
  check<lonely::NothingService>("lonely.Nothing", 0);
  check<many::FirstService>("many.First", 1);
  check<many::EmptyService>("many.Empty", 0);
  check<many::SecondService>("many.Second", 1);
  check<many::ThirdService>("many.Third", 2);
}

TEST_CASE("a service whose names clash keeps its name on the wire") {
  check<clashes::FooService__>("clashes.Foo", 1);
  check<clashes::BarServiceService>("clashes.BarService", 1);
  check<clashes::BarService_>("clashes.Bar", 1);
  check<clashes::Outer_DeepService_>("clashes.Outer_Deep", 1);
  check<members::MembersService>("members.Members", 14);
  check<keywords::operatorService>("keywords.operator", 6);
  check<generic::Foo_Service>("generic.Foo_", 1);
  check<letter_case::CasesService>("letter_case.Cases", 3);
  check<letter_case::casesService>("letter_case.cases", 1);
}

TEST_CASE("the stub and the service of each kind of call have the types of the contract") {
  using streaming::Answer;
  using streaming::Ask;
  using streaming::StreamsService;
  using streaming::StreamsStub;
  STATIC_REQUIRE(
      std::is_same_v<decltype(&StreamsService::One), sluice::task<Answer> (StreamsService::*)(Ask)>);
  STATIC_REQUIRE(
      std::is_same_v<decltype(&StreamsService::Down), sluice::generator<Answer> (StreamsService::*)(Ask)>);
  STATIC_REQUIRE(std::is_same_v<decltype(&StreamsService::Up),
                                sluice::task<Answer> (StreamsService::*)(sluice::generator<Ask>)>);
  STATIC_REQUIRE(std::is_same_v<decltype(&StreamsService::Both),
                                sluice::generator<Answer> (StreamsService::*)(sluice::generator<Ask>)>);
  STATIC_REQUIRE(std::is_same_v<decltype(&StreamsStub::One), sluice::unary_call<Answer> (StreamsStub::*)(
                                                                 Ask const&, sluice::call_options) const>);
  using up = sluice::client_streaming_call<Ask, Answer>;
  using both = sluice::bidi_streaming_call<Ask, Answer>;
  StreamsStub const* const stub = nullptr;
  STATIC_REQUIRE(std::is_same_v<decltype(stub->Down(Ask{})), sluice::server_streaming_call<Answer>>);
  STATIC_REQUIRE(std::is_same_v<decltype(stub->Up()), up>);
  STATIC_REQUIRE(std::is_same_v<decltype(stub->Up(std::declval<sluice::generator<Ask>>())), up>);
  STATIC_REQUIRE(std::is_same_v<decltype(stub->Both()), both>);
  STATIC_REQUIRE(std::is_same_v<decltype(stub->Both(std::declval<sluice::generator<Ask>>())), both>);
}
