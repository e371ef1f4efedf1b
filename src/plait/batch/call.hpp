#pragma once

#include "plait/http/request.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace plait::batch {

/// One request of the input, ready to be sent.
class Call {
  public:
    Call(std::string custom_id_, std::uint64_t line_, http::Request request_, std::string metadata_ = {})
        : custom_id(std::move(custom_id_)), line(line_), request(std::move(request_)), metadata(std::move(metadata_)) {}

    std::string custom_id;
    /// Where it stands in the input, counted from 1.
    std::uint64_t line;
    http::Request request;
    /// JSON that comes back with the result as it is; empty without.
    std::string metadata;
};

/// A line of the input that can't be sent, and why. It has a result all the same.
class BadLine {
  public:
    BadLine(std::string custom_id_, std::uint64_t line_, std::string message_, std::string metadata_ = {})
        : custom_id(std::move(custom_id_)), line(line_), message(std::move(message_)), metadata(std::move(metadata_)) {}

    std::string custom_id;
    std::uint64_t line;
    std::string message;
    std::string metadata;
};

/// What a source yields for each line that is not blank.
using SourceItem = std::variant<Call, BadLine>;

/// The id of a line that names none: `line-<n>`.
std::string automatic_id(std::uint64_t line);

}  // namespace plait::batch
