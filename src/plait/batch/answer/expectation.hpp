#pragma once

#include "plait/http/message/response.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// What an answer has to be for its call to be ok, or to be a refusal: a status, and values in its JSON.
///
///     {"status": "2xx", "json": [{"path": "/error", "is": null}, {"path": "/data/0/id", "exists": true}]}
///
/// `status` is a code, a class such as `2xx`, a range such as `200-299`, or a list of those. `path` is a JSON Pointer
/// (RFC 6901). `is` is any JSON value, compared by value. A missing value equals nothing, except that an `is` of `null`
/// is met by `null` and by a missing value. `is_not` is the opposite; `exists` is true or false.
class Expectation {
  public:
    /// Parses the JSON of an `expect` field. Without a `status` it expects `2xx`. Throws `Error(bad_input)`, which says
    /// what is wrong.
    static Expectation parse(std::string_view json);

    /// Parses the JSON of a `refusal` field, which has a status, a rule for the JSON, or both. Without a `status` any
    /// status matches.
    static Expectation parse_refusal(std::string_view json);

    /// Parses the value of a flag: JSON as in a `refusal` field, or statuses such as `status=403` or `status=403,5xx`.
    static Expectation parse_refusal_flag(std::string_view text);

    /// Returns what is wrong with `response`, in a sentence such as `status 404 is not 2xx` or `/error is "full", not
    /// null`; empty if it is as expected. The sentence may quote the answer.
    std::string unmet_by(const http::Response& response) const;

    /// Whether `response` is as expected. Makes no sentence, and does not parse the body if the status does not match.
    bool is_met_by(const http::Response& response) const;

    /// Whether the body is read, and not only the status.
    bool reads_body() const noexcept { return !json_rules_.empty(); }

  private:
    class Parser;

    struct StatusRange {
        int first;
        int last;
    };
    enum class Relation { is, is_not, exists, is_absent };
    struct JsonRule {
        std::string path;                // as it was written
        std::vector<std::string> steps;  // the names and indices in it
        Relation relation = Relation::is;
        std::string value;  // in the form of json::canonical
    };

    Expectation() = default;

    bool has_status(int status) const noexcept;
    std::string unmet_in_json(std::string_view body) const;

    std::vector<StatusRange> statuses_;
    std::string statuses_text_;  // as they were written
    std::vector<JsonRule> json_rules_;
};

}  // namespace plait::batch
