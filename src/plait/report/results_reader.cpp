#include "plait/report/results_reader.hpp"

#include "plait/base/error.hpp"
#include "plait/report/internal/file_kind.hpp"
#include "plait/report/internal/json_fields.hpp"
#include "plait/report/internal/line_reader.hpp"
#include "plait/report/internal/span_keeper.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

namespace plait::report {

namespace {

using namespace internal;
namespace ondemand = simdjson::ondemand;

/// A result line holds the answer's body. simdjson needs six times as much memory for it.
constexpr std::size_t longest_line = 64 * 1024 * 1024;

/// A longer list can't be the attempts of one call.
constexpr std::size_t longest_attempts = 4 * 1024 * 1024;

constexpr std::size_t longest_version = 8;

constexpr std::uint64_t any_count = std::numeric_limits<std::uint64_t>::max();

struct Phase {
    std::string_view field;
    trace::Activity activity;
};
/// The phases of an attempt, in their order.
constexpr std::array<Phase, 6> phases{{{"dns_ms", trace::Activity::dns},
                                       {"connect_ms", trace::Activity::connect},
                                       {"tls_ms", trace::Activity::tls},
                                       {"send_ms", trace::Activity::sending},
                                       {"wait_ms", trace::Activity::first_byte},
                                       {"receive_ms", trace::Activity::body}}};

/// Makes the span of one entry of `attempts`.
Span span_of(simdjson::dom::object attempt) {
    Span span;
    span.begin = needed(find_milliseconds(attempt, "start_ms"), "start_ms");
    span.length = needed(find_milliseconds(attempt, "total_ms"), "total_ms");
    span.attempt = find_count(attempt, "n", any_count).value_or(1);
    if (const auto status = find_count(attempt, "status_code", 999)) {
        span.result = fmt::to_string(*status);
        span.ok = *status >= 200 && *status <= 299;
    } else {
        span.result = find_string(attempt, "error").value_or("");
        span.ok = false;
    }
    Duration left = span.length;
    for (const Phase& phase : phases) {
        // Rounded phases may add up to a little more than the whole.
        const Duration length = std::min(left, find_milliseconds(attempt, phase.field).value_or(Duration::zero()));
        if (length > Duration::zero()) span.segments.push_back({phase.activity, length});
        left -= length;
    }
    // The last phase ends with the attempt, so time without a phase came first.
    if (left > Duration::zero()) {
        span.segments.insert(span.segments.begin(), {trace::Activity::other, left});
    }
    return span;
}

/// The parts of a result line that a timeline needs.
class ResultLine {
  public:
    std::string custom_id;
    std::string outcome;
    std::string http_version;  ///< of the answer; empty: there is none, or the line does not say
    std::uint64_t line = 0;
    bool has_attempts = false;
    std::vector<Span> spans;
};

class ResultLineParser {
  public:
    /// Reads only the fields that are needed: a body of megabytes is skipped.
    ResultLine parse(std::string_view text) {
        return parse_own(text.starts_with("{\"key\":") ? own_line_of(text) : text);
    }

  private:
    /// Lines in Gemini's form have the line of plait as a text (docs/formats.md). Returns it as `parse` takes a line.
    std::string_view own_line_of(std::string_view text) {
        ondemand::document document =
            outer_.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING);
        own_ = std::string_view(document["metadata"]["plait"].get_string());
        own_.reserve(own_.size() + simdjson::SIMDJSON_PADDING);
        return own_;
    }

    ResultLine parse_own(std::string_view text) {
        ResultLine result;
        ondemand::document document =
            outer_.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING);
        for (ondemand::field field : document.get_object()) {
            const std::string_view key = field.unescaped_key();
            if (key == "custom_id") {
                result.custom_id = std::string_view(field.value().get_string());
            } else if (key == "outcome") {
                result.outcome = std::string_view(field.value().get_string());
            } else if (key == "line") {
                result.line = field.value().get_uint64();
            } else if (key == "response") {
                result.http_version = version_of(field.value());
            } else if (key == "attempts") {
                result.has_attempts = true;
                read_attempts(simdjson::to_json_string(field.value()), result);
            }
        }
        if (document.current_location().error() == simdjson::SUCCESS) throw_bad_input("more follows the JSON object");
        for (Span& span : result.spans) {
            span.name = result.custom_id;
            span.line = result.line;
        }
        return result;
    }

    static std::string version_of(ondemand::value response) {
        std::string_view version;
        ondemand::object fields;
        if (response.get_object().get(fields) || fields["http_version"].get_string().get(version)) return {};
        return std::string(version.substr(0, longest_version));
    }

    void read_attempts(std::string_view list, ResultLine& result) {
        if (list.size() > longest_attempts) throw_bad_input("\"attempts\" is too long");
        simdjson::dom::array attempts;
        if (inner_.parse(list.data(), list.size()).get(attempts)) throw_bad_input("\"attempts\" must be a list");
        for (const simdjson::dom::element element : attempts) {
            simdjson::dom::object attempt;
            if (element.get(attempt)) throw_bad_input("\"attempts\" must be a list of objects");
            result.spans.push_back(span_of(attempt));
        }
    }

    ondemand::parser outer_;
    simdjson::dom::parser inner_;
    std::string own_;
};

/// Puts overlapping spans into rows, each into the lowest free one, and returns the number of rows. The spans are
/// sorted by their begin.
std::uint32_t assign_rows(std::vector<Span>& spans) {
    using End = std::pair<Duration, std::uint32_t>;
    std::priority_queue<End, std::vector<End>, std::greater<>> taken;
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free;
    std::uint32_t rows = 0;
    for (Span& span : spans) {
        for (; !taken.empty() && taken.top().first <= span.begin; taken.pop()) free.push(taken.top().second);
        if (free.empty()) free.push(rows++);
        span.row = free.top();
        free.pop();
        taken.emplace(span.begin + span.length, span.row);
    }
    return std::max(rows, 1U);
}

}  // namespace

Timeline read_results(std::istream& input, const std::string& name, std::size_t most) {
    LineReader lines(input, name, longest_line);
    const FileKind kind = kind_of(lines.peek(telling_bytes));
    if (kind != FileKind::results) refuse_kind(name, kind);

    Timeline timeline;
    timeline.source = name;
    timeline.command = "results";
    SpanKeeper keeper(timeline, most);
    ResultLineParser parser;
    bool has_any = false;
    while (const auto line = lines.next()) {
        if (line->text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        ResultLine result;
        try {
            result = parser.parse(line->text);
        } catch (const simdjson::simdjson_error& error) {
            if (!line->has_end && has_any) {
                timeline.is_cut = true;
                break;
            }
            if (!has_any) refuse_kind(name, FileKind::other);
            throw_bad_input(fmt::format("read {}: line {}: no result line: {}", name, line->number, error.what()));
        } catch (const Error& error) {
            throw_bad_input(fmt::format("read {}: line {}: {}", name, line->number, error.what()));
        }
        if (!result.has_attempts) {
            if (!has_any) refuse_kind(name, FileKind::other);
            throw_bad_input(fmt::format("read {}: line {}: \"attempts\" is missing", name, line->number));
        }
        has_any = true;
        if (!result.outcome.empty()) ++timeline.outcomes[result.outcome];
        if (!result.http_version.empty()) ++timeline.answers[result.http_version];
        for (Span& span : result.spans) keeper.add(std::move(span));
    }
    keeper.finish();
    Lane lane;
    lane.name = "calls";
    lane.kind = "unknown";
    lane.rows = assign_rows(timeline.spans);
    timeline.lanes.push_back(std::move(lane));
    return timeline;
}

}  // namespace plait::report
