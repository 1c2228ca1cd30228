// SPDX-License-Identifier: Apache-2.0
#include "client/outgoing_call.hpp"

#include "client/apply_credentials.hpp"
#include "client/channel_state.hpp"
#include "core/in_words.hpp"
#include "transport/connection.hpp"
#include "wire/content_type.hpp"
#include "wire/encoding.hpp"
#include "wire/request_head.hpp"
#include "wire/response_head.hpp"
#include "wire/rst.hpp"
#include "wire/trailers.hpp"

#include <sluice/rpc/errors.hpp>

#include <algorithm>
#include <utility>

namespace sluice::calling {
namespace {

bool is_path(std::string_view path) noexcept {
  return path.starts_with('/') && std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

status wrong_executor() {
  return status{
      code::failed_precondition,
      "the call is awaited on another executor than its channel's; make one channel for each executor"};
}

outgoing_call::outgoing_call(std::shared_ptr<channel_state> on, sluice::method which, call_options options)
    : channel_{std::move(on)}, method_{which}, options_{std::make_unique<asked_options>(std::move(options))},
      wait_for_ready_{options_->waits_for_ready().value_or(channel_->options().wait_for_ready)} {
  limit_messages(options_->max_receive_size().value_or(channel_->options().max_receive_size),
                 options_->max_send_size().value_or(channel_->options().max_send_size));
  if (options_->compression() || !channel_->options().compression.empty()) choose_compression();
}

std::string const& outgoing_call::peer() const noexcept { return peer_ ? *peer_ : channel_->no_peer(); }
metadata const& outgoing_call::initial_metadata() const noexcept {
  return received_ ? received_->initial : channel_->no_metadata();
}
metadata const& outgoing_call::trailing_metadata() const noexcept {
  return received_ ? received_->trailing : channel_->no_metadata();
}

void outgoing_call::choose_compression() {
  std::string const& name = options_->compression().value_or(channel_->options().compression);
  if (wire::is_identity(name)) return;
  auto* const with = channel_->compressors().find(name);
  if (with == nullptr) {
    refused_ =
        status{code::invalid_argument, "compression \"" + name + "\" is not among the channel's compressors"};
    return;
  }
  ensure_coding().encode_with(with, channel_->options().compression_min_size);
  ensure_coding().set_mode(options_->compression_mode());
}

coding::message_coding& outgoing_call::ensure_coding() {
  if (!coding_) coding_ = std::make_unique<coding::message_coding>(channel_->compressors());
  return *coding_;
}

outgoing_call::outgoing_call(std::shared_ptr<channel_state> on, sluice::method which,
                             std::shared_ptr<std::string const> path, call_options options)
    : outgoing_call{std::move(on), which, std::move(options)} {
  own_path_ = std::move(path);
}

// ---- the start -------------------------------------------------------------------------------------------------------

void outgoing_call::start(coro::context& parent) {
  if (&parent.scheduler() != &channel_->scheduler() || !parent.scheduler().is_current()) {
    context_.emplace(parent.scheduler());  // the parent is another thread's
    return end(wrong_executor());
  }
  if (options_->is_detached()) context_.emplace(parent.scheduler());
  else context_.emplace(parent);
  began_ = parent.scheduler().now();
  if (status const wrong = check(); !wrong.ok()) return end(wrong);
  channel_->call_began(*this);
  // One response: it is read as it comes. A stream of them: as it is asked for.
  set_reading(has_one_response());
  context_->stop().observe(*this);
  if (ended_) return;
  if (!context_->deadline().is_never()) context_->scheduler().start_timer(*this, context_->deadline().at());
  channel_->submit(*this);
}

status outgoing_call::check() {
  if (!refused_.ok()) return refused_;
  if (own_path_ && !is_path(*own_path_))
    return status{code::invalid_argument,
                  "the path of a method is \"/\" and visible ASCII, as in \"/package.Service/Method\""};
  if (!options_->content_subtype().empty() && !wire::is_subtype(options_->content_subtype()))
    return status{code::invalid_argument, "a content-subtype is of the characters 0-9 a-z _ . -"};
  for (auto const& [key, value] : options_->metadata())
    if (auto const wrong = check_entry(key, value)) return status{code::invalid_argument, *wrong};
  if (auto const timeout = options_->timeout()) {
    if (*timeout <= duration::zero()) return status{code::deadline_exceeded, "the timeout is not positive"};
    context_->set_deadline(deadline::after(began_, *timeout));
  }
  context_->set_deadline(options_->deadline());
  if (context_->deadline().passed(began_)) return to_status(stop_reason::deadline);
  return status{};
}

bool outgoing_call::attempt(transport::connection& where) {
  if (requires_tls_ && where.identity() == nullptr) {
    end(credentials_need_tls());
    return true;
  }
  auto headers = request_headers(where.identity() != nullptr);
  std::size_t const size = headers.list_size();
  if (size > wire::largest_sent_list) {
    end(status{code::resource_exhausted,
               "request metadata of " + std::to_string(size) + " bytes is larger than the limit of 64 KiB"});
    return true;
  }
  // Some servers end the connection over it, and every call on that.
  if (auto const limit = where.peer_max_header_list_size(); size > limit) {
    end(status{code::resource_exhausted, "request metadata of " + std::to_string(size) +
                                             " bytes is larger than the " + std::to_string(limit) +
                                             " bytes that the server takes"});
    return true;
  }
  if (!where.open(*this, std::move(headers))) return false;
  if (options_->content_subtype().empty()) options_.reset();  // a stream may go on for long
  peer_ = where.shared_peer();
  identity_ = where.identity();
  return true;
}

transport::outgoing_headers outgoing_call::request_headers(bool secure) const {
  wire::request_head head;
  head.scheme = secure ? "https" : "http";
  head.path = method_.path;
  head.authority = channel_->authority();
  head.user_agent = channel_->user_agent();
  head.subtype = options_->content_subtype();
  if (coding_) head.encoding = coding_->encoding();
  head.accept_encoding = channel_->compressors().list();
  if (!context_->deadline().is_never())
    head.timeout = context_->deadline().remaining(context_->scheduler().now());
  auto const* const common = head.subtype.empty() ? channel_->heads().find(head) : nullptr;
  wire::header_block own;
  if (common == nullptr) wire::write_common_head(head, own);
  wire::write_own_head(head, options_->metadata(), own);
  auto const* const trace = context_->trace();
  if (trace != nullptr && !options_->metadata().contains("traceparent")) {
    own.add("traceparent", trace->traceparent, wire::no_index);
    if (!trace->tracestate.empty()) own.add("tracestate", trace->tracestate, wire::no_index);
  }
  if (common == nullptr) return own;
  return transport::outgoing_headers{*common, std::move(own)};
}

// ---- outgoing messages -----------------------------------------------------------------------------------------------

std::span<std::byte> outgoing_call::begin_message(std::size_t size) {
  if (ended_ || !refused_.ok()) return {};
  if (writes_done_) {
    refused_ = status{code::failed_precondition, "a write after writes_done"};
    return {};
  }
  if (coding_ && coding_->wants(size) && may_send(size)) return coding_->begin(size);
  auto const room = begin_frame(size);
  if (room.data() == nullptr) {
    refused_ = status{code::resource_exhausted,
                      "request message of " + std::to_string(size) + " bytes is larger than the limit"};
    if (started()) fail(refused_);
  }
  return room;
}

bool outgoing_call::end_message() {
  if (coding_ && coding_->begun()) {
    auto const [bytes, compressed] = coding_->end();
    send_message(bytes, compressed);
    coding_->written();
  } else {
    end_frame();
  }
  return has_room();
}

compression_mode outgoing_call::compress_messages(compression_mode mode) noexcept {
  return coding_ ? coding_->set_mode(mode) : compression_mode::when_smaller;
}

status outgoing_call::write_error() const {
  if (!refused_.ok()) return refused_;
  if (!ended_) return status{};
  return outcome_.ok() ? status{code::failed_precondition, "a write after the call has ended"} : outcome_;
}

void outgoing_call::when_writable(coro::ready_node& node) noexcept {
  writer_ = &node;
  if (writable() || !refused_.ok()) wake(writer_);
}

void outgoing_call::on_room() noexcept { wake(writer_); }

void outgoing_call::writes_done() noexcept {
  if (std::exchange(writes_done_, true)) return;
  transport::stream::finish();
}

// ---- incoming --------------------------------------------------------------------------------------------------------

void outgoing_call::on_headers(received_fields fields, bool last, bool too_large) {
  if (ended_) return;
  if (too_large) return fail(status{code::resource_exhausted, "response headers larger than the limit"});
  if (!not_grpc_.ok()) return fail(not_grpc_);
  if (headers_seen_) read_trailers(fields);
  else read_headers(fields, last);
}

void outgoing_call::read_headers(received_fields fields, bool last) {
  wire::response_head head;
  auto const subtype = options_ ? std::string_view{options_->content_subtype()} : std::string_view{};
  errc const error = wire::read_response_head(fields, head, subtype);
  if (error == errc::ok && head.informational()) return;
  if (last && wire::has(fields, wire::field_name::grpc_status)) {  // trailers-only
    headers_seen_ = true;
    return read_trailers(fields);
  }
  if (error == errc::bad_content_type) {
    // The peer may still break HTTP/2 on this stream, or reset it: what it said first is what is told then.
    not_grpc_ = wire::status_without_grpc(head);
    if (last) fail(not_grpc_);
    return;
  }
  if (error != errc::ok) return fail(to_status(error));
  if (last) return fail(to_status(errc::missing_status));
  if (!wire::is_identity(head.encoding)) {
    auto* const with = channel_->compressors().find(head.encoding);
    if (with == nullptr)
      return fail(status{code::internal, "the server answered in grpc-encoding " +
                                             std::string{head.encoding} + ", which was not offered"});
    ensure_coding().decode_with(*with, receive_limit());
    allow_compressed();
  }
  metadata initial;
  if (wire::read_metadata(fields, initial) != errc::ok)
    return fail(status{code::internal, "malformed binary metadata in the response headers"});
  if (!initial.empty()) ensure_received().initial = std::move(initial);
  headers_seen_ = has_initial_ = true;
  wake(on_headers_);
}

outgoing_call::received_metadata& outgoing_call::ensure_received() {
  if (!received_) received_ = std::make_unique<received_metadata>();
  return *received_;
}

void outgoing_call::read_trailers(received_fields trailers) {
  status how;
  metadata trailing;
  errc const error = wire::read_trailers(trailers, how, trailing);
  if (!trailing.empty()) ensure_received().trailing = std::move(trailing);
  if (error != errc::ok) return fail(to_status(error));
  take_end();
  // What is left of a message tells of a broken server only if it says that all is well.
  peer_ended_call(std::move(how));
}

void outgoing_call::on_data(bytes_view bytes) {
  if (ended_ || !headers_seen_) {
    consume(bytes.size());
    if (!ended_)
      fail(not_grpc_.ok() ? status{code::internal, "the server sent data before its headers"} : not_grpc_);
    return;
  }
  take_data(bytes);
  if (errc const wrong = announced_error(); wrong != errc::ok && has_one_response())
    return fail(to_status(wrong));
  if (has_one_response() && more_than_one()) return fail(to_status(errc::too_many_messages));
  if (readable()) wake(reader_);
}

void outgoing_call::on_end() {
  if (!ended_) fail(not_grpc_.ok() ? to_status(errc::missing_status) : not_grpc_);
}

transport::message_stream::received outgoing_call::next_plain(bytes_view& message) {
  received const what = next_message(message);
  if (!coding_) return what;
  if (what != received::message) {
    coding_->release();
    return what;
  }
  errc const error = coding_->take(message, message_compressed());
  if (error == errc::ok) return what;
  break_off(error);
  return received::broken;
}

call_stream::read_result outgoing_call::read(bytes_view& message) {
  if (discarded_) return read_result::end;
  switch (next_plain(message)) {
    case received::message: return read_result::message;
    case received::pending:
    case received::end: return ended_ ? read_result::end : read_result::pending;
    case received::broken: break;
  }
  // The server said that all is well, and what it sent says otherwise.
  if (ended_ && outcome_.ok()) outcome_ = to_status(receive_error());
  fail(to_status(receive_error()));
  return read_result::end;
}

void outgoing_call::when_readable(coro::ready_node& node) noexcept {
  reader_ = &node;
  if (ended_ || readable()) wake(reader_);
  else set_reading(true);
}

void outgoing_call::when_headers(coro::ready_node* node) noexcept {
  on_headers_ = node;
  if (node != nullptr && (ended_ || has_initial_)) wake(on_headers_);
}

void outgoing_call::when_ended(coro::ready_node& node) noexcept {
  on_end_ = &node;
  if (ended_) wake(on_end_);
}

// ---- the end ---------------------------------------------------------------------------------------------------------

void outgoing_call::peer_ended_call(status how) {
  // The server is done; what we would still say interests nobody.
  bool const unsaid = !writes_done_ || unsent() != 0;
  if (unsaid) reset(static_cast<std::uint32_t>(wire::http2_error::cancel));
  end(std::move(how));  // last: it may be the end of `this`
}

void outgoing_call::fail(status how) noexcept {
  discarded_ = true;
  reset(wire::rst_for(how.code()));
  end(std::move(how));  // last: it may be the end of `this`
}

void outgoing_call::cancel(status why) noexcept {
  if (ended_) return;
  if (!started()) {  // it has no context yet: it ends when it is awaited
    if (refused_.ok()) refused_ = std::move(why);
    return;
  }
  fail(std::move(why));
}

void outgoing_call::expired() noexcept { fail(to_status(stop_reason::deadline)); }
void outgoing_call::stop_requested(stop_reason reason) noexcept { fail(to_status(reason)); }

void outgoing_call::on_closed(transport::stream_end const& how) noexcept {
  if (!ended_) return end(explain(how));  // last: it may be the end of `this`
  free_if_over();
}

status outgoing_call::explain(transport::stream_end const& how) const noexcept {
  if (!not_grpc_.ok()) return not_grpc_;
  if (how.why == errc::ok) return to_status(errc::missing_status);
  if (how.why != errc::stream_reset)
    return in_words(code::unavailable,
                    [&] { return "connection to " + peer() + " lost: " + std::string{how.text}; });
  code const by_table = wire::code_for_rst(how.error);
  // A server whose clock is a little ahead ends the call at the deadline that we gave it.
  if (by_table == code::cancelled && context_->deadline().passed(context_->scheduler().now()))
    return to_status(stop_reason::deadline);
  return in_words(
      by_table, [&] { return "the stream was reset with HTTP/2 error " + std::to_string(how.error); },
      origin::peer);
}

void outgoing_call::end(status how) noexcept {
  if (std::exchange(ended_, true)) return;
  outcome_ = std::move(how);
  list_hook<waiting_calls>::unlink();
  stop_observer::unlink();
  context_->scheduler().timers().cancel(*this);
  wake(reader_);
  wake(writer_);
  wake(on_end_);
  wake(on_headers_);
  channel_->call_ended(*this, method_, outcome_, began_);
  context_->stop().request_stop(
      stop_reason::local);  // the generator of our requests; last, it may run anything
}

void outgoing_call::wake(coro::ready_node*& node) noexcept {
  if (&node == &reader_ && !has_one_response()) set_reading(false);
  if (auto* const waiting = std::exchange(node, nullptr)) context_->scheduler().ready(*waiting);
}

void outgoing_call::release() noexcept {
  on_end_ = on_headers_ = reader_ = writer_ = nullptr;
  if (started() && !ended_) fail(status{code::cancelled, "the call was destroyed"});
  released_ = true;  // only now: what the end runs may close the connection
  free_if_over();
}

void outgoing_call::free_if_over() noexcept {
  if (released_ && !open()) delete this;
}

}  // namespace sluice::calling
