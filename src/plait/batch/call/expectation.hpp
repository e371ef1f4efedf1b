#pragma once

#include "plait/http/response.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace plait::batch {

/// What an answer has to be for its call to be ok, or to be a refusal: a status, and values in its JSON.
///
///     {"status": "2xx", "json": [{"path": "/error", "is": null}, {"path": "/data/0/id", "exists": true}]}
///
/// `status` is a code, a class such as `2xx`, a range such as `200-299`, or a list of those. `path` is a JSON Pointer
/// (RFC 6901). `is` is any JSON value, compared by value; what is not there is no `null`, but for an `is` of `null`,
/// which is met by both. `is_not` is the opposite; `exists` is true or false.
class Expectation {
  public:
    /// Reads the JSON text of an `expect` field; without `status` it expects `2xx`. Throws `Error(bad_input)` that says
    /// what is wrong with it.
    static Expectation parse(std::string_view json);

    /// The same of a `refusal` field, which names a status, a rule for the JSON, or both; without `status` any will do.
    static Expectation parse_refusal(std::string_view json);

    /// The same of a flag, which may also be `status=403`, or several: `status=403,5xx`.
    static Expectation parse_refusal_flag(std::string_view text);

    /// What `response` is not, in a sentence such as `status 404 is not 2xx` or `/error is "full", not null`; empty
    /// when it is as expected. The sentence may quote the answer.
    std::string unmet_by(const http::Response& response) const;

    /// Whether nothing is unmet, without words about it: no body is parsed when its status won't do.
    bool is_met_by(const http::Response& response) const;

    /// Whether more than the status is looked at.
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
        std::vector<std::string> steps;  // the names and indices that it is made of
        Relation relation = Relation::is;
        std::string value;  // in the form of internal::canonical_json
    };

    Expectation() = default;

    bool has_status(int status) const noexcept;
    std::string unmet_in_json(std::string_view body) const;

    std::vector<StatusRange> statuses_;
    std::string statuses_text_;  // as they were written
    std::vector<JsonRule> json_rules_;
};

}  // namespace plait::batch
