#pragma once

#include "plait/batch/sink.hpp"

#include <string>

namespace plait::batch::internal {

/// For tests: keeps what is written.
class MemorySink final : public Sink {
  public:
    Task<bool> write(std::string_view lines) override {
        ++writes;
        text += lines;
        co_return !is_closed;
    }

    std::string text;
    int writes = 0;
    bool is_closed = false;
};

}  // namespace plait::batch::internal
