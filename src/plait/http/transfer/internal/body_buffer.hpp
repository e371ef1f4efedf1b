#pragma once

#include "plait/http/body/body_memory.hpp"
#include "plait/http/body/limits.hpp"
#include "plait/http/message/response.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plait::http::internal {

/// Collects the body of one answer, within the limit on a body (`Limits::body_bytes`) and the limit on all bodies
/// together (`BodyMemory`). A large one goes to a file, if `BodyMemory` has a folder.
class BodyBuffer {
  public:
    /// All three must outlive the buffer.
    BodyBuffer(Response& response, const Limits& limits, BodyMemory& memory) noexcept
        : response_(response), body_(response.body), limits_(limits), memory_(memory), share_(memory) {}

    /// Throws `Error(too_large)` if a body of `size` bytes would exceed its limit.
    void check_size(std::uint64_t size) const;

    /// Prepares for a body of `size` bytes, as the peer says.
    void expect(std::uint64_t size);
    /// Says that the body will have `size` bytes: if it is too large for memory, it goes to a file from the start.
    void expect_whole(std::uint64_t size);

    /// Throws `Error(too_large)`, which names the limit, or `Error(storage)` when a file can't be written.
    void append(std::string_view bytes);

    /// Counts this much memory beside the body, such as that of a decoder, towards the limit on all bodies; a little is
    /// not counted. Throws as `append` does.
    void hold_beside(std::size_t bytes);

  private:
    void append_to_file(std::string_view bytes);
    void move_to_file();
    void make_room(std::size_t size);
    void hold(std::size_t bytes);

    Response& response_;
    std::string& body_;
    const Limits& limits_;
    BodyMemory& memory_;
    BodyMemory::Share share_;
    std::size_t beside_ = 0;  ///< of the share
};

}  // namespace plait::http::internal
