#include "plait/base/error.hpp"
#include "plait/batch/status/internal/report_fields.hpp"
#include "plait/batch/status/run_report.hpp"
#include "plait/http/message/date.hpp"
#include "plait/json/object_writer.hpp"
#include "plait/json/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

namespace dom = simdjson::dom;

using Counts = std::array<std::uint64_t, outcome_count>;
using internal::fields;

// ---- writing

/// A date in RFC 3339 with milliseconds, in quotes.
std::string date_json(WallTime time) {
    const auto whole = std::chrono::floor<std::chrono::milliseconds>(time);
    const auto second = std::chrono::floor<std::chrono::seconds>(whole);
    return fmt::format("\"{:%Y-%m-%dT%H:%M:%S}.{:03}Z\"", fmt::gmtime(second.time_since_epoch().count()),
                       (whole - second).count());
}

template <class Struct>
std::string object_json(const Struct& object);

class FieldWriter {
  public:
    template <class Value>
    void operator()(std::string_view name, const Value& value) {
        write(name, value);
    }
    template <class Value>
    void old_name(std::string_view, const Value&) {}

    std::string end() { return writer_.end(); }

  private:
    void write(std::string_view name, const std::string& text) { writer_.text(name, text); }
    void write(std::string_view name, bool flag) { writer_.flag(name, flag); }
    void write(std::string_view name, double number) { writer_.number(name, number); }
    void write(std::string_view name, std::uint64_t count) { writer_.count(name, count); }
    void write(std::string_view name, int number) { writer_.count(name, static_cast<std::uint64_t>(number)); }
    void write(std::string_view name, WallTime time) { writer_.json(name, date_json(time)); }
    void write(std::string_view name, Duration duration) {
        writer_.number(name, std::chrono::duration<double>(duration).count());
    }
    void write(std::string_view name, const Counts& counts) {
        json::ObjectWriter outcomes;
        for (std::size_t n = 0; n < counts.size(); ++n) outcomes.count(to_string(static_cast<Outcome>(n)), counts[n]);
        writer_.json(name, outcomes.end());
    }
    template <class Value>
    void write(std::string_view name, const std::optional<Value>& value) {
        if (value) {
            write(name, *value);
        } else {
            writer_.json(name, "null");
        }
    }
    void write(std::string_view name, const std::vector<std::string>& sentences) {
        writer_.list(name, sentences, [](const std::string& sentence) {
            std::string text;
            json::append_string(text, sentence);
            return text;
        });
    }
    template <class Struct>
    void write(std::string_view name, const std::vector<Struct>& list) {
        writer_.list(name, list, object_json<Struct>);
    }
    template <class Struct>
    void write(std::string_view name, const Struct& object) {
        writer_.json(name, object_json(object));
    }

    json::ObjectWriter writer_;
};

template <class Struct>
std::string object_json(const Struct& object) {
    FieldWriter writer;
    fields(writer, object);
    return writer.end();
}

// ---- reading: a field that is missing or of another type keeps its value

template <class Value>
Value empty() {
    return Value{};
}
template <>
policy::RateLimit empty() {
    return policy::RateLimit("", 0, std::chrono::seconds(1));
}
template <>
ReportedCost empty() {
    return ReportedCost("", 0);
}

class FieldReader {
  public:
    explicit FieldReader(dom::object from) noexcept : from_(from) {}

    template <class Value>
    void operator()(std::string_view name, Value& to) {
        dom::element element;
        if (!from_[name].get(element)) (void)read(element, to);
    }
    template <class Value>
    void old_name(std::string_view name, Value& to) {
        (*this)(name, to);
    }

  private:
    template <class Value>
    static bool get(dom::element from, Value& to) {
        Value value{};
        if (from.get(value)) return false;
        to = value;
        return true;
    }

    static bool read(dom::element from, bool& to) { return get(from, to); }
    static bool read(dom::element from, double& to) { return get(from, to); }
    static bool read(dom::element from, std::uint64_t& to) { return get(from, to); }
    static bool read(dom::element from, int& to) {
        std::uint64_t number = 0;
        if (!get(from, number)) return false;
        to = static_cast<int>(number);
        return true;
    }
    static bool read(dom::element from, std::string& to) {
        std::string_view text;
        if (!get(from, text)) return false;
        to = text;
        return true;
    }
    static bool read(dom::element from, WallTime& to) {
        std::string_view text;
        if (!get(from, text)) return false;
        const std::optional<WallTime> time = http::parse_internet_date(text);
        if (time) to = *time;
        return time.has_value();
    }
    /// Seconds. A value that exceeds a Duration counts as missing.
    static bool read(dom::element from, Duration& to) {
        constexpr double most = 1e9;
        double number = 0;
        if (!get(from, number) || !(number >= 0 && number <= most)) return false;
        to = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number));
        return true;
    }
    static bool read(dom::element from, Counts& to) {
        dom::object counts;
        if (from.get(counts)) return false;
        FieldReader each(counts);
        for (std::size_t n = 0; n < to.size(); ++n) each(to_string(static_cast<Outcome>(n)), to[n]);
        return true;
    }
    template <class Value>
    static bool read(dom::element from, std::optional<Value>& to) {
        Value value = empty<Value>();
        if (!read(from, value)) return false;
        to = std::move(value);
        return true;
    }
    template <class Struct>
    static bool read(dom::element from, std::vector<Struct>& to) {
        dom::array list;
        if (from.get(list)) return false;
        for (const dom::element element : list) {
            Struct object = empty<Struct>();
            if (read(element, object)) to.push_back(std::move(object));
        }
        return true;
    }
    template <class Struct>
    static bool read(dom::element from, Struct& to) {
        dom::object object;
        if (from.get(object)) return false;
        FieldReader reader(object);
        fields(reader, to);
        return true;
    }

    dom::object from_;
};

}  // namespace

std::string to_json(const RunReport& report) { return object_json(report); }

RunReport parse_run_report(std::string_view json) {
    dom::parser parser;
    dom::object from;
    if (parser.parse(json.data(), json.size()).get(from)) {
        throw_bad_input("the status of the run is not a JSON object");
    }
    RunReport report;
    FieldReader reader(from);
    fields(reader, report);
    return report;
}

}  // namespace plait::batch
