#include "plait/compare/measure/sample.hpp"

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
    // Each block of `stride_` calls has one at a random place, so that no pattern of the input meets that of the
    // sample.
    const std::uint64_t place = shown_++ % stride_;
    if (place == 0) {
        if (held_.size() == 2 * wanted_) widen();
        chosen_place_ = random_() % stride_;
    }
    if (place == chosen_place_) held_.push_back(std::move(call));
}

/// Two blocks become one, which keeps the call of either.
void Sampler::widen() {
    for (std::size_t block = 0; block < wanted_; ++block)
        if (const std::size_t kept = 2 * block + random_() % 2; kept != block) held_[block] = std::move(held_[kept]);
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(wanted_), held_.end());
    stride_ *= 2;
}

std::vector<batch::Call> Sampler::take() {
    if (held_.size() <= wanted_) return std::move(held_);
    std::vector<batch::Call> chosen;
    chosen.reserve(wanted_);
    for (std::size_t n = 0; n < wanted_; ++n) {
        const std::size_t from = n * held_.size() / wanted_;
        const std::size_t to = (n + 1) * held_.size() / wanted_;
        chosen.push_back(std::move(held_[from + random_() % (to - from)]));
    }
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
