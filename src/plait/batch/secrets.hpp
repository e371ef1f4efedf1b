#pragma once

#include "plait/batch/attempt.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// The secret values that requests were made with, and how to take them out of what is written.
///
/// A value is found as it is, percent-encoded, and as it stands in a JSON string; what takes its place is the name it
/// was called by, such as `{{env.API_KEY}}`. For one thread.
class Secrets {
  public:
    /// Shorter values would be found everywhere by chance, and are left alone.
    static constexpr std::size_t shortest = 4;

    /// From now on `value` is taken out, and `{{name}}` stands there. The same again changes nothing.
    void add(std::string_view name, std::string_view value);

    bool empty() const noexcept { return forms_.empty(); }

    void redact(std::string& text) const;
    /// Header values, reason, trailers and body of an answer; the message of a failure.
    void redact(Attempt& attempt) const;

  private:
    struct Form {
        std::string text;
        std::string name;
    };
    std::vector<Form> forms_;  // the longest first, so that a value within another does not break it
};

}  // namespace plait::batch
