#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::convert {

/// A field or a file of a body of the type multipart/form-data.
struct FormPart {
    std::string name;
    std::string value;       ///< of a field
    std::string file{};      ///< the path of a file; empty: it is a field
    std::string filename{};  ///< empty: the last part of the path
    std::string type{};      ///< empty: the usual one
};

/// A request as a foreign file describes it, with what its tool would add, and with its secrets.
///
/// It has at most one of `body`, `body_file` and `parts`.
class Request {
  public:
    Request(std::string method_, std::string url_) : method(std::move(method_)), url(std::move(url_)) {}

    /// Sets all headers of this name to one with this value.
    void set_header(std::string_view name, std::string value);
    /// Adds the header unless there is one of this name.
    void add_default_header(std::string_view name, std::string value);
    /// Returns the first value; nothing without one.
    const std::string* header(std::string_view name) const;
    void remove_header(std::string_view name);

    std::string method;
    std::string url;   ///< absolute, perhaps with a user, a password and a fragment
    std::string id{};  ///< what the file calls the request; empty: nothing
    std::vector<std::pair<std::string, std::string>> headers{};
    std::optional<std::string> body{};  ///< the bytes
    std::string body_file{};            ///< the path of a file; empty: none
    std::vector<FormPart> parts{};
    std::optional<double> timeout_s{};
    std::vector<std::string> secrets{};  ///< values that are secret wherever they stand
};

}  // namespace plait::convert
