#pragma once

#include "core/engine.hpp"
#include "values/python.hpp"
#include <memory>
#include <optional>

namespace plait::python {

/// From the options of a session as `plait._options` has put them in order. Throws `Error(bad_input)`.
Settings settings_from(const nb::dict& options);

/// How failed attempts are repeated. Throws `Error(bad_input)`.
policy::RetryOptions retry_from(const nb::dict& options);
policy::RetryBudgetOptions retry_budget_from(const nb::dict& options);

/// `seconds` as a duration. Throws `Error(bad_input)` for what is not above 0.
std::optional<Duration> duration_from(std::optional<double> seconds);

/// From what `plait._options` has made of the options that concern one call alone; None: there are none.
std::unique_ptr<CallPolicy> policy_from(const nb::object& policy);

/// A request of a session with these settings. `url` may be relative to their base. Throws `Error(bad_input)`.
http::Request request_from(const Settings& settings, std::string method, std::string_view url,
                           const std::optional<Fields>& headers, std::optional<nb::bytes> body,
                           std::optional<double> attempt);

void register_settings(nb::module_& module);

}  // namespace plait::python
