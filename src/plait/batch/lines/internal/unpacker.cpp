#include "plait/batch/lines/internal/unpacker.hpp"

#include "plait/base/assert.hpp"
#include "plait/base/error.hpp"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <string>

namespace plait::batch::internal {

namespace {

class GzipUnpacker final : public Unpacker {
  public:
    GzipUnpacker() {
        constexpr int largest_window = 15, only_gzip = 16;
        const int result = ::inflateInit2(&stream_, largest_window + only_gzip);
        PLAIT_ASSERT(result == Z_OK, "zlib can begin");
    }
    GzipUnpacker(const GzipUnpacker&) = delete;
    GzipUnpacker& operator=(const GzipUnpacker&) = delete;
    ~GzipUnpacker() override { ::inflateEnd(&stream_); }

    Step unpack(std::string_view packed, std::span<char> room) override {
        if (place_ == Place::behind_member && !packed.empty()) begin_next(packed.front());
        if (place_ == Place::padding) return skip_padding(packed);
        if (place_ == Place::behind_member) return {};
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
        stream_.avail_in = static_cast<uInt>(packed.size());
        stream_.next_out = reinterpret_cast<Bytef*>(room.data());
        stream_.avail_out = static_cast<uInt>(room.size());
        const int result = ::inflate(&stream_, Z_NO_FLUSH);
        if (result == Z_STREAM_END) {
            place_ = Place::behind_member;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {  // which asks for more input
            throw_bad_input(fmt::format("its gzip data is damaged ({})", stream_.msg ? stream_.msg : ::zError(result)));
        }
        return {packed.size() - stream_.avail_in, room.size() - stream_.avail_out};
    }

    bool is_whole() const override { return place_ != Place::member; }

  private:
    enum class Place {
        member,
        behind_member,
        padding,  ///< zeros up to the end, as on tapes
    };

    void begin_next(char first) {
        place_ = first == '\0' ? Place::padding : Place::member;
        if (place_ == Place::member) ::inflateReset(&stream_);
    }

    static Step skip_padding(std::string_view packed) {
        if (packed.find_first_not_of('\0') != std::string_view::npos)
            throw_bad_input("something else follows its gzip data");
        return {packed.size(), 0};
    }

    z_stream stream_{};
    Place place_ = Place::member;
};

class ZstdUnpacker final : public Unpacker {
  public:
    /// 128 MiB, the zstd command's default limit: `--long=27` and `--ultra -22` need it.
    static constexpr int largest_window_log = 27;

    ZstdUnpacker() : context_(::ZSTD_createDCtx()) {
        PLAIT_ASSERT(context_ != nullptr, "zstd can begin");
        ::ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, largest_window_log);
    }

    Step unpack(std::string_view packed, std::span<char> room) override {
        if (is_whole_ && packed.empty()) return {};  // zstd would take it for the beginning of the next frame
        ZSTD_inBuffer in{packed.data(), packed.size(), 0};
        ZSTD_outBuffer out{room.data(), room.size(), 0};
        const std::size_t result = ::ZSTD_decompressStream(context_.get(), &out, &in);
        if (::ZSTD_isError(result) != 0)
            throw_bad_input(fmt::format("its zstd data can't be read ({})", ::ZSTD_getErrorName(result)));
        is_whole_ = result == 0;
        return {in.pos, out.pos};
    }

    bool is_whole() const override { return is_whole_; }

  private:
    struct Free {
        void operator()(ZSTD_DCtx* context) const noexcept { ::ZSTD_freeDCtx(context); }
    };
    std::unique_ptr<ZSTD_DCtx, Free> context_;
    bool is_whole_ = false;
};

}  // namespace

std::unique_ptr<Unpacker> make_unpacker(Packing packing) {
    PLAIT_ASSERT(packing != Packing::none, "there is something to unpack");
    if (packing == Packing::gzip) return std::make_unique<GzipUnpacker>();
    return std::make_unique<ZstdUnpacker>();
}

}  // namespace plait::batch::internal
