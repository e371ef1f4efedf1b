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
    /// Valid during the visit, like `text`.
    std::string_view custom_id;
    /// The number of the request in the input.
    std::uint64_t line = 0;
    Outcome outcome{};
    /// The page of the call that it is, of how many (`ResultFormat::each_page`). 0: it is that of the whole call.
    std::uint64_t page = 0;
    std::uint64_t page_count = 0;
    /// Where the line begins in the file.
    std::uint64_t offset = 0;
    /// The whole line, without its line break. A line in Gemini's form is turned into one of plait.
    std::string_view text;
};

/// Where a results file ends.
struct ResultsEnd {
    /// The end of the last whole line. The rest was cut off when the writer died.
    std::uint64_t whole_bytes = 0;
    std::uint64_t bytes = 0;
};

/// Visits each result of the file, in order. Errors name the file `name`.
///
/// Ignores a last line without a line break, and zeros after the last line, which a power cut can leave. Throws
/// `Error(bad_input)`, which names a line that is not a result, and `Error(storage)` if the file can't be read.
ResultsEnd for_each_result(int file, const std::string& name, const std::function<void(const ResultView&)>& visit);

/// Does the same for the file at `path`, or for standard input (`-`).
ResultsEnd for_each_result(const std::string& path, const std::function<void(const ResultView&)>& visit);

/// Whether it is the result of a line that was no request, so that nothing was sent.
bool is_bad_line(const ResultView& result);

/// What a run must know of existing results.
struct ResultsScan {
    /// Lines of the input that have a result.
    LineSet done;
    std::array<std::uint64_t, outcome_count> outcomes{};
    ResultsEnd end;
};

/// Reads a results file. The pages of a call follow one another; if the file ends before the last of them, they count
/// as cut off. Claims its ids in `ids`, except those of invalid lines. Such a line may have been refused because an
/// earlier one has its id; that one may have no result yet, and must keep the id.
ResultsScan scan_results(int file, const std::string& name, IdRegister& ids);

}  // namespace plait::batch
