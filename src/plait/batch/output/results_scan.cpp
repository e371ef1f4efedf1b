#include "plait/batch/output/results_scan.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/output/internal/file_lines.hpp"
#include "plait/batch/output/internal/gemini_line.hpp"
#include "plait/json/value.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <simdjson.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

std::optional<Outcome> outcome_of(std::string_view name) {
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (name == to_string(static_cast<Outcome>(i))) return static_cast<Outcome>(i);
    }
    return std::nullopt;
}

bool is_line_number(std::uint64_t line) { return line > 0 && line <= LineSet::largest_line; }

bool skip(std::string_view& text, std::string_view front) {
    if (!text.starts_with(front)) return false;
    text.remove_prefix(front.size());
    return true;
}

/// Removes the text in front of the next quote, and returns it.
std::string_view take_to_quote(std::string_view& text) {
    const std::string_view taken = text.substr(0, text.find('"'));
    text.remove_prefix(taken.size());
    return taken;
}

/// Removes a number from the front.
bool take_number(std::string_view& text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

/// Reads the beginning of a line as `ResultLineWriter` writes it; nothing if it differs, or if its id has an escape.
std::optional<ResultView> read_own_head(std::string_view text) {
    ResultView result;
    result.text = text;
    std::string_view rest = text;
    if (!text.ends_with('}') || !skip(rest, "{\"custom_id\":\"")) return std::nullopt;
    result.custom_id = take_to_quote(rest);
    if (result.custom_id.find('\\') != std::string_view::npos || !skip(rest, "\",\"line\":")) return std::nullopt;
    if (!take_number(rest, result.line) || !is_line_number(result.line)) return std::nullopt;
    if (!skip(rest, ",\"outcome\":\"")) return std::nullopt;
    const auto outcome = outcome_of(take_to_quote(rest));
    if (!outcome || !skip(rest, "\",\"")) return std::nullopt;
    result.outcome = *outcome;
    if (skip(rest, "page\":")) {
        if (!take_number(rest, result.page) || !skip(rest, ",\"page_count\":") || !take_number(rest, result.page_count))
            return std::nullopt;
    }
    return result;
}

/// Reads results that another program has written or reformatted.
class AnyResultReader {
  public:
    std::optional<ResultView> read(std::string_view text) {
        ResultView result;
        result.text = text;
        std::string_view outcome_name;
        ondemand::document document;
        if (parser_.iterate(text_.assign({text})).get(document) ||
            document["custom_id"].get_string().get(result.custom_id) ||
            document["line"].get_uint64().get(result.line) || document["outcome"].get_string().get(outcome_name)) {
            return std::nullopt;
        }
        const auto outcome = outcome_of(outcome_name);
        if (!outcome || !is_line_number(result.line) || !text.ends_with('}')) return std::nullopt;
        result.outcome = *outcome;
        if (document["page"].get_uint64().get(result.page) == simdjson::SUCCESS &&
            document["page_count"].get_uint64().get(result.page_count) != simdjson::SUCCESS)
            return std::nullopt;
        return result;
    }

  private:
    ondemand::parser parser_;
    json::PaddedText text_;
};

/// The results of a call, of which there are several if each page has one. They were written together.
class PageGroup {
  public:
    explicit PageGroup(const std::string& name) : name_(name) {}

    /// Takes the next result; returns whether it is the last of its call.
    bool ends_with(const ResultView& result) {
        const bool goes_on = result.page > 1;
        if (is_open() ? result.line != line_ || result.page != pages_ + 1 : goes_on) {
            throw Error(ErrorCode::bad_input,
                        fmt::format("{}: a page is missing before {}{}: restore it", name_, result.custom_id,
                                    goes_on ? fmt::format(", page {}", result.page) : ""));
        }
        if (!goes_on) begin_ = result.offset;
        line_ = result.line;
        pages_ = result.page < result.page_count ? result.page : 0;
        return pages_ == 0;
    }

    bool is_open() const noexcept { return pages_ > 0; }
    /// Where the results of the call begin in the file.
    std::uint64_t begin() const noexcept { return begin_; }

  private:
    const std::string& name_;
    std::uint64_t begin_ = 0;
    std::uint64_t line_ = 0;
    std::uint64_t pages_ = 0;  ///< of a call of which more pages must follow
};

}  // namespace

ResultsEnd for_each_result(int file, const std::string& name, const std::function<void(const ResultView&)>& visit) {
    internal::FileLines lines(file, name);
    AnyResultReader any;
    internal::GeminiLineReader gemini;
    ResultsEnd end;
    std::uint64_t number = 0, zeros_at = 0;
    while (const auto line = lines.next()) {
        ++number;
        end.bytes = line->offset + line->text.size() + (line->is_whole ? 1 : 0);
        if (!line->is_whole) {
            // A first line that was cut is no other file, unless it can't be the beginning of a result.
            if (number == 1 && !line->text.starts_with('{') && line->text.find('\0') == std::string_view::npos)
                throw Error(ErrorCode::bad_input, fmt::format("{}, line 1: not a result line", name));
            break;
        }
        std::string_view text = line->text;
        if (text.ends_with('\r')) text.remove_suffix(1);
        // After a power cut, blocks that did not reach the disk are zeros. They are the end, unless more follows.
        if (text.find('\0') != std::string_view::npos) {
            if (zeros_at == 0) zeros_at = number;
            continue;
        }
        if (internal::GeminiLineReader::is_candidate(text)) text = gemini.read(text).value_or(text);
        std::optional<ResultView> result = read_own_head(text);
        if (!result) result = any.read(text);
        if (!result || zeros_at != 0) {
            throw Error(ErrorCode::bad_input,
                        fmt::format("{}, line {}: not a result line", name, zeros_at != 0 ? zeros_at : number));
        }
        end.whole_bytes = end.bytes;
        result->offset = line->offset;
        visit(*result);
    }
    return end;
}

ResultsEnd for_each_result(const std::string& path, const std::function<void(const ResultView&)>& visit) {
    if (path == "-") return for_each_result(STDIN_FILENO, "standard input", visit);
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) throw Error(ErrorCode::bad_input, fmt::format("open {}: {}", path, system_message(errno)));
    return for_each_result(file.get(), path, visit);
}

bool is_bad_line(const ResultView& result) {
    return result.outcome == Outcome::failed && result.text.find(R"("code":"bad_input")") != std::string_view::npos;
}

ResultsScan scan_results(int file, const std::string& name, IdRegister& ids) {
    ResultsScan scan;
    PageGroup group(name);
    scan.end = for_each_result(file, name, [&](const ResultView& result) {
        if (!group.ends_with(result)) return;  // it will be made again, under the same id
        std::string_view id = result.custom_id;
        if (result.page > 1) id = id.substr(0, id.rfind('#'));
        if (!is_bad_line(result)) ids.claim(id, result.line);
        scan.done.add(result.line);
        ++scan.outcomes[static_cast<std::size_t>(result.outcome)];
    });
    if (group.is_open()) scan.end.whole_bytes = group.begin();
    return scan;
}

}  // namespace plait::batch
