// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/executor.hpp>
#include <sluice/rpc/protobuf.hpp>

#include <google/protobuf/wrappers.pb.h>

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "unit/rpc/fake_stream.hpp"

using namespace sluice;
using google::protobuf::StringValue;
using sluice::test::fake_stream;

namespace {

StringValue text(std::string value) {
  StringValue message;
  message.set_value(std::move(value));
  return message;
}

struct one_call {
  boost::asio::io_context io;
  std::shared_ptr<coro::scheduler> scheduler = coro::scheduler_of(io.get_executor());
  fake_stream stream{*scheduler};
};

}  // namespace

TEST_CASE("a protobuf message is written as its bytes, and read back") {
  one_call call;
  CHECK(write_message(call.stream, text("hello")));
  REQUIRE(call.stream.written.size() == 1);
  CHECK(call.stream.written[0] == "\x0a\x05hello");
  StringValue back = text("what was there before");
  CHECK(codec<StringValue>::parse(back, as_bytes(call.stream.written[0])));
  CHECK(back.value() == "hello");
}

TEST_CASE("an empty protobuf message has no bytes, and parsing those empties what was there") {
  one_call call;
  CHECK(codec<StringValue>::size(StringValue{}) == 0);
  CHECK(write_message(call.stream, StringValue{}));
  CHECK(call.stream.written == std::vector<std::string>{""});
  StringValue back = text("what was there before");
  CHECK(codec<StringValue>::parse(back, {}));
  CHECK(back.value().empty());
}

TEST_CASE("bytes that are no message do not parse") {
  StringValue message;
  CHECK_FALSE(codec<StringValue>::parse(message, as_bytes("\x0a\x7fshort")));
  CHECK(malformed_message().code() == code::internal);
}

TEST_CASE("writing says when the stream is full, with the message taken") {
  one_call call;
  call.stream.more_room(-98);
  CHECK(write_message(call.stream, std::string{"first"}));
  CHECK_FALSE(write_message(call.stream, std::string{"second"}));
  CHECK(call.stream.written == std::vector<std::string>{"first", "second"});
}

TEST_CASE("writing to a stream that takes no more writes nothing") {
  one_call call;
  call.stream.refuse(status{code::cancelled, "gone"});
  CHECK_FALSE(write_message(call.stream, std::string{"late"}));
  CHECK(call.stream.written.empty());
}
