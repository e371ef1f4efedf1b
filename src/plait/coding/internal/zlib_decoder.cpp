#include "plait/coding/internal/zlib_decoder.hpp"

#include "plait/base/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace plait::coding::internal {

namespace {

constexpr int largest_window = 15;
constexpr int only_gzip = largest_window + 16;
constexpr int only_zlib = largest_window;
constexpr int raw = -largest_window;

/// RFC 1950, section 2.2. Raw data begins with 8 in its lower four bits only if its first block is stored and its
/// padding, which encoders leave zero, is not.
bool is_zlib_header(const std::array<char, 2>& bytes) {
    const unsigned method = static_cast<unsigned char>(bytes[0]), flags = static_cast<unsigned char>(bytes[1]);
    return (method & 0x0f) == Z_DEFLATED && (method >> 4) <= 7 && (method * 256 + flags) % 31 == 0;
}

}  // namespace

Inflation::Inflation(int window_bits) {
    const int result = ::inflateInit2(&stream_, window_bits);
    PLAIT_ASSERT(result == Z_OK, "zlib can begin");
}

bool Inflation::run(std::string_view coded, std::span<char> room, Decoder::Step& step) {
    constexpr std::size_t most = std::numeric_limits<uInt>::max();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(coded.data()));
    stream_.avail_in = static_cast<uInt>(std::min(coded.size(), most));
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(std::min(room.size(), most));
    const uInt in_before = stream_.avail_in, out_before = stream_.avail_out;
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    step = {in_before - stream_.avail_in, out_before - stream_.avail_out};
    is_at_end_ = result == Z_STREAM_END;
    return is_at_end_ || result == Z_OK || result == Z_BUF_ERROR;  // which asks for more input
}

GzipDecoder::GzipDecoder(ErrorCode on_damage) : on_damage_(on_damage), inflation_(only_gzip) {}

Decoder::Step GzipDecoder::decode(std::string_view coded, std::span<char> room) {
    if (position_ == Position::behind_member && !coded.empty()) begin_next(coded.front());
    if (position_ == Position::padding) return skip_padding(coded);
    if (position_ == Position::behind_member) return {};
    Step step;
    if (!inflation_.run(coded, room, step))
        throw Error(on_damage_, fmt::format("its gzip data is damaged ({})", inflation_.trouble()));
    if (inflation_.is_at_end()) position_ = Position::behind_member;
    return step;
}

void GzipDecoder::begin_next(char first) {
    position_ = first == '\0' ? Position::padding : Position::member;
    if (position_ == Position::member) inflation_.restart(only_gzip);
}

Decoder::Step GzipDecoder::skip_padding(std::string_view coded) const {
    if (coded.find_first_not_of('\0') != std::string_view::npos)
        throw Error(on_damage_, "something else follows its gzip data");
    return {coded.size(), 0};
}

DeflateDecoder::DeflateDecoder(ErrorCode on_damage) : on_damage_(on_damage), inflation_(only_zlib) {}

Decoder::Step DeflateDecoder::decode(std::string_view coded, std::span<char> room) {
    if (header_size_ < header_.size()) return take_header(coded, room);
    if (!inflation_.is_at_end()) return inflate(coded, room);
    if (!coded.empty()) throw Error(on_damage_, "something else follows its deflate data");
    return {};
}

Decoder::Step DeflateDecoder::inflate(std::string_view coded, std::span<char> room) {
    Step step;
    if (!inflation_.run(coded, room, step))
        throw Error(on_damage_, fmt::format("its deflate data is damaged ({})", inflation_.trouble()));
    return step;
}

Decoder::Step DeflateDecoder::take_header(std::string_view coded, std::span<char> room) {
    const std::size_t size = std::min(coded.size(), header_.size() - header_size_);
    std::copy_n(coded.data(), size, header_.data() + header_size_);
    header_size_ += size;
    if (header_size_ < header_.size()) return {size, 0};
    if (!is_zlib_header(header_)) inflation_.restart(raw);
    const Step step = inflate({header_.data(), header_.size()}, room);
    PLAIT_ASSERT(step.taken == header_.size(), "two bytes hold at most one literal, for which there is room");
    return {size, step.made};
}

}  // namespace plait::coding::internal
