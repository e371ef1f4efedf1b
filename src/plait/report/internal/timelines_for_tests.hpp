#pragma once

#include "plait/report/timeline.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace plait::report::internal {

inline Span make_span(std::string name, Duration begin, std::vector<trace::Segment> segments, std::uint32_t lane = 0,
                      std::uint32_t row = 0) {
    Span span;
    span.name = std::move(name);
    span.result = "200";
    span.begin = begin;
    for (const trace::Segment& segment : segments) span.length += segment.length;
    span.segments = std::move(segments);
    span.lane = lane;
    span.row = row;
    return span;
}

/// A timeline of this method with `rows` lanes, or for `async` with a loop of `rows` rows.
inline Timeline make_timeline(std::string method, std::uint32_t rows, std::vector<Span> spans) {
    Timeline timeline;
    timeline.command = "run";
    timeline.method = std::move(method);
    timeline.source = timeline.method + ".json";
    const bool is_loop = timeline.method == "async";
    for (std::uint32_t i = 0; i < (is_loop ? 1 : rows); ++i) {
        Lane lane;
        lane.kind = is_loop ? "loop" : timeline.method == "sync" ? "caller" : "thread";
        lane.name = lane.kind == "thread" ? "thread " + std::to_string(i + 1) : lane.kind;
        if (is_loop) lane.rows = rows;
        timeline.lanes.push_back(std::move(lane));
    }
    for (const Span& span : spans) timeline.length = std::max(timeline.length, span.begin + span.length);
    timeline.spans = std::move(spans);
    return timeline;
}

}  // namespace plait::report::internal
