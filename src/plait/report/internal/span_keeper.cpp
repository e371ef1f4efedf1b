#include "plait/report/internal/span_keeper.hpp"

#include <algorithm>
#include <utility>

namespace plait::report::internal {

SpanKeeper::SpanKeeper(Timeline& timeline, std::size_t most) : timeline_(timeline), most_(most) {}

void SpanKeeper::add(Span span) {
    timeline_.length = std::max(timeline_.length, span.begin + span.length);
    if (++left_out_ < one_in_) return;
    left_out_ = 0;
    span.stands_for *= one_in_;
    timeline_.spans.push_back(std::move(span));
    if (timeline_.spans.size() < most_) return;

    one_in_ *= 2;
    std::size_t kept = 0;
    for (std::size_t i = 1; i < timeline_.spans.size(); i += 2) {
        timeline_.spans[kept] = std::move(timeline_.spans[i]);
        timeline_.spans[kept++].stands_for *= 2;
    }
    timeline_.spans.resize(kept);
}

void SpanKeeper::finish() {
    timeline_.one_in *= one_in_;
    std::stable_sort(timeline_.spans.begin(), timeline_.spans.end(),
                     [](const Span& a, const Span& b) { return a.begin < b.begin; });
}

}  // namespace plait::report::internal
