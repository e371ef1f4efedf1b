#include "plait/report/internal/strand_keeper.hpp"

#include <algorithm>
#include <utility>

namespace plait::report::internal {

StrandKeeper::StrandKeeper(Timeline& timeline, std::size_t most) : timeline_(timeline), most_(most) {}

void StrandKeeper::add(Strand strand) {
    timeline_.length = std::max(timeline_.length, strand.begin + strand.length);
    if (++left_out_ < one_in_) return;
    left_out_ = 0;
    strand.stands_for *= one_in_;
    timeline_.strands.push_back(std::move(strand));
    if (timeline_.strands.size() < most_) return;

    one_in_ *= 2;
    std::size_t kept = 0;
    for (std::size_t i = 1; i < timeline_.strands.size(); i += 2) {
        timeline_.strands[kept] = std::move(timeline_.strands[i]);
        timeline_.strands[kept++].stands_for *= 2;
    }
    timeline_.strands.resize(kept);
}

void StrandKeeper::finish() {
    timeline_.one_in *= one_in_;
    std::stable_sort(timeline_.strands.begin(), timeline_.strands.end(),
                     [](const Strand& a, const Strand& b) { return a.begin < b.begin; });
}

}  // namespace plait::report::internal
