#include "plait/trace/internal/record_text.hpp"

#include "plait/base/json_string.hpp"

#include <fmt/format.h>

#include <iterator>

namespace plait::trace::internal {

namespace {

void append_number(std::string& out, std::int64_t number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

void append_microseconds(std::string& out, std::int64_t tenths) {
    append_number(out, tenths / 10);
    out += '.';
    out += static_cast<char>('0' + tenths % 10);
}

}  // namespace

void RecordText::append_metadata(std::string& out, std::string_view name, std::uint64_t tid, std::string_view args) {
    fmt::format_to(std::back_inserter(out), R"({{"ph":"M","name":"{}","pid":1,)", name);
    if (tid != 0) fmt::format_to(std::back_inserter(out), R"("tid":{},)", tid);
    fmt::format_to(std::back_inserter(out), R"("args":{}}})", args);
}

void RecordText::append_call(std::string& out, std::uint64_t tid, const Call& call, const Course& course) const {
    const std::int64_t begin = tenths(course.begin());
    out += R"({"ph":"X","cat":"call","name":)";
    append_json_string_for_page(out, call.name);
    out += R"(,"pid":1,"tid":)";
    append_number(out, static_cast<std::int64_t>(tid));
    out += R"(,"ts":)";
    append_microseconds(out, begin);
    out += R"(,"dur":)";
    append_microseconds(out, tenths(course.end()) - begin);
    out += R"(,"args":{"line":)";
    append_number(out, static_cast<std::int64_t>(call.line));
    out += R"(,"result":)";
    append_json_string_for_page(out, call.result);
    out += call.ok ? R"(,"ok":true)" : R"(,"ok":false)";
    if (call.attempt > 1) {
        out += R"(,"attempt":)";
        append_number(out, call.attempt);
    }
    out += R"(,"states":")";
    TimePoint when = course.begin();
    std::int64_t from = begin;
    for (const Segment& segment : course.segments()) {
        when += segment.length;
        const std::int64_t to = tenths(when);
        if (to > from) {
            out += letter_of(segment.activity);
            append_number(out, to - from);
        }
        from = to;
    }
    out += "\"}}";
}

void RecordText::append_phases(std::string& out, std::uint64_t tid, const Course& course,
                               std::string_view separator) const {
    constexpr std::int64_t worth_it = 10;
    TimePoint when = course.begin();
    std::int64_t from = tenths(when);
    for (const Segment& segment : course.segments()) {
        when += segment.length;
        const std::int64_t to = tenths(when);
        if (to - from >= worth_it) {
            append_slice(out, "phase", to_string(segment.activity), tid, from, to);
            out += separator;
        }
        from = to;
    }
}

void RecordText::append_loop_run(std::string& out, LaneId lane, TimePoint begin, TimePoint end) const {
    append_slice(out, "loop", "running", lane, tenths(begin), tenths(end));
}

void RecordText::append_loop_counts(std::string& out, LaneId lane, TimePoint when, std::size_t ready,
                                    std::size_t waiting) const {
    fmt::format_to(std::back_inserter(out), R"({{"ph":"C","cat":"loop","name":"loop tasks","pid":1,"tid":{},"ts":)",
                   lane);
    append_microseconds(out, tenths(when));
    fmt::format_to(std::back_inserter(out), R"(,"args":{{"ready":{},"waiting":{}}}}})", ready, waiting);
}

void RecordText::append_thinned(std::string& out, TimePoint when, std::uint64_t one_in) const {
    out += R"({"ph":"i","s":"p","cat":"plait","name":"thinned","pid":1,"tid":1,"ts":)";
    append_microseconds(out, tenths(when));
    fmt::format_to(std::back_inserter(out), R"(,"args":{{"one_in":{}}}}})", one_in);
}

void RecordText::append_slice(std::string& out, std::string_view category, std::string_view name, std::uint64_t tid,
                              std::int64_t begin, std::int64_t end) const {
    fmt::format_to(std::back_inserter(out), R"({{"ph":"X","cat":"{}","name":"{}","pid":1,"tid":{},"ts":)", category,
                   name, tid);
    append_microseconds(out, begin);
    out += R"(,"dur":)";
    append_microseconds(out, end - begin);
    out += '}';
}

}  // namespace plait::trace::internal
