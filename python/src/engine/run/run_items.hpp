#pragma once

#include "plait/async/coordination/event.hpp"
#include "plait/async/task.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/sources/resumable_source.hpp"

#include "values/python.hpp"
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::python {

/// The requests of a Python iterable, as the input of a run. It takes Python's lock to read one, and only for that.
///
/// A URL is read as it stands, and a dict of texts as the line that it is; of any other item,
/// `plait._run.lines.Lines` makes a request line. A later run can resume
/// them if the same requests come in the same order: ids, methods, URLs and bodies are compared, but no headers, so
/// that a token may have changed.
class RunItems final : public batch::ResumableSource {
  public:
    /// What it shares with the run, which outlives it.
    struct Shared {
        Held iterator;
        Held line_of;
        Held broken;                      ///< what the iterable has thrown
        std::vector<int> retry_statuses;  ///< of all requests, beside the usual ones and their own
        Held nothing_yet;  ///< what the iterator returns when its next item has not come yet; null: it never does
        Event more;        ///< it has
    };

    RunItems(Shared& shared, batch::RequestDefaults defaults, std::optional<std::uint64_t> total)
        : shared_(shared), defaults_(std::move(defaults)), total_(total) {}

    /// For automatic idempotency keys: the id of the run, or anything where it can't be resumed. Before the first
    /// `next`.
    void set_key_seed(std::string seed) { defaults_.key_seed = std::move(seed); }

    /// Throws `Error(cancelled)` when the iterable throws.
    Task<std::optional<batch::SourceItem>> next() override;
    std::optional<std::uint64_t> total() override { return total_; }

    std::string name() const override { return "the iterable of requests"; }
    std::optional<std::string> path() const override { return std::nullopt; }
    void skip(const batch::LineSet& lines) override { skipped_ = &lines; }
    void show_to(batch::InputWatch& watch) override { watch_ = &watch; }

  private:
    bool waits_for_item();
    std::optional<batch::SourceItem> read();
    batch::SourceItem item_of(PyObject* item);
    bool adds_to_lines();
    batch::SourceItem bad_item(std::string custom_id, std::string_view why) const;
    [[noreturn]] void break_off();

    Shared& shared_;
    batch::RequestDefaults defaults_;
    std::optional<batch::RequestReader> requests_;  ///< made at the first item
    std::optional<bool> adds_to_lines_;             ///< known from the first item on
    std::optional<std::uint64_t> total_;
    std::uint64_t line_ = 0;
    Held next_;  ///< what was fetched; never held while the task waits
    const batch::LineSet* skipped_ = nullptr;
    batch::InputWatch* watch_ = nullptr;
};

}  // namespace plait::python
