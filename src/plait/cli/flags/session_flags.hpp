#pragma once

#include "plait/batch/call/batch_format.hpp"
#include "plait/batch/call/secrets.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/cli/flags/flag.hpp"
#include "plait/cli/flags/route_flags.hpp"
#include "plait/cli/flags/row_flags.hpp"
#include "plait/http/session.hpp"

#include <string>
#include <vector>

namespace plait::cli {

/// Prints a warning to standard error.
void warn(const std::string& sentence);

/// How calls are sent, by whichever command. Not movable: `defaults` points to its siblings.
class SessionSettings {
  public:
    SessionSettings() {
        defaults.secrets = &secrets;
        defaults.notes = &notes;
    }
    SessionSettings(const SessionSettings&) = delete;
    SessionSettings& operator=(const SessionSettings&) = delete;

    /// Secrets that requests contain and no output may show.
    batch::Secrets secrets;
    /// Suspicious input lines. The first of each kind causes a warning.
    batch::InputNotes notes{warn};
    batch::RequestDefaults defaults;
    http::SessionOptions session;
    ProxyChoice proxies;
    LoginChoice login;
};

/// The flag that names a form of lines, with `help`. `format` outlives it.
Flag batch_format_flag(std::string name, std::string help, batch::BatchFormat& format);

/// Flags that change the meaning of input lines, and those that make requests of rows. `defaults` outlives them.
/// `other_body` may be empty.
std::vector<Flag> input_flags(batch::RequestDefaults& defaults, const OtherBody& other_body = {});

/// The flag that adds headers to every request. `settings` outlives it.
std::vector<Flag> header_flags(SessionSettings& settings);

/// Flags that declare requests safe to repeat. `defaults` outlives them.
std::vector<Flag> repeat_flags(batch::RequestDefaults& defaults);

/// Flags for time limits, bounds on answers, TLS, proxies, addresses and logins. `settings` outlives them.
std::vector<Flag> connection_flags(SessionSettings& settings);

/// `input_flags`, `header_flags` and `connection_flags`.
std::vector<Flag> session_flags(SessionSettings& settings);

/// Completes the settings when all flags are known: with the proxies of the environment, and with users and passwords.
/// Reads the certificates that flags name, so that no call fails because of them, and prints warnings about insecure
/// settings to standard error. `inputs` are the command's REQUESTS. Throws `Error(bad_input)`.
void settle(SessionSettings& settings, const std::vector<std::string>& inputs);

}  // namespace plait::cli
