// SPDX-License-Identifier: Apache-2.0
#include "server/dispatcher.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace sluice;
using sluice::serving::dispatcher;

namespace {

void do_nothing(service&, server_stream&) {}

class some_service final : public service {
 public:
  some_service(std::string name, std::vector<std::string> paths)
      : name_{std::move(name)}, paths_{std::move(paths)} {
    for (auto const& path : paths_) handlers_.push_back({{path, method_kind::unary}, &do_nothing});
  }
  std::string_view sluice_service_name() const noexcept override { return name_; }
  std::span<method_handler const> sluice_methods() const noexcept override { return handlers_; }

 private:
  std::string name_;
  std::vector<std::string> paths_;
  std::vector<method_handler> handlers_;
};

struct two_services {
  two_services() {
    REQUIRE(methods.add(greeter));
    REQUIRE(methods.add(empty));
  }
  some_service greeter{"greet.Greeter", {"/greet.Greeter/SayHello", "/greet.Greeter/SayBye"}};
  some_service empty{"greet.Empty", {}};
  dispatcher methods;
};

}  // namespace

TEST_CASE("a path finds its method and the service that has it") {
  two_services two;
  for (std::size_t i = 0; i != 2; ++i) {
    auto const& row = two.greeter.sluice_methods()[i];
    auto const found = two.methods.find(row.method.path);
    CHECK(found.owner == &two.greeter);
    CHECK(found.handler == &row);
  }
}

TEST_CASE("paths are matched byte for byte") {
  two_services two;
  for (auto const* const path :
       {"/greet.Greeter/sayhello", "/Greet.Greeter/SayHello", "greet.Greeter/SayHello",
        "/greet.Greeter/SayHello/", "//greet.Greeter/SayHello", "/greet.Greeter/SayHell",
        "/greet.Greeter/Say%48ello", "/greet.Greeter/SayHello?x", "/greet.Greeter/", "/", ""}) {
    INFO(path);
    auto const found = two.methods.find(path);
    CHECK(found.handler == nullptr);
    CHECK(found.owner == nullptr);
  }
}

TEST_CASE("a path of an unknown service is told by the service's name") {
  two_services two;
  status const why = two.methods.explain("/greet.Nobody/SayHello");
  CHECK(why.code() == code::unimplemented);
  CHECK(why.message() == "unknown service greet.Nobody");
}

TEST_CASE("a path of an unknown method is told by both names") {
  two_services two;
  status const why = two.methods.explain("/greet.Greeter/SayNothing");
  CHECK(why.code() == code::unimplemented);
  CHECK(why.message() == "unknown method SayNothing of service greet.Greeter");
  CHECK(two.methods.explain("/greet.Empty/Any").message() == "unknown method Any of service greet.Empty");
}

TEST_CASE("a path that names no service or no method is unimplemented too") {
  two_services two;
  for (auto const* const path : {"", "/", "x", "/x", "//", "//x", "/greet.Greeter"}) {
    INFO(path);
    status const why = two.methods.explain(path);
    CHECK(why.code() == code::unimplemented);
    CHECK(why.message().starts_with("unknown service"));
  }
  CHECK(two.methods.explain("/greet.Greeter/").message() == "unknown method  of service greet.Greeter");
}

TEST_CASE("a second service of the same name is refused, and the first one stays") {
  two_services two;
  some_service other{"greet.Greeter", {"/greet.Greeter/SayHello", "/greet.Greeter/SayMore"}};
  CHECK_FALSE(two.methods.add(other));
  CHECK_FALSE(two.methods.add(two.greeter));
  CHECK(two.methods.find("/greet.Greeter/SayHello").owner == &two.greeter);
  CHECK(two.methods.find("/greet.Greeter/SayMore").handler == nullptr);
}

TEST_CASE("names that begin alike are distinct services") {
  dispatcher methods;
  some_service one{"a.B", {"/a.B/M"}};
  some_service longer{"a.B.C", {"/a.B.C/M"}};
  some_service unnamed{"B", {"/B/M"}};
  for (auto* const each : {&one, &longer, &unnamed}) REQUIRE(methods.add(*each));
  CHECK(methods.find("/a.B/M").owner == &one);
  CHECK(methods.find("/a.B.C/M").owner == &longer);
  CHECK(methods.find("/B/M").owner == &unnamed);
}

TEST_CASE("the names of the services are told in order") {
  two_services two;
  CHECK(two.methods.services() == std::vector<std::string_view>{"greet.Empty", "greet.Greeter"});
  CHECK(dispatcher{}.services().empty());
}

TEST_CASE("a fallback is found for every path that no service has, once it is there") {
  dispatcher methods;
  some_service one{"a.B", {"/a.B/M"}};
  some_service any{"", {""}};
  some_service second{"", {""}};
  REQUIRE(methods.add(one));
  CHECK(methods.find("/a.B/Other").handler == nullptr);
  CHECK(methods.set_fallback(any));
  CHECK_FALSE(methods.set_fallback(second));
  CHECK(methods.find("/a.B/M").owner == &one);
  CHECK(methods.find("/a.B/Other").owner == &any);
  CHECK(methods.find("/x").owner == &any);
}
