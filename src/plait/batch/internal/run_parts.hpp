#pragma once

#include "plait/batch/call/secrets.hpp"
#include "plait/batch/caller/auth_command.hpp"
#include "plait/batch/cookie_file.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/output/result_values.hpp"
#include "plait/batch/resume/run_files.hpp"
#include "plait/batch/run.hpp"
#include "plait/batch/run/runner.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace plait::batch {

/// What a run owns. The order matters: what stands further down refers to what stands above.
struct Run::Parts {
    Parts(RunOptions options_, RunWorld world_) : options(std::move(options_)), world(std::move(world_)) {}

    RunOptions options;
    RunWorld world;
    Secrets own_secrets;
    InputNotes own_notes;
    StopRequest stop;
    StatusRequest status;
    ResultValues values;
    std::unique_ptr<RunFiles> files;  ///< null: none
    std::unique_ptr<ResumableSource> source;
    bool replaces_trace = false;
    int interruptions = 0;  ///< before it began
    bool is_paused = false;
    std::unique_ptr<trace::TraceFile> trace;
    std::unique_ptr<Method> method;
    std::optional<AuthCommand> auth;
    std::optional<http::CookieJar> cookies;
    std::optional<CookieFile> cookie_file;

    /// Opens what the run works with, in the order of the fields: the source and the trace, then the method.
    void follow(std::unique_ptr<ResumableSource> opened);

    Secrets& secrets() noexcept { return *options.requests.secrets; }
    Journal* journal() noexcept { return files ? files->journal() : nullptr; }
    /// Empty without files.
    const std::string& id() const noexcept;

    RunnerOptions runner_options();
    RunnerParts runner_parts(bool takes_values);

  private:
    void open_trace();
    MethodOptions method_options();
};

}  // namespace plait::batch
