#include "plait/report/internal/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

namespace plait::report::internal {

namespace {

struct CodePoint {
    char32_t value = 0;
    std::size_t bytes = 1;
    bool is_valid = false;
};

/// Returns the first code point of `text`. A byte that begins none is invalid by itself.
CodePoint first_of(std::string_view text) {
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80) return {byte(0), 1, true};
    const std::size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes) return {};
    char32_t value = byte(0) & (0xffU >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {};
        value = value << 6 | (byte(i) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (value < least[bytes] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
    return {value, bytes, true};
}

/// Whether the code point is safe to show: not a control character, and not an invisible one that moves its neighbours.
bool can_show(char32_t value) {
    if (value < 0x20 || (value >= 0x7f && value <= 0x9f)) return false;
    if (value >= 0x200b && value <= 0x200f) return false;
    if (value >= 0x2028 && value <= 0x202e) return false;
    return !(value >= 0x2060 && value <= 0x206f) && value != 0xfeff && !(value >= 0xfff0 && value <= 0xffff);
}

/// East Asian wide characters and emoji take two columns; the ranges are those of fmt.
std::size_t columns_for(char32_t value) {
    const bool is_wide =
        value >= 0x1100 &&
        (value <= 0x115f || value == 0x2329 || value == 0x232a ||
         (value >= 0x2e80 && value <= 0xa4cf && value != 0x303f) || (value >= 0xac00 && value <= 0xd7a3) ||
         (value >= 0xf900 && value <= 0xfaff) || (value >= 0xfe10 && value <= 0xfe19) ||
         (value >= 0xfe30 && value <= 0xfe6f) || (value >= 0xff00 && value <= 0xff60) ||
         (value >= 0xffe0 && value <= 0xffe6) || (value >= 0x20000 && value <= 0x3fffd) ||
         (value >= 0x1f300 && value <= 0x1f64f) || (value >= 0x1f900 && value <= 0x1f9ff));
    return is_wide ? 2 : 1;
}

std::string title_of(const Timeline& timeline) {
    if (!timeline.method.empty()) return timeline.method;
    return timeline.command.empty() ? "run" : timeline.command;
}

}  // namespace

std::string percent(double share) {
    const double value = share * 100;
    if (!(value > 0)) return "0 %";
    if (value >= 100) return "100 %";
    if (value < 0.1) return "under 0.1 %";
    if (value > 99.9) return "over 99.9 %";
    const bool needs_point = value < 9.95 || value >= 95;
    return fmt::format("{:.{}f} %", value, needs_point ? 1 : 0);
}

std::string counted(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string ratio(double value) { return fmt::format("{:.{}f}", value, value < 9.95 ? 1 : 0); }

std::string_view purpose(trace::Activity wait) {
    switch (wait) {
        case trace::Activity::dns:
            return "for the address of a host";
        case trace::Activity::connect:
            return "for a connection";
        case trace::Activity::tls:
            return "for a connection to be encrypted";
        case trace::Activity::sending:
            return "for room to send";
        case trace::Activity::first_byte:
            return "for the first byte of an answer";
        case trace::Activity::body:
            return "for the rest of an answer";
        case trace::Activity::permit:
            return "for a permit";
        case trace::Activity::back_off:
            return "for the time to try again";
        case trace::Activity::worker:
            return "for a worker";
        case trace::Activity::running:
        case trace::Activity::ready:
        case trace::Activity::other:
            break;
    }
    return "for something that is not named";
}

std::string_view noun_of(const Timeline& timeline) {
    if (timeline.spans.empty()) return "call";
    const Span& first = timeline.spans.front();
    return first.line == 0 && first.result.empty() ? "job" : "call";
}

std::vector<std::string> titles_of(const std::vector<Timeline>& timelines) {
    std::vector<std::string> titles;
    for (const Timeline& timeline : timelines) {
        std::string title = title_of(timeline);
        const auto same = std::count_if(timelines.begin(), timelines.end(),
                                        [&title](const Timeline& other) { return title_of(other) == title; });
        if (same > 1 && !timeline.source.empty()) {
            const std::filesystem::path file(timeline.source);
            title = (file.extension() == ".json" ? file.stem() : file.filename()).string();
        }
        titles.push_back(std::move(title));
    }
    return titles;
}

std::string versions_in_words(const Timeline& timeline) {
    if (timeline.answers.empty()) return "";
    if (timeline.answers.size() == 1) {
        const auto& [version, count] = *timeline.answers.begin();
        return fmt::format("{} came over HTTP/{}", count == 1 ? "the answer" : "all answers", version);
    }
    std::string text;
    for (const auto& [version, count] : timeline.answers) {
        text += text.empty() ? counted(count, "answer") + " came" : fmt::format(", {}", count);
        text += " over HTTP/" + version;
    }
    return text;
}

std::string fitted(std::string_view text, std::size_t columns, bool ascii) {
    const std::string_view ellipsis = ascii ? "~" : "…";
    std::string shown;
    std::size_t used = 0;
    std::size_t fits = 0;  // bytes of `shown` behind which the ellipsis has its column
    while (!text.empty()) {
        const CodePoint point = first_of(text);
        const bool is_shown = point.is_valid && can_show(point.value) && (!ascii || point.value < 0x80);
        const std::size_t width = is_shown ? columns_for(point.value) : 1;
        if (used + width > columns) return shown.substr(0, fits).append(columns > 0 ? ellipsis : "");
        shown += is_shown ? text.substr(0, point.bytes) : "?";
        used += width;
        if (used < columns) fits = shown.size();
        text.remove_prefix(point.bytes);
    }
    return shown;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    while (!text.empty()) {
        const CodePoint point = first_of(text);
        columns += columns_for(point.value);
        text.remove_prefix(point.bytes);
    }
    return columns;
}

}  // namespace plait::report::internal
