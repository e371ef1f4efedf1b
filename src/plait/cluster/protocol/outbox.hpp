#pragma once

#include "plait/cluster/protocol/messages.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::cluster {

/// The messages of a member to one receiver. Those of a moment travel in one bundle, because to seal a message and to
/// pass it on costs more than to make it.
class Outbox {
  public:
    /// A larger bundle is not made; a larger message travels alone.
    static constexpr std::size_t most_bytes = std::size_t{64} * 1024;

    /// `publish` is given each bundle, and outlives this.
    explicit Outbox(std::function<void(std::string_view bundle)> publish) : publish_(std::move(publish)) {}

    /// Adds a message. What then is too much for one bundle leaves at once.
    void put(const Message& message);

    /// The moment has passed: all that was put leaves.
    void flush();

  private:
    std::function<void(std::string_view)> publish_;
    std::string bundle_;
};

}  // namespace plait::cluster
