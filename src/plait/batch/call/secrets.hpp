#pragma once

#include "plait/batch/method/attempt.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// The secret values that requests were made with, and how to take them out of what is written.
///
/// A value is found as it is, percent-encoded, and as it stands in a JSON string, also in one that is within another;
/// what takes its place is the name it was called by, such as `{{env.API_KEY}}`. For one thread.
class Secrets {
  public:
    /// Shorter values would be found everywhere by chance, and are left alone.
    static constexpr std::size_t shortest = 4;

    /// From now on `value` is taken out, and `{{name}}` stands there. The same again changes nothing.
    void add(std::string_view name, std::string_view value);

    bool empty() const noexcept { return secrets_.empty(); }

    void redact(std::string& text) const;
    /// Header values, reason, trailers and body of an answer; the message of a failure.
    void redact(Attempt& attempt) const;

  private:
    struct Secret {
        std::string value;
        /// The longest part of the value that every encoding leaves as it is: what to look for first.
        std::size_t core_start;
        std::size_t core_size;
        std::string placeholder;
    };
    struct Place;

    /// Appends where this secret stands in `text`.
    static void find(const Secret& secret, std::string_view text, std::vector<Place>& places);
    std::vector<Place> find_all(std::string_view text) const;
    void redact(http::Headers& headers) const;

    std::vector<Secret> secrets_;
};

}  // namespace plait::batch
