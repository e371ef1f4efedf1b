#pragma once

#include "plait/batch/call/call.hpp"
#include "plait/batch/call/source.hpp"
#include "plait/batch/check/forecast.hpp"
#include "plait/batch/lines/input_notes.hpp"
#include "plait/batch/output/id_register.hpp"
#include "plait/batch/requests/clear_text_secrets.hpp"
#include "plait/batch/requests/request_line.hpp"
#include "plait/http/proxy/proxy_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// The findings about the requests of a run, before any is sent.
class CheckReport {
  public:
    CheckReport() noexcept {}

    /// A line that can't be sent, and why.
    class BadRequest {
      public:
        BadRequest(std::uint64_t line_, std::string message_) : line(line_), message(std::move(message_)) {}

        std::uint64_t line;
        std::string message;
    };
    /// Why lines can't be sent, without what differs between them, and how many.
    class Reason {
      public:
        Reason(std::string reason_, std::uint64_t first_line_) : reason(std::move(reason_)), first_line(first_line_) {}

        std::string reason;
        std::uint64_t first_line;
        std::uint64_t lines = 0;
    };
    /// An id that an earlier line has, too.
    class RepeatedId {
      public:
        RepeatedId(std::string custom_id_, std::uint64_t line_, std::uint64_t before_)
            : custom_id(std::move(custom_id_)), line(line_), before(before_) {}

        std::string custom_id;
        std::uint64_t line;
        std::uint64_t before;
    };
    /// A place of secrets in plain text, and the number of calls that have one there.
    class SecretPlace {
      public:
        SecretPlace(ClearTextSecret secret_, std::uint64_t first_line_)
            : secret(std::move(secret_)), first_line(first_line_) {}

        ClearTextSecret secret;
        std::uint64_t first_line;
        std::uint64_t calls = 0;
    };

    /// A path with a repeated part, as if two overlapping paths had been joined.
    class DoubledPath {
      public:
        DoubledPath(std::uint64_t line_, std::string path_, std::string part_)
            : line(line_), path(std::move(path_)), part(std::move(part_)) {}

        std::uint64_t line;
        std::string path;
        std::string part;  ///< the repetition, such as `/v1/v1`
    };

    std::uint64_t calls = 0;  ///< valid ones
    std::uint64_t bad_count = 0;
    std::vector<BadRequest> bad;  ///< the first of them
    std::vector<Reason> reasons;  ///< the first kinds
    std::string first_request;    ///< as text, without secrets; empty: there is none
    /// Of rows: each column that is sent, and its places; set by whoever made the templates.
    std::vector<std::pair<std::string, std::vector<std::string>>> columns;
    std::uint64_t repeated_count = 0;
    std::vector<RepeatedId> repeated;  ///< the first of them
    std::uint64_t calls_with_secrets = 0;
    std::vector<SecretPlace> secrets;  ///< the first kinds of place
    std::uint64_t doubled_count = 0;   ///< calls with such a path
    std::vector<DoubledPath> doubled;  ///< the first of them
    InputNotes notes;                  ///< of the source; set by whoever opened it
    std::uint64_t unsafe_count = 0;    ///< calls that are not safe to repeat and have no idempotency key
    std::vector<std::pair<std::string, std::uint64_t>> methods;  ///< calls of each, the most frequent first
    std::vector<std::pair<std::string, std::uint64_t>> groups;   ///< calls of the busiest groups
    std::uint64_t group_count = 0;
    /// How the calls to the first origins go, if there are proxies (`http::ProxySettings::explain`).
    std::vector<std::pair<std::string, std::string>> routes;
    Forecast forecast;

    /// Whether `plait run --strict` would send nothing.
    bool is_refused() const noexcept { return bad_count + repeated_count > 0; }
    /// Whether the user should look before sending: at a secret, a doubled path, or a budget that is too small. Names
    /// that are not permitted are no warning, because data may quote some.
    bool has_warnings() const noexcept;
};

/// What the run says of the pages of calls.
class CheckedPages {
  public:
    CheckedPages() {}

    /// The rule of calls that have none; null: they have no pages.
    std::shared_ptr<const FollowRule> follow;
    /// Each page of a call has a result of its own (`ResultFormat::each_page`).
    bool each_page = false;
};

/// Checks the requests of a run without sending any. Its memory grows only with the ids (see `IdRegister`) and the
/// groups (see `Forecaster`).
class Check {
  public:
    /// The number of bad lines, repeated ids and places of secrets that are kept.
    static constexpr std::size_t most_kept = 20;
    /// Further methods are counted together: any token is a valid method.
    static constexpr std::size_t most_methods = 50;

    explicit Check(ForecastOptions options, http::ProxySettings proxies = {}, CheckedPages pages = {});

    /// Checks the next item of the source, with secrets not filled in.
    void look_at(const SourceItem& item);

    CheckReport report() const;

  private:
    void look_at(const Call& call);
    void refuse(std::uint64_t line, std::string_view message);
    bool is_new_id(std::string_view id, std::uint64_t line);
    void look_for_secrets(const Call& call);
    void look_at_path(const Call& call);
    void look_at_route(const http::Url& url);

    std::vector<policy::RateLimit> limits_;
    Forecaster forecaster_;
    CheckedPages pages_;
    IdRegister ids_;
    http::ProxySettings proxies_;
    std::set<std::string, std::less<>> origins_;
    CheckReport report_;
    std::map<std::string, std::uint64_t, std::less<>> methods_;
};

/// Checks a whole source. Not in a running loop.
CheckReport check_all(Source& source, ForecastOptions options = {}, http::ProxySettings proxies = {},
                      CheckedPages pages = {});

/// The report as text. `name` is the input's name for the user.
std::string check_text(const CheckReport& report, std::string_view name);

/// Returns the part of the text that explains `is_refused`.
std::string refusals_text(const CheckReport& report);

/// The report as a JSON object on one line (docs/formats.md).
std::string check_json(const CheckReport& report);

}  // namespace plait::batch
