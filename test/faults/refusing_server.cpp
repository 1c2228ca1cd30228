// SPDX-License-Identifier: Apache-2.0
#include "refusing_server.hpp"

#include <sluice/net/asio_stream.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <optional>
#include <string>
#include <utility>

namespace faults {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::size_t preface_size = 24;
constexpr std::size_t head_size = 9;
constexpr char headers_type = 1;

std::string settings() { return std::string{"\0\0\0\4\0\0\0\0\0", head_size}; }
std::string goaway() {
  return std::string{
      "\0\0\10\7\0\0\0\0\0"
      "\0\0\0\0"
      "\0\0\0\0",
      head_size + 8};
}

/// One connection, kept alive by its wait.
class peer final : public sluice::io_waiter, public std::enable_shared_from_this<peer> {
 public:
  peer(std::unique_ptr<sluice::byte_stream> bytes, std::size_t streams)
      : bytes_{std::move(bytes)}, left_{streams} {}

  void wait() { bytes_->wait(sluice::io_direction::read, shared_from_this()); }

 private:
  void ready(sluice::io_direction) noexcept override {
    std::array<std::byte, 4096> into;
    for (;;) {
      auto const got = bytes_->read(into);
      if (got.would_block) return wait();
      if (got.error || got.end) return bytes_->close();
      if (heard_.empty()) say(settings());
      heard_.append(reinterpret_cast<char const*>(into.data()), got.bytes);
      look();
    }
  }
  void look() {
    while (heard_.size() >= at_ + head_size) {
      auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(heard_[at_ + i]); };
      std::size_t const size = (std::size_t{byte(0)} << 16U) + (std::size_t{byte(1)} << 8U) + byte(2);
      bool const opens = heard_[at_ + 3] == headers_type;
      if (opens && left_ != 0 && --left_ == 0) say(goaway());
      at_ += head_size + size;
    }
  }
  void say(std::string const& what) {
    std::array<sluice::bytes_view, 1> const pieces{sluice::as_bytes(what)};
    static_cast<void>(bytes_->write(pieces));  // so little that it fits
  }

  std::unique_ptr<sluice::byte_stream> bytes_;
  std::size_t left_;
  std::string heard_;
  std::size_t at_ = preface_size;  // of the next frame
};

}  // namespace

struct refusing_server::state {
  state(asio::any_io_executor const& executor, sluice::tls_server const* with, std::size_t count)
      : acceptor{executor, tcp::endpoint{asio::ip::address_v4::loopback(), 0}}, streams{count} {
    if (with != nullptr) tls = *with;
  }
  tcp::acceptor acceptor;
  std::optional<sluice::tls_server> tls;
  std::size_t streams;
};

refusing_server::refusing_server(asio::any_io_executor const& executor, sluice::tls_server const* tls,
                                 std::size_t streams)
    : state_{std::make_shared<state>(executor, tls, streams)} {
  accept(state_);
}
refusing_server::~refusing_server() { state_->acceptor.close(); }

std::uint16_t refusing_server::port() const noexcept { return state_->acceptor.local_endpoint().port(); }

void refusing_server::accept(std::shared_ptr<state> all) {
  auto& self = *all;
  self.acceptor.async_accept(
      [all = std::move(all)](boost::system::error_code const& error, tcp::socket socket) {
        if (error) return;
        auto const executor = all->acceptor.get_executor();
        std::unique_ptr<sluice::byte_stream> bytes = sluice::make_asio_stream(std::move(socket));
        if (all->tls) bytes = all->tls->wrap(executor, std::move(bytes));
        std::make_shared<peer>(std::move(bytes), all->streams)->wait();
        accept(all);
      });
}

}  // namespace faults
