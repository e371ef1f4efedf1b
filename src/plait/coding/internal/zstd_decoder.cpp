#include "plait/coding/internal/zstd_decoder.hpp"

#include "plait/base/assert.hpp"

#include <fmt/format.h>
#include <zstd_errors.h>

namespace plait::coding::internal {

ZstdDecoder::ZstdDecoder(ErrorCode on_damage) : on_damage_(on_damage), context_(::ZSTD_createDCtx()) {
    PLAIT_ASSERT(context_ != nullptr, "zstd can begin");
    ::ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, largest_window_log);
    first_size_ = ::ZSTD_sizeof_DCtx(context_.get());
}

Decoder::Step ZstdDecoder::decode(std::string_view coded, std::span<char> room) {
    if (is_whole_ && coded.empty()) return {};  // zstd would take it for the beginning of the next frame
    ZSTD_inBuffer in{coded.data(), coded.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t result = ::ZSTD_decompressStream(context_.get(), &out, &in);
    if (::ZSTD_isError(result) != 0) {
        if (::ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge)
            throw Error(on_damage_, "its zstd data needs a window of more than 128 MiB");
        throw Error(on_damage_, fmt::format("its zstd data can't be read ({})", ::ZSTD_getErrorName(result)));
    }
    is_whole_ = result == 0;
    return {in.pos, out.pos};
}

std::size_t ZstdDecoder::window_memory() const noexcept { return ::ZSTD_sizeof_DCtx(context_.get()) - first_size_; }

}  // namespace plait::coding::internal
