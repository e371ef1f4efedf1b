#include "plait/batch/sources/call_source.hpp"

#include <fmt/format.h>

namespace plait::batch {

namespace {

/// What stays the same when the program makes the call again.
std::string identity_of(const Call& call) {
    return fmt::format("{} {} {} {}", call.custom_id, call.request.method(), call.request.url.text(),
                       call.request.body);
}

}  // namespace

Task<std::optional<SourceItem>> CallSource::next() {
    for (;;) {
        std::optional<Call> call = co_await next_();
        if (!call) {
            if (watch_) std::exchange(watch_, nullptr)->end();
            co_return std::nullopt;
        }
        call->line = ++line_;
        if (call->custom_id.empty()) call->custom_id = automatic_id(line_);
        if (watch_) {
            watch_->see(identity_of(*call));
            watch_->refuse_appended();
        }
        if (skipped_ && skipped_->contains(line_)) continue;
        co_return SourceItem(std::move(*call));
    }
}

}  // namespace plait::batch
