#include "plait/base/error.hpp"
#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/output/result_line.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/run/run_command.hpp"
#include "plait/cli/screen/output.hpp"
#include "plait/cli/screen/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

// The flags of `plait run`, in the order of its help: those that are not shared with other commands.
namespace plait::cli {

namespace {

/// The names of all entries, for help and messages.
template <class Entries, class Name = std::identity>
std::string list_of(const Entries& entries, std::string_view between, Name name = {}) {
    std::string text;
    for (const auto& entry : entries) {
        if (!text.empty()) text += between;
        text += name(entry);
    }
    return text;
}

std::string method_names() {
    return list_of(batch::methods, "|", [](const batch::MethodEntry& method) { return method.name; });
}

const batch::MethodEntry* parse_method(const std::string& value) {
    const batch::MethodEntry* method = batch::find_method(value);
    if (!method) throw_bad_input(fmt::format("'{}' is not one of {}", value, method_names()));
    return method;
}

std::string body_format_names() {
    return list_of(batch::body_formats, "|", [](const auto& format) { return format.first; });
}

batch::BodyFormat parse_body_format(const std::string& value) {
    for (const auto& [name, format] : batch::body_formats) {
        if (name == value) return format;
    }
    throw_bad_input(fmt::format("'{}' is not one of {}", value, body_format_names()));
}

std::vector<Choice> result_format_choices() {
    return {{"anthropic-batch", "with result, for MessageBatchIndividualResponse"},
            {"gemini-batch", "key, and response or error, for InlinedResponse"},
            {"mistral-batch", "the same as plait's own lines, which have all of their fields"},
            {"openai-batch", "likewise"}};
}

/// Prints how the calls to an origin go, once for each way.
std::function<void(const std::string&, const std::string&)> say_ways() {
    struct Said {
        std::mutex mutex;
        std::set<std::string> lines;
    };
    return [said = std::make_shared<Said>()](const std::string& origin, const std::string& way) {
        const std::string line = fmt::format("plait: {}: {}\n", origin, way);
        const std::lock_guard lock(said->mutex);
        if (said->lines.insert(line).second) StandardError().write(line);
    };
}

}  // namespace

std::vector<Flag> RunCommand::flags() {
    return joined(output_flags(), input_flags(settings_.defaults, take_body_format()), header_flags(settings_),
                  resuming_flags(), method_flags(), calls_flags(calls_), repeat_flags(settings_.defaults),
                  connection_flags(settings_),
                  cluster_flags(cluster_,
                                "Let workers on other machines make the calls (plait worker), over the NATS "
                                "server at nats://HOST:PORT, or tls://HOST:PORT for an encrypted connection "
                                "(docs/cluster.md)."),
                  diagnosis_flags());
}

std::vector<Flag> RunCommand::output_flags() {
    return under(
        headings::input_and_output,
        {
            {"-o,--output", "FILE",
             "Write the results to this file. If it already holds results, resume: requests that have a "
             "result are not sent again. FILE.plait, beside it, records what was sent. Default: -, standard "
             "output.",
             [this](const std::string& value) { output_ = value == standard_output ? "" : value; }},
            {"--ordered", "",
             "Write results in input order instead of completion order. Results that wait for an earlier one "
             "are lost if the run is killed.",
             [this](const std::string&) { options_.ordered = true; }},
            {"--save-bodies", "DIR",
             "Save large answer bodies as files in this folder, named after their custom_id, instead of in results. A "
             "body of any size then takes no memory. The files are not searched for secrets.",
             [this](const std::string& value) { body_folder_.path = value; }},
            {"--inline-max", "SIZE",
             fmt::format("With --save-bodies: keep bodies up to this size in the results. Default: {}.",
                         to_flag_value(http::BodyFolder().inline_bytes)),
             [this](const std::string& value) {
                 body_folder_.inline_bytes = parse_bytes(value, 0);
                 inline_max_given_ = true;
             }},
            Flag("--body-format", body_format_names(),
                 "Write answer bodies in this form. Default: auto. --body with one of these words does the same.",
                 [this](const std::string& value) { options_.result_format.body = parse_body_format(value); })
                .with_choices({{"auto", "JSON if possible, else text, else base64"},
                               {"text", "text if it is UTF-8, else base64"},
                               {"base64", "always base64, byte for byte"}}),
            batch_format_flag("--result-format", "Write results in the form of a vendor's results (docs/formats.md).",
                              options_.result_format.batch)
                .with_choices(result_format_choices()),
            {"--strict-json", "", "Write JSON bodies whose numbers exceed doubles or 64 bits as text.",
             [this](const std::string&) { options_.result_format.strict_json = true; }},
            {"--dry-run", "FILE",
             "With --url: write the requests of all rows to this file, as request lines, and send nothing. Secrets "
             "keep their names: permit them with --secret when you run the file.",
             [this](const std::string& value) { dry_run_ = value; }},
            {"--strict", "", "Send nothing at all if any line is not a valid request, or if an id occurs twice.",
             [this](const std::string&) { strict_ = true; }},
        });
}

/// Before rows, `--body` was the flag for this.
OtherBody RunCommand::take_body_format() {
    return [this](const std::string& value) {
        const bool is_format = std::any_of(batch::body_formats.begin(), batch::body_formats.end(),
                                           [&value](const auto& named) { return named.first == value; });
        if (is_format) options_.result_format.body = parse_body_format(value);
        return is_format;
    };
}

std::vector<Flag> RunCommand::resuming_flags() {
    return under(headings::resuming,
                 {
                     {"--overwrite", "", "Start over: replace existing results, state and trace.",
                      [this](const std::string&) { options_.overwrite = true; }},
                     {"--extend", "", "Resume even though lines were appended to the input.",
                      [this](const std::string&) { options_.extend = true; }},
                     {"--repeat-unknown", "",
                      "Resend requests whose outcome an earlier run never learned. They may execute twice.",
                      [this](const std::string&) { options_.repeat_unknown = true; }},
                     {"--durable", "",
                      "Wait for the disk before sending a request that must not be sent twice, and after each group of "
                      "results, so that even a power failure loses nothing.",
                      [this](const std::string&) { options_.durable = true; }},
                 });
}

std::vector<Flag> RunCommand::method_flags() {
    std::vector<Choice> choices;
    for (const batch::MethodEntry& method : batch::methods)
        choices.push_back({std::string(method.name), std::string(method.help)});
    return under(headings::limits,
                 {Flag("--method", method_names(),
                       fmt::format("Choose how calls are made. Default: {}.", batch::methods.front().name),
                       [this](const std::string& value) {
                           options_.method = parse_method(value);
                           method_given_ = true;
                       })
                      .with_choices(std::move(choices))});
}

std::vector<Flag> RunCommand::diagnosis_flags() {
    return under(
        headings::diagnosis,
        {
            {"--quiet", "", "Show neither progress nor summary.", [this](const std::string&) { quiet_ = true; }},
            {"--verbose", "",
             "Say for each origin whether its calls go through a proxy, and why, when the first connection is made.",
             [this](const std::string&) { settings_.session.routes.tell = say_ways(); }},
            Flag("--ui", "[PORT]",
                 "Show the run as a page in a browser on this machine, at the URL that is printed: rate, limits, "
                 "latencies, errors, and buttons that pause, resume and stop the run. Without PORT, at any free port. "
                 "Whoever knows the URL may watch and stop the run.",
                 [this](const std::string& value) {
                     constexpr std::size_t largest = std::numeric_limits<std::uint16_t>::max();
                     page_port_ = static_cast<std::uint16_t>(parse_count(value, 0, largest));
                 })
                .with_optional_number("0"),
            {"--summary-json", "FILE", "Write the summary to this file, as JSON.",
             [this](const std::string& value) { summary_path_ = value; }},
            {"--trace", "FILE",
             "Record what every call does and when, for plait report and for trace viewers (docs/formats.md). "
             "A resumed run records only its own part.",
             [this](const std::string& value) { options_.trace = value; }},
        });
}

}  // namespace plait::cli
