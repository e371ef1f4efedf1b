#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/output/id_register.hpp"
#include "plait/batch/requests/clear_text_secrets.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/batch/status/forecast.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// What was found in the requests of a run before any of them is sent.
class CheckReport {
  public:
    CheckReport() noexcept {}

    /// A line that would not be sent, and why.
    class BadRequest {
      public:
        BadRequest(std::uint64_t line_, std::string message_) : line(line_), message(std::move(message_)) {}

        std::uint64_t line;
        std::string message;
    };
    /// An id that an earlier line has already.
    class RepeatedId {
      public:
        RepeatedId(std::string custom_id_, std::uint64_t line_, std::uint64_t before_)
            : custom_id(std::move(custom_id_)), line(line_), before(before_) {}

        std::string custom_id;
        std::uint64_t line;
        std::uint64_t before;
    };
    /// A secret in clear text, and in how many calls there is such a one.
    class SecretPlace {
      public:
        SecretPlace(ClearTextSecret secret_, std::uint64_t first_line_)
            : secret(std::move(secret_)), first_line(first_line_) {}

        ClearTextSecret secret;
        std::uint64_t first_line;
        std::uint64_t calls = 0;
    };

    /// A path that looks as if two that overlap had been joined.
    class DoubledPath {
      public:
        DoubledPath(std::uint64_t line_, std::string path_, std::string part_)
            : line(line_), path(std::move(path_)), part(std::move(part_)) {}

        std::uint64_t line;
        std::string path;
        std::string part;  ///< what follows itself, such as `/v1/v1`
    };

    std::uint64_t calls = 0;  ///< that would be sent
    std::uint64_t bad_count = 0;
    std::vector<BadRequest> bad;  ///< the first of them
    std::uint64_t repeated_count = 0;
    std::vector<RepeatedId> repeated;  ///< the first of them
    std::uint64_t calls_with_secrets = 0;
    std::vector<SecretPlace> secrets;  ///< the first kinds of place
    std::uint64_t doubled_count = 0;   ///< calls whose path looks as if two that overlap had been joined
    std::vector<DoubledPath> doubled;  ///< the first of them
    InputNotes notes;                  ///< what its source noticed: set by who opened that
    std::uint64_t unsafe_count = 0;    ///< that may not be repeated and have no idempotency key
    std::vector<std::pair<std::string, std::uint64_t>> methods;  ///< calls of each, the most first
    std::vector<std::pair<std::string, std::uint64_t>> groups;   ///< calls of the busiest
    std::uint64_t group_count = 0;
    Forecast forecast;

    /// `plait run --strict` would send nothing.
    bool is_refused() const noexcept { return bad_count + repeated_count > 0; }
    /// There is something to look at before it is sent: a secret, a path that looks doubled, or a budget that is not
    /// enough. Names that are not permitted are none: data may well quote some.
    bool has_warnings() const noexcept;
};

/// Looks through the requests of a run without sending any. Its size does not grow with them, but for the ids (see
/// `IdRegister`) and groups (see `Forecaster`).
class Check {
  public:
    /// How many of the bad lines, of the repeated ids and of the places of secrets are kept.
    static constexpr std::size_t most_kept = 20;
    /// Methods beyond these are counted as one, because anything is a method.
    static constexpr std::size_t most_methods = 50;

    explicit Check(ForecastOptions options);

    /// One more item of the source, in the order of the input. Templates in it were left as they are.
    void look_at(const SourceItem& item);

    CheckReport report() const;

  private:
    void look_at(const Call& call);
    void refuse(std::uint64_t line, std::string_view message);
    bool is_new_id(std::string_view id, std::uint64_t line);
    void look_for_secrets(const Call& call);
    void look_at_path(const Call& call);

    std::vector<policy::RateLimit> limits_;
    Forecaster forecaster_;
    IdRegister ids_;
    CheckReport report_;
    std::map<std::string, std::uint64_t, std::less<>> methods_;
};

/// Looks through a whole source. Not within a running loop.
CheckReport check_all(Source& source, ForecastOptions options = {});

/// The report for people. `name` is what they call the input.
std::string check_text(const CheckReport& report, std::string_view name);

/// Of it only what makes `is_refused` true.
std::string refusals_text(const CheckReport& report);

/// The report as a JSON object on one line (docs/formats.md).
std::string check_json(const CheckReport& report);

}  // namespace plait::batch
