// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "faults.sluice.hpp"

#include <sluice/sluice.hpp>

#include <cstddef>
#include <functional>
#include <optional>

namespace faults {

/// The service under test. A request that says `hold` is answered step by step, as the test opens them.
class talk final : public TalkService {
 public:
  /// Called when another held call has arrived.
  std::function<void()> on_arrival;

  [[nodiscard]] std::size_t arrived() const noexcept { return arrived_; }
  /// The steps of the calls that are held: for a single response, `message` is also the end.
  sluice::event headers;
  sluice::event message;
  sluice::event end;
  /// Lets every call go on to its end.
  void release() {
    headers.set();
    message.set();
    end.set();
  }

 private:
  sluice::task<Text> Unary(Text text) override;
  sluice::generator<Text> Download(Text text) override;
  sluice::task<Text> Upload(sluice::generator<Text> texts) override;
  sluice::generator<Text> Chat(sluice::generator<Text> texts) override;

  void arrive();
  sluice::task<void> up_to_message();

  std::size_t arrived_ = 0;
};

}  // namespace faults
