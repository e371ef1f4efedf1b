#include "plait/cli/program.hpp"

#include "plait/base/error.hpp"
#include "plait/batch/status/stored_status.hpp"
#include "plait/cli/command_line.hpp"
#include "plait/cli/compare_command.hpp"
#include "plait/cli/completion_command.hpp"
#include "plait/cli/convert_command.hpp"
#include "plait/cli/doctor_command.hpp"
#include "plait/cli/mock_command.hpp"
#include "plait/cli/report_command.hpp"
#include "plait/cli/run/check_command.hpp"
#include "plait/cli/run/cluster_command.hpp"
#include "plait/cli/run/retry_command.hpp"
#include "plait/cli/run/run_command.hpp"
#include "plait/cli/run/status_command.hpp"
#include "plait/cli/run/table_command.hpp"
#include "plait/cli/run/verify_command.hpp"
#include "plait/cli/run/worker_command.hpp"
#include "plait/cli/screen/exit_code.hpp"
#include "plait/cli/screen/output.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace plait::cli {

namespace {

Commands all_commands() {
    Commands commands;
    commands.push_back(std::make_unique<RunCommand>());
    commands.push_back(std::make_unique<CheckCommand>());
    commands.push_back(std::make_unique<ConvertCommand>());
    commands.push_back(std::make_unique<CompareCommand>());
    commands.push_back(std::make_unique<ReportCommand>());
    commands.push_back(std::make_unique<TableCommand>());
    commands.push_back(std::make_unique<StatusCommand>(batch::read_stored_status));
    commands.push_back(std::make_unique<VerifyCommand>());
    commands.push_back(std::make_unique<RetryCommand>());
    commands.push_back(std::make_unique<WorkerCommand>());
    commands.push_back(std::make_unique<ClusterCommand>());
    commands.push_back(std::make_unique<MockCommand>());
    commands.push_back(std::make_unique<DoctorCommand>());
    commands.push_back(std::make_unique<CompletionCommand>(all_commands));
    return commands;
}

int run(const Commands& commands, std::vector<std::string> arguments) {
    const Request request = parse_command_line(commands, std::move(arguments), PLAIT_VERSION);
    if (request.command) return request.command->run();
    print(stdout, request.text);
    return exit_ok;
}

int exit_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_input:
            return exit_wrong_usage;
        case ErrorCode::storage:
            return exit_storage;
        default:
            return exit_stopped;
    }
}

}  // namespace

void run_program(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of the write, which we handle
    std::signal(SIGXFSZ, SIG_IGN);  // and so is a limit on file sizes
    int exit_code = exit_ok;
    try {
        exit_code = run(all_commands(), {argv + 1, argv + argc});
    } catch (const OutputUnread&) {
        exit_code = exit_stopped;
    } catch (const Error& error) {
        std::fprintf(stderr, "plait: %s\n", error.what());
        exit_code = exit_code_of(error.code());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "plait: unexpected: %s\n", error.what());
        exit_code = exit_stopped;
    }
    // Threads of abandoned calls may still run. Exit without destructors, so that they don't outlive what they use.
    std::fflush(nullptr);
    std::_Exit(exit_code);
}

}  // namespace plait::cli
