#include "plait/compare/sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

namespace plait::compare {

namespace {

void leave_out(Sample& sample, std::string reason) {
    if (sample.left_out++ == 0) sample.first_left_out = std::move(reason);
}

}  // namespace

void Sampler::show(batch::Call call) {
    if (shown_++ % stride_ != 0) return;
    if (held_.size() == 2 * wanted_) {
        // Drop every other call. This call fits the wider stride, because 2 * wanted_ is even.
        for (std::size_t kept = 1; kept < wanted_; ++kept) held_[kept] = std::move(held_[2 * kept]);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(wanted_), held_.end());
        stride_ *= 2;
    }
    held_.push_back(std::move(call));
}

std::vector<batch::Call> Sampler::take() {
    if (held_.size() <= wanted_) return std::move(held_);
    std::vector<batch::Call> chosen;
    chosen.reserve(wanted_);
    for (std::size_t n = 0; n < wanted_; ++n) chosen.push_back(std::move(held_[n * held_.size() / wanted_]));
    return chosen;
}

std::size_t count_unsafe(const std::vector<batch::Call>& calls) noexcept {
    constexpr std::array<std::string_view, 4> only_read{"GET", "HEAD", "OPTIONS", "TRACE"};
    return static_cast<std::size_t>(std::count_if(calls.begin(), calls.end(), [&](const batch::Call& call) {
        return std::find(only_read.begin(), only_read.end(), call.request.method()) == only_read.end();
    }));
}

Task<Sample> read_sample(batch::Source& source, std::size_t wanted) {
    Sample sample;
    Sampler sampler(wanted);
    while (std::optional<batch::SourceItem> item = co_await source.next()) {
        if (auto* call = std::get_if<batch::Call>(&*item)) {
            sampler.show(std::move(*call));
        } else {
            leave_out(sample, std::get<batch::BadLine>(*item).message);
        }
    }
    // A run refuses an id that occurs twice, and then the methods would not make the same calls.
    std::set<std::string> ids;
    for (batch::Call& call : sampler.take()) {
        if (ids.insert(call.custom_id).second) {
            sample.calls.push_back(std::move(call));
        } else {
            leave_out(sample, fmt::format("line {}: another line has its custom_id \"{}\"", call.line, call.custom_id));
        }
    }
    co_return sample;
}

}  // namespace plait::compare
