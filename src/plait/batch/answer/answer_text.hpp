#pragma once

#include "plait/http/message/response.hpp"

#include <string>
#include <string_view>

namespace plait::batch {

/// The body of an answer for those who look into it, whether it is in memory or was saved.
class AnswerText {
  public:
    /// Reads a saved body of at most 100 MiB; the text of a larger one is empty. `response` must outlive the text.
    explicit AnswerText(const http::Response& response);

    std::string_view get() const noexcept { return text_; }

  private:
    std::string from_file_;
    std::string_view text_;
};

}  // namespace plait::batch
