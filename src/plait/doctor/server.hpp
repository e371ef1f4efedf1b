#pragma once

#include "plait/async/task.hpp"
#include "plait/base/clock.hpp"
#include "plait/doctor/finding.hpp"
#include "plait/http/message/response.hpp"
#include "plait/http/message/url.hpp"
#include "plait/http/session.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace plait::doctor {

/// What came of one request to a server.
class ServerTrial {
  public:
    explicit ServerTrial(http::Url url_) : url(std::move(url_)) {}

    http::Url url;
    std::string failure;  ///< why there is no answer; empty: there is one
    int status = 0;
    http::HttpVersion version{};
    Duration took{};
    std::string date;     ///< the server's `Date`; empty: it sent none
    WallTime received{};  ///< by this machine's clock
};

/// Sends HEAD to `url`. `session` and `calendar` must outlive the task.
Task<ServerTrial> try_server(http::Session& session, http::Url url, const WallClock& calendar);

Finding check_server(const ServerTrial& trial);

/// Compares this machine's clock with the server's; nothing without an answer.
std::optional<Finding> check_clock(const ServerTrial& trial);

}  // namespace plait::doctor
