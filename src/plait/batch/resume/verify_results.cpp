#include "plait/batch/resume/verify_results.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/call/line_set.hpp"
#include "plait/batch/output/results_scan.hpp"

#include <fmt/format.h>

#include <functional>
#include <optional>
#include <utility>
#include <variant>

namespace plait::batch {

namespace {

/// The ids of lines, as 32-bit hashes.
class LineIds {
  public:
    void set(std::uint64_t line, std::string_view id) {
        if (line >= hashes_.size()) hashes_.resize(line + 1);
        hashes_[line] = hash_of(id);
    }
    bool is(std::uint64_t line, std::string_view id) const { return hashes_[line] == hash_of(id); }

  private:
    static std::uint32_t hash_of(std::string_view id) {
        return static_cast<std::uint32_t>(std::hash<std::string_view>()(id));
    }
    std::vector<std::uint32_t> hashes_;
};

std::string in_words(std::string_view id, std::uint64_t line) {
    return fmt::format("{} (line {})", printable(id), line);
}

/// The requests by their lines, which each result has to match.
class Requests {
  public:
    Task<void> read(Source& source) {
        const auto note = [this](const auto& request) { add(request.custom_id, request.line); };
        while (const std::optional<SourceItem> item = co_await source.next()) std::visit(note, *item);
    }

    bool has(std::string_view id, std::uint64_t line) const { return lines_.contains(line) && ids_.is(line, id); }
    const LineSet& lines() const noexcept { return lines_; }

  private:
    void add(std::string_view id, std::uint64_t line) {
        lines_.add(line);
        ids_.set(line, id);
    }

    LineSet lines_;
    LineIds ids_;
};

void append_faults(std::string& text, const FaultList& faults, std::string_view kind) {
    if (faults.count == 0) return;
    text += fmt::format("{} {}:\n", faults.count, kind);
    for (const std::string& fault : faults.first) text += fmt::format("  {}\n", fault);
    if (faults.count > faults.first.size()) text += fmt::format("  and {} more\n", faults.count - faults.first.size());
}

}  // namespace

Verification verify_results(Source& source, const std::string& results_path) {
    Verification found;
    Requests requests;
    run(requests.read(source));
    found.requests = requests.lines().size();

    LineSet answered;
    const ResultsEnd end = for_each_result(results_path, [&](const ResultView& result) {
        ++found.results;
        std::string_view id = result.custom_id;
        if (result.page > 1) id = id.substr(0, id.rfind('#'));
        if (!requests.has(id, result.line)) {
            found.unmatched.add(in_words(result.custom_id, result.line));
        } else if (result.page < result.page_count) {
            if (answered.contains(result.line)) found.repeated.add(in_words(result.custom_id, result.line));
        } else if (!answered.add(result.line)) {
            found.repeated.add(in_words(result.custom_id, result.line));
        }
    });
    found.is_torn = end.whole_bytes != end.bytes;
    requests.lines().for_each([&](std::uint64_t line) {
        if (!answered.contains(line)) found.missing.add(fmt::format("line {}", line));
    });
    return found;
}

std::string verification_text(const Verification& verification) {
    std::string text =
        fmt::format("{} request{}, {} result{}\n", verification.requests, verification.requests == 1 ? "" : "s",
                    verification.results, verification.results == 1 ? "" : "s");
    append_faults(text, verification.missing, "missing");
    append_faults(text, verification.repeated, "duplicate");
    append_faults(text, verification.unmatched, "unmatched");
    if (verification.is_torn) text += "the last line of the results is incomplete: resuming the run removes it\n";
    if (verification.is_good()) text += "each request has exactly one result\n";
    return text;
}

}  // namespace plait::batch
