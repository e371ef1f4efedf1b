#include "plait/report/svg_picture.hpp"

#include "plait/base/text/words.hpp"
#include "plait/report/internal/raster.hpp"
#include "plait/report/internal/words.hpp"
#include "plait/report/measures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace plait::report {

namespace {

using namespace internal;
using trace::Activity;

/// A colour that similar activities share.
enum class Tone : std::uint8_t { none, running, ready, connecting, answer, queueing, other };

struct ToneStyle {
    Tone tone;
    std::string_view name;  ///< of its CSS class
    std::string_view meaning;
};
constexpr std::array<ToneStyle, 6> tones{{{Tone::running, "r", "running"},
                                          {Tone::ready, "y", "ready while another runs"},
                                          {Tone::connecting, "c", "waiting to connect"},
                                          {Tone::answer, "a", "waiting for the answer"},
                                          {Tone::queueing, "q", "waiting for a permit, a worker or a retry"},
                                          {Tone::other, "o", "other waiting"}}};

constexpr std::string_view style =
    "svg{color-scheme:light dark;--back:#fff;--text:#1d2430;--quiet:#5c6675;--line:#d5dae1;--r:#0b5cad;--y:#e08a00;"
    "--c:#f3c7b8;--a:#cfe0f3;--q:#e4d3f2;--o:#dfe3e8}"
    "@media(prefers-color-scheme:dark){svg{--back:#14181f;--text:#e6e9ee;--quiet:#9aa5b4;--line:#333b47;--r:#6cb6ff;"
    "--y:#ffb13d;--c:#6b4033;--a:#26415f;--q:#4a3560;--o:#3a424d}}"
    "text{font:12px system-ui,sans-serif;fill:var(--text)}.t{font-weight:600;font-size:14px}.l{fill:var(--quiet)}"
    ".g{stroke:var(--line)}.back{fill:var(--back)}.r{fill:var(--r)}.y{fill:var(--y)}.c{fill:var(--c)}.a{fill:var(--a)}"
    ".q{fill:var(--q)}.o{fill:var(--o)}";

constexpr std::size_t width = 1000;
constexpr std::size_t label_width = 110;
constexpr std::size_t margin = 16;
constexpr std::size_t picture_width = width - label_width - 2 * margin;
constexpr std::size_t most_rows = 64;       ///< of the only timeline
constexpr std::size_t most_rows_each = 24;  ///< of each of several timelines
constexpr std::size_t line_height = 16;

Tone tone_of(Activity activity) {
    switch (activity) {
        case Activity::running:
            return Tone::running;
        case Activity::ready:
            return Tone::ready;
        case Activity::dns:
        case Activity::connect:
        case Activity::tls:
            return Tone::connecting;
        case Activity::sending:
        case Activity::first_byte:
        case Activity::body:
            return Tone::answer;
        case Activity::permit:
        case Activity::back_off:
        case Activity::worker:
            return Tone::queueing;
        case Activity::other:
            break;
    }
    return Tone::other;
}

Tone tone_of(const Cell& cell, float threshold) {
    const float all = cell.all();
    if (all <= 0) return Tone::none;
    const float running = cell.at(Activity::running);
    if (running > 0 && running >= threshold * all) return Tone::running;
    std::array<float, tones.size() + 1> times{};
    for (const trace::ActivityName& name : trace::activity_names) {
        times[static_cast<std::size_t>(tone_of(name.activity))] += cell.at(name.activity);
    }
    return static_cast<Tone>(std::max_element(times.begin() + 1, times.end()) - times.begin());
}

std::string escaped(std::string_view text) {
    constexpr std::size_t longest = 4000;
    std::string safe;
    for (const char c : fitted(text, longest, false)) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            default:
                safe += c;
        }
    }
    return safe;
}

class SvgPicture {
  public:
    explicit SvgPicture(const std::vector<Timeline>& timelines) : timelines_(timelines), titles_(titles_of(timelines)) {
        for (const Timeline& timeline : timelines_) axis_ = std::max(axis_, timeline.length);
    }

    std::string draw(std::string_view explanation) {
        y_ = margin;
        for (std::size_t i = 0; i < timelines_.size(); ++i) draw_timeline(timelines_[i], titles_[i]);
        if (axis_ > Duration::zero()) draw_axis();
        draw_legend();
        std::string names;
        for (const std::string& title : titles_) names += (names.empty() ? "" : ", ") + title;
        return fmt::format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
            "role=\"img\" "
            "aria-labelledby=\"title desc\">\n<title id=\"title\">Calls over time: {2}</title>\n<desc id=\"desc\">{3}"
            "</desc>\n<style>{4}</style>\n<rect class=\"back\" width=\"{0}\" height=\"{1}\"/>\n{5}</svg>\n",
            width, y_ + margin, escaped(names), escaped(explanation), style, body_);
    }

  private:
    template <class... Values>
    void put(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(body_), format, std::forward<Values>(values)...);
    }

    void draw_timeline(const Timeline& timeline, const std::string& title) {
        const Measures measures = measure(timeline);
        put("<text class=\"t\" x=\"{}\" y=\"{}\">{}<tspan class=\"l\" dx=\"10\" font-weight=\"400\">{}, {}, {} "
            "at a "
            "time</tspan></text>\n",
            margin, y_ + 14, escaped(fitted(title, 60, false)), counted(measures.calls, noun_of(timeline)),
            in_words(timeline.length, 3),
            measures.most_in_flight <= 1 ? "one" : fmt::format("up to {}", measures.most_in_flight));
        y_ += 24;
        if (timeline.length > Duration::zero()) {
            const Raster raster =
                make_raster(timeline, axis_, picture_width, timelines_.size() == 1 ? most_rows : most_rows_each);
            const std::size_t height = raster.lines.size() > 12 ? 8 : line_height;
            const float threshold = least_run(raster);
            std::size_t labelled_to = 0;
            for (const RasterLine& line : raster.lines) {
                const std::size_t tall = line.cells.empty() ? 2 * line_height : height;
                if (y_ >= labelled_to || line.cells.empty()) {
                    put("<text class=\"l\" x=\"{}\" y=\"{}\">{}</text>\n", margin, y_ + tall / 2 + 4,
                        escaped(fitted(line.label, 16, false)));
                    labelled_to = y_ + line_height;
                }
                if (line.cells.empty()) {
                    draw_loop(line, tall);
                } else {
                    draw_calls(line, height, threshold);
                }
                y_ += tall;
            }
        }
        y_ += 14;
    }

    /// Draws bars from below: the share of each pixel's time in which the loop ran.
    void draw_loop(const RasterLine& line, std::size_t tall) {
        const auto most = static_cast<double>(tall - 4);
        std::string path;
        for (std::size_t x = 0; x < line.loop_ran.size(); ++x) {
            if (line.loop_ran[x] <= 0) continue;
            const double high = std::max(1.0, std::min(1.0, static_cast<double>(line.loop_ran[x])) * most);
            fmt::format_to(std::back_inserter(path), "M{} {}v-{:.1f}h1v{:.1f}z", label_width + margin + x,
                           y_ + tall - 2, high, high);
        }
        put("<path class=\"g\" d=\"M{} {}h{}\"/>\n", label_width + margin, y_ + tall - 2, picture_width);
        if (!path.empty()) put("<path class=\"r\" d=\"{}\"/>\n", path);
    }

    void draw_calls(const RasterLine& line, std::size_t height, float threshold) {
        std::array<std::string, tones.size() + 1> paths;
        for (std::size_t x = 0; x < line.cells.size();) {
            const Tone tone = tone_of(line.cells[x], threshold);
            const std::size_t begin = x;
            while (x < line.cells.size() && tone_of(line.cells[x], threshold) == tone) ++x;
            if (tone == Tone::none) continue;
            fmt::format_to(std::back_inserter(paths[static_cast<std::size_t>(tone)]), "M{} {}h{}v{}h-{}z",
                           label_width + margin + begin, y_ + 1, x - begin, height - 2, x - begin);
        }
        for (const ToneStyle& one : tones) {
            const std::string& path = paths[static_cast<std::size_t>(one.tone)];
            if (!path.empty()) put("<path class=\"{}\" d=\"{}\"/>\n", one.name, path);
        }
    }

    void draw_axis() {
        put("<path class=\"g\" d=\"M{} {}h{}\"/>\n", label_width + margin, y_, picture_width);
        for (const Duration mark : marks_of(axis_, picture_width, 90)) {
            const double x = static_cast<double>(label_width + margin) +
                             static_cast<double>(mark.count()) / static_cast<double>(axis_.count()) * picture_width;
            put("<path class=\"g\" d=\"M{:.1f} {}v-{}\"/><text class=\"l\" x=\"{:.1f}\" y=\"{}\" "
                "text-anchor=\"{}\">{}</text>\n",
                x, y_ + 4, y_ + 4 - margin - 20, x, y_ + 18,
                mark == Duration::zero()      ? "start"
                : x > width - 2 * margin - 20 ? "end"
                                              : "middle",
                mark == Duration::zero() ? "0" : in_words(mark));
        }
        y_ += 34;
    }

    void draw_legend() {
        std::size_t x = margin;
        for (const ToneStyle& one : tones) {
            put("<rect class=\"{}\" x=\"{}\" y=\"{}\" width=\"12\" height=\"12\"/><text x=\"{}\" y=\"{}\">{}</text>\n",
                one.name, x, y_, x + 18, y_ + 10, one.meaning);
            x += 40 + one.meaning.size() * 6;
        }
        y_ += 16;
    }

    const std::vector<Timeline>& timelines_;
    std::vector<std::string> titles_;
    std::string body_;
    Duration axis_{};
    std::size_t y_ = 0;
};

}  // namespace

std::string svg_picture(const std::vector<Timeline>& timelines, std::string_view explanation) {
    return SvgPicture(timelines).draw(explanation);
}

}  // namespace plait::report
