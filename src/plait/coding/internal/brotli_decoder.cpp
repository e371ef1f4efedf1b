#include "plait/coding/internal/brotli_decoder.hpp"

#include "plait/base/assert.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

namespace plait::coding::internal {

namespace {

/// In front of each allocation, so that its release is counted. As large as the strictest alignment.
struct alignas(std::max_align_t) AllocationHead {
    std::size_t size;
};

}  // namespace

BrotliDecoder::BrotliDecoder(ErrorCode on_damage)
    : on_damage_(on_damage), state_(::BrotliDecoderCreateInstance(allocate, release, this)) {
    PLAIT_ASSERT(state_ != nullptr, "brotli can begin");
}

void* BrotliDecoder::allocate(void* decoder, std::size_t size) {
    auto* const head = static_cast<AllocationHead*>(std::malloc(sizeof(AllocationHead) + size));
    if (!head) return nullptr;
    head->size = size;
    static_cast<BrotliDecoder*>(decoder)->allocated_ += size;
    return head + 1;
}

void BrotliDecoder::release(void* decoder, void* address) {
    if (!address) return;
    auto* const head = static_cast<AllocationHead*>(address) - 1;
    static_cast<BrotliDecoder*>(decoder)->allocated_ -= head->size;
    std::free(head);
}

Decoder::Step BrotliDecoder::decode(std::string_view coded, std::span<char> room) {
    if (is_whole()) {
        if (!coded.empty()) throw Error(on_damage_, "something else follows its br data");
        return {};
    }
    std::size_t in = coded.size(), out = room.size();
    const auto* next_in = reinterpret_cast<const std::uint8_t*>(coded.data());
    auto* next_out = reinterpret_cast<std::uint8_t*>(room.data());
    const auto result = ::BrotliDecoderDecompressStream(state_.get(), &in, &next_in, &out, &next_out, nullptr);
    const Step step{coded.size() - in, room.size() - out};
    // What was made before the damage is handed out first; the next call fails again.
    if (result == BROTLI_DECODER_RESULT_ERROR && step.made == 0) fail();
    return step;
}

bool BrotliDecoder::is_whole() const noexcept { return ::BrotliDecoderIsFinished(state_.get()) != 0; }

void BrotliDecoder::fail() const {
    const BrotliDecoderErrorCode code = ::BrotliDecoderGetErrorCode(state_.get());
    // The mark of a large window is one of the window sizes that RFC 7932 reserves.
    if (code == BROTLI_DECODER_ERROR_FORMAT_WINDOW_BITS)
        throw Error(on_damage_, "its br data has a window size that RFC 7932 does not define, such as a large window");
    throw Error(on_damage_, fmt::format("its br data is damaged ({})", ::BrotliDecoderErrorString(code)));
}

}  // namespace plait::coding::internal
