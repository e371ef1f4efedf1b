#include "plait/batch/resume/run_files.hpp"

#include "plait/base/error.hpp"
#include "plait/base/unique_fd.hpp"
#include "plait/batch/output/file_sink.hpp"
#include "plait/batch/output/results_scan.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

namespace plait::batch {

namespace {

[[noreturn]] void fail(std::string_view what, const std::string& path) {
    throw Error(ErrorCode::storage, fmt::format("{} {}: {}", what, path, system_message(errno)));
}

/// Whether the path leads through /proc to an open descriptor, as /dev/stdout and /dev/fd/3 do.
bool leads_to_descriptor(std::filesystem::path path) {
    constexpr int most_links = 40;  // the kernel's own limit
    for (int links = 0; links < most_links; ++links) {
        const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
        struct statfs file_system {};
        if (::statfs(folder.c_str(), &file_system) == 0 && file_system.f_type == PROC_SUPER_MAGIC) return true;
        std::error_code error;
        const std::filesystem::path target = std::filesystem::read_symlink(path, error);
        if (error) return false;
        path = folder / target;
    }
    return false;
}

/// Whether there can be a state file beside the results. /dev/stdout may lead to a file, but its name is another one.
bool has_state(const std::string& results_path) {
    if (leads_to_descriptor(results_path)) return false;
    struct stat status {};
    return ::stat(results_path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
}

bool exists(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

void remove_state(const std::string& state) {
    // The database goes first: if the others remain, SQLite discards them beside an empty database, but an old database
    // without them would have lost notes.
    for (const char* suffix : {"", "-wal", "-shm", "-journal", "-sent", "-limits", "-limits-new"}) {
        if (::unlink((state + suffix).c_str()) != 0 && errno != ENOENT) fail("remove", state + suffix);
    }
}

void sync_folder_of(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const UniqueFd file(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) fail("sync the folder of", path);
}

/// An empty value is that of a flag that was not given.
bool is_given(const std::string* value) { return value && !value->empty(); }

std::string in_quotes(const std::string* value) { return is_given(value) ? fmt::format("'{}'", *value) : "not given"; }

const std::string* find(const Settings& settings, const std::string& name) {
    for (const auto& [key, value] : settings) {
        if (key == name) return &value;
    }
    return nullptr;
}

/// Throws if a setting differs from the one that the run began with.
void compare(const Settings& before, const Settings& now) {
    const auto refuse_change = [](const std::string& name, const std::string* was, const std::string* is) {
        throw_bad_input(
            fmt::format("{} was {} when this run began, and is {} now: {} it, or start over with --overwrite", name,
                        in_quotes(was), in_quotes(is), is_given(was) ? "restore" : "omit"));
    };
    for (const auto& [name, value] : before) {
        const std::string* is = find(now, name);
        if (!is || *is != value) refuse_change(name, &value, is);
    }
    for (const auto& [name, value] : now) {
        if (!find(before, name)) refuse_change(name, nullptr, &value);
    }
}

void refuse_lost_results(const Journal& journal, const std::string& results_path) {
    const std::uint64_t sent = journal.sent_before().size();
    if (sent == 0) return;
    throw_bad_input(fmt::format(
        "{} is missing, and {} unsafe {} sent whose results it may have held: restore it, or start over with "
        "--overwrite, which sends them again",
        results_path, sent, sent == 1 ? "request was" : "requests were"));
}

}  // namespace

/// The results file, locked. One that did not exist is removed again unless the run takes it.
class RunFiles::ResultsFile {
  public:
    explicit ResultsFile(const std::string& path) : path_(path), file_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
        if (file_) return;
        if (errno != ENOENT) fail("open", path);
        file_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
        if (!file_) fail("create", path);
        is_new_ = true;
    }
    ResultsFile(const ResultsFile&) = delete;
    ResultsFile& operator=(const ResultsFile&) = delete;
    ~ResultsFile() {
        if (file_ && is_new_ && is_ours_) ::unlink(path_.c_str());
    }

    /// Locks out other runs until this process ends. Workers close the descriptors that they inherit.
    void lock(const std::string& state) {
        int busy = ::flock(file_.get(), LOCK_EX | LOCK_NB);
        if (busy != 0 && errno == EWOULDBLOCK) {
            const std::int64_t process = process_of(state);
            if (process == 0 || is_alive(process)) refuse_second_run(process);
            // That run was killed while it started its workers. They close what they inherit as soon as they run.
            while ((busy = ::flock(file_.get(), LOCK_EX)) != 0 && errno == EINTR) {
            }
        }
        if (busy != 0) fail("lock", path_);
        // The results would be lost.
        if (status().st_nlink == 0)
            throw_bad_input(fmt::format("{} was removed by somebody else while this run opened it: try again", path_));
        is_ours_ = true;
    }

    void cut(std::uint64_t size) {
        if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) fail("cut", path_);
        if (::lseek(file_.get(), 0, SEEK_END) < 0) fail("seek in", path_);
    }

    bool is_new() const noexcept { return is_new_; }
    int get() const noexcept { return file_.get(); }
    bool is_empty() const { return status().st_size == 0; }
    UniqueFd take() noexcept { return std::move(file_); }

  private:
    struct stat status() const {
        struct stat status {};
        if (::fstat(file_.get(), &status) != 0) fail("look at", path_);
        return status;
    }

    /// Returns the process that writes the results; 0 if it has not recorded its number yet.
    static std::int64_t process_of(const std::string& state) {
        try {
            return read_journal(state).process;
        } catch (const Error&) {
            return 0;
        }
    }

    static bool is_alive(std::int64_t process) { return ::kill(static_cast<pid_t>(process), 0) == 0 || errno != ESRCH; }

    [[noreturn]] void refuse_second_run(std::int64_t process) const {
        throw_bad_input(fmt::format("another plait run{} writes {}: wait for its end, or name other results",
                                    process == 0 ? "" : fmt::format(" (process {})", process), path_));
    }

    std::string path_;
    UniqueFd file_;
    bool is_new_ = false;
    bool is_ours_ = false;
};

std::string state_path(const std::string& results_path) { return results_path + ".plait"; }

BatchFormat recorded_format(const std::string& results_path) {
    if (!exists(state_path(results_path))) return BatchFormat::plait;
    const Settings settings = read_journal(state_path(results_path)).settings;
    const std::string* const name = find(settings, "--format");
    return name ? parse_batch_format(*name) : BatchFormat::plait;
}

RunFiles::RunFiles(std::string results_path, const Settings& settings, const RunFilesOptions& options)
    : results_path_(std::move(results_path)),
      state_path_(state_path(results_path_)),
      settings_(settings),
      options_(options) {}

RunFiles::~RunFiles() = default;

std::unique_ptr<RunFiles> RunFiles::standard_output() {
    std::unique_ptr<RunFiles> files(new RunFiles("", Settings(), RunFilesOptions()));
    files->sink_ = FileSink::standard_output();
    files->run_id_ = random_run_id();
    return files;
}

std::unique_ptr<RunFiles> RunFiles::open(const std::string& results_path, const Settings& settings,
                                         const RunFilesOptions& options) {
    std::unique_ptr<RunFiles> files(new RunFiles(results_path, settings, options));
    if (has_state(results_path)) {
        // Lock first, and lock the results, because the state file may be replaced.
        files->results_ = std::make_unique<ResultsFile>(results_path);
        files->results_->lock(files->state_path_);
        if (!options.overwrite) files->take_up();
    }
    if (!files->is_resumed_) files->run_id_ = random_run_id();
    return files;
}

/// Reads the state that an earlier run left, if there is one.
void RunFiles::take_up() {
    const bool has_results = !results_->is_empty();
    if (!exists(state_path_)) {
        if (!has_results) return;
        throw_bad_input(
            fmt::format("{0} has no state file {1}: restore it, replace {0} with "
                        "--overwrite, or name other results",
                        results_path_, state_path_));
    }
    journal_ = std::make_unique<Journal>(state_path_, options_.durable);
    is_resumed_ = !journal_->is_new();
    if (is_resumed_ && journal_->settings() != settings_ && has_only_bad_lines()) {
        journal_.reset();
        options_.overwrite = true;
        is_resumed_ = false;
    } else if (is_resumed_) {
        compare(journal_->settings(), settings_);
        if (results_->is_new()) refuse_lost_results(*journal_, results_path_);
        run_id_ = journal_->run_id();
    } else if (has_results) {
        throw_bad_input(
            fmt::format("{} has no record of {}: replace both with --overwrite", state_path_, results_path_));
    }
}

/// Whether the earlier run has sent nothing, because no line was a request: it may have other options now. With keys of
/// its own it may have sent what has no result.
bool RunFiles::has_only_bad_lines() const {
    const policy::Costs& spent = journal_->spent_before();
    const bool was_paid = std::any_of(spent.begin(), spent.end(), [](const auto& one) { return one.second > 0; });
    if (was_paid || journal_->sent_before().size() > 0) return false;
    if (find(journal_->settings(), "--idempotency-key")) return false;
    std::uint64_t bad = 0, others = 0;
    for_each_result(results_->get(), results_path_,
                    [&](const ResultView& result) { ++(is_bad_line(result) ? bad : others); });
    return bad > 0 && others == 0;
}

void RunFiles::follow(ResumableSource& source) {
    if (sink_) return;  // standard output
    if (!results_) {
        sink_ = FileSink::create(results_path_, options_.overwrite);
        return;
    }
    if (!is_resumed_) begin(source);
    try {
        compare_input(source);
    } catch (const Error&) {
        // A run that never began must not be resumed: a damaged input may be a different one next time.
        if (!is_resumed_) {
            journal_.reset();
            remove_state(state_path_);
        }
        throw;
    }
    read_results();
    results_->cut(whole_bytes_);
    source.skip(done_);
    if (options_.durable) sync_folder_of(results_path_);
    are_results_new_ = results_->is_new();
    sink_ = std::make_unique<FileSink>(results_->take(), results_path_, options_.durable);
    results_.reset();
}

void RunFiles::begin(const ResumableSource& source) {
    if (options_.overwrite) {
        remove_state(state_path_);
        results_->cut(0);
    }
    if (!journal_) journal_ = std::make_unique<Journal>(state_path_, options_.durable);
    journal_->begin(settings_, source.path(), run_id_);
}

void RunFiles::compare_input(ResumableSource& source) {
    // With --extend, the lines may come from another file, which then has all of them.
    const auto save = [this, path = source.path(), is_saved = false](const InputFingerprint& input,
                                                                     std::size_t first_block) mutable {
        if (path && !std::exchange(is_saved, true)) journal_->set_requests(*path);
        journal_->set_input(input, first_block);
    };
    watch_ = std::make_unique<InputWatch>(source.name(), journal_->input(), options_.extend, save);
    source.show_to(*watch_);
}

void RunFiles::read_results() {
    ResultsScan scan = scan_results(results_->get(), results_path_, ids_);
    done_ = std::move(scan.done);
    outcomes_ = scan.outcomes;
    whole_bytes_ = scan.end.whole_bytes;
}

const LineSet& RunFiles::sent_before() const noexcept { return journal_ ? journal_->sent_before() : nothing_; }

LimitFile* RunFiles::remember_limits(const WallClock& calendar) {
    if (!journal_) return nullptr;
    limit_file_ =
        std::make_unique<LimitFile>(state_path_ + "-limits", journal_->run_id(), journal_->limits(), calendar);
    return limit_file_.get();
}

void RunFiles::close() {
    if (!journal_) return;
    if (limit_file_) {
        journal_->set_limits(limit_file_->to_keep());
        ::unlink((state_path_ + "-limits").c_str());
    }
    journal_->close();
}

void RunFiles::discard() {
    close();
    std::error_code error;
    if (!journal_ || is_resumed_ || std::filesystem::file_size(results_path_, error) != 0 || error) return;
    remove_state(state_path_);
    if (are_results_new_) ::unlink(results_path_.c_str());
}

}  // namespace plait::batch
