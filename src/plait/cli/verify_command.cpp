#include "plait/cli/verify_command.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/open_source.hpp"
#include "plait/batch/resume/verify_results.hpp"
#include "plait/cli/screen/exit_code.hpp"

#include <fmt/format.h>

namespace plait::cli {

std::string_view VerifyCommand::help() const {
    return "Check that every request has exactly one result. Sends nothing.";
}

Positional VerifyCommand::positional() const {
    return {"REQUESTS RESULTS",
            "The requests (a file, or - for standard input) and their results. Lists missing, duplicate and unmatched "
            "results, the first 20 of each. Exit code 0: all is well; 1: it is not.",
            false};
}

int VerifyCommand::run() {
    if (files_.size() != 2) {
        throw Error(ErrorCode::bad_input, "verify takes two files: REQUESTS and RESULTS");
    }
    const auto source = batch::open_source({files_[0]}, batch::RequestDefaults());
    const batch::Verification found = batch::verify_results(*source, files_[1]);
    fmt::print("{}", batch::verification_text(found));
    return found.is_good() ? exit_ok : exit_some_not_ok;
}

}  // namespace plait::cli
