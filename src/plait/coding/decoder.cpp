#include "plait/coding/decoder.hpp"

#include "plait/coding/internal/brotli_decoder.hpp"
#include "plait/coding/internal/zlib_decoder.hpp"
#include "plait/coding/internal/zstd_decoder.hpp"

namespace plait::coding {

std::string_view to_string(Coding coding) noexcept {
    switch (coding) {
        case Coding::gzip:
            return "gzip";
        case Coding::deflate:
            return "deflate";
        case Coding::brotli:
            return "br";
        case Coding::zstd:
            return "zstd";
    }
    return "";
}

std::unique_ptr<Decoder> make_decoder(Coding coding, ErrorCode on_damage) {
    switch (coding) {
        case Coding::gzip:
            return std::make_unique<internal::GzipDecoder>(on_damage);
        case Coding::deflate:
            return std::make_unique<internal::DeflateDecoder>(on_damage);
        case Coding::brotli:
            return std::make_unique<internal::BrotliDecoder>(on_damage);
        case Coding::zstd:
            break;
    }
    return std::make_unique<internal::ZstdDecoder>(on_damage);
}

}  // namespace plait::coding
