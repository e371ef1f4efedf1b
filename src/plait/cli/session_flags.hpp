#pragma once

#include "plait/batch/call/secrets.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/cli/flag.hpp"
#include "plait/http/session.hpp"

#include <string>
#include <vector>

namespace plait::cli {

/// Says on standard error what its reader should look at.
void warn(const std::string& sentence);

/// How calls are sent, whichever command sends them. It stays where it is: its defaults know its secrets.
class SessionSettings {
  public:
    SessionSettings() {
        defaults.secrets = &secrets;
        defaults.notes = &notes;
    }
    SessionSettings(const SessionSettings&) = delete;
    SessionSettings& operator=(const SessionSettings&) = delete;

    /// What the requests were given, and nothing may show.
    batch::Secrets secrets;
    /// What lines have that may not be meant so; the first case of each kind is warned of.
    batch::InputNotes notes{warn};
    batch::RequestDefaults defaults;
    http::SessionOptions session;
};

/// The flags that say what the lines of the input mean; `defaults` outlive them.
std::vector<Flag> input_flags(batch::RequestDefaults& defaults);

/// The flags that say what may be sent twice where lines do not; `defaults` outlive them.
std::vector<Flag> repeat_flags(batch::RequestDefaults& defaults);

/// The flags that make the settings, which outlive them, those of the input among them.
std::vector<Flag> session_flags(SessionSettings& settings);

/// Says on standard error what the settings put at risk.
void warn_of_risks(const SessionSettings& settings);

}  // namespace plait::cli
