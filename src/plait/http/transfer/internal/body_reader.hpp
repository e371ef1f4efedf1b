#pragma once

#include "plait/base/unique_fd.hpp"
#include "plait/http/body/body_parts.hpp"
#include "plait/http/message/request.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace plait::http::internal {

/// Reads a request's body piece by piece, for one attempt: `Request::body`, or what `Request::body_parts` names.
///
///     while (reader.left() > 0) reader.skip(write_some(reader.peek()));
class BodyReader {
  public:
    /// `request` must outlive the reader.
    explicit BodyReader(const Request& request) noexcept;

    /// The bytes still to be sent.
    std::uint64_t left() const noexcept { return left_; }

    /// Returns the next bytes: some, if any are left; of a file at most 64 KiB. They are valid until any reader of this
    /// thread is called. Throws `Error(bad_input)` when a file can't be read, or no longer has the size it had.
    std::string_view peek();

    /// Goes on behind the first `bytes` of what `peek` returned.
    void skip(std::size_t bytes) noexcept;

  private:
    std::uint64_t size_of_part() const noexcept;
    std::string_view peek_file(const BodyParts::File& file);
    void open(const BodyParts::File& file);

    std::string_view text_;   ///< of the body, if it is one text
    const BodyParts* parts_;  ///< null: the body is one text
    std::size_t part_ = 0;
    std::uint64_t offset_ = 0;  ///< within the part
    std::uint64_t left_;
    UniqueFd file_;  ///< of the part, once it has been opened
};

}  // namespace plait::http::internal
