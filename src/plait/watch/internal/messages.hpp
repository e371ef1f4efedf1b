#pragma once

#include "plait/batch/status/run_report.hpp"
#include "plait/batch/status/run_report_text.hpp"
#include "plait/watch/history.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace plait::watch::internal {

/// The head of the answer that the events follow.
std::string events_head();

/// An answer with a body. `nonce`: what scripts and styles in it must have; empty: it has none.
std::string answer(int status, std::string_view type, std::string_view body, std::string_view nonce = {},
                   std::string_view fields = {});

/// The answer to a request that is refused or led elsewhere, with a sentence for people. `fields`: further lines of its
/// head, each with its end.
std::string refusal(int status, std::string_view fields = {});

/// An answer as it is to HEAD: without its body.
std::string without_body(std::string answer);

/// The event `history`: the run's name and all samples.
std::string history_event(std::string_view name, const History& history);

/// The event `state`: the run as `plait status --json` prints it, its groups in words, and the sample that was added to
/// the history, if any. `Liveness::ended`: the event `end`, the last.
std::string state_event(const batch::RunReport& report, batch::Liveness liveness, const std::optional<Sample>& added,
                        batch::Calendar calendar = batch::local_calendar);

}  // namespace plait::watch::internal
