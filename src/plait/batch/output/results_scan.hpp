#pragma once

#include "plait/batch/call/call_end.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/output/id_register.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace plait::batch {

/// One line of a results file.
struct ResultView {
    /// Valid during the visit, as `text`.
    std::string_view custom_id;
    /// Where the request stood in the input.
    std::uint64_t line = 0;
    Outcome outcome{};
    /// All of it, without its line break.
    std::string_view text;
};

/// Where a results file ends.
struct ResultsEnd {
    /// Behind the last whole line. What follows was torn off when its writer died.
    std::uint64_t whole_bytes = 0;
    std::uint64_t bytes = 0;
};

/// Visits each result of the file, in their order. `name` stands in errors.
///
/// A last line without a line break, and zeros behind the last line, as a power cut leaves them, are no results and no
/// error. Throws `Error(bad_input)` that names a line which is no result, and `Error(storage)` when the file can't be
/// read.
ResultsEnd for_each_result(int file, const std::string& name, const std::function<void(const ResultView&)>& visit);

/// The same, of the file at `path`.
ResultsEnd for_each_result(const std::string& path, const std::function<void(const ResultView&)>& visit);

/// What a run needs to know of the results there are.
struct ResultsScan {
    /// Lines of the input that have a result.
    LineSet done;
    std::array<std::uint64_t, outcome_count> outcomes{};
    ResultsEnd end;
};

/// Reads through a results file; its ids are claimed in `ids`, but for those of lines that were no request. Such a line
/// may have been refused because an earlier one has its id, and that one, which has no result yet, has to keep it.
ResultsScan scan_results(int file, const std::string& name, IdRegister& ids);

}  // namespace plait::batch
