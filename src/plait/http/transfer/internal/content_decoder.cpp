#include "plait/http/transfer/internal/content_decoder.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <array>

namespace plait::http::internal {

namespace {

// For each coding of a body once on the stack.
constexpr std::size_t room_size = 16 * 1024;

}  // namespace

ContentDecoder::ContentDecoder(std::span<const coding::Coding> codings, const Limits& limits) : limits_(limits) {
    stages_.reserve(codings.size());
    for (auto coding = codings.rbegin(); coding != codings.rend(); ++coding)
        stages_.push_back({*coding, coding::make_decoder(*coding, ErrorCode::protocol)});
}

void ContentDecoder::put(std::string_view coded, const Sink& sink) {
    if (!coded.empty()) decode(0, coded, sink);
}

void ContentDecoder::decode(std::size_t number, std::string_view coded, const Sink& sink) {
    if (number == stages_.size()) return sink(coded);
    Stage& stage = stages_[number];
    std::array<char, room_size> room;
    coding::Decoder::Step step;
    do {
        try {
            step = stage.decoder->decode(coded, room);
        } catch (const Error& error) {
            throw Error(error.code(), fmt::format("the body can't be decoded: {}, after {} bytes (--no-decode)",
                                                  error.what(), stage.made));
        }
        stage.taken += step.taken;
        stage.made += step.made;
        coded.remove_prefix(step.taken);
        check_ratio(stage);
        if (step.made > 0) decode(number + 1, std::string_view(room.data(), step.made), sink);
    } while (!coded.empty() || step.made == room.size());
}

/// Against the bytes that came, not those of the stage before: codings multiply.
void ContentDecoder::check_ratio(const Stage& stage) const {
    if (stage.made <= limits_.decoded_bytes_at_any_ratio) return;
    const std::uint64_t came = stages_.front().taken;
    if (stage.made / limits_.decoding_ratio < came) return;
    throw Error(ErrorCode::too_large,
                fmt::format("the body decodes to more than {} times its size: {} bytes of {} to {} (--no-decode)",
                            limits_.decoding_ratio, came, coding::to_string(stages_.front().coding), stage.made));
}

void ContentDecoder::end() const {
    for (const Stage& stage : stages_) {
        if (stage.taken == 0 || stage.decoder->is_whole()) continue;
        throw Error(ErrorCode::protocol,
                    fmt::format("the body can't be decoded: its {} data is truncated, after {} bytes",
                                coding::to_string(stage.coding), stage.made));
    }
}

std::size_t ContentDecoder::window_memory() const noexcept {
    std::size_t bytes = 0;
    for (const Stage& stage : stages_) bytes += stage.decoder->window_memory();
    return bytes;
}

}  // namespace plait::http::internal
