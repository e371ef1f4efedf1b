#include "plait/batch/testing/test_packing.hpp"

#include "plait/base/assert.hpp"

#include <zlib.h>
#include <zstd.h>

namespace plait::batch::internal {

std::string gzip_of(std::string_view text) {
    constexpr int largest_window = 15, gzip = 16, usual_memory = 8;
    z_stream stream{};
    const int begun = ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, largest_window + gzip, usual_memory,
                                     Z_DEFAULT_STRATEGY);
    PLAIT_ASSERT(begun == Z_OK, "zlib can begin");
    std::string packed(::deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    const int ended = ::deflate(&stream, Z_FINISH);
    PLAIT_ASSERT(ended == Z_STREAM_END, "all of it fits");
    packed.resize(stream.total_out);
    ::deflateEnd(&stream);
    return packed;
}

std::string zstd_of(std::string_view text) {
    ZSTD_CCtx* const context = ::ZSTD_createCCtx();
    ::ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ::ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    std::string packed(::ZSTD_compressBound(text.size()), '\0');
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    ZSTD_outBuffer out{packed.data(), packed.size(), 0};
    const std::size_t left = ::ZSTD_compressStream2(context, &out, &in, ZSTD_e_end);
    PLAIT_ASSERT(left == 0, "all of it fits");
    ::ZSTD_freeCCtx(context);
    packed.resize(out.pos);
    return packed;
}

}  // namespace plait::batch::internal
