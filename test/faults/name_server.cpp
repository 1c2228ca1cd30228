// SPDX-License-Identifier: Apache-2.0
#include "name_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>

#include <array>
#include <string>

namespace faults {

namespace asio = boost::asio;
using asio::ip::udp;

struct name_server::state {
  explicit state(asio::any_io_executor const& executor)
      : socket{executor, udp::endpoint{asio::ip::address_v4::loopback(), 0}} {}
  udp::socket socket;
  udp::endpoint from;
  std::array<char, 512> query{};
  answer how = answer::address;
};

namespace {

constexpr std::size_t head_size = 12;

// RFC 1035: the query's head, its question, and one answer for type A.
std::string reply_to(std::string_view query, bool fails) {
  std::size_t end = head_size;
  while (end < query.size() && query[end] != 0) end += static_cast<unsigned char>(query[end]) + 1U;
  end += 5;  // the last label's end, type, class
  if (end > query.size()) return {};
  bool const asks_for_ipv4 = query[end - 3] == 1;
  bool const answered = !fails && asks_for_ipv4;
  std::string reply{query.substr(0, 2)};
  reply += {'\x81', fails ? '\x82' : '\x80', 0, 1, 0, answered ? '\x01' : '\0', 0, 0, 0, 0};
  reply += query.substr(head_size, end - head_size);
  if (answered) reply += {'\xc0', 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1};
  return reply;
}

}  // namespace

name_server::name_server(asio::any_io_executor const& executor) : state_{std::make_shared<state>(executor)} {
  receive(state_);
}
name_server::~name_server() { state_->socket.close(); }

std::uint16_t name_server::port() const noexcept { return state_->socket.local_endpoint().port(); }
void name_server::answer_with(answer how) noexcept { state_->how = how; }

void name_server::receive(std::shared_ptr<state> all) {
  auto& self = *all;
  self.socket.async_receive_from(
      asio::buffer(self.query), self.from,
      [all = std::move(all)](boost::system::error_code const& error, std::size_t size) {
        if (error) return;
        if (all->how != answer::silence) {
          boost::system::error_code ignored;
          std::string const reply = reply_to({all->query.data(), size}, all->how == answer::failure);
          all->socket.send_to(asio::buffer(reply), all->from, 0, ignored);
        }
        receive(all);
      });
}

}  // namespace faults
