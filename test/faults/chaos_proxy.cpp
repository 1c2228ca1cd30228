// SPDX-License-Identifier: Apache-2.0
#include "chaos_proxy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace faults {
namespace {

using asio::ip::tcp;
constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

void abort(tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::socket_base::linger{true, 0}, ignored);
  socket.close(ignored);
}

}  // namespace

tcp::socket reserve(asio::any_io_executor const& executor) {
  tcp::socket made{executor, tcp::v4()};
  made.set_option(tcp::socket::reuse_address{true});
  made.bind({asio::ip::address_v4::loopback(), 0});
  return made;
}

struct chaos_proxy::link {
  link(tcp::socket from, tcp::socket to) : client{std::move(from)}, server{std::move(to)} {}
  void reset() {
    abort(client);
    abort(server);
  }
  tcp::socket client;
  tcp::socket server;
};

struct chaos_proxy::state {
  explicit state(asio::any_io_executor on) : executor{std::move(on)}, change{executor} {
    change.expires_at(asio::steady_timer::time_point::max());
  }
  template <class Body>
  void each(Body body) {
    std::erase_if(links, [](auto const& weak) { return weak.expired(); });
    for (auto const& weak : std::list{links})
      if (auto const found = weak.lock()) body(*found);
  }

  asio::any_io_executor executor;
  std::uint16_t target = 0;
  greeting greet = greeting::forward;
  way up;
  way down;
  asio::steady_timer change;  // cancelled when something has changed
  std::shared_ptr<tcp::acceptor> acceptor;
  std::list<std::weak_ptr<link>> links;
  std::list<std::weak_ptr<tcp::socket>> silent;
};

chaos_proxy::chaos_proxy(asio::any_io_executor executor, std::uint16_t target)
    : state_{std::make_shared<state>(std::move(executor))}, reserved_{reserve(state_->executor)},
      port_{reserved_.local_endpoint().port()} {
  state_->target = target;
  listen();
}

chaos_proxy::~chaos_proxy() {
  refuse();
  reset();
  state_->greet = greeting::reset;
  changed();
}

void chaos_proxy::lead_to(std::uint16_t target) noexcept { state_->target = target; }
void chaos_proxy::greet_with(greeting how) noexcept { state_->greet = how; }
way& chaos_proxy::up() noexcept { return state_->up; }
way& chaos_proxy::down() noexcept { return state_->down; }
void chaos_proxy::changed() { state_->change.cancel(); }

void chaos_proxy::refuse() {
  if (auto const on = std::exchange(state_->acceptor, nullptr)) on->close();
}

void chaos_proxy::listen() {
  tcp::endpoint const where{asio::ip::address_v4::loopback(), port_};
  state_->acceptor = std::make_shared<tcp::acceptor>(state_->executor, where, true);
  asio::co_spawn(state_->executor, accept(state_, state_->acceptor), asio::detached);
}

void chaos_proxy::reset() {
  state_->each([](link& each) { each.reset(); });
  for (auto const& weak : std::exchange(state_->silent, {}))
    if (auto const socket = weak.lock()) abort(*socket);
}

void chaos_proxy::end_down() {
  boost::system::error_code ignored;
  state_->each([&](link& each) { each.client.shutdown(tcp::socket::shutdown_send, ignored); });
}

void chaos_proxy::end_up() {
  boost::system::error_code ignored;
  state_->each([&](link& each) { each.server.shutdown(tcp::socket::shutdown_send, ignored); });
}

asio::awaitable<void> chaos_proxy::accept(std::shared_ptr<state> all, std::shared_ptr<tcp::acceptor> on) {
  for (;;) {
    auto [error, client] = co_await on->async_accept(quietly);
    if (error) co_return;
    asio::co_spawn(all->executor, serve(all, std::move(client)), asio::detached);
  }
}

asio::awaitable<void> chaos_proxy::serve(std::shared_ptr<state> all, tcp::socket client) {
  if (all->greet == greeting::reset) {
    abort(client);
    co_return;
  }
  if (all->greet == greeting::silence) {
    auto const held = std::make_shared<tcp::socket>(std::move(client));
    all->silent.push_back(held);
    std::array<std::byte, 4096> heard;
    for (;;) {
      auto const [error, size] = co_await held->async_read_some(asio::buffer(heard), quietly);
      if (error) co_return;
    }
  }
  tcp::socket server{all->executor};
  tcp::endpoint const where{asio::ip::address_v4::loopback(), all->target};
  auto const [error] = co_await server.async_connect(where, quietly);
  if (error) {
    abort(client);
    co_return;
  }
  client.set_option(tcp::no_delay{true});
  server.set_option(tcp::no_delay{true});
  auto const between = std::make_shared<link>(std::move(client), std::move(server));
  all->links.push_back(between);
  asio::co_spawn(all->executor, pump(all, between, all->up, between->client, between->server),
                 asio::detached);
  asio::co_spawn(all->executor, pump(all, between, all->down, between->server, between->client),
                 asio::detached);
}

asio::awaitable<void> chaos_proxy::pump(std::shared_ptr<state> all, std::shared_ptr<link> between, way& how,
                                        tcp::socket& from, tcp::socket& to) {
  std::array<std::byte, 16 * 1024> bytes;
  for (;;) {
    auto const [error, size] = co_await from.async_read_some(asio::buffer(bytes), quietly);
    if (error == asio::error::eof) {
      boost::system::error_code ignored;
      to.shutdown(tcp::socket::shutdown_send, ignored);
      co_return;
    }
    if (error) {  // a reset is passed on as one
      between->reset();
      co_return;
    }
    if (!co_await pass(all, between, how, bytes.data(), size, to)) co_return;
  }
}

asio::awaitable<bool> chaos_proxy::pass(std::shared_ptr<state> all, std::shared_ptr<link> between, way& how,
                                        std::byte* bytes, std::size_t size, tcp::socket& to) {
  asio::steady_timer timer{all->executor};
  if (how.delay.count() != 0) {
    timer.expires_after(how.delay);
    co_await timer.async_wait(quietly);
  }
  while (size != 0) {
    while (how.stalled && to.is_open()) co_await all->change.async_wait(quietly);
    std::size_t piece = std::min(size, how.piece);
    if (how.reset_after) piece = std::min(piece, *how.reset_after);
    if (how.corrupt_after && *how.corrupt_after < piece)
      bytes[*std::exchange(how.corrupt_after, std::nullopt)] ^= std::byte{0x55};
    else if (how.corrupt_after) *how.corrupt_after -= piece;
    auto const [error, written] = co_await asio::async_write(to, asio::buffer(bytes, piece), quietly);
    if (error) co_return false;
    how.passed += piece;
    bytes += piece;
    size -= piece;
    if (how.reset_after) {
      *how.reset_after -= piece;
      if (*how.reset_after == 0) {
        how.reset_after.reset();
        between->reset();
        co_return false;
      }
    }
    if (how.pause.count() != 0) {
      timer.expires_after(how.pause);
      co_await timer.async_wait(quietly);
    }
  }
  co_return true;
}

}  // namespace faults
