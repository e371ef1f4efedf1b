#include "plait/report/text_picture.hpp"

#include "plait/base/text/words.hpp"
#include "plait/report/internal/raster.hpp"
#include "plait/report/internal/slowest_table.hpp"
#include "plait/report/internal/text_writer.hpp"
#include "plait/report/internal/words.hpp"
#include "plait/report/measures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace plait::report {

namespace {

using namespace internal;
using trace::Activity;

/// What a character of the picture means.
enum class Mark : std::uint8_t { nobody, few_wait, waits, ready, ran, runs };

struct Glyph {
    Mark mark;
    std::string_view utf8;
    std::string_view ascii;
    std::string_view colour;  ///< SGR parameters
    std::string_view meaning;
};
constexpr std::array<Glyph, 6> glyphs{{
    {Mark::nobody, " ", " ", "", ""},
    {Mark::few_wait, "·", ".", "36", "some of the calls wait"},
    {Mark::waits, "░", ":", "36", "waiting"},
    {Mark::ready, "▒", "+", "33", "ready while another runs"},
    {Mark::ran, "▌", "|", "1;32", "partly running"},
    {Mark::runs, "█", "#", "1;32", "running"},
}};

/// The share of the time in which a loop ran, from none to all of it.
constexpr std::array<std::string_view, 9> levels{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 9> ascii_levels{" ", "_", "_", "-", "-", "=", "=", "#", "#"};
constexpr std::string_view level_colour = "1;32";

/// A cell that is filled to less than this share gets the mark for only some of the calls.
constexpr double few = 1.0 / 3;

/// Waits below this share of the calls' time are not listed.
constexpr double least_share = 0.001;

/// A timeline with fewer columns than this on the common axis should be shown alone.
constexpr std::size_t too_few_columns = 8;

constexpr std::size_t lines_alone = 16;
constexpr std::size_t lines_among_others = 6;

Mark mark_of(const Cell& cell, double whole, float threshold) {
    const float all = cell.all();
    if (all <= 0) return Mark::nobody;
    const float running = cell.at(Activity::running);
    if (2 * running >= all) return Mark::runs;
    if (running > 0 && running >= threshold * all) return Mark::ran;
    if (2 * cell.at(Activity::ready) >= all) return Mark::ready;
    return static_cast<double>(all) < few * whole ? Mark::few_wait : Mark::waits;
}

class TextPicture {
  public:
    TextPicture(const std::vector<Timeline>& timelines, const TextOptions& options)
        : timelines_(timelines), options_(options), writer_(options), titles_(titles_of(timelines)) {
        for (const Timeline& timeline : timelines_) {
            axis_ = std::max(axis_, timeline.length);
            measures_.push_back(measure(timeline));
        }
        label_columns_ = options_.columns < 60 ? 12 : 14;
        picture_columns_ = options_.columns - label_columns_ - 1;
    }

    std::string draw(std::string_view explanation) {
        for (std::size_t i = 0; i < timelines_.size(); ++i) draw_timeline(i);
        if (axis_ > Duration::zero()) {
            draw_axis();
            draw_legend();
            say_what_is_too_short();
        }
        writer_.end_line();
        for (std::size_t i = 0; i < timelines_.size(); ++i) write_figures(i);
        if (std::any_of(measures_.begin(), measures_.end(), [](const Measures& each) { return each.calls > 0; })) {
            writer_.end_line();
            write_slowest(writer_, options_, timelines_, titles_);
        }
        if (!explanation.empty()) {
            writer_.end_line();
            writer_.paragraph(explanation);
        }
        return writer_.take();
    }

  private:
    bool is_alone() const { return timelines_.size() == 1; }
    std::string_view glyph(Mark mark) const {
        const Glyph& found = glyphs[static_cast<std::size_t>(mark)];
        return options_.ascii ? found.ascii : found.utf8;
    }

    void draw_timeline(std::size_t i) {
        const Timeline& timeline = timelines_[i];
        const Measures& measures = measures_[i];
        writer_.paragraph(
            fmt::format("{}: {}, {}, {} at a time", titles_[i], counted(measures.calls, noun_of(timeline)),
                        in_words(timeline.length, 3), at_most(measures.most_in_flight)),
            0, 2, strong);
        if (timeline.length <= Duration::zero()) return;
        const Raster raster =
            make_raster(timeline, axis_, picture_columns_, is_alone() ? lines_alone : lines_among_others);
        const float threshold = least_run(raster);
        for (const RasterLine& line : raster.lines) {
            writer_.column(line.label, label_columns_);
            writer_.put(" ");
            if (line.cells.empty()) {
                draw_loop(line);
            } else {
                draw_calls(line, raster.cell_length() * static_cast<double>(line.rows), threshold);
            }
            writer_.end_line();
        }
        if (!is_alone()) writer_.end_line();
    }

    void draw_loop(const RasterLine& line) {
        for (const float ran : line.loop_ran) {
            const auto level = std::min<std::size_t>(8, static_cast<std::size_t>(ran * 8 + 0.999F));
            writer_.put(options_.ascii ? ascii_levels[level] : levels[level], level_colour);
        }
    }

    void draw_calls(const RasterLine& line, double whole, float threshold) {
        for (const Cell& cell : line.cells) {
            const Mark mark = mark_of(cell, whole, threshold);
            writer_.put(glyph(mark), glyphs[static_cast<std::size_t>(mark)].colour);
        }
    }

    void draw_axis() {
        const std::string_view line = options_.ascii ? "-" : "─";
        const std::string_view tick = options_.ascii ? "+" : "┴";
        std::vector<std::size_t> ticks;
        std::string words;
        for (const Duration mark : marks_of(axis_, picture_columns_, 11)) {
            const auto column =
                static_cast<std::size_t>(static_cast<double>(mark.count()) / static_cast<double>(axis_.count()) *
                                         static_cast<double>(picture_columns_));
            if (column >= picture_columns_) break;
            const std::string text = mark == Duration::zero() ? "0" : in_words(mark);
            if (column + text.size() > picture_columns_) break;
            words.resize(column, ' ');
            words += text;
            ticks.push_back(column);
        }
        writer_.put(std::string(label_columns_ + 1, ' '));
        for (std::size_t i = 0; i < picture_columns_; ++i) {
            writer_.put(std::find(ticks.begin(), ticks.end(), i) == ticks.end() ? line : tick);
        }
        writer_.end_line();
        writer_.put(std::string(label_columns_ + 1, ' ') + words);
        writer_.end_line();
    }

    void draw_legend() {
        std::string text;
        const auto add = [&text](std::string_view character, std::string_view meaning) {
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", character, meaning);
        };
        for (const Mark mark : {Mark::runs, Mark::ran, Mark::ready, Mark::waits, Mark::few_wait}) {
            add(glyph(mark), glyphs[static_cast<std::size_t>(mark)].meaning);
        }
        const bool has_loop = std::any_of(timelines_.begin(), timelines_.end(),
                                          [](const Timeline& timeline) { return !timeline.loop_runs.empty(); });
        if (has_loop) add(options_.ascii ? "_-=#" : "▁▄█", "share of the time the loop was busy");
        writer_.paragraph(text);
    }

    void say_what_is_too_short() {
        std::string list;
        for (std::size_t i = 0; i < timelines_.size(); ++i) {
            const Timeline& timeline = timelines_[i];
            if (is_alone() || timeline.source.empty()) continue;
            const double columns = static_cast<double>(timeline.length.count()) / static_cast<double>(axis_.count()) *
                                   static_cast<double>(picture_columns_);
            if (columns < too_few_columns) list += fmt::format("{}{}", list.empty() ? "" : ", ", timeline.source);
        }
        if (list.empty()) return;
        writer_.paragraph(fmt::format("Too short for this axis; show it alone with plait report --text: {}", list), 0,
                          2);
    }

    void write_figures(std::size_t i) {
        const Timeline& timeline = timelines_[i];
        const Measures& measures = measures_[i];
        std::string text = is_alone() ? "" : titles_[i] + ": ";
        text += fmt::format("{} in {}, {:.1f}/s: {}", counted(measures.calls, noun_of(timeline)),
                            in_words(timeline.length, 3), measures.calls_per_second, outcomes(timeline, measures));
        writer_.paragraph(text, 0, 2);
        if (measures.calls > 0) {
            writer_.paragraph("of their time " + shares(measures), 2, 4);
            writer_.paragraph(
                fmt::format("p50 {}, p90 {}, p99 {}, longest {}", in_words(measures.p50, 3), in_words(measures.p90, 3),
                            in_words(measures.p99, 3), in_words(measures.longest, 3)),
                2, 4);
        }
        if (measures.loop_ran) {
            writer_.paragraph(fmt::format("the loop was busy {} of the time", percent(*measures.loop_ran)), 2, 4);
        }
        if (const std::string versions = versions_in_words(timeline); !versions.empty())
            writer_.paragraph(versions, 2, 4);
        for (const std::string& limit : timeline.limits) writer_.paragraph("at the end, " + limit, 2, 4);
        if (timeline.one_in > 1) {
            writer_.paragraph(fmt::format("thinned: at the densest, one call in {} was recorded", timeline.one_in), 2,
                              4);
        }
        if (timeline.is_cut) writer_.paragraph("incomplete: the file ends before the run", 2, 4);
    }

    static std::string at_most(std::uint64_t count) { return count <= 1 ? "one" : fmt::format("up to {}", count); }

    static std::string outcomes(const Timeline& timeline, const Measures& measures) {
        if (timeline.outcomes.empty()) {
            return measures.not_ok == 0 ? "all ok" : fmt::format("{} not ok", measures.not_ok);
        }
        std::string text;
        for (const auto& [outcome, count] : timeline.outcomes) {
            if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, outcome);
        }
        return text;
    }

    static std::string shares(const Measures& measures) {
        std::vector<std::pair<double, std::string_view>> waits;
        for (const trace::ActivityName& name : trace::activity_names) {
            const double share = measures.share_of(name.activity);
            if (is_wait(name.activity) && share >= least_share) waits.emplace_back(share, name.name);
        }
        std::sort(waits.rbegin(), waits.rend());
        std::string parts;
        for (const auto& [share, name] : waits) {
            parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", name, percent(share));
        }
        std::string text = fmt::format("{} waiting", percent(measures.waiting));
        if (!parts.empty()) text += fmt::format(" ({})", parts);
        if (const double ready = measures.share_of(Activity::ready); ready > 0)
            text += ", " + percent(ready) + " ready";
        if (const double running = measures.share_of(Activity::running); running > 0) {
            text += ", " + percent(running) + " running";
        }
        return text;
    }

    const std::vector<Timeline>& timelines_;
    TextOptions options_;
    TextWriter writer_;
    std::vector<std::string> titles_;
    std::vector<Measures> measures_;
    Duration axis_{};
    std::size_t label_columns_ = 0;
    std::size_t picture_columns_ = 0;
};

}  // namespace

std::string text_picture(const std::vector<Timeline>& timelines, std::string_view explanation,
                         const TextOptions& options) {
    TextOptions wide_enough = options;
    wide_enough.columns = std::max(options.columns, least_columns);
    return TextPicture(timelines, wide_enough).draw(explanation);
}

}  // namespace plait::report
