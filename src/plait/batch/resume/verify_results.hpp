#pragma once

#include "plait/batch/call/source.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace plait::batch {

/// Faults of one kind: their number, and descriptions of the first ones.
class FaultList {
  public:
    static constexpr std::size_t most_shown = 20;

    FaultList() noexcept {}

    void add(std::string fault) {
        if (count++ < most_shown) first.push_back(std::move(fault));
    }

    std::uint64_t count = 0;
    std::vector<std::string> first;
};

/// The comparison of results with requests.
class Verification {
  public:
    Verification() noexcept {}

    std::uint64_t requests = 0;
    std::uint64_t results = 0;
    FaultList missing;     ///< requests without a result
    FaultList repeated;    ///< results for a request that has one already
    FaultList unmatched;   ///< results that belong to no request
    bool is_torn = false;  ///< the last line of the results is not whole

    bool is_good() const noexcept { return missing.count + repeated.count + unmatched.count == 0 && !is_torn; }
};

/// Checks that each request of `source` has exactly one result, under its id, and that there are no others. Reads
/// `source` to its end. Takes about 5 bytes a line. Throws the errors of reading either.
Verification verify_results(Source& source, const std::string& results_path);

/// Returns the comparison as text for people.
std::string verification_text(const Verification& verification);

}  // namespace plait::batch
