#pragma once

#include "plait/async/coordination/settled.hpp"
#include "plait/base/error.hpp"
#include "plait/workers/internal/payload.hpp"
#include "plait/workers/internal/result_board.hpp"
#include "plait/workers/internal/serialise.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace plait::internal {

/// A function whose type only its `Perform` knows.
using AnyFunction = void (*)();

class JobItems;

/// Calls a function for each of some items. Its arguments and results are bytes.
using Perform = void (*)(AnyFunction function, JobItems& items);

/// How a worker goes through the items of a job.
struct JobRules {
    bool ends_when_long = false;  ///< after `longest_work_of_a_chunk` it begins no more
    bool ends_at_failure = false;
};

/// Items on their way to a worker process, and the function that is called for each. A worker is a fork without exec,
/// so addresses of functions are the same there.
class ProcessJob {
  public:
    ProcessJob(Perform how, AnyFunction what, JobRules rules)
        : perform_(how), function_(what), rules_(rules), writer_(std::make_unique<ValueWriter>()) {}

    template <class Tuple>
    void add(const Tuple& arguments) {
        writer_->write(arguments);
        end_item();
    }
    /// Adds arguments that are bytes already: `item` of another job.
    void add_bytes(std::string_view arguments) {
        writer_->bytes().sputn(arguments.data(), static_cast<std::streamsize>(arguments.size()));
        end_item();
    }
    std::size_t size() const noexcept { return ends_.size(); }
    /// Whether another item may be too much for one packet.
    bool is_full() const noexcept {
        return writer_->bytes().size() + (size() + 1) * sizeof ends_[0] >= most_bytes_in_packet * 3 / 4;
    }
    /// No item is added any more.
    void close() {
        writer_->bytes().sputn(reinterpret_cast<const char*>(ends_.data()),
                               static_cast<std::streamsize>(ends_.size() * sizeof ends_[0]));
        payload_ = writer_->bytes().take();
        writer_.reset();
    }

    Perform perform() const noexcept { return perform_; }
    AnyFunction function() const noexcept { return function_; }
    const JobRules& rules() const noexcept { return rules_; }
    /// The arguments of the items, and after them where each ends, as a `std::uint64_t`.
    const Payload& payload() const noexcept { return payload_; }
    std::string_view item(std::size_t number) {
        const std::uint64_t begin = number == 0 ? 0 : ends_[number - 1];
        return payload_.bytes().substr(begin, ends_[number] - begin);
    }

  private:
    void end_item() { ends_.push_back(writer_->bytes().size()); }

    Perform perform_;
    AnyFunction function_;
    JobRules rules_;
    std::unique_ptr<ValueWriter> writer_;
    std::vector<std::uint64_t> ends_;
    Payload payload_;
};

/// The worker's side of a job: its items, one after another, and their outcomes.
class JobItems {
  public:
    /// `count` items in `bytes`, of which at most `most` are to be run.
    JobItems(std::string_view bytes, std::uint32_t count, std::uint32_t most, JobRules rules, ResultBoard& result_board,
             const Clock& clock = SteadyClock::instance());

    /// Calls `work(arguments, result)` for one item after another; what it throws becomes the item's outcome.
    template <class Work>
    void each(Work work) {
        while (begin_item()) {
            OutcomeHead outcome;
            try {
                work(arguments_of_item(), result_);
            } catch (const Error& error) {
                outcome = failure(OutcomeHead::Kind::error, error.what(), error.code());
            } catch (const std::exception& exception) {
                outcome = failure(OutcomeHead::Kind::exception, exception.what());
            } catch (...) {
                outcome = failure(OutcomeHead::Kind::exception, "something that is no std::exception was thrown");
            }
            end_item(outcome);
        }
    }

    /// The number of items whose outcome is on the board.
    std::uint32_t on_board() const noexcept { return on_board_; }
    /// The outcome of the next item, if the board had no room for it. Call it once.
    std::optional<OutcomeHead> beside_board() const noexcept { return beside_board_; }
    Payload take_beside_board() { return result_.bytes().take(); }
    /// How long the items took together.
    Duration took() const;

    /// Reads arguments in `work`.
    class Arguments {
      public:
        Arguments(ValueReader& reader, std::string_view bytes) noexcept : reader_(reader), bytes_(bytes) {}
        template <class Tuple>
        Tuple read() const {
            return reader_.read<Tuple>(bytes_);
        }

      private:
        ValueReader& reader_;
        std::string_view bytes_;
    };

  private:
    bool begin_item();
    void end_item(OutcomeHead outcome);
    Arguments arguments_of_item() noexcept;
    OutcomeHead failure(OutcomeHead::Kind kind, std::string_view text, ErrorCode code = ErrorCode::worker_died);

    const std::string_view bytes_;
    const std::uint32_t count_;
    const std::uint32_t most_;
    const JobRules rules_;
    ResultBoard& board_;
    const Clock& clock_;
    ValueReader reader_;
    ValueWriter result_;
    const TimePoint begun_;
    std::uint32_t on_board_ = 0;
    std::optional<OutcomeHead> beside_board_;
    bool failed_ = false;
};

template <class Result, class... Parameters>
using FreeFunction = Result (*)(Parameters...);

template <class Result, class... Parameters>
void perform(AnyFunction function, JobItems& items) {
    const auto call = reinterpret_cast<FreeFunction<Result, Parameters...>>(function);
    items.each([call](const JobItems::Arguments& arguments, ValueWriter& result) {
        auto values = arguments.read<std::tuple<std::decay_t<Parameters>...>>();
        // Each value is passed as its parameter asks for it: moved, or as a reference.
        const auto call_with = [&](auto&... value) -> Result { return call(static_cast<Parameters&&>(value)...); };
        if constexpr (std::is_void_v<Result>) {
            std::apply(call_with, values);
        } else {
            result.write(std::apply(call_with, values));
        }
    });
}

/// A job without items yet.
template <class Result, class... Parameters>
ProcessJob make_process_job(FreeFunction<Result, Parameters...> function, JobRules rules = {}) {
    static_assert(!std::is_reference_v<Result> && !std::is_pointer_v<Result>, "a result crosses processes as a value");
    static_assert(
        ((!std::is_lvalue_reference_v<Parameters> || std::is_const_v<std::remove_reference_t<Parameters>>)&&...),
        "what a job does to its arguments stays in its process: take them by value or by const reference");
    static_assert((!std::is_pointer_v<std::decay_t<Parameters>> && ...),
                  "what a pointer points to is not in the other process");
    return ProcessJob(&perform<Result, Parameters...>, reinterpret_cast<AnyFunction>(function), rules);
}

/// The outcomes of the first items of a job.
class JobReply {
  public:
    JobReply() = default;
    JobReply(std::uint32_t on_board, std::string outcomes) : on_board_(on_board), outcomes_(std::move(outcomes)) {}

    void add(const OutcomeHead& outcome, Payload payload) {
        beside_board_ = outcome;
        beside_ = std::move(payload);
    }
    void add(std::exception_ptr lost) { lost_ = std::move(lost); }
    void set_took(Duration took) noexcept { took_ = took; }

    /// The number of items that have an outcome.
    std::size_t size() const noexcept { return on_board_ + (beside_board_ ? 1 : 0) + (lost_ ? 1 : 0); }
    /// How long the worker worked; 0 when that is not known.
    Duration took() const noexcept { return took_; }

    /// Calls `use(Settled<Result>)` with each outcome, in the order of the items.
    template <class Result, class Use>
    void read(Use use) {
        ValueReader reader;
        const char* next = outcomes_.data();
        for (std::uint32_t item = 0; item < on_board_; ++item) {
            OutcomeHead head;
            std::memcpy(&head, next, sizeof head);
            next += sizeof head;
            use(settled<Result>(reader, head, {next, head.size}));
            next += head.size;
        }
        if (beside_board_) use(settled<Result>(reader, *beside_board_, beside_.bytes()));
        if (lost_) use(Settled<Result>(lost_));
    }

  private:
    static std::exception_ptr error_of(const OutcomeHead& head, std::string_view text);

    template <class Result>
    static Settled<Result> settled(ValueReader& reader, const OutcomeHead& head, std::string_view bytes) {
        if (head.kind != OutcomeHead::Kind::result) return Settled<Result>(error_of(head, bytes));
        if constexpr (std::is_void_v<Result>) {
            return Settled<void>();
        } else {
            return Settled<Result>(reader.read<Result>(bytes));
        }
    }

    std::uint32_t on_board_ = 0;
    std::string outcomes_;
    std::optional<OutcomeHead> beside_board_;
    Payload beside_;
    std::exception_ptr lost_;  // of the item after those
    Duration took_{0};
};

}  // namespace plait::internal
