#pragma once

#include "plait/batch/attempt/attempt.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// Redacts the secret values of requests in everything that is written.
///
/// Finds a value as it is, percent-encoded, and escaped in a JSON string, even one within another, and replaces it by
/// the name of the secret, such as `{{env.API_KEY}}`. For one thread.
class Secrets {
  public:
    /// Shorter values occur everywhere by chance, and are not redacted.
    static constexpr std::size_t shortest = 4;

    /// From now on, replaces `value` by `{{name}}`. Adding it again changes nothing.
    void add(std::string_view name, std::string_view value);

    bool empty() const noexcept { return secrets_.empty(); }

    void redact(std::string& text) const;
    void redact(RareText& text) const;
    /// Redacts header values, reason, trailers and body of an answer, or the message of a failure.
    void redact(Attempt& attempt) const;

  private:
    struct Secret {
        std::string value;
        /// The longest part of the value that no encoding changes, which is searched for first.
        std::size_t core_start;
        std::size_t core_size;
        std::string placeholder;
    };
    struct Place;

    /// Appends the places of this secret in `text`.
    static void find(const Secret& secret, std::string_view text, std::vector<Place>& places);
    std::vector<Place> find_all(std::string_view text) const;
    void redact(http::Response& response) const;
    void redact(http::Headers& headers) const;

    std::vector<Secret> secrets_;
};

}  // namespace plait::batch
