#pragma once

#include "plait/batch/request_line.hpp"
#include "plait/cli/flag.hpp"
#include "plait/http/session.hpp"

#include <vector>

namespace plait::cli {

/// How calls are sent, whichever command sends them.
class SessionSettings {
  public:
    SessionSettings() {}

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
