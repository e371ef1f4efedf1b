#pragma once

#include "plait/batch/journal.hpp"
#include "plait/batch/request_line.hpp"
#include "plait/batch/secrets.hpp"
#include "plait/cli/flag.hpp"
#include "plait/http/session.hpp"

#include <string>
#include <vector>

namespace plait::cli {

/// How calls are sent, whichever command sends them. It stays where it is: its defaults know its secrets.
class SessionSettings {
  public:
    SessionSettings() {
        defaults.secrets = &secrets;
        defaults.key_seed = &key_seed;
    }
    SessionSettings(const SessionSettings&) = delete;
    SessionSettings& operator=(const SessionSettings&) = delete;

    /// What the requests were given, and nothing may show.
    batch::Secrets secrets;
    /// What idempotency keys are made from: the run's id.
    std::string key_seed = batch::random_run_id();
    batch::RequestDefaults defaults;
    http::SessionOptions session;
};

/// The flag that says where paths of the input lead; `defaults` outlive it.
Flag base_url_flag(batch::RequestDefaults& defaults);

/// The flags that make the settings, which outlive them.
std::vector<Flag> session_flags(SessionSettings& settings);

/// Says on standard error what the settings put at risk.
void warn_of_risks(const SessionSettings& settings);

}  // namespace plait::cli
