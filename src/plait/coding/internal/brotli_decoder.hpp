#pragma once

#include "plait/coding/decoder.hpp"

#include <brotli/decode.h>

#include <memory>

namespace plait::coding::internal {

class BrotliDecoder final : public Decoder {
  public:
    explicit BrotliDecoder(ErrorCode on_damage);

    Step decode(std::string_view coded, std::span<char> room) override;
    bool is_whole() const noexcept override;
    std::size_t window_memory() const noexcept override { return allocated_; }

  private:
    struct Free {
        void operator()(BrotliDecoderState* state) const noexcept { ::BrotliDecoderDestroyInstance(state); }
    };
    static void* allocate(void* decoder, std::size_t size);
    static void release(void* decoder, void* address);

    [[noreturn]] void fail() const;

    const ErrorCode on_damage_;
    std::size_t allocated_ = 0;
    std::unique_ptr<BrotliDecoderState, Free> state_;
};

}  // namespace plait::coding::internal
