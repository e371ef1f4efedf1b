#include "plait/cli/report_command.hpp"

#include "plait/base/error.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/output_paths.hpp"
#include "plait/cli/screen/terminal.hpp"
#include "plait/report/explanation.hpp"
#include "plait/report/page.hpp"
#include "plait/report/svg_picture.hpp"
#include "plait/report/text_picture.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace plait::cli {

namespace {

constexpr std::size_t usual_columns = 80;
constexpr std::size_t most_columns = 1000;

std::string_view environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

/// Whether the locale's text is UTF-8, according to the environment (POSIX, section 8.2).
bool is_utf8_locale() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        std::string value(environment(name));
        if (value.empty()) continue;
        std::erase(value, '-');
        std::transform(value.begin(), value.end(), value.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return value.find("utf8") != std::string::npos;
    }
    return false;
}

/// NO_COLOR: see no-color.org.
bool wants_colour() {
    return terminal_columns(STDOUT_FILENO) && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

/// The URL of a file, with special characters percent-encoded.
std::string file_url(const std::string& path) {
    std::string url = "file://";
    for (const char c : std::filesystem::absolute(path).lexically_normal().string()) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || std::string_view("/-._~").find(c) != std::string_view::npos) {
            url += c;
        } else {
            url += fmt::format("%{:02X}", byte);
        }
    }
    return url;
}

void write_and_say(const std::string& path, const std::string& text) {
    write_file(path, text);
    if (std::filesystem::is_regular_file(path)) {
        fmt::print(stderr, "plait: wrote {}; open it in a browser: {}\n", path, file_url(path));
    }
}

void check_output(const report::Inputs& inputs, const std::string& output) {
    if (output.empty()) return;
    for (const std::string& file : inputs.files) {
        if (is_same_file(file, output)) throw_bad_input(fmt::format("{} is both input and output", file));
    }
}

}  // namespace

std::string_view ReportCommand::help() const { return "Show what the calls of a run did over time."; }

Positional ReportCommand::positional() const {
    return {"INPUT",
            "A trace (plait run --trace FILE), a results file, or a directory of traces (plait compare --trace DIR). "
            "Several inputs share one time axis."};
}

std::vector<Flag> ReportCommand::flags() {
    return {
        {"-o,--output", "FILE",
         "Write the report to this file, as one self-contained HTML page. Without -o, --text and --svg, print it as "
         "text to a terminal, and as a page to anything else.",
         [this](const std::string& value) { output_ = value; }},
        {"--text", "", "Print the timeline in characters, the figures, the slowest calls and an explanation.",
         [this](const std::string&) { text_ = true; }},
        {"--svg", "FILE", "Write the timeline to this file, as SVG.",
         [this](const std::string& value) { svg_ = value; }},
        {"--columns", "N",
         fmt::format("Set the width of the text. Default: the terminal's width, or {}.", usual_columns),
         [this](const std::string& value) { columns_ = parse_count(value, report::least_columns, most_columns); }},
        {"--ascii", "", "Use only ASCII characters. Default where the locale is not UTF-8.",
         [this](const std::string&) { ascii_ = true; }},
    };
}

int ReportCommand::run() {
    if (inputs_.empty()) {
        throw_bad_input("no INPUT: give a trace, a results file, or a directory of traces");
    }
    const report::Inputs inputs = report::read_inputs(inputs_);
    check_output(inputs, output_);
    check_output(inputs, svg_);
    if (!svg_.empty() && (svg_ == output_ || is_same_file(svg_, output_))) {
        throw_bad_input(fmt::format("{} can't be both the page and the SVG file", svg_));
    }
    for (const std::string& file : inputs.left_out) fmt::print(stderr, "plait: left out {}: not a trace\n", file);

    const std::string explanation = report::explanation(inputs.timelines, inputs.comparison_json);
    if (!svg_.empty()) write_and_say(svg_, report::svg_picture(inputs.timelines, explanation));
    if (!output_.empty()) write_and_say(output_, report::page(inputs.timelines, inputs.comparison_json, explanation));
    const bool is_unsaid = output_.empty() && svg_.empty() && !text_;
    if (text_ || (is_unsaid && terminal_columns(STDOUT_FILENO))) {
        print_text(inputs, explanation);
    } else if (is_unsaid) {
        print(stdout, report::page(inputs.timelines, inputs.comparison_json, explanation));
    }
    return exit_ok;
}

void ReportCommand::print_text(const report::Inputs& inputs, const std::string& explanation) const {
    report::TextOptions options;
    options.columns = columns_.value_or(terminal_columns(STDOUT_FILENO).value_or(usual_columns));
    options.ascii = ascii_ || !is_utf8_locale();
    options.colour = wants_colour();
    print(stdout, report::text_picture(inputs.timelines, explanation, options));
}

}  // namespace plait::cli
