// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http2/frame_cursor.hpp"
#include "unit/http2/machine.hpp"

#include <nghttp2/nghttp2.h>

#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fuzz {

/// nghttp2 as it comes, with its own checks of messages. Of stream 1 it notes what is handed on.
class plain_session {
 public:
  explicit plain_session(bool server) {
    nghttp2_session_callbacks* hooks = nullptr;
    nghttp2_option* options = nullptr;
    if (nghttp2_session_callbacks_new(&hooks) != 0 || nghttp2_option_new(&options) != 0)
      throw std::bad_alloc{};
    nghttp2_session_callbacks_set_on_begin_headers_callback(hooks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(hooks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(hooks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(hooks, on_data);
    nghttp2_option_set_no_closed_streams(options, 1);
    if (server) nghttp2_session_server_new2(&native_, hooks, this, options);
    else nghttp2_session_client_new2(&native_, hooks, this, options);
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(hooks);
    if (native_ == nullptr) throw std::bad_alloc{};
    nghttp2_settings_entry const no_priorities{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1};
    nghttp2_submit_settings(native_, NGHTTP2_FLAG_NONE, &no_priorities, 1);
  }
  ~plain_session() { nghttp2_session_del(native_); }
  plain_session(plain_session const&) = delete;
  plain_session& operator=(plain_session const&) = delete;

  /// Client: a request, whose body ends at once or never.
  void open(bool ends) {
    auto const field = [](std::string_view name, std::string_view value) {
      return nghttp2_nv{reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                        reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(),
                        value.size(), NGHTTP2_NV_FLAG_NONE};
    };
    nghttp2_nv const fields[]{field(":method", "POST"), field(":scheme", "http"), field(":path", "/a/b"),
                              field(":authority", "host")};
    nghttp2_data_provider const never{{.ptr = nullptr},
                                      [](auto...) { return ssize_t{NGHTTP2_ERR_DEFERRED}; }};
    nghttp2_submit_request(native_, nullptr, fields, std::size(fields), ends ? nullptr : &never, nullptr);
  }
  /// False: the connection is beyond repair.
  [[nodiscard]] bool take(std::string_view bytes) {
    return nghttp2_session_mem_recv(native_, reinterpret_cast<std::uint8_t const*>(bytes.data()),
                                    bytes.size()) >= 0;
  }
  [[nodiscard]] std::string sent() {
    std::string out;
    std::uint8_t const* bytes = nullptr;
    for (ssize_t size = 0; (size = nghttp2_session_mem_send(native_, &bytes)) > 0;)
      out.append(reinterpret_cast<char const*>(bytes), static_cast<std::size_t>(size));
    return out;
  }
  [[nodiscard]] test::heard const& heard() const noexcept { return heard_; }

 private:
  static plain_session& self(void* data) noexcept { return *static_cast<plain_session*>(data); }
  static std::string text(std::uint8_t const* bytes, std::size_t size) {
    return {reinterpret_cast<char const*>(bytes), size};
  }
  static int on_begin_headers(nghttp2_session*, nghttp2_frame const*, void* data) {
    self(data).list_.clear();
    return 0;
  }
  static int on_header(nghttp2_session*, nghttp2_frame const*, std::uint8_t const* name,
                       std::size_t name_size, std::uint8_t const* value, std::size_t value_size, std::uint8_t,
                       void* data) {
    self(data).list_.emplace_back(text(name, name_size), text(value, value_size));
    return 0;
  }
  static int on_frame(nghttp2_session*, nghttp2_frame const* frame, void* data) {
    auto& me = self(data);
    bool const of_message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (frame->hd.type == NGHTTP2_HEADERS) me.heard_.lists.push_back(me.list_);
    if (of_message && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) me.heard_.ended = true;
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, std::uint8_t const* bytes,
                     std::size_t size, void* data) {
    self(data).heard_.body += text(bytes, size);
    return 0;
  }

  nghttp2_session* native_ = nullptr;
  test::fields list_;
  test::heard heard_;
};

}  // namespace sluice::fuzz
