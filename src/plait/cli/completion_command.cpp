#include "plait/cli/completion_command.hpp"

#include "plait/base/error.hpp"
#include "plait/cli/pages/completion.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"

#include <fmt/format.h>

namespace plait::cli {

namespace {

std::string shell_names() {
    std::string names;
    for (const Shell& shell : shells) names += fmt::format("{}{}", names.empty() ? "" : "|", shell.name);
    return names;
}

}  // namespace

std::string_view CompletionCommand::notes() const {
    return "make install puts the scripts where the shells look for them. To try one without: source <(plait "
           "completion bash); autoload -U compinit && compinit, then source <(plait completion zsh); or plait "
           "completion fish | source.";
}

Positional CompletionCommand::positional() const { return {shell_names(), "The shell.", false}; }

int CompletionCommand::run() {
    if (shells_.size() == 1) {
        for (const Shell& shell : shells) {
            if (shell.name != shells_.front()) continue;
            print(stdout, shell.completion(all_commands_()));
            return exit_ok;
        }
    }
    throw Error(ErrorCode::bad_input, fmt::format("name one shell: {}", shell_names()));
}

}  // namespace plait::cli
