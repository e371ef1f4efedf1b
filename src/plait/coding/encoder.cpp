#include "plait/coding/encoder.hpp"

#include "plait/base/assert.hpp"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <memory>

namespace plait::coding {

namespace {

constexpr int largest_window = 15;
constexpr int gzip_window = largest_window + 16;
constexpr int brotli_quality = 5;  // of 11: as fast as gzip

std::string deflated(std::string_view data, int window_bits) {
    constexpr int usual_memory = 8;
    z_stream stream{};
    const int begun =
        ::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, usual_memory, Z_DEFAULT_STRATEGY);
    PLAIT_ASSERT(begun == Z_OK, "zlib can begin");
    std::string coded(::deflateBound(&stream, data.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = reinterpret_cast<Bytef*>(coded.data());
    stream.avail_out = static_cast<uInt>(coded.size());
    const int ended = ::deflate(&stream, Z_FINISH);
    PLAIT_ASSERT(ended == Z_STREAM_END, "all of it fits");
    coded.resize(stream.total_out);
    ::deflateEnd(&stream);
    return coded;
}

std::string brotli_of(std::string_view data) {
    std::size_t size = ::BrotliEncoderMaxCompressedSize(data.size());
    std::string coded(size, '\0');
    const auto done = ::BrotliEncoderCompress(brotli_quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_GENERIC, data.size(),
                                              reinterpret_cast<const std::uint8_t*>(data.data()), &size,
                                              reinterpret_cast<std::uint8_t*>(coded.data()));
    PLAIT_ASSERT(done == BROTLI_TRUE, "all of it fits");
    coded.resize(size);
    return coded;
}

std::string zstd_of(std::string_view data) {
    const std::unique_ptr<ZSTD_CCtx, decltype(&::ZSTD_freeCCtx)> context(::ZSTD_createCCtx(), ::ZSTD_freeCCtx);
    ::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    ::ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
    std::string coded(::ZSTD_compressBound(data.size()), '\0');
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    ZSTD_outBuffer out{coded.data(), coded.size(), 0};
    const std::size_t left = ::ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_end);
    PLAIT_ASSERT(left == 0, "all of it fits");
    coded.resize(out.pos);
    return coded;
}

}  // namespace

std::string encode(Coding coding, std::string_view data) {
    switch (coding) {
        case Coding::gzip:
            return deflated(data, gzip_window);
        case Coding::deflate:
            return deflated(data, largest_window);
        case Coding::brotli:
            return brotli_of(data);
        case Coding::zstd:
            break;
    }
    return zstd_of(data);
}

}  // namespace plait::coding
