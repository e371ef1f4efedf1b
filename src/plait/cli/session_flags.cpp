#include "plait/cli/session_flags.hpp"

#include "plait/base/error.hpp"
#include "plait/cli/values.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

namespace plait::cli {

namespace {

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

std::string checked_file(const std::string& path) {
    if (::access(path.c_str(), R_OK) != 0) refuse(fmt::format("open {}: {}", path, system_message(errno)));
    return path;
}

}  // namespace

Flag base_url_flag(batch::RequestDefaults& defaults) {
    return {"--base-url", "URL", "Stands before each URL of the input that is only a path.",
            [&defaults](const std::string& value) { defaults.base_url = batch::checked_base_url(value); }};
}

std::vector<Flag> session_flags(SessionSettings& settings) {
    return {
        {"--timeout", "DURATION",
         "The longest that one call may take, such as 90ms, 2s or 1m, unless its line says timeout_s. Default: 2m.",
         [&settings](const std::string& value) {
             settings.session.timeouts.attempt = parse_duration(value);
             if (settings.session.timeouts.attempt <= Duration::zero()) refuse("a call needs some time");
         }},
        base_url_flag(settings.defaults),
        Flag("--header", "'NAME: VALUE'",
             "Sent with each request whose line has no header of this name. {{env.NAME}} is an environment variable, "
             "{{file.PATH}} what stands in a file.",
             [&settings](const std::string& value) {
                 const auto [name, text] = parse_header(value);
                 batch::SecretExpander secrets(settings.defaults.environment, settings.defaults.secrets);
                 settings.defaults.headers.add(name, secrets.expand(text));
             })
            .repeatable(),
        {"--cacert", "FILE", "Trusts the certificates in this PEM file, instead of the system's.",
         [&settings](const std::string& value) { settings.session.tls.ca_file = checked_file(value); }},
        {"--insecure", "", "Trusts any certificate: whoever is on the way can read and change everything.",
         [&settings](const std::string&) { settings.session.tls.verify = false; }},
    };
}

void warn_of_risks(const SessionSettings& settings) {
    if (!settings.session.tls.verify) {
        std::fputs("plait: warning: --insecure: certificates are not checked\n", stderr);
    }
}

}  // namespace plait::cli
