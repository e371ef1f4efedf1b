#include "plait/http/transfer/internal/body_receiver.hpp"

#include <utility>

namespace plait::http::internal {

namespace {

constexpr int partial_content = 206;

}  // namespace

void BodyReceiver::begin(std::optional<std::uint64_t> length) {
    if (length) {
        buffer_.check_size(*length);
        buffer_.expect(*length);
    }
    if (!until_event_.empty() && is_event_stream(response_))
        last_event_ = std::make_unique<EventStreamEnd>(until_event_);
    begin_codings();
    if (length && !decoder_) buffer_.expect_whole(*length);
}

/// Begins to undo the codings of the body, if it has any that are known.
void BodyReceiver::begin_codings() {
    if (!response_.headers.contains("Content-Encoding")) return;
    ContentCodings codings = read_content_codings(response_.headers);
    response_.coding = std::move(codings.names);
    if (decoding_ == Decoding::off || codings.known.empty() || response_.status == partial_content) return;
    decoder_ = std::make_unique<ContentDecoder>(codings.known, limits_);
    response_.is_decoded = true;
}

void BodyReceiver::put(std::string_view bytes) {
    if (!decoder_) return take(bytes);
    coded_size_ += bytes.size();
    buffer_.check_size(coded_size_);  // what it decodes to may be less, or nothing
    decoder_->put(bytes, [this](std::string_view decoded) { take_decoded(decoded); });
}

void BodyReceiver::take(std::string_view bytes) {
    if (last_event_ && !has_last_event_) has_last_event_ = last_event_->put(bytes);
    buffer_.append(bytes);
}

void BodyReceiver::take_decoded(std::string_view bytes) {
    // Before the window is used: until then its memory is only promised.
    buffer_.hold_beside(decoder_->window_memory());
    take(bytes);
}

void BodyReceiver::end() {
    if (decoder_) decoder_->end();
    decoder_.reset();
    buffer_.hold_beside(0);
}

}  // namespace plait::http::internal
