#pragma once

#include <array>
#include <string_view>

namespace plait::cli {

enum ExitCode : int { exit_ok, exit_some_not_ok, exit_wrong_usage, exit_stopped, exit_storage };

struct ExitCodeMeaning {
    ExitCode code;
    std::string_view meaning;
};

/// The meanings of the program's exit codes.
inline constexpr std::array<ExitCodeMeaning, 5> exit_codes{{
    {exit_ok, "finished: every call is ok"},
    {exit_some_not_ok, "finished: some calls have another outcome"},
    {exit_wrong_usage, "invalid flags or input, or an input that can't be opened"},
    {exit_stopped, "stopped early"},
    {exit_storage, "a file can't be written, or reading it failed"},
}};

}  // namespace plait::cli
