#include "plait/cli/flags/session_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/templates/text_template.hpp"
#include "plait/cli/flags/values.hpp"
#include "plait/cli/screen/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t most_header_fields = 1'000'000;

Duration parse_time_limit(const std::string& value) {
    const Duration limit = parse_duration(value);
    if (limit <= Duration::zero()) throw_bad_input(fmt::format("'{}' is not more than zero", value));
    return limit;
}

http::HttpChoice parse_http_choice(const std::string& value) {
    if (value == "auto") return http::HttpChoice::automatic;
    if (value == "1.1") return http::HttpChoice::http_1_1;
    if (value == "2") return http::HttpChoice::http_2;
    throw_bad_input(fmt::format("'{}' is not auto, 1.1 or 2", value));
}

std::string parse_path(const std::string& value) {
    if (!value.starts_with('/')) throw_bad_input(fmt::format("'{}' is not a path such as /v1/embeddings", value));
    return value;
}

std::string checked_file(const std::string& path) {
    if (::access(path.c_str(), R_OK) != 0) throw_bad_input(fmt::format("open {}: {}", path, system_message(errno)));
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) throw_bad_input(fmt::format("{} is a folder: name a file", path));
    return path;
}

}  // namespace

Flag batch_format_flag(std::string name, std::string help, batch::BatchFormat& format) {
    std::string names;
    std::vector<Choice> choices;
    for (const batch::BatchFormatEntry& entry : batch::batch_formats) {
        names += fmt::format("{}{}", names.empty() ? "" : "|", entry.name);
        choices.push_back({std::string(entry.name), std::string(entry.help)});
    }
    return Flag(std::move(name), std::move(names), std::move(help),
                [&format](const std::string& value) { format = batch::parse_batch_format(value); })
        .with_choices(std::move(choices));
}

std::vector<Flag> input_flags(batch::RequestDefaults& defaults, const OtherBody& other_body) {
    std::vector<Flag> flags = under(
        headings::input_and_output,
        {
            batch_format_flag("--format",
                              "Read the batch file of a vendor as it is, and send its requests to the vendor, or to "
                              "--base-url. Give the key with --header (docs/formats.md).",
                              defaults.format),
            {"--model", "NAME",
             "With --format gemini-batch or mistral-batch: use this model for requests that name none.",
             [&defaults](const std::string& value) { defaults.model = value; }},
            {"--endpoint", "PATH",
             "With --format mistral-batch: send requests to this path, such as /v1/embeddings. Default: "
             "/v1/chat/completions.",
             [&defaults](const std::string& value) { defaults.endpoint = parse_path(value); }},
            {"--base-url", "URL",
             "Put this before every URL of the input that is only a path. A path that both have, such as /v1, is used "
             "once.",
             [&defaults](const std::string& value) { defaults.base_url = batch::checked_base_url(value); }},
            Flag("--secret", "NAME",
                 "Let lines use this secret: env.NAME is an environment variable, file.PATH the content of a file. "
                 "{{env.NAME}} in a line then becomes its value. Names that are not permitted are sent as they stand.",
                 [&defaults](const std::string& value) {
                     defaults.permitted_secrets.insert_or_assign(value, batch::secret_value(value));
                 })
                .repeatable(),
        });
    return joined(std::move(flags), row_flags(defaults.rows, other_body));
}

std::vector<Flag> header_flags(SessionSettings& settings) {
    return under(headings::input_and_output,
                 {Flag("--header", "'NAME: VALUE'",
                       "Send this header with every request whose line does not set it. {{env.NAME}} becomes the value "
                       "of an environment variable, {{file.PATH}} the content of a file, without --secret; with "
                       "--url, {{row.COLUMN}} becomes the value of a column.",
                       [&settings](const std::string& value) {
                           const auto [name, text] = parse_header(value);
                           if (batch::names_column(text)) {
                               settings.defaults.rows.headers.emplace_back(name, text);
                               return;
                           }
                           settings.defaults.rows.fixed_headers.emplace_back(name, text);
                           settings.defaults.headers.add(name, batch::with_secrets(text, settings.defaults.secrets));
                       })
                      .repeatable()});
}

std::vector<Flag> repeat_flags(batch::RequestDefaults& defaults) {
    return under(headings::retries,
                 {
                     {"--safe-to-repeat", "",
                      "Retry requests of any method, such as POST, unless their line says \"safe_to_repeat\": false. "
                      "Use this only if executing a request twice does no harm.",
                      [&defaults](const std::string&) { defaults.safe_to_repeat = true; }},
                     {"--idempotency-key", "auto",
                      "Send every request whose method is not safe to repeat, such as POST, with an Idempotency-Key of "
                      "its own, and retry it. A key in the line wins. Use this only if the server honours such keys.",
                      [&defaults](const std::string& value) {
                          if (value != "auto")
                              throw_bad_input(fmt::format(
                                  "'{}' is not auto; put the key of a single request into its line", value));
                          defaults.automatic_keys = true;
                      }},
                 });
}

std::vector<Flag> connection_flags(SessionSettings& settings) {
    http::Timeouts& timeouts = settings.session.timeouts;
    http::Limits& limits = settings.session.limits;
    const http::Limits usual;
    auto flags = under(
        headings::connection,
        {
            Flag("--http", "VERSION", "Speak this version of HTTP. Default: auto.",
                 [&settings](const std::string& value) { settings.session.http = parse_http_choice(value); })
                .with_choices({{"auto", "over TLS HTTP/2 if the server speaks it, else HTTP/1.1"},
                               {"1.1", "HTTP/1.1"},
                               {"2", "HTTP/2, also without TLS; a server that does not speak it is an error"}}),
            {"--timeout", "DURATION",
             fmt::format("Limit the time of one attempt, such as 90ms, 2s or 1m, unless its line has timeout_s. "
                         "--deadline limits the whole call. "
                         "Default: {}.",
                         to_flag_value(http::Timeouts().attempt)),
             [&timeouts](const std::string& value) { timeouts.attempt = parse_time_limit(value); }},
            {"--connect-timeout", "DURATION",
             "Limit the time an attempt takes to connect: name lookup, TCP and TLS. Default: --timeout.",
             [&timeouts](const std::string& value) { timeouts.connect = parse_time_limit(value); }},
            {"--idle-timeout", "DURATION",
             "Fail an attempt if no byte moves on its connection for this long. Default: --timeout.",
             [&timeouts](const std::string& value) { timeouts.idle = parse_time_limit(value); }},
            {"--max-body", "SIZE",
             fmt::format("Fail an attempt if the body of its answer is larger than this, such as 500k, 100M or 2G. "
                         "Default: {}.",
                         to_flag_value(usual.body_bytes)),
             [&limits](const std::string& value) { limits.body_bytes = parse_bytes(value, 0); }},
            {"--max-body-total", "SIZE",
             "Limit the memory for the bodies of all answers in flight. An answer that needs more fails. Default: a "
             "quarter of the memory of the machine or container.",
             [&settings](const std::string& value) {
                 settings.session.body_memory = std::make_shared<http::BodyMemory>(parse_bytes(value));
             }},
            {"--max-header-bytes", "SIZE",
             fmt::format("Fail an attempt if the header of its answer is larger than this. Default: {}.",
                         to_flag_value(usual.header_bytes)),
             [&limits](const std::string& value) { limits.header_bytes = parse_bytes(value); }},
            {"--max-header-count", "N",
             fmt::format("Fail an attempt if its answer has more than N header fields. Default: {}.",
                         usual.header_count),
             [&limits](const std::string& value) { limits.header_count = parse_count(value, 1, most_header_fields); }},
            {"--until-event", "NAME",
             "End an event stream (text/event-stream) after the event of this type or with this data, such as [DONE], "
             "instead of where the server ends it.",
             [&settings](const std::string& value) { settings.session.until_event = value; }},
            {"--no-decode", "",
             "Do not ask for compressed answers, and leave the bodies of those that are compressed as they come. "
             "Default: ask for gzip, deflate, br and zstd, and decompress.",
             [&settings](const std::string&) { settings.session.decode = false; }},
            {"--cacert", "FILE", "Trust the certificates in this PEM file instead of the system's.",
             [&settings](const std::string& value) { settings.session.tls.ca_file = checked_file(value); }},
            {"--cert", "FILE",
             "Show the client certificate in this PEM file to servers that ask for one. Certificates that signed it "
             "follow it in the file.",
             [&settings](const std::string& value) { settings.session.tls.certificate_file = checked_file(value); }},
            {"--key", "FILE",
             "Read the private key of the client certificate from this PEM file, which must not be encrypted. Default: "
             "the file of --cert.",
             [&settings](const std::string& value) { settings.session.tls.key_file = checked_file(value); }},
            {"--insecure", "",
             "Accept any certificate. Anyone between you and the server can then read and change everything.",
             [&settings](const std::string&) { settings.session.tls.verify = false; }},
        });
    return joined(std::move(flags), proxy_flags(settings.proxies, settings.secrets),
                  address_flags(settings.session.routes), login_flags(settings.login, settings.secrets));
}

std::vector<Flag> session_flags(SessionSettings& settings) {
    return joined(input_flags(settings.defaults), header_flags(settings), connection_flags(settings));
}

void warn(const std::string& sentence) {
    StandardError screen;
    // Erase the progress line, if there is one.
    if (screen.is_terminal()) screen.write("\r\x1b[K");
    screen.write(fmt::format("plait: warning: {}\n", sentence));
}

void settle(SessionSettings& settings, const std::vector<std::string>& inputs) {
    http::SessionOptions& session = settings.session;
    check_row_flags(settings.defaults.rows);
    if (session.tls.certificate_file.empty() && !session.tls.key_file.empty())
        throw_bad_input("--key is the key of a client certificate: name its file with --cert");
    session.routes.proxies = settings.proxies.settle();
    // The host of a template is fixed.
    const std::string& url = settings.defaults.rows.url;
    const std::vector<std::string> urls = url.empty() ? inputs : std::vector{url.substr(0, url.find("{{"))};
    session.credentials = settings.login.settle(settings.defaults.base_url, urls, settings.secrets);
    http::Session::check_files(session);
    if (!session.tls.verify) warn("--insecure: certificates are not checked");
    if (settings.login.is_password_visible)
        warn(
            "--user: other users of this machine can see the password in the list of processes; leave it out to be "
            "asked for it, or write {{env.NAME}}");
}

}  // namespace plait::cli
