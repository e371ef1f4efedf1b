#include "plait/cli/run/verify_command.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/requests/vendor_line.hpp"
#include "plait/batch/resume/row_settings.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/resume/verify_results.hpp"
#include "plait/batch/sources/open_source.hpp"
#include "plait/cli/flags/session_flags.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"

#include <cstdio>
#include <utility>

namespace plait::cli {

std::string_view VerifyCommand::help() const {
    return "Check that every request has exactly one result. Sends nothing.";
}

Positional VerifyCommand::positional() const {
    return {"REQUESTS RESULTS",
            "The requests and their results, one of which may be - for standard input. Lists missing, duplicate and "
            "unmatched "
            "results, the first 20 of each. Exit code 0: all is well; 1: it is not.",
            false};
}

std::vector<Flag> VerifyCommand::flags() {
    return {batch_format_flag("--format", "Read the requests as this vendor's batch file. Default: as the run did.",
                              format_)};
}

int VerifyCommand::run() {
    if (files_.size() != 2) {
        throw Error(ErrorCode::bad_input, "verify takes two files: REQUESTS and RESULTS");
    }
    if (files_[0] == "-" && files_[1] == "-")
        throw_bad_input("standard input can't be both REQUESTS and RESULTS: name a file for one of them");
    batch::RequestDefaults defaults = batch::recorded_row_defaults(files_[1]);
    if (!defaults.rows.are_given()) defaults = batch::RequestDefaults();
    defaults.format = format_ == batch::BatchFormat::plait ? batch::recorded_format(files_[1]) : format_;
    if (batch::takes_model(defaults.format)) defaults.model = "any";  // only ids and lines are compared
    const auto source = batch::open_source({files_[0]}, std::move(defaults));
    const batch::Verification found = batch::verify_results(*source, files_[1]);
    print(stdout, batch::verification_text(found));
    return found.is_good() ? exit_ok : exit_some_not_ok;
}

}  // namespace plait::cli
