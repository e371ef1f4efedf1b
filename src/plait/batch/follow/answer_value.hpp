#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::batch {

/// What stands at a JSON Pointer in the body of an answer.
struct AnswerValue {
    enum class Kind {
        text,
        number,
        boolean,
        null,
        object_or_list,  ///< with members
        empty,           ///< an object or a list without members
        not_unicode,     ///< a text that has half of a surrogate pair, so that no text equals it
        missing,
        not_json
    };

    explicit AnswerValue(Kind kind_, std::string text_ = {}) : kind(kind_), text(std::move(text_)) {}

    /// Whether it is a text, a number or a boolean, and not the empty text.
    bool has_text() const noexcept { return !text.empty(); }
    bool exists() const noexcept { return kind != Kind::missing && kind != Kind::not_json; }
    /// Whether it is written like `wanted`, or is a number of the same value: 1.0 is 1, and 1e3 is 1000.
    bool is(std::string_view wanted) const;

    Kind kind;
    /// Of a number and a boolean: as they were written, such as `1.10`; numbers may be of any size.
    std::string text;
};

/// Finds the value at `pointer` (RFC 6901, checked by `FollowRule`) in `body`, of which only this value is decoded: odd
/// values elsewhere, such as half of a surrogate pair or a number of 100 digits, do no harm. The empty pointer means
/// the whole body.
AnswerValue value_at(std::string_view pointer, std::string_view body);

/// Returns the JSON of the value at `pointer`, as it is written in `body`. Empty: there is none.
std::string json_at(std::string_view pointer, std::string_view body);

/// Returns `body` with `json` as the value at `pointer`, and otherwise as it was. A member that is missing is added to
/// its object. Nothing: the body is not JSON, or has no object or element there.
std::optional<std::string> with_value_at(std::string_view pointer, std::string_view body, std::string_view json);

}  // namespace plait::batch
