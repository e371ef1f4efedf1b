#pragma once

#include "plait/http/response.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::batch {

/// What an answer has to be for its call to be ok: a status, and values in its JSON.
///
///     {"status": "2xx", "json": [{"path": "/error", "is": null}, {"path": "/data/0/id", "exists": true}]}
///
/// `status` is a code, a class such as `2xx`, a range such as `200-299`, or a list of those; without it, `2xx`. `path`
/// is a JSON Pointer (RFC 6901). `is` is any JSON value, compared by value; what is not there is no `null`, but for an
/// `is` of `null`, which is met by both. `is_not` is the opposite; `exists` is true or false.
class Expectation {
  public:
    /// Reads the JSON text of an `expect` field. Throws `Error(bad_input)` that says what is wrong with it.
    static Expectation parse(std::string_view json);

    /// What `response` is not, in a sentence such as `status 404 is not 2xx` or `/error is "full", not null`; empty
    /// when it is as expected.
    std::string unmet_by(const http::Response& response) const;

  private:
    struct StatusRange {
        int first;
        int last;
        std::string text;  // as it was written
    };
    enum class Relation { is, is_not, exists, is_absent };
    struct JsonRule {
        std::string path;
        Relation relation;
        std::string value;  // JSON
    };

    Expectation() = default;

    std::vector<StatusRange> statuses_;
    std::vector<JsonRule> json_rules_;
};

}  // namespace plait::batch
