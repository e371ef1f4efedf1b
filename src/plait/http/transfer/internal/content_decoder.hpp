#pragma once

#include "plait/coding/decoder.hpp"
#include "plait/http/body/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace plait::http::internal {

/// Undoes the content codings of one body, the last one first, while it arrives.
class ContentDecoder {
  public:
    /// Takes decoded bytes, which are valid during the call.
    using Sink = std::function<void(std::string_view decoded)>;

    /// `codings` is in the order in which they were applied; at most `most_content_codings`. `limits` must outlive the
    /// decoder.
    ContentDecoder(std::span<const coding::Coding> codings, const Limits& limits);

    /// Decodes bytes in pieces of any size. All that they decode to goes to `sink`, in pieces. Throws `Error(protocol)`
    /// for damaged data, and `Error(too_large)` when it decodes to much more than came; `sink` has got what was decoded
    /// before.
    void put(std::string_view coded, const Sink& sink);

    /// Throws `Error(protocol)` unless each coding has seen its end. An empty body is whole.
    void end() const;

    /// Returns the memory of all windows.
    std::size_t window_memory() const noexcept;

  private:
    struct Stage {
        coding::Coding coding;
        std::unique_ptr<coding::Decoder> decoder;
        std::uint64_t taken = 0;  ///< bytes
        std::uint64_t made = 0;
    };

    void decode(std::size_t number, std::string_view coded, const Sink& sink);
    void check_ratio(const Stage& stage) const;

    const Limits& limits_;
    std::vector<Stage> stages_;  ///< that of the last coding first
};

}  // namespace plait::http::internal
