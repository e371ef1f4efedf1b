#include "plait/batch/run/run_trace.hpp"

#include "plait/async/event_loop.hpp"
#include "plait/async/sleep.hpp"
#include "plait/http/message/url.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

namespace {

/// The concurrency that each group found, and why; and which of them spoke HTTP/2.
std::vector<std::string> groups_in_words(const std::vector<GroupReport>& groups) {
    std::vector<std::string> sentences;
    for (const GroupReport& group : groups) {
        if (group.http_version == "2") sentences.push_back(fmt::format("{} spoke HTTP/2", group.name));
        if (!group.concurrency_change) continue;
        sentences.push_back(
            fmt::format("{} may have {} in flight: {}", group.name, group.concurrency, group.concurrency_change->why));
    }
    return sentences;
}

/// Returns the origin of the text of a URL. It is not parsed: names of redacted secrets in it are not part of URLs.
std::string_view origin_of(std::string_view url) {
    const auto scheme_end = url.find("://");
    return scheme_end == std::string_view::npos ? url : url.substr(0, url.find_first_of("/?", scheme_end + 3));
}

}  // namespace

Task<void> keep_trace_written(trace::TraceFile& trace) {
    for (;;) {
        co_await sleep_for(trace::TraceFile::longest_wait);
        trace.keep_written(now());
    }
}

void trace_call(trace::TraceFile& trace, const Call& call, CallEnd& end) {
    trace::SpanLabel label;
    label.name = call.custom_id;
    label.line = call.line;
    label.ok = end.outcome == Outcome::ok;
    label.attempt = static_cast<unsigned>(end.attempts.size());
    const fmt::format_int status(end.response ? end.response->status : 0);
    label.result = end.response ? std::string_view(status.data(), status.size()) : to_string(end.error->code);
    std::vector<trace::SpanConnection> connections;
    connections.reserve(end.attempts.size());
    for (const AttemptNote& note : end.attempts) {
        const std::string_view url = note.url;
        connections.push_back({std::string(url.empty() ? call.request.url.origin() : origin_of(url)), note.connection});
    }
    label.connections = connections;
    trace.add(label, std::move(*end.span));
}

void close_trace(trace::TraceFile& trace, const Tally& tally, const std::vector<GroupReport>& groups) {
    std::vector<std::pair<std::string_view, std::uint64_t>> outcomes;
    for (std::size_t n = 0; n < outcome_count; ++n) {
        const auto outcome = static_cast<Outcome>(n);
        if (tally.count(outcome) > 0) outcomes.emplace_back(to_string(outcome), tally.count(outcome));
    }
    trace.close(now(), outcomes, groups_in_words(groups));
}

}  // namespace plait::batch
