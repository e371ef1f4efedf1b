#pragma once

#include "plait/coding/decoder.hpp"

#include <zstd.h>

#include <memory>

namespace plait::coding::internal {

class ZstdDecoder final : public Decoder {
  public:
    /// 128 MiB, the zstd command's default limit: `--long=27` and `--ultra -22` need it. RFC 9659 permits 8 MiB in
    /// answers, and clients accept 128 MiB.
    static constexpr int largest_window_log = 27;

    explicit ZstdDecoder(ErrorCode on_damage);

    Step decode(std::string_view coded, std::span<char> room) override;
    bool is_whole() const noexcept override { return is_whole_; }
    std::size_t window_memory() const noexcept override;

  private:
    struct Free {
        void operator()(ZSTD_DCtx* context) const noexcept { ::ZSTD_freeDCtx(context); }
    };

    const ErrorCode on_damage_;
    std::unique_ptr<ZSTD_DCtx, Free> context_;
    std::size_t first_size_;  ///< of the context without a window
    bool is_whole_ = false;
};

}  // namespace plait::coding::internal
