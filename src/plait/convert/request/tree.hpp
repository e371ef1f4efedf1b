#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace plait::convert {

/// A value of a JSON or YAML document with all that is in it. What is missing is a value, too, so that a path needs no
/// checks on its way.
///
///     Tree tree = read_json(R"({"log": {"entries": [{"id": 7}]}})");
///     tree["log"]["entries"].items()[0]["id"].text();  // "7"
///     tree["log"]["creator"]["name"].text();           // ""
class Tree {
  public:
    enum class Kind { missing, null, truth, number, text, list, object };

    Tree() = default;
    /// A scalar; `text` is `true`, `false`, or a number's digits as they were written.
    Tree(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
    /// An empty list or object.
    explicit Tree(Kind kind) : kind_(kind) {}

    void add(Tree item) { items_.push_back(std::move(item)); }
    void add(std::string name, Tree item) {
        names_.push_back(std::move(name));
        items_.push_back(std::move(item));
    }

    Kind kind() const noexcept { return kind_; }
    bool is(Kind kind) const noexcept { return kind_ == kind; }
    /// Whether there is a value, and it is not null.
    bool has_value() const noexcept { return kind_ != Kind::missing && kind_ != Kind::null; }
    bool is_true() const noexcept { return kind_ == Kind::truth && text_ == "true"; }

    /// The text of a scalar; else empty.
    const std::string& text() const noexcept { return text_; }
    /// The elements of a list, or the values of an object.
    const std::vector<Tree>& items() const noexcept { return items_; }
    /// The names of an object, in the order of `items`.
    const std::vector<std::string>& names() const noexcept { return names_; }

    /// The member of this name, the last one if there are several.
    const Tree& operator[](std::string_view name) const noexcept;

  private:
    Kind kind_ = Kind::missing;
    std::string text_;
    std::vector<std::string> names_;
    std::vector<Tree> items_;
};

/// Reads a JSON document. Half a surrogate pair becomes U+FFFD. Throws `Error(bad_input)`.
Tree read_json(std::string_view text);

/// Reads the first document of a YAML file (YAML 1.1). Throws `Error(bad_input)`, also if its aliases make it larger
/// than a million values.
Tree read_yaml(std::string_view text);

}  // namespace plait::convert
