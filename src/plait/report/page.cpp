#include "plait/report/page.hpp"

#include "plait/base/assert.hpp"
#include "plait/report/internal/page_files.hpp"
#include "plait/report/internal/page_template.hpp"
#include "plait/report/internal/words.hpp"

#include <cstddef>
#include <map>

namespace plait::report {

namespace {

// The data goes into the page as bytes in base64. So no text of a trace has to be escaped, and 100,000 calls take 8 MB
// and a tenth of a second to read. page/data.mjs reads the same fields, in the same order.
class Bytes {
  public:
    // Seven bits per byte, the lowest first; a set highest bit means that more follow.
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) {
            bytes_.push_back(static_cast<char>(value | 0x80));
        }
        bytes_.push_back(static_cast<char>(value));
    }

    // Small numbers of either sign are short: 0, -1, 1, -2 become 0, 1, 2, 3.
    void difference(std::int64_t value) {
        number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
    }

    void text(std::string_view text) {
        number(text.size());
        bytes_.append(text);
    }

    const std::string& bytes() const noexcept { return bytes_; }

  private:
    std::string bytes_;
};

constexpr std::uint64_t layout_version = 2;

// The page counts in tenths of a microsecond, as traces do.
std::int64_t tenths(Duration duration) { return (duration.count() + 50) / 100; }

// A negative length is drawn as 0.
std::uint64_t length_of(std::int64_t tenths) { return tenths < 0 ? 0 : static_cast<std::uint64_t>(tenths); }

// Numbers different texts, in the order of their first use.
class Words {
  public:
    std::size_t number_of(const std::string& word) {
        auto [place, is_new] = numbers_.try_emplace(word, words_.size());
        if (is_new) {
            words_.push_back(word);
        }
        return place->second;
    }

    const std::vector<std::string>& all() const noexcept { return words_; }

  private:
    std::map<std::string, std::size_t> numbers_;
    std::vector<std::string> words_;
};

void write_spans(Bytes& out, const Timeline& timeline) {
    Words results;
    std::uint64_t segments = 0;
    for (const Span& span : timeline.spans) {
        results.number_of(span.result);
        segments += span.segments.size();
    }
    out.number(results.all().size());
    for (const std::string& result : results.all()) {
        out.text(result);
    }
    out.number(timeline.spans.size());
    out.number(segments);
    std::int64_t last_begin = 0;
    std::int64_t last_line = 0;
    for (const Span& span : timeline.spans) {
        PLAIT_ASSERT(span.lane < timeline.lanes.size(), "a span belongs to a lane of its timeline");
        const std::int64_t begin = tenths(span.begin);
        out.difference(begin - last_begin);
        last_begin = begin;
        out.number(length_of(tenths(span.length)));
        out.number(span.lane);
        out.number(span.row);
        out.difference(static_cast<std::int64_t>(span.line) - last_line);
        last_line = static_cast<std::int64_t>(span.line);
        out.number(span.attempt);
        out.number(span.stands_for);
        out.number(span.origin);
        out.number(span.connection);
        out.number(results.number_of(span.result) << 1 | (span.ok ? 1U : 0U));
        out.text(span.name);
        out.number(span.segments.size());
        // Ends are rounded, not lengths, so that the errors of a thousand segments do not add up.
        Duration since{};
        std::int64_t last_end = 0;
        for (const trace::Segment& segment : span.segments) {
            since += segment.length;
            const std::int64_t end = tenths(since);
            out.number(length_of(end - last_end) << 4 | static_cast<std::uint64_t>(segment.activity));
            last_end = end;
        }
    }
}

void write_loops(Bytes& out, const Timeline& timeline) {
    out.number(timeline.loop_runs.size());
    std::int64_t last = 0;
    for (const LoopRun& run : timeline.loop_runs) {
        out.number(run.lane);
        out.difference(tenths(run.begin) - last);
        last = tenths(run.begin);
        out.number(length_of(tenths(run.length)));
    }
    out.number(timeline.loop_counts.size());
    last = 0;
    for (const LoopCounts& counts : timeline.loop_counts) {
        out.number(counts.lane);
        out.difference(tenths(counts.when) - last);
        last = tenths(counts.when);
        out.number(counts.ready);
        out.number(counts.waiting);
    }
}

std::string data_of(const std::vector<Timeline>& timelines, std::string_view comparison_json) {
    static_assert(trace::activity_count <= 16, "a segment's activity has four bits");
    Bytes out;
    out.number(layout_version);
    out.number(trace::activity_count);
    for (const trace::ActivityName& activity : trace::activity_names) {
        out.text(activity.name);
    }
    out.text(comparison_json);
    out.number(timelines.size());
    for (const Timeline& timeline : timelines) {
        out.text(timeline.command);
        out.text(timeline.method);
        out.text(timeline.started);
        out.number(timeline.concurrency);
        out.number(length_of(tenths(timeline.length)));
        out.number(timeline.is_cut ? 1 : 0);
        out.number(timeline.one_in);
        out.number(timeline.lanes.size());
        for (const Lane& lane : timeline.lanes) {
            out.text(lane.name);
            out.text(lane.kind);
        }
        out.number(timeline.outcomes.size());
        for (const auto& [outcome, count] : timeline.outcomes) {
            out.text(outcome);
            out.number(count);
        }
        out.number(timeline.limits.size());
        for (const std::string& limit : timeline.limits) out.text(limit);
        out.text(internal::versions_in_words(timeline));
        out.number(timeline.origins.size());
        for (const std::string& origin : timeline.origins) out.text(origin);
        write_spans(out, timeline);
        write_loops(out, timeline);
    }
    return out.bytes();
}

std::string base64(std::string_view bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t three = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            three = three << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += at + i <= bytes.size() ? digits[three >> (18 - 6 * i) & 63] : '=';
        }
    }
    return text;
}

std::string as_html(std::string_view text) {
    std::string html;
    for (const char character : text) {
        switch (character) {
            case '&':
                html += "&amp;";
                break;
            case '<':
                html += "&lt;";
                break;
            case '>':
                html += "&gt;";
                break;
            case '"':
                html += "&quot;";
                break;
            default:
                html += character;
        }
    }
    return html;
}

}  // namespace

std::string page(const std::vector<Timeline>& timelines, std::string_view comparison_json,
                 std::string_view explanation) {
    const internal::TemplateParts parts{
        {"style", std::string{internal::page_style}},
        {"charts library", std::string{internal::page_charts_library}},
        {"script", std::string{internal::page_script}},
        {"explanation", as_html(explanation)},
        {"data", base64(data_of(timelines, comparison_json))},
    };
    return internal::filled(internal::page_template, parts);
}

}  // namespace plait::report
