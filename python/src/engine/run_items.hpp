#pragma once

#include "plait/async/task.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/requests/resumable_source.hpp"

#include "python.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace plait::python {

/// The requests of a Python iterable, as the input of a run. It takes Python's lock to read one, and only for that.
///
/// A URL is read as it stands; of any other item, `plait._run.line_of` makes a request line. A later run can resume
/// them if the same requests come in the same order: ids, methods, URLs and bodies are compared, but no headers, so
/// that a token may have changed.
class RunItems final : public batch::ResumableSource {
  public:
    /// What it shares with the run, which outlives it.
    struct Shared {
        Held iterator;
        Held line_of;
        Held broken;  ///< what the iterable has thrown
    };

    RunItems(Shared& shared, batch::RequestDefaults defaults, std::optional<std::uint64_t> total)
        : shared_(shared), requests_(std::move(defaults)), total_(total) {}

    /// Throws `Error(cancelled)` when the iterable throws.
    Task<std::optional<batch::SourceItem>> next() override;
    std::optional<std::uint64_t> total() override { return total_; }

    std::string name() const override { return "the iterable of requests"; }
    std::optional<std::string> path() const override { return std::nullopt; }
    void skip(const batch::LineSet& lines) override { skipped_ = &lines; }
    void show_to(batch::InputWatch& watch) override { watch_ = &watch; }

  private:
    std::optional<batch::SourceItem> read();
    batch::SourceItem item_of(PyObject* item);
    batch::SourceItem bad_item(std::string custom_id, std::string_view why) const;
    [[noreturn]] void break_off();

    Shared& shared_;
    batch::RequestReader requests_;
    std::optional<std::uint64_t> total_;
    std::uint64_t line_ = 0;
    const batch::LineSet* skipped_ = nullptr;
    batch::InputWatch* watch_ = nullptr;
};

}  // namespace plait::python
