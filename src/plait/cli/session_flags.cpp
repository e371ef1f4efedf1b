#include "plait/cli/session_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/cli/terminal.hpp"
#include "plait/cli/values.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

namespace plait::cli {

namespace {

constexpr std::size_t most_header_fields = 1'000'000;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

Duration parse_time_limit(const std::string& value) {
    const Duration limit = parse_duration(value);
    if (limit <= Duration::zero()) refuse("an attempt needs some time");
    return limit;
}

std::string checked_file(const std::string& path) {
    if (::access(path.c_str(), R_OK) != 0) refuse(fmt::format("open {}: {}", path, system_message(errno)));
    return path;
}

}  // namespace

std::vector<Flag> input_flags(batch::RequestDefaults& defaults) {
    return {
        {"--base-url", "URL",
         "Put this before each URL of the input that is only a path. A path that both have, such as /v1, is taken "
         "once.",
         [&defaults](const std::string& value) { defaults.base_url = batch::checked_base_url(value); }},
        Flag("--secret", "NAME",
             "Let lines name this secret: env.NAME is an environment variable, file.PATH the content of a file. Each "
             "{{env.NAME}} in a line then becomes its value. Names that are not permitted are sent as they stand.",
             [&defaults](const std::string& value) {
                 defaults.permitted_secrets.insert_or_assign(value, batch::secret_value(value));
             })
            .repeatable(),
    };
}

std::vector<Flag> repeat_flags(batch::RequestDefaults& defaults) {
    return {
        {"--safe-to-repeat", "",
         "Retry requests of any method, such as POST, unless their line says \"safe_to_repeat\": false. Only where it "
         "does no harm when a request executes twice.",
         [&defaults](const std::string&) { defaults.safe_to_repeat = true; }},
        {"--idempotency-key", "auto",
         "Send each request whose method is not safe to repeat, such as POST, with an Idempotency-Key of its own, and "
         "retry it. A key in the line wins. Only for servers that honour such keys.",
         [&defaults](const std::string& value) {
             if (value != "auto")
                 refuse(fmt::format("'{}' is not auto: the key of a single request belongs in its line", value));
             defaults.automatic_keys = true;
         }},
    };
}

std::vector<Flag> session_flags(SessionSettings& settings) {
    http::Timeouts& timeouts = settings.session.timeouts;
    http::Limits& limits = settings.session.limits;
    std::vector<Flag> flags{
        {"--timeout", "DURATION",
         "The longest that one attempt may take, such as 90ms, 2s or 1m, unless its line says timeout_s. Default: 2m.",
         [&timeouts](const std::string& value) { timeouts.attempt = parse_time_limit(value); }},
        {"--connect-timeout", "DURATION",
         "The longest that an attempt may take to connect: looking up the host, TCP and TLS. Default: --timeout.",
         [&timeouts](const std::string& value) { timeouts.connect = parse_time_limit(value); }},
        {"--idle-timeout", "DURATION",
         "Fail an attempt when no byte has moved on its connection for this long. Default: --timeout.",
         [&timeouts](const std::string& value) { timeouts.idle = parse_time_limit(value); }},
        {"--max-body", "SIZE", "The largest answer body, such as 500k, 100M or 2G. Default: 100M.",
         [&limits](const std::string& value) { limits.body_bytes = parse_bytes(value, 0); }},
        {"--max-body-total", "SIZE",
         "The most memory that the bodies of all answers in flight may take together. An answer that needs more "
         "fails. Default: a quarter of the memory of this machine or its container.",
         [&settings](const std::string& value) {
             settings.session.body_memory = std::make_shared<http::BodyMemory>(parse_bytes(value));
         }},
        {"--max-header-bytes", "SIZE", "The largest answer header. Default: 64k.",
         [&limits](const std::string& value) { limits.header_bytes = parse_bytes(value); }},
        {"--max-header-count", "N", "The most header fields of one answer. Default: 256.",
         [&limits](const std::string& value) { limits.header_count = parse_count(value, 1, most_header_fields); }},
        Flag("--header", "'NAME: VALUE'",
             "Send this header with each request whose line has none of this name. {{env.NAME}} is an environment "
             "variable, {{file.PATH}} the content of a file. Neither needs --secret here.",
             [&settings](const std::string& value) {
                 const auto [name, text] = parse_header(value);
                 settings.defaults.headers.add(name, batch::with_secrets(text, settings.defaults.secrets));
             })
            .repeatable(),
        {"--cacert", "FILE", "Trusts the certificates in this PEM file, instead of the system's.",
         [&settings](const std::string& value) { settings.session.tls.ca_file = checked_file(value); }},
        {"--insecure", "", "Trusts any certificate: whoever is on the way can read and change everything.",
         [&settings](const std::string&) { settings.session.tls.verify = false; }},
    };
    return joined(input_flags(settings.defaults), std::move(flags));
}

void warn(const std::string& sentence) {
    StandardError screen;
    // A status line may stand there.
    if (screen.is_terminal()) screen.write("\r\x1b[K");
    screen.write(fmt::format("plait: warning: {}\n", sentence));
}

void warn_of_risks(const SessionSettings& settings) {
    if (!settings.session.tls.verify) warn("--insecure: certificates are not checked");
}

}  // namespace plait::cli
