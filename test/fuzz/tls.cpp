// SPDX-License-Identifier: Apache-2.0
// Two ends of TLS, and between them somebody who cuts, changes, adds and stops. Whatever he does, what one end hears is
// what the other one said, or the beginning of it.
#include <sluice/net/tls.hpp>
#include <sluice/testing/pipe.hpp>

#include "fuzz/check.hpp"
#include "fuzz/input.hpp"
#include "support/certificates.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

using namespace sluice;
using namespace sluice::fuzz;
namespace asio = boost::asio;

namespace {

struct contexts {
  test::test_authority authority;
  tls_server server = [this] {
    auto const made = authority.issue();
    return tls_server{{.certificates = {{pem::text(made.chain), pem::text(made.key)}}}};
  }();
  tls_client client{{.roots = pem::text(authority.root())}};
};

// One end: says what it is told to, and listens all the time.
class talker final : public io_waiter, public std::enable_shared_from_this<talker> {
 public:
  explicit talker(std::unique_ptr<byte_stream> stream) : stream_{std::move(stream)} {}

  void listen() { stream_->wait(io_direction::read, shared_from_this()); }
  void say(std::string_view words) {
    unsaid_.append(words);
    speak();
  }
  void ready(io_direction direction) noexcept override {
    if (direction == io_direction::write) {
      waits_to_speak_ = false;
      return speak();
    }
    std::array<std::byte, 1000> some;
    auto const got = stream_->read(some);
    heard_.append(as_text(bytes_view{some}.first(got.bytes)));
    over_ = over_ || got.error || got.end;
    if (!over_) listen();
  }
  void end() { stream_->shutdown_write(); }
  void close() {
    over_ = true;
    stream_->close();
  }
  [[nodiscard]] std::string const& said() const noexcept { return said_; }
  [[nodiscard]] bool may_have_said(std::string const& words) const {
    return (said_ + at_risk_).starts_with(words);
  }
  [[nodiscard]] std::string const& heard() const noexcept { return heard_; }
  [[nodiscard]] bool over() const noexcept { return over_; }

 private:
  void speak() {
    while (!unsaid_.empty() && !waits_to_speak_ && at_risk_.empty()) {
      std::array<bytes_view, 1> const pieces{as_bytes(unsaid_)};
      auto const put = stream_->write(pieces);
      said_.append(unsaid_, 0, put.bytes);
      unsaid_.erase(0, put.bytes);
      if (put.error) at_risk_ = std::exchange(unsaid_, {});  // it may be out, or not
      if (!put.would_block) continue;
      waits_to_speak_ = true;
      stream_->wait(io_direction::write, shared_from_this());
    }
  }
  std::unique_ptr<byte_stream> stream_;
  std::string unsaid_;
  std::string said_;
  std::string at_risk_;  // what the write that failed was given
  std::string heard_;
  bool waits_to_speak_ = false;
  bool over_ = false;
};

class world {
 public:
  world() {
    static contexts const with;
    auto [client, client_wire] = testing::make_pipe(io_.get_executor());
    auto [server, server_wire] = testing::make_pipe(io_.get_executor());
    wires_ = {std::move(client_wire), std::move(server_wire)};
    ends_ = {std::make_shared<talker>(with.client.wrap(io_.get_executor(), std::move(client), "localhost")),
             std::make_shared<talker>(with.server.wrap(io_.get_executor(), std::move(server)))};
    for (auto const& end : ends_) end->listen();
    settle();
  }
  ~world() {
    for (auto const& end : ends_) end->close();
    settle();
  }

  void step(input& in) {
    switch (in.below(13)) {
      case 0: carry(0, 1'000'000); return carry(1, 1'000'000);
      case 1: return carry(0, in.byte());
      case 2: return carry(1, in.byte());
      case 3:
        flip_at_ = in.byte();
        flip_ = in.byte();
        return;
      case 4: return ends_[0]->say(in.text());
      case 5: return ends_[1]->say(in.text());
      case 6: return inject(1, in.text());
      case 7: return inject(0, in.text());
      case 8: return ends_[0]->end();
      case 9: return ends_[1]->end();
      case 10: tampered_ = true; return wires_[in.below(2)]->shutdown_write();
      case 11: return ends_[in.below(2)]->say(std::string(in.byte() * 200, 'x'));
      default: tampered_ = true; return wires_[in.below(2)]->close();
    }
  }
  void finish() {
    for (int i = 0; i != 20; ++i) {
      carry(0, 1'000'000);
      carry(1, 1'000'000);
    }
    for (std::size_t const i : {0U, 1U})
      check(ends_[1 - i]->may_have_said(ends_[i]->heard()), "nobody hears what the other did not say");
    if (tampered_) return;
    for (std::size_t const i : {0U, 1U})
      check(ends_[1 - i]->said() == ends_[i]->heard(), "all that is said is heard where nobody meddles");
  }

 private:
  void settle() {
    for (int i = 0; i != 1'000'000; ++i) {
      io_.restart();
      if (io_.poll() == 0) return;
    }
    check(false, "both ends come to rest");
  }
  // From the wire at one end to the other, changed if the input wanted that.
  void carry(std::size_t from, std::size_t most) {
    settle();
    std::array<std::byte, 16 * 1024> some;
    while (most != 0) {
      auto const got = wires_[from]->read(std::span{some}.first(std::min(most, some.size())));
      if (got.bytes == 0) break;
      most -= got.bytes;
      if (flip_ != 0 && flip_at_ < got.bytes) {
        some[flip_at_] ^= static_cast<std::byte>(std::exchange(flip_, std::uint8_t{0}));
        tampered_ = true;
      }
      put(1 - from, bytes_view{some}.first(got.bytes));
      settle();
    }
  }
  void inject(std::size_t to, std::string_view bytes) {
    tampered_ = true;
    put(to, as_bytes(bytes));
  }
  void put(std::size_t to, bytes_view bytes) {
    std::array<bytes_view, 1> const pieces{bytes};
    if (wires_[to]->write(pieces).bytes < bytes.size()) tampered_ = true;  // the rest is lost on the way
    settle();
  }

  asio::io_context io_;
  std::array<std::unique_ptr<byte_stream>, 2> wires_;  // the far sides of the ends' pipes
  std::array<std::shared_ptr<talker>, 2> ends_;
  std::size_t flip_at_ = 0;
  std::uint8_t flip_ = 0;
  bool tampered_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  world all;
  constexpr int longest = 300;
  for (int i = 0; i != longest && !in.empty(); ++i) all.step(in);
  all.finish();
  return 0;
}
