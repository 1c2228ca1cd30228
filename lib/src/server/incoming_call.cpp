// SPDX-License-Identifier: Apache-2.0
#include "server/incoming_call.hpp"

#include "server/server_connection.hpp"
#include "wire/encoding.hpp"
#include "wire/rst.hpp"
#include "wire/trailers.hpp"

#include <sluice/rpc/errors.hpp>

#include <new>
#include <utility>

namespace sluice::serving {
namespace {

// Room for what is sent beside the metadata of a response.
constexpr std::size_t largest_metadata = wire::largest_sent_list - 1024;

// By name + value + 32 (RFC 9113, 6.5.2), binary values as base64.
std::size_t list_size(std::string_view key, std::string_view value) noexcept {
  return key.size() + (is_binary_key(key) ? (value.size() + 2) / 3 * 4 : value.size()) + 32;
}

void check_room(metadata const& in, std::string_view key, std::string_view value) {
  std::size_t sum = list_size(key, value);
  for (auto const& [each_key, each_value] : in) sum += list_size(each_key, each_value);
  if (sum > largest_metadata)
    throw status_error{code::resource_exhausted, "response metadata of " + std::to_string(sum) +
                                                     " bytes is larger than the limit of 63 KiB"};
}

status too_large(status const& outcome, std::size_t size) {
  return status{code::resource_exhausted, "the end of the call, " + std::string{to_string(outcome.code())} +
                                              " with message, details and metadata of " +
                                              std::to_string(size) +
                                              " bytes, is larger than the limit of 64 KiB"};
}

}  // namespace

incoming_call::incoming_call(std::shared_ptr<server_connection> of)
    : connection_{std::move(of)}, context_{connection_->scheduler()}, began_{connection_->scheduler().now()} {
  auto const& options = connection_->options();
  limit_messages(options.max_receive_size, options.max_send_size);
  context_.set_call(this);
  connection_->call_began(*this);
}

incoming_call::~incoming_call() {
  context_.scheduler().timers().cancel(*this);
  connection_->call_gone(*this);
}

std::string incoming_call::peer() const { return connection_->peer(); }
std::vector<std::string_view> incoming_call::services() const { return connection_->dispatch().services(); }
peer_identity const* incoming_call::identity() const noexcept { return connection_->identity(); }
stop_token incoming_call::drain() noexcept { return connection_->drain_token(); }

// ---- the handler's side ----------------------------------------------------------------------------------------------

call_stream::read_result incoming_call::read(bytes_view& message) {
  if (single_request_ && std::exchange(has_request_, false)) {
    message = request_;
    return taken(message);
  }
  if (!single_request_ && (ended_ || closed_)) return read_result::end;
  // Of a single request this is the end, and its memory goes: the handler may run for long.
  received const what = next_message(message);
  if (what == received::message) return taken(message);
  if (coding_) coding_->release();
  if (single_request_) return read_result::end;
  if (what == received::broken) return broken();
  return what == received::end ? read_result::end : read_result::pending;
}

call_stream::read_result incoming_call::taken(bytes_view& message) {
  if (!coding_) return read_result::message;
  errc const error = coding_->take(message, message_compressed());
  if (error == errc::ok) return read_result::message;
  break_off(error);
  return broken();
}

call_stream::read_result incoming_call::broken() {
  // The handler sees its stop; the client sees why.
  end_call(to_status(receive_error()));
  stop_handler(stop_reason::local);
  return read_result::end;
}

void incoming_call::when_readable(coro::ready_node& node) noexcept {
  reader_ = &node;
  if (ended_ || closed_ || readable()) wake_reader();
  else set_reading(true);
}

void incoming_call::wake_reader() noexcept {
  set_reading(false);
  if (auto* const node = std::exchange(reader_, nullptr)) context_.scheduler().ready(*node);
}

std::span<std::byte> incoming_call::begin_message(std::size_t size) {
  if (!write_error_.ok()) return {};
  if (ended_ || !open()) {
    write_error_ = context_.stop().stop_requested() ? to_status(context_.stop().reason())
                                                    : status{code::cancelled, "the call has ended"};
    return {};
  }
  send_initial_metadata();
  if (coding_ && coding_->wants(size) && may_send(size)) return coding_->begin(size);
  auto const room = begin_frame(size);
  if (room.data() == nullptr)
    write_error_ = status{code::resource_exhausted, "response message of " + std::to_string(size) +
                                                        " bytes is larger than the limit of " +
                                                        std::to_string(connection_->options().max_send_size)};
  return room;
}

bool incoming_call::end_message() {
  if (coding_ && coding_->begun()) {
    auto const [bytes, compressed] = coding_->end();
    send_message(bytes, compressed);
    coding_->written();
  } else {
    end_frame();
  }
  return has_room();
}

void incoming_call::when_writable(coro::ready_node& node) noexcept {
  writer_ = &node;
  if (writable() || !write_error_.ok()) wake_writer();
}

void incoming_call::wake_writer() noexcept {
  if (auto* const node = std::exchange(writer_, nullptr)) {
    if ((ended_ || !open()) && write_error_.ok())
      write_error_ = context_.stop().stop_requested() ? to_status(context_.stop().reason())
                                                      : status{code::cancelled, "the call has ended"};
    context_.scheduler().ready(*node);
  }
}

void incoming_call::on_room() noexcept { wake_writer(); }

void incoming_call::add_initial_metadata(std::string_view key, std::string_view value) {
  if (auto const wrong = check_entry(key, value)) throw status_error{code::invalid_argument, *wrong};
  if (headers_sent_) throw status_error{code::failed_precondition, "the initial metadata has been sent"};
  auto& initial = ensure_added().initial;
  check_room(initial, key, value);
  initial.add(key, value);
}

void incoming_call::send_initial_metadata() {
  if (ended_ || closed_ || headers_sent_) return;
  send_headers(response_headers(), false);
  headers_sent_ = true;
}

// Answered in the codec of the request. Trailers alone have no message, and need none.
transport::outgoing_headers incoming_call::response_headers() const {
  wire::header_block own;
  if (content_subtype().empty() && !coding_) {
    if (added_) wire::write_metadata(added_->initial, own);
    return transport::outgoing_headers{connection_->answers().head, std::move(own)};
  }
  wire::response_head head;
  head.subtype = content_subtype();
  if (coding_) {
    head.encoding = coding_->encoding();
    head.accept_encoding = connection_->compressors().list();
  }
  sluice::metadata const none;
  wire::write_response_head(head, added_ ? added_->initial : none, own);
  return own;
}

bool incoming_call::compression(std::string_view name) {
  if (headers_sent_) throw status_error{code::failed_precondition, "the headers have been sent"};
  if (coding_) coding_->encode_with(nullptr, 0);
  if (wire::is_identity(name)) return true;
  auto& known = connection_->compressors();
  auto* const with = known.find(name);
  if (with == nullptr)
    throw status_error{code::invalid_argument,
                       "compression \"" + std::string{name} + "\" is not among the server's compressors"};
  if (!known.accepted(name, accepted_)) return false;
  ensure_coding().encode_with(with, connection_->options().compression_min_size);
  return true;
}

compression_mode incoming_call::compress_messages(compression_mode mode) {
  return ensure_coding().set_mode(mode);
}

void incoming_call::add_trailing_metadata(std::string_view key, std::string_view value) {
  if (auto const wrong = check_entry(key, value)) throw status_error{code::invalid_argument, *wrong};
  auto& trailing = ensure_added().trailing;
  check_room(trailing, key, value);
  trailing.add(key, value);
}

status incoming_call::describe(std::exception_ptr thrown) noexcept {
  if (auto const* const why = status_of(thrown))
    return why->ok() ? status{code::unknown, "the handler threw an ok status"} : *why;
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (std::bad_alloc const&) {
    return status{code::resource_exhausted, "out of memory"};
  } catch (std::exception const& error) {
    connection_->log(log_level::error, std::string{path_} + ": exception in the handler: " + error.what());
  } catch (...) {
    connection_->log(log_level::error,
                     std::string{path_} + ": exception in the handler, of a type that is no std::exception");
  }
  return status{code::unknown, "exception in the handler"};
}

// ---- the end ---------------------------------------------------------------------------------------------------------

void incoming_call::finish(status outcome) noexcept {
  handler_ = nullptr;
  handler_runs_ = false;
  reader_ = writer_ = nullptr;
  end_call(outcome);
  free_if_over();
}

void incoming_call::end_call(status const& outcome) {
  if (std::exchange(ended_, true)) return;
  context_.scheduler().timers().cancel(*this);
  try {
    if (!closed_) send_trailers(outcome);
  } catch (std::bad_alloc const&) {
    discard_unsent();
    reset(static_cast<std::uint32_t>(wire::http2_error::internal_error));
  }
  if (observed_) connection_->observe_end(path_, outcome, began_);
  wake_reader();
  wake_writer();
}

void incoming_call::send_trailers(status const& outcome) {
  bool const alone = !headers_sent_ && (!added_ || added_->initial.empty());
  if (!std::exchange(headers_sent_, true) && !alone) send_headers(response_headers(), false);
  if (!alone && outcome.ok() && (!added_ || added_->trailing.empty()))
    return transport::stream::finish(transport::outgoing_headers{connection_->answers().ok});
  auto const write = alone ? wire::write_trailers_only : wire::write_trailers;
  wire::header_block block;
  sluice::metadata const none;
  write(outcome, added_ ? added_->trailing : none, block);
  if (std::size_t const size = block.list_size(); size > wire::largest_sent_list) {
    block.clear();
    write(too_large(outcome, size), {}, block);
  }
  if (alone) send_headers(std::move(block), true);
  else transport::stream::finish(std::move(block));
}

void incoming_call::expired() noexcept {
  if (refused()) {
    try {
      return refuse();
    } catch (std::bad_alloc const&) {
      return reset(static_cast<std::uint32_t>(wire::http2_error::internal_error));
    }
  }
  discard_unsent();  // nobody waits for it any more, and the status must not wait for the client's window
  end_call(status{code::deadline_exceeded, "deadline exceeded"});
  stop_handler(stop_reason::deadline);
}

void incoming_call::stop_handler(stop_reason why) noexcept {
  context_.stop().request_stop(why);
  wake_reader();
  wake_writer();
}

void incoming_call::on_closed(transport::stream_end const& how) noexcept {
  closed_ = true;
  bool const lost = how.why != errc::stream_reset;
  stop_reason const why = lost ? stop_reason::connection_lost : stop_reason::client_cancelled;
  if (!std::exchange(ended_, true)) {
    context_.scheduler().timers().cancel(*this);
    if (observed_) connection_->observe_end(path_, to_status(why), began_);
  }
  if (handler_runs_) stop_handler(why);
  free_if_over();
}

void incoming_call::free_if_over() noexcept {
  if (closed_ && !handler_runs_) delete this;
}

void incoming_call::abandon() noexcept {
  ended_ = true;
  coro::ready_node::unlink();
  delete std::exchange(handler_, nullptr);
  handler_runs_ = false;
  closed_ = true;
  free_if_over();
}

}  // namespace sluice::serving
